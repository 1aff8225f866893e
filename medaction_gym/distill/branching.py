"""Branching: where a tree should fork.

A fork everywhere spends the budget on choices that do not matter. ``informed`` forks where a
clinician would hesitate: at the start, where the leading hypotheses are close or much is unknown,
and after a result that was a surprise; elsewhere it follows one or two continuations.
"""

from __future__ import annotations

from collections.abc import Callable

from medaction_gym.distill.chart import entropy
from medaction_gym.distill.node import Node

CLOSE = 0.15  # between the two leading hypotheses: they disagree
OPEN = 1.8  # bits of entropy: much is uncertain
SURPRISE = 0.2  # fall of the potential of what was held

Branching = Callable[[Node, int], int]


def everywhere(node: Node, width: int) -> int:
    """The full width at every node."""
    return width


def never(node: Node, width: int) -> int:
    """One continuation: a chain, not a tree."""
    return 1


def informed(node: Node, width: int) -> int:
    """The full width at doubt and surprise, else two, one where all is clear."""
    beliefs = node.score.beliefs
    if not beliefs:
        return width
    held = beliefs[-1].held
    masses = sorted((h.p for h in held), reverse=True)
    lead = masses[0] - (masses[1] if len(masses) > 1 else 0.0) if masses else 0.0
    if lead < CLOSE or entropy(masses) > OPEN or surprising(node):
        return width
    return 1 if lead > 0.8 else min(2, width)


def surprising(node: Node) -> bool:
    """Whether the last statement changed its leader, or left what was held before."""
    beliefs = node.score.beliefs
    if len(beliefs) < 2 or node.score.fresh:
        return False
    before, now = beliefs[-2:]
    if not before.held or not now.held:
        return True
    fall = before.held[0].p - now.mass(before.held[0].name)
    return before.held[0].name != now.held[0].name or fall > SURPRISE


BRANCHING: dict[str, Branching] = {
    "informed": informed,
    "everywhere": everywhere,
    "never": never,
}
