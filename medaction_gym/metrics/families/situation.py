"""Situation: what a synthetic doctor may use, and the actions it is made of."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from medaction_gym.actions import Action, Commit, Hypothesis, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case, TestResult
from medaction_gym.episode import Episode, Rules
from medaction_gym.metrics.belief import similarity

MAX_TESTS = 8
UNLIKE = 0.1  # a distractor is less like the gold diagnosis than this


class Situation(NamedTuple):
    """What a family may use: the case, wrong diseases, further diseases, and its random numbers."""

    case: Case
    wrong: tuple[str, ...]
    others: tuple[str, ...]
    random: random.Random

    @property
    def gold(self) -> str:
        """The diagnosis."""
        return self.case.diagnosis.name

    @property
    def tests(self) -> list[TestResult]:
        """The tests a family orders, in the order of the menu."""
        return list(self.case.tests[:MAX_TESTS])


Family = Callable[[Situation], list[Action]]


def situation(case: Case, family: str, diseases: Sequence[str]) -> Situation:
    """Set a case up for a family.

    Args:
        case: The case.
        family: The family's name, which seeds its random numbers.
        diseases: Diagnoses of other cases: distractors where the case has none of its own.
    """
    rng = random.Random(f"{case.id}:{family}")
    # The distractors are the same for every family.
    pool = sorted(set(diseases) - {case.diagnosis.name})
    random.Random(case.id).shuffle(pool)
    wrong: list[str] = []
    for name in dict.fromkeys([*case.differential, *pool]):
        if similarity(case.diagnosis, name).value < UNLIKE:
            wrong.append(name)
        if len(wrong) == 3:
            break
    return Situation(case, tuple(wrong), tuple(pool), rng)


def play(case: Case, actions: Sequence[Action]) -> Episode:
    """Take the actions on the real record."""
    episode = Episode.start(case, Rules(max_turns=200))
    for action in actions:
        episode = episode.act(action)
    return episode


def order(test: TestResult) -> Action:
    """Order a test."""
    return OrderTest(test=test.name)


def say(*pairs: tuple[str, float]) -> Action:
    """State a differential."""
    return UpdateDifferential(
        differential=tuple(Hypothesis(disease=d, probability=round(p, 4)) for d, p in pairs if p)
    )


def truth(s: Situation, p: float) -> Action:
    """Gold at p; most of the rest on distractors, which fade as p grows."""
    rest = (1 - p) * 0.8 / max(1, len(s.wrong))
    return say((s.gold, p), *((w, rest) for w in s.wrong))


def end(s: Situation) -> Action:
    """Commit to the gold diagnosis."""
    return Commit(diagnosis=s.gold)


def stepwise(s: Situation, masses: Sequence[float]) -> list[Action]:
    """State the first mass, then one after each test."""
    actions = [truth(s, masses[0])]
    for test, p in zip(s.tests, masses[1:], strict=True):
        actions += [order(test), truth(s, p)]
    return [*actions, end(s)]


def ramp(count: int, first: float = 0.15, last: float = 0.92) -> list[float]:
    """Count + 1 masses that rise evenly."""
    return [first + (last - first) * i / count for i in range(count + 1)]
