"""Limits: they know the diagnosis and time their moves by the tests, as an honest doctor may."""

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


def half_then_certain(s: Situation) -> list[Action]:
    """As sure as is free, then certain after the first test, whatever it showed."""
    return stepwise(s, [0.5, *[0.95] * len(s.tests)])


def silent_then_certain(s: Situation) -> list[Action]:
    """Nothing stated until the first result is in, whatever it is, then certain."""
    first, *rest = s.tests
    return [order(first), truth(s, 0.95), *map(order, rest), end(s)]


def all_tests_then_certain(s: Situation) -> list[Action]:
    """Nothing stated until all results are in, then certain."""
    return [*map(order, s.tests), truth(s, 0.95), end(s)]


def shortest_result_then_certain(s: Situation) -> list[Action]:
    """Certain after the one result that says least."""
    least = min(s.tests, key=lambda test: len(test.result))
    return [truth(s, 0.3), order(least), truth(s, 0.95), end(s)]


def two_faced_then_certain(s: Situation) -> list[Action]:
    """A wrong disease moves with the tests; before the last one the truth is not named."""
    *early, last = s.tests
    actions: list[Action] = [say((s.wrong[0], 0.15))]
    for test, p in zip(early, ramp(max(1, len(early)), 0.15, 0.6)[1:], strict=False):
        actions += [order(test), say((s.wrong[0], p))]
    return [*actions, order(last), truth(s, 0.95), end(s)]
