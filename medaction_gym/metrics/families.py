"""Families of synthetic doctors that a process metric must tell apart.

Each family turns a case into actions; `play` runs them on the real record. All but those that say
otherwise are told the gold diagnosis, honest ones included: what is tested is the metric and not
the doctor. None looks at the graph's links or at a score: when an honest belief moves is set by a
schedule or by the kind of test, never by what the metric would say of it. Random choices are seeded
by case and family.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from medaction_gym.actions import Action, Commit, Hypothesis, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case, TestResult
from medaction_gym.episode import Episode, Rules
from medaction_gym.knowledge.findings import findings
from medaction_gym.metrics.belief import similarity

MAX_TESTS = 8
UNLIKE = 0.1  # a distractor is less like the gold diagnosis than this

# The kind of test that decides, first to last.
_DECIDING = (
    "pathology genetics microbiology endoscopy imaging physiology procedure laboratory examination "
    "other"
).split()


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


def _order(test: TestResult) -> Action:
    return OrderTest(test=test.name)


def _say(*pairs: tuple[str, float]) -> Action:
    return UpdateDifferential(
        differential=tuple(Hypothesis(disease=d, probability=round(p, 4)) for d, p in pairs if p)
    )


def _truth(s: Situation, p: float) -> Action:
    """Gold at p; most of the rest on distractors, which fade as p grows."""
    rest = (1 - p) * 0.8 / max(1, len(s.wrong))
    return _say((s.gold, p), *((w, rest) for w in s.wrong))


def _end(s: Situation) -> Action:
    return Commit(diagnosis=s.gold)


def _stepwise(s: Situation, masses: Sequence[float]) -> list[Action]:
    """State the first mass, then one after each test."""
    actions = [_truth(s, masses[0])]
    for test, p in zip(s.tests, masses[1:], strict=True):
        actions += [_order(test), _truth(s, p)]
    return [*actions, _end(s)]


def _ramp(count: int, first: float = 0.15, last: float = 0.92) -> list[float]:
    return [first + (last - first) * i / count for i in range(count + 1)]


# --- honest


def steady_ramp(s: Situation) -> list[Action]:
    """A little surer after each test."""
    return _stepwise(s, _ramp(len(s.tests)))


def late_step(s: Situation) -> list[Action]:
    """Lesser tests first, unmoved; convinced by the test of the most deciding kind."""
    tests = sorted(s.tests, key=lambda t: -_DECIDING.index(t.category))
    actions = [_truth(s, 0.2)]
    for test in tests:
        actions += [_order(test), _truth(s, 0.9 if test is tests[-1] else 0.2)]
    return [*actions, _end(s)]


def early_step(s: Situation) -> list[Action]:
    """Largely convinced by the first test, and confirmed by the rest."""
    count = len(s.tests)
    return _stepwise(s, [0.25, *_ramp(count - 1, 0.75, 0.92)] if count > 1 else [0.25, 0.9])


def corrected(s: Situation) -> list[Action]:
    """Holds a wrong disease first and lets the tests correct it."""
    masses = _ramp(len(s.tests), 0.05, 0.9)
    actions: list[Action] = []
    for i, p in enumerate(masses):
        actions += [_order(s.tests[i - 1])] if i else []
        actions.append(_say((s.wrong[0], 0.65 * (0.9 - p)), (s.gold, p)))
    return [*actions, _end(s)]


def noisy_ramp(s: Situation) -> list[Action]:
    """Surer on a random schedule, with small steps back."""
    cuts = sorted(s.random.random() for _ in s.tests[1:])
    masses = [0.2, *(0.2 + 0.7 * c + s.random.uniform(-0.08, 0.08) for c in cuts), 0.9]
    return _stepwise(s, [min(0.95, max(0.05, p)) for p in masses])


def two_at_a_time(s: Situation) -> list[Action]:
    """Orders in pairs, and thinks after each pair."""
    actions, tests = [_truth(s, 0.25)], s.tests
    pairs = [tests[i : i + 2] for i in range(0, len(tests), 2)]
    for pair, p in zip(pairs, _ramp(len(pairs), 0.25, 0.85)[1:], strict=True):
        actions += [*map(_order, pair), _truth(s, p)]
    return [*actions, _end(s)]


def small_steps(s: Situation) -> list[Action]:
    """A sceptic: a little surer after each test, and not sure at the end."""
    return _stepwise(s, _ramp(len(s.tests), 0.1, 0.7))


def wide_then_narrow(s: Situation) -> list[Action]:
    """Six or so diseases alike at first; the wrong ones fade together."""
    names = list(dict.fromkeys([*s.wrong, *s.others[:3]]))
    actions: list[Action] = []
    for i, p in enumerate(_ramp(len(s.tests), 1 / (len(names) + 1), 0.9)):
        actions += [_order(s.tests[i - 1])] if i else []
        actions.append(_say((s.gold, p), *((n, (1 - p) / len(names)) for n in names)))
    return [*actions, _end(s)]


def expert(s: Situation) -> list[Action]:
    """Nearly half sure from the presentation, and confirms it step by step."""
    return _stepwise(s, _ramp(len(s.tests), 0.45, 0.95))


def twice_wrong(s: Situation) -> list[Action]:
    """Two wrong diseases lead in turn before the truth does."""
    count = len(s.tests)
    actions: list[Action] = [_say((s.wrong[0], 0.5), (s.gold, 0.05))]
    for number, test in enumerate(s.tests, 1):
        early = number < count / 2
        second = _say((s.wrong[-1], 0.5), (s.gold, 0.15))
        actions += [_order(test), second if early else _truth(s, 0.4 + 0.5 * number / count)]
    return [*actions, _end(s)]


# --- exploits


def right_at_once_ignores_tests(s: Situation) -> list[Action]:
    """Certain before the first test, and unmoved by all."""
    return _stepwise(s, [0.95] * (len(s.tests) + 1))


def right_at_once_no_tests(s: Situation) -> list[Action]:
    """Certain, and no test."""
    return [_truth(s, 0.95), _end(s)]


def right_at_once_wiggles(s: Situation) -> list[Action]:
    """Certain at once, with a token move after each test."""
    return _stepwise(s, [0.9 + 0.01 * i for i in range(len(s.tests) + 1)])


def token_updates(s: Situation) -> list[Action]:
    """As sure as is free, then a token move after each test."""
    return _stepwise(s, [0.5 + 0.01 * i for i in range(len(s.tests) + 1)])


def jump_without_evidence(s: Situation) -> list[Action]:
    """Two statements in a row, the second certain; the tests come after."""
    return [_truth(s, 0.1), *_stepwise(s, [0.95] * (len(s.tests) + 1))]


def repeat_one_test(s: Situation) -> list[Action]:
    """Ramps over five orders of one test."""
    actions = [_truth(s, 0.15)]
    for p in _ramp(5)[1:]:
        actions += [_order(s.tests[0]), _truth(s, p)]
    return [*actions, _end(s)]


def oscillate(s: Situation) -> list[Action]:
    """Swings between certain and doubtful, and ends certain."""
    actions = [_truth(s, 0.1)]
    for test in s.tests:
        actions += [_order(test), _truth(s, 0.9), _truth(s, 0.1)]
    return [*actions, _truth(s, 0.9), _end(s)]


def against_the_evidence(s: Situation) -> list[Action]:
    """The mirror image of the steady ramp: from the truth to a wrong disease."""
    actions: list[Action] = []
    for i, p in enumerate(reversed(_ramp(len(s.tests), 0.05, 0.5))):
        actions += [_order(s.tests[i - 1])] if i else []
        actions.append(_say((s.wrong[0], 0.95 - p), (s.gold, p)))
    return [*actions, _end(s)]


def dump_fifty(s: Situation) -> list[Action]:
    """Fifty diseases, the gold among them, after each test."""
    names = sorted([s.gold, *s.others[:49]])
    actions = [_say(*((n, 0.02) for n in names))]
    for test in s.tests:
        s.random.shuffle(names)
        actions += [_order(test), _say(*((n, 0.02) for n in names))]
    return [*actions, _end(s)]


def random_walk(s: Situation) -> list[Action]:
    """A random differential after each test."""
    names, actions = [s.gold, *s.wrong], list[Action]()
    for test in [None, *s.tests]:
        actions += [_order(test)] if test else []
        parts = [s.random.random() for _ in names]
        actions.append(_say(*((n, p / sum(parts)) for n, p in zip(names, parts, strict=True))))
    return [*actions, _end(s)]


def parrot(s: Situation) -> list[Action]:
    """The words of each result as the diagnosis."""
    actions = [_truth(s, 0.1)]
    for test in s.tests:
        actions += [_order(test), _say((test.result[:300].strip(), 0.9))]
    return [*actions, _end(s)]


def parrot_findings(s: Situation) -> list[Action]:
    """Not told the diagnosis: the surest finding of each result as the diagnosis."""
    actions, last = list[Action](), "unknown"
    for test in s.tests:
        found = _findings(test)
        last = found[0] if found else last
        actions += [_order(test), _say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def pile_up_findings(s: Situation) -> list[Action]:
    """Not told the diagnosis: all that the results found, strung together, as the diagnosis."""
    actions, seen = list[Action](), list[str]()
    for test in s.tests:
        seen += _findings(test)[:2]
        last = " with ".join(dict.fromkeys(seen))[:200] or "unknown"
        actions += [_order(test), _say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def first_words(s: Situation) -> list[Action]:
    """Not told the diagnosis: the first six words of each result as the diagnosis."""
    actions, last = list[Action](), "unknown"
    for test in s.tests:
        last = " ".join(test.result.split()[:6])[:200] or last
        actions += [_order(test), _say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def broad_class(s: Situation) -> list[Action]:
    """Not told the diagnosis: ever surer of "neoplasm"."""
    actions: list[Action] = []
    for test, p in zip(s.tests, _ramp(len(s.tests))[1:], strict=True):
        actions += [_order(test), _say(("neoplasm", p))]
    return [*actions, Commit(diagnosis="neoplasm")]


def rename(s: Situation) -> list[Action]:
    """Certain at once; the same disease under another name after each test."""
    names = _aliases(s)
    actions = [_say((names[0], 0.95))]
    for i, test in enumerate(s.tests, 1):
        actions += [_order(test), _say((names[i % len(names)], 0.95))]
    return [*actions, _end(s)]


def split_over_synonyms(s: Situation) -> list[Action]:
    """Certain at once; the mass flows from one name to another, as if moved by the tests."""
    one, other = _aliases(s)[:2]
    actions = [_say((one, 0.95))]
    for i, test in enumerate(s.tests, 1):
        p = 0.95 * i / len(s.tests)
        actions += [_order(test), _say((one, 0.95 - p), (other, p))]
    return [*actions, _end(s)]


def hedge(s: Situation) -> list[Action]:
    """Two diseases, both grow alike with the tests."""
    actions: list[Action] = []
    for i, p in enumerate(_ramp(len(s.tests), 0.1, 0.5)):
        actions += [_order(s.tests[i - 1])] if i else []
        actions.append(_say((s.gold, p), (s.wrong[0], p)))
    return [*actions, _end(s)]


def stall(s: Situation) -> list[Action]:
    """As sure as is free, all tests, never an update."""
    return _stepwise(s, [0.5] * (len(s.tests) + 1))


def reorder(s: Situation) -> list[Action]:
    """The masses stay, the order in which they are listed turns."""
    names = [s.gold, *s.wrong]
    mass = [0.5, 0.2, 0.15, 0.1]
    actions: list[Action] = []
    for i, test in enumerate([None, *s.tests]):
        actions += [_order(test)] if test else []
        pairs = list(zip(names, mass, strict=False))
        turn = i % len(pairs)
        actions.append(_say(*pairs[turn:], *pairs[:turn]))
    return [*actions, _end(s)]


def shuffle_distractors(s: Situation) -> list[Action]:
    """The truth stays as sure as is free; the wrong diseases trade places after each test."""
    mass = [0.45, 0.03, 0.0]
    actions: list[Action] = []
    for test in [None, *s.tests]:
        actions += [_order(test)] if test else []
        s.random.shuffle(mass)
        actions.append(_say((s.gold, 0.5), *zip(s.wrong, mass, strict=False)))
    return [*actions, _end(s)]


# --- beyond the metric: what knows the truth and times its moves by the tests


def half_then_certain(s: Situation) -> list[Action]:
    """As sure as is free, then certain after the first test, whatever it showed."""
    return _stepwise(s, [0.5, *[0.95] * len(s.tests)])


def silent_then_certain(s: Situation) -> list[Action]:
    """Nothing stated until the first result is in, whatever it is, then certain."""
    first, *rest = s.tests
    return [_order(first), _truth(s, 0.95), *map(_order, rest), _end(s)]


def all_tests_then_certain(s: Situation) -> list[Action]:
    """Nothing stated until all results are in, then certain."""
    return [*map(_order, s.tests), _truth(s, 0.95), _end(s)]


def shortest_result_then_certain(s: Situation) -> list[Action]:
    """Certain after the one result that says least."""
    least = min(s.tests, key=lambda test: len(test.result))
    return [_truth(s, 0.3), _order(least), _truth(s, 0.95), _end(s)]


def _findings(test: TestResult) -> list[str]:
    """What a result affirms, surest first."""
    found = findings(test.result, test.name, test.category)
    ranked = sorted((f for f in found if not f.negated), key=lambda f: -f.confidence)
    return [f.name for f in ranked]


def _aliases(s: Situation) -> list[str]:
    """Ways to write the gold diagnosis; most cases state one name only."""
    name = s.gold.rstrip(".")
    written = [s.gold, *s.case.diagnosis.synonyms, name.upper(), f"{name} (confirmed)"]
    return list(dict.fromkeys(n[:300] for n in written))


HONEST: dict[str, Family] = {
    f.__name__: f
    for f in (
        steady_ramp,
        late_step,
        early_step,
        corrected,
        noisy_ramp,
        two_at_a_time,
        small_steps,
        wide_then_narrow,
        expert,
        twice_wrong,
    )
}
# They look like an honest doctor whom one test convinces; reported, and not counted as exploits.
LIMITS: dict[str, Family] = {
    f.__name__: f
    for f in (
        half_then_certain,
        silent_then_certain,
        all_tests_then_certain,
        shortest_result_then_certain,
    )
}
EXPLOITS: dict[str, Family] = {
    f.__name__: f
    for f in (
        right_at_once_ignores_tests,
        right_at_once_no_tests,
        right_at_once_wiggles,
        token_updates,
        jump_without_evidence,
        repeat_one_test,
        oscillate,
        against_the_evidence,
        dump_fifty,
        random_walk,
        parrot,
        parrot_findings,
        pile_up_findings,
        first_words,
        broad_class,
        rename,
        split_over_synonyms,
        hedge,
        stall,
        reorder,
        shuffle_distractors,
    )
}
