"""Honest: doctors whose belief follows their tests, each in a manner of its own."""

from __future__ import annotations

from medaction_gym.actions import Action
from medaction_gym.metrics.families.situation import (
    Situation,
    end,
    order,
    ramp,
    say,
    stepwise,
    truth,
)

# The kind of test that decides, first to last.
_DECIDING = (
    "pathology genetics microbiology endoscopy imaging physiology procedure laboratory examination "
    "other"
).split()


def steady_ramp(s: Situation) -> list[Action]:
    """A little surer after each test."""
    return stepwise(s, ramp(len(s.tests)))


def late_step(s: Situation) -> list[Action]:
    """Lesser tests first, unmoved; convinced by the test of the most deciding kind."""
    tests = sorted(s.tests, key=lambda t: -_DECIDING.index(t.category))
    actions = [truth(s, 0.2)]
    for test in tests:
        actions += [order(test), truth(s, 0.9 if test is tests[-1] else 0.2)]
    return [*actions, end(s)]


def early_step(s: Situation) -> list[Action]:
    """Largely convinced by the first test, and confirmed by the rest."""
    count = len(s.tests)
    return stepwise(s, [0.25, *ramp(count - 1, 0.75, 0.92)] if count > 1 else [0.25, 0.9])


def corrected(s: Situation) -> list[Action]:
    """Holds a wrong disease first and lets the tests correct it."""
    masses = ramp(len(s.tests), 0.05, 0.9)
    actions: list[Action] = []
    for i, p in enumerate(masses):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say((s.wrong[0], 0.65 * (0.9 - p)), (s.gold, p)))
    return [*actions, end(s)]


def noisy_ramp(s: Situation) -> list[Action]:
    """Surer on a random schedule, with small steps back."""
    cuts = sorted(s.random.random() for _ in s.tests[1:])
    masses = [0.2, *(0.2 + 0.7 * c + s.random.uniform(-0.08, 0.08) for c in cuts), 0.9]
    return stepwise(s, [min(0.95, max(0.05, p)) for p in masses])


def two_at_a_time(s: Situation) -> list[Action]:
    """Orders in pairs, and thinks after each pair."""
    actions, tests = [truth(s, 0.25)], s.tests
    pairs = [tests[i : i + 2] for i in range(0, len(tests), 2)]
    for pair, p in zip(pairs, ramp(len(pairs), 0.25, 0.85)[1:], strict=True):
        actions += [*map(order, pair), truth(s, p)]
    return [*actions, end(s)]


def small_steps(s: Situation) -> list[Action]:
    """A sceptic: a little surer after each test, and not sure at the end."""
    return stepwise(s, ramp(len(s.tests), 0.1, 0.7))


def wide_then_narrow(s: Situation) -> list[Action]:
    """Six or so diseases alike at first; the wrong ones fade together."""
    names = list(dict.fromkeys([*s.wrong, *s.others[:3]]))
    actions: list[Action] = []
    for i, p in enumerate(ramp(len(s.tests), 1 / (len(names) + 1), 0.9)):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say((s.gold, p), *((n, (1 - p) / len(names)) for n in names)))
    return [*actions, end(s)]


def expert(s: Situation) -> list[Action]:
    """Nearly half sure from the presentation, and confirms it step by step."""
    return stepwise(s, ramp(len(s.tests), 0.45, 0.95))


def twice_wrong(s: Situation) -> list[Action]:
    """Two wrong diseases lead in turn before the truth does."""
    count = len(s.tests)
    actions: list[Action] = [say((s.wrong[0], 0.5), (s.gold, 0.05))]
    for number, test in enumerate(s.tests, 1):
        early = number < count / 2
        second = say((s.wrong[-1], 0.5), (s.gold, 0.15))
        actions += [order(test), second if early else truth(s, 0.4 + 0.5 * number / count)]
    return [*actions, end(s)]


def sees_first(s: Situation) -> list[Action]:
    """States nothing until the first result is in, then a little surer after each test."""
    actions: list[Action] = []
    for test, p in zip(s.tests, ramp(len(s.tests), 0.25, 0.9)[1:], strict=True):
        actions += [order(test), truth(s, p)]
    return [*actions, end(s)]


def setback(s: Situation) -> list[Action]:
    """Doubts again half-way, and comes back."""
    count = len(s.tests)
    masses = ramp(count, 0.2, 0.9)
    if count > 2:
        masses[count // 2] = max(0.15, masses[count // 2] - 0.3)
    return stepwise(s, masses)


def leaves_rest_open(s: Situation) -> list[Action]:
    """Names one disease only, ever surer of it; the rest stays unknown."""
    masses = ramp(len(s.tests), 0.2, 0.85)
    actions: list[Action] = [say((s.gold, masses[0]))]
    for test, p in zip(s.tests, masses[1:], strict=True):
        actions += [order(test), say((s.gold, p))]
    return [*actions, end(s)]
