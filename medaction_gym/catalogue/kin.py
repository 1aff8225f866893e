"""Kin: tests that belong together without one being a kind of the other, as in ``kin.tsv``."""

from __future__ import annotations

from collections.abc import Iterator

from medaction_gym.catalogue.term import cell_list, read_table


def kin(relation: str) -> Iterator[tuple[str, ...]]:
    """The ids of each row of a relation."""
    return (cell_list(r["terms"]) for r in read_table("kin") if r["relation"] == relation)


def groups(relation: str) -> dict[str, frozenset[str]]:
    """The rows of a relation by their first id."""
    return {first: frozenset(rest) for first, *rest in kin(relation)}


def as_one() -> dict[str, frozenset[str]]:
    """By id, the tests that a doctor orders as one with it or that hold it, itself included."""
    same: dict[str, frozenset[str]] = {}
    for group in map(frozenset, kin("same")):
        for id in group:
            same[id] = same.get(id, frozenset()) | group
    for wider, *narrower in kin("covers"):
        for id in narrower:
            same[id] = same.get(id, frozenset({id})) | {wider}
    return same
