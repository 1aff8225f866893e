"""Plain: the item that a plain name means, where a menu holds several of its kind."""

from __future__ import annotations

from collections.abc import Iterable

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.oracle.entry import Entry

# Kinds that nobody means who says no more: "pathology" is what was seen of a piece, and not what
# was done on it besides.
_BESIDE = {
    "pathology": frozenset({"ihc", "special_stains", "flow_cytometry", "electron_microscopy"}),
    "echo": frozenset({"tee", "stress_echo", "fetal_echo"}),
    "ultrasound": frozenset({"sonohysterography", "intraoperative_ultrasound", "ivus"}),
}


def plain(head: Term | None, entries: Iterable[Entry]) -> list[Entry]:
    """The one entry that is not done beside the others; all of them if there is not just one.

    Args:
        head: What is asked for.
        entries: What fits it.
    """
    every = list(entries)
    beside = _BESIDE.get(head.id) if head is not None else None
    left = [entry for entry in every if not (beside and _is_one_of(beside, entry))]
    return left if len(left) == 1 else every


def the_very(order: Order, entries: list[Entry]) -> list[Entry]:
    """At a site, the very test rather than a kind of it: of "echo" no transoesophageal one."""
    same = [e for e in entries if any(held.head == order.head for held in e.orders)]
    there = [e for e in same if any(held.sites & order.sites for held in e.orders)]
    return there or (same if order.sites else [])


def narrowest(entries: Iterable[Entry]) -> list[Entry]:
    """Of panels that tell of a value in general terms, the smallest: of sodium, the electrolytes.

    Args:
        entries: What tells of it; others than panels are kept as they are.
    """
    every = list(entries)
    sizes = [min(map(_size, entry.orders), default=0) for entry in every]
    least = min(sizes, default=0)
    return [entry for entry, size in zip(every, sizes, strict=True) if size == least or not size]


def _size(order: Order) -> int:
    """How many values a panel holds; 0 of what is none."""
    panel = order.head is not None and order.head.kind == "panel"
    return len(Catalogue.load().members(order.head.id)) if order.head and panel else 0


def _is_one_of(kinds: frozenset[str], entry: Entry) -> bool:
    """Whether each of an entry's names is one of some kinds of test."""
    ancestors = Catalogue.load().ancestors
    heads = [order.head for order in entry.orders]
    return all(head is not None and not kinds.isdisjoint(ancestors(head.id)) for head in heads)
