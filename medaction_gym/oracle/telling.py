"""Telling: what the reports of a record tell beside their own tests, where nothing else fits."""

from __future__ import annotations

from dataclasses import replace

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.agreement import FROM_ANYWHERE
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.germs import BY_METHOD, GROUPS, IN_BLOOD
from medaction_gym.oracle.index import Index
from medaction_gym.oracle.matching import match
from medaction_gym.oracle.panels import makes_one
from medaction_gym.oracle.report import told_beside, told_in
from medaction_gym.oracle.tier import Tier
from medaction_gym.oracle.wish import Wish

_NONE: frozenset[str] = frozenset()
_MOLECULAR = frozenset("pcr naat nat molecular dna rna nucleic amplification load genotype".split())
_OF_ANTIBODIES = frozenset(
    words(
        "serology serologies serological serum antibody ab titer igg igm iga elisa eia antigen ag "
        "immunoassay rapid blot ifa agglutination immunofluorescence"
    )
)
# Of germs at large, "fungal markers" are no culture.
_KINGDOMS = frozenset({"bacteria", "fungi", "parasites", "viruses"})
_MEANS = {"pcr": _MOLECULAR, "serology": _OF_ANTIBODIES}


class Tellings:
    """What the reports of one case tell of beside their own tests.

    Args:
        index: What is on its menu.
    """

    def __init__(self, index: Index):
        self._index = index
        # What a report tells of is where the report says, whatever the case is about.
        self._near = replace(index.context, sites=_NONE, lead=_NONE, specimens=_NONE)
        self._by_head: dict[str, list[int]] = {}
        # What the values of an item, which can be ordered one by one, are values of.
        self._apart: dict[int, set[str]] = {}
        for entry in index.done:
            if entry.release.analyte >= 0:
                heads = (order.head.id for order in entry.orders if order.head is not None)
                self._apart.setdefault(entry.release.item, set()).update(heads)
        for number, entry in enumerate(index.done):
            for head in told_beside(entry) - self._apart.get(entry.release.item, _NONE):
                self._by_head.setdefault(head, []).append(number)
        self._read: dict[int, tuple[Entry, ...]] = {}

    def of(self, wish: Wish) -> tuple[Release, ...]:
        """The items, or lines of items, that tell of a test."""
        order = _by_any_method(wish.order)
        any_method = order.head is not None and order.head.id == "microbiology"
        in_blood = order.head is not None and order.head.id in IN_BLOOD and bool(order.organisms)
        if not (any_method or in_blood) and self._by_head.keys().isdisjoint(wish.heads):
            return ()
        heads = wish.heads & self._by_head.keys()
        numbers = {number for head in heads for number in self._by_head[head]}
        if any_method or in_blood:
            numbers |= self._index.with_organisms(order.organisms)
        told = {
            entry.release
            for number in numbers
            for entry in self._told_in(number)
            for held in entry.orders
            # "H. pylori negative" does not say by what method; of blood it is the usual one.
            if any_method
            or (held.head and held.head.id != "microbiology")
            or (in_blood and self._of_blood(number))
            if _says_of_what(order, held, entry)
            for tier in [match(order, entry, self._near)]
            if tier is not None and tier <= Tier.GENERAL
            if tier is not Tier.PART or makes_one(order.head, (entry,))
        }
        # The line that tells of it, rather than all of the item.
        lines = {release.item for release in told if release.analyte >= 0}
        return tuple(sorted(r for r in told if r.analyte >= 0 or r.item not in lines))

    def _of_blood(self, number: int) -> bool:
        """Whether what an item looked for was looked for in blood, as far as it says."""
        entry = self._index.done[number]
        category = self._index.case.tests[entry.release.item].category
        return (
            category in ("laboratory", "other")
            and entry.content.specimens <= {"blood"}
            and not entry.content.heads & BY_METHOD
        )

    def _told_in(self, number: int) -> tuple[Entry, ...]:
        """The tests that an item's report tells of, read when first needed."""
        known = self._read.get(number)
        if known is None:
            entry = self._index.done[number]
            case, item = self._index.case, entry.release.item
            apart = frozenset(self._apart.get(item, ()))
            known = told_in(entry, entry.release.text(case), case.tests[item].category, apart)
            self._read[number] = known
        return known


def _says_of_what(order: Order, held: Order, entry: Entry) -> bool:
    """Whether a report says of which specimen it tells, or there is but one, as of urine output."""
    usual = frozenset(order.head.specimens) - {"blood"} if order.head is not None else _NONE
    known = entry.content.specimens or held.specimens or order.specimens <= usual
    return bool(known) or order.specimens <= FROM_ANYWHERE


def _by_any_method(order: Order) -> Order:
    """A "COVID test" is by whatever method, though a PCR is the usual one, as is HIV's serology."""
    single = order.organisms and order.organisms.isdisjoint(GROUPS | _KINGDOMS)
    means = _MEANS.get(order.head.id) if order.head is not None and single else None
    if means is None or not means.isdisjoint(words(order.text)):
        return order
    return replace(order, head=Catalogue.load().terms["microbiology"])
