"""Index: everything on a case's menu, found by its names and by what it may answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from medaction_gym.cases.case import Case
from medaction_gym.oracle.answer import Release, without_parts
from medaction_gym.oracle.context import context_of
from medaction_gym.oracle.entry import Entry, entries_of
from medaction_gym.oracle.matching import match
from medaction_gym.oracle.taking import done_at_another_time, taken_otherwise, times_of, ways_of
from medaction_gym.oracle.tier import Tier
from medaction_gym.oracle.undone import is_undone
from medaction_gym.oracle.verbatim import misspelt
from medaction_gym.oracle.wish import Wish, sought, with_broader


class Index:
    """What is on one case's menu.

    Args:
        case: The case.

    Attributes:
        case: The case.
        entries: All that can be asked for: items, each before its values.
        done: Those that tell a result. The others answer to their item's own name alone.
        context: What the case as a whole makes plain.
    """

    def __init__(self, case: Case):
        self.case = case
        self.entries = tuple(entries_of(case))
        self.done = tuple(e for e in self.entries if not is_undone(e.release.text(case)))
        self.context = context_of(case)
        names: dict[tuple[str, ...], list[Release]] = {}
        for entry in self.entries:
            for name in entry.names:
                names.setdefault(name, []).append(entry.release)
        self._names = {name: without_parts(releases) for name, releases in names.items()}
        # The same by one string, whose hash is worked out once.
        self._called = {" ".join(name): releases for name, releases in self._names.items()}
        # Which entries bear a head or a pathogen, in their name or their text: no others can
        # answer a request for it.
        self._by_head: dict[str, list[int]] = {}
        self._by_organism: dict[str, list[int]] = {}
        for number, entry in enumerate(self.done):
            heads = {order.head.id for order in entry.orders if order.head} | entry.content.heads
            for head in heads | entry.content.measures:
                self._by_head.setdefault(head, []).append(number)
            germs = (o.organisms | sought(o) for o in entry.orders)
            for organism in with_broader(entry.content.organisms.union(*germs)):
                self._by_organism.setdefault(organism, []).append(number)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the record's names and reports, of the complaint and the diagnosis."""
        return self.context.words.union(*(e.words | e.content.words for e in self.entries))

    def of(self, releases: Collection[Release]) -> list[Entry]:
        """The entries that are released."""
        return [entry for entry in self.entries if entry.release in releases]

    def tell(self, releases: Collection[Release]) -> bool:
        """Whether any of some releases tells a result."""
        return any(entry.release in releases for entry in self.done)

    def named(self, names: Iterable[str]) -> tuple[Release, ...]:
        """What bears the first of some names that anything bears."""
        if self._called.keys().isdisjoint(names):
            return ()
        return next(self._called[name] for name in names if name in self._called)

    def misspelt(self, phrase: tuple[str, ...]) -> tuple[Release, ...]:
        """The one item whose whole name is a slip away from some words."""
        return misspelt(self._names, phrase)

    def with_organisms(self, organisms: Iterable[str]) -> set[int]:
        """The numbers in `done` of the entries that speak of any of some pathogens."""
        return {number for o in organisms for number in self._by_organism.get(o, ())}

    def found(self, wish: Wish) -> dict[Tier, list[Release]]:
        """What may answer a wish, by how well it does."""
        heads = wish.heads & self._by_head.keys()
        if wish.order.head is None or not (heads or wish.organisms):
            return {}
        found: dict[Tier, list[Release]] = {}
        as_asked: set[Release] = set()
        manner = wish.manner or wish.order.text
        taken, when = ways_of(manner), times_of(manner)
        numbers = {number for head in heads for number in self._by_head[head]}
        for number in sorted(numbers | self.with_organisms(wish.organisms)):
            entry = self.done[number]
            tier = match(wish.order, entry, self.context)
            if tier is None or done_at_another_time(when, entry):
                continue
            if taken_otherwise(taken, entry, self.context.lead):
                continue
            found.setdefault(tier, []).append(entry.release)
            if wish.order.way in {held.way for held in entry.orders}:
                as_asked.add(entry.release)
        if wish.order.way and as_asked:
            # "Doppler of the neck" is the Doppler rather than an ultrasound scan of the neck.
            kept = {t: [r for r in releases if r in as_asked] for t, releases in found.items()}
            found = {tier: releases for tier, releases in kept.items() if releases}
        return found
