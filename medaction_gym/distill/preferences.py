"""Preferences: what a tree gives and a chain cannot, a kept move beside a refused one.

At a node where one child leads to a path that is good and another only to paths that are not, the
two moves are a pair for preference training: the same state, the same words before, one choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medaction_gym.distill.node import Node


class Pair(NamedTuple):
    """Two moves at one node, and how far apart their best outcomes are."""

    chosen: Node
    rejected: Node
    gap: float
    reason: str


def pairs(root: Node, wrong: Mapping[int, str], most: int) -> list[Pair]:
    """The pairs of a tree, widest gap first.

    Args:
        root: The tree.
        wrong: For every finished path by the id of its leaf, what is wrong with it, "" if nothing.
        most: How many pairs, at most; one a node first, then further ones.
    """
    best, why = dict[int, float](), dict[int, str]()
    for node in reversed(list(root.below())):
        if node.id in wrong:
            worth = node.score.combined
            best[node.id] = 0.0 if wrong[node.id] else worth
            why[node.id] = wrong[node.id]
            continue
        known = [c for c in node.children if c.id in best]
        if known:
            top = max(known, key=lambda c: (best[c.id], -c.id))
            best[node.id], why[node.id] = best[top.id], why[top.id]
    found: list[tuple[int, Pair]] = []
    for node in root.below():
        rated = [c for c in node.children if c.id in best]
        good = sorted((c for c in rated if best[c.id] > 0), key=lambda c: (-best[c.id], c.id))
        bad = sorted((c for c in rated if best[c.id] == 0), key=lambda c: c.id)
        for rank, rejected in enumerate(bad if good else []):
            pair = Pair(good[0], rejected, round(best[good[0].id], 4), why[rejected.id])
            found.append((rank, pair))
    found.sort(key=lambda f: (f[0], -f[1].gap, f[1].rejected.id))
    return [pair for _, pair in found[:most]]
