"""RecordOracle: matches a free-text request to a case's menu and answers from the record.

The safe side is not to release: modality, body site, side, specimen and pathogen must agree, a
request for an analyte gets that analyte and not its panel, and what is not in the record is
UNAVAILABLE, never "normal". Deterministic, without a language model, and every answer says why.

Of all that may answer a request, the best tier decides (`matching`). Where several whole items fit
equally well, the request is AMBIGUOUS; all recorded values of an analyte are released together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.prices import Price
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.answer import Part, Release
from medaction_gym.oracle.context import context_of
from medaction_gym.oracle.departments import DEPARTMENTS, TOLD_BY_LINES, lines_of
from medaction_gym.oracle.entry import Entry, default_specimens, entries_of
from medaction_gym.oracle.finding import told_in_words
from medaction_gym.oracle.manner import told_apart
from medaction_gym.oracle.matching import by_method, match
from medaction_gym.oracle.parts import examinations
from medaction_gym.oracle.plain import narrowest, plain, the_very
from medaction_gym.oracle.sites import implied_sites
from medaction_gym.oracle.symbols import codes, is_marker
from medaction_gym.oracle.taking import done_at_another_time, taken_otherwise, times_of, ways_of
from medaction_gym.oracle.telling import Tellings
from medaction_gym.oracle.tier import Tier
from medaction_gym.oracle.verbatim import (
    by_name,
    by_symbol,
    examined,
    misspelt,
    unknown_places,
)
from medaction_gym.oracle.wish import (
    Request,
    Wish,
    price_of,
    read_request,
    sought,
    wish_for,
    with_broader,
)

_TELLS = "told in an examination's report"
_WHY = {
    Tier.NAME: "named as in the record",
    Tier.SAME: "the same test",
    Tier.KIN: "a test ordered as one with it",
    Tier.PART: "the part of the record that covers it",
    Tier.UNSITED: "the only such test in the record",
    Tier.GENERAL: "the only test in the record that fits",
    Tier.DESCRIBED: "described in another test's report",
    Tier.UNSTATED: "the only such test in the record",
}


class RecordOracle:
    """The offline oracle of one case.

    Args:
        case: The case whose record answers.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> oracle = RecordOracle(case)
        >>> part, = oracle.answer(case.tests[0].name)
        >>> part.outcome.value, case.tests[part.releases[0].item].name == case.tests[0].name
        ('RESULT', True)
        >>> oracle.answer("flurbometry")[0].outcome.value
        'NOT_UNDERSTOOD'
    """

    def __init__(self, case: Case):
        self.case = case
        self._entries = tuple(entries_of(case))
        self._context = context_of(case)
        names: dict[tuple[str, ...], list[Release]] = {}
        for entry in self._entries:
            for name in entry.names:
                names.setdefault(name, []).append(entry.release)
        self._names = {name: _without_parts(releases) for name, releases in names.items()}
        # The same by one string, whose hash is worked out once.
        self._called = {" ".join(name): releases for name, releases in self._names.items()}
        # Which entries bear a head or a pathogen, in their name or their text: no others can
        # answer a request for it.
        self._by_head: dict[str, list[int]] = {}
        self._by_organism: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            heads = {order.head.id for order in entry.orders if order.head} | entry.content.heads
            heads |= entry.content.measures
            for head in heads:
                self._by_head.setdefault(head, []).append(number)
            germs = (o.organisms | sought(o) for o in entry.orders)
            for organism in with_broader(entry.content.organisms.union(*germs)):
                self._by_organism.setdefault(organism, []).append(number)
        self._heads = frozenset(self._by_head)
        self._cache: dict[str, tuple[Part, ...]] = {}
        self._tellings = Tellings(case, self._entries, self._by_organism, self._context)

    def answer(self, request: str) -> tuple[Part, ...]:
        """Answer a request, test by test. Same request, same answer.

        Args:
            request: Free text, one test or several.

        Returns:
            One `Part` for each test understood; a single NOT_UNDERSTOOD part for none.
        """
        known = self._cache.get(request)
        if known is None:
            known = tuple(self._answer(request))
            if len(self._cache) < 10_000:
                self._cache[request] = known
        return known

    def _answer(self, request: str) -> Iterator[Part]:
        asked = read_request(request)
        whole = self._named(asked.names)
        if whole and whole[0].analyte < 0:
            why = "named as in the record"
            yield Part(request, Outcome.RESULT, whole, why, self.price(whole))
            return
        meant = () if asked.known else misspelt(self._names, asked.phrase)
        if meant:
            why = "a name of the record, misspelt"
            yield Part(request, Outcome.RESULT, meant, why, self.price(meant))
            return
        if not asked.wishes:
            yield Part(request, Outcome.NOT_UNDERSTOOD, (), "names no test", price_of(None))
        for wish in asked.wishes:
            yield self._one(wish, asked)

    @cached_property
    def _spoken(self) -> frozenset[str]:
        """Every word of the record's names and reports, of the complaint and the diagnosis."""
        return self._context.words.union(*(e.words | e.content.words for e in self._entries))

    def _named(self, names: tuple[str, ...]) -> tuple[Release, ...]:
        """What bears the first of some names that anything bears."""
        called = self._called
        if called.keys().isdisjoint(names):
            return ()
        return next(called[name] for name in names if name in called)

    def _one(self, wish: Wish, request: Request) -> Part:
        order = wish.order

        def part(outcome: Outcome, releases: Iterable[Release], why: str) -> Part:
            return Part(order.title, outcome, tuple(releases), why, price_of(order.head))

        named = self._named(wish.names)
        if named and order.specimens and order.head is not None:
            # "Serum sodium and glucose" asks for none of the CSF.
            named = tuple(r for r in named if not self._of_others(order.specimens, r))
        elif len(named) > 1 and order.head is not None:
            # "WBC" is the blood's, where the CSF's is called so too.
            usual = default_specimens(order.head)
            named = tuple(r for r in named if not self._of_others(usual, r)) or named
        if (
            named
            and not self._is_panel_entry(order.head, named)
            and not self._measured_elsewhere(wish, named)
        ):
            return part(Outcome.RESULT, self._and_so(wish, named), "named as in the record")
        asked = wish.examined
        if asked is not None:
            found = self._found(wish) if order.head is not None else {}
            fit = set(found[min(found)]) if found else set()
            tell = examinations(asked, self.case, self._entries, fit, self._context)
            if tell is not None and len(tell) > 2:
                why = f"{len(tell)} examinations in the record tell of it; say which body site"
                return part(Outcome.AMBIGUOUS, (), why)
            if tell is not None:
                return part(Outcome.RESULT, tell, _TELLS) if tell else wish.unavailable
        if order.head is None and not wish.senses:
            return self._unknown(wish, part, request)
        if order.head is not None and order.head.id in DEPARTMENTS:
            # "Bloods" says no more of the specimen than "blood tests".
            specimens = order.specimens - frozenset(order.head.specimens)
            if not any((order.sites, specimens, order.organisms, order.words, order.measure)):
                return self._department(wish, order.head, part)
        for sense in (wish, *wish.senses) if order.head else wish.senses:
            found = self._found(sense)
            if found:
                order = sense.order
                break
        else:
            if order.head is None and (known := self._unknown(wish, part, request)).releases:
                return known
            if order.head is not None and is_marker(order.head.id):
                lines = by_symbol(order, self.case, self._entries)
                if lines:
                    return part(Outcome.RESULT, lines, "the only report with this symbol")
            return self._told(wish, part) or wish.unavailable
        tier = min(found)
        if tier is Tier.UNSTATED:
            told = self._told(wish, part)
            if told:
                return told
            if order.sites or unknown_places(order, self._spoken):
                why = (
                    "the record has such a test, but not all of these words "
                    "are understood; order it without them"
                )
                return part(Outcome.AMBIGUOUS, (), why)
        if tier is Tier.PART and wish.only:
            found[tier] = self._among(wish.only, found[tier])
        if tier is Tier.PART and not self._of_the_core(order, found[tier]):
            return self._told(wish, part) or wish.unavailable
        releases = self._decide(order, found)
        items = {release.item for release in releases if release.analyte < 0}
        of_a_gene = order.head and order.head.category == "genetics" and codes(order.text)
        one = tier is not Tier.PART and not of_a_gene
        if len(items) > 1 and one and not self._at_different_sites(order, items):
            entries = [e for e in self._entries if e.release in releases]
            apart = told_apart(wish.manner, entries) or the_very(order, entries)
            meant = [entry.release for entry in apart]
            if len(meant) == 1:
                return part(Outcome.RESULT, meant, "the one that fits how and when it is done")
            meant = [e.release for e in plain(order.head, entries)]
            if len(meant) == 1:
                return part(Outcome.RESULT, meant, "the one that is called so for short")
            why = f"{len(items)} tests in the record fit; say which {_missing(order, entries)}"
            return part(Outcome.AMBIGUOUS, (), why)
        releases = self._at_lines(wish, tier, releases)
        more = self._uncovered(order, releases)
        if order.head and order.head.kind == "analyte" and all(r.analyte >= 0 for r in releases):
            # All recorded values of an analyte, wherever they are told.
            items = {release.item for release in releases}
            more += tuple(r for r in self._tellings.of(wish) if r.item not in items)
        return part(Outcome.RESULT, releases + more, _WHY[tier])

    def _found(self, wish: Wish) -> dict[Tier, list[Release]]:
        """Everything on the menu that may answer a wish, by how well it does."""
        if not wish.organisms and self._heads.isdisjoint(wish.heads):
            return {}
        found: dict[Tier, list[Release]] = {}
        as_asked: set[Release] = set()
        manner = wish.manner or wish.order.text
        taken, when = ways_of(manner), times_of(manner)
        able = wish.heads & self._heads
        numbers = {number for head in able for number in self._by_head[head]}
        for organism in wish.organisms:
            numbers.update(self._by_organism.get(organism, ()))
        for number in sorted(numbers):
            entry = self._entries[number]
            tier = match(wish.order, entry, self._context)
            if tier is None or taken_otherwise(taken, entry) or done_at_another_time(when, entry):
                continue
            found.setdefault(tier, []).append(entry.release)
            if wish.order.way in {held.way for held in entry.orders}:
                as_asked.add(entry.release)
        if wish.order.way and as_asked:
            # "Doppler of the neck" is the Doppler rather than an ultrasound scan of the neck.
            kept = {t: [r for r in releases if r in as_asked] for t, releases in found.items()}
            found = {tier: releases for tier, releases in kept.items() if releases}
        return found

    def _of_the_core(self, order: Order, releases: list[Release]) -> bool:
        """Whether parts of a panel hold what makes it one: D-dimer alone is no coagulation."""
        core = Catalogue.load().core(order.head.id) if order.head else frozenset()
        return bool(self._among(core, releases) if core else releases)

    def _among(self, ids: frozenset[str], releases: list[Release]) -> list[Release]:
        """Of some releases, those that measure any of some values."""
        members = Catalogue.load().members
        return [
            entry.release
            for entry in self._entries
            if entry.release in releases
            and any(h.head and not ids.isdisjoint(members(h.head.id)) for h in entry.orders)
        ]

    def _measured_elsewhere(self, wish: Wish, named: tuple[Release, ...]) -> bool:
        """Whether a bare "WBC" means the blood's, though the line of another fluid is called so."""
        order = wish.order
        if named[0].analyte < 0 or order.head is None or order.specimens:
            return False
        entries = [entry for entry in self._entries if entry.release in named]
        other = all(o.specimens and o.head == order.head for e in entries for o in e.orders)
        fits = any(match(order, entry, self._context) is not None for entry in entries)
        return other and not fits and Tier.SAME in self._found(wish)

    def _and_so(self, wish: Wish, named: tuple[Release, ...]) -> tuple[Release, ...]:
        """All values of an analyte: "insulin" is also what another line calls plasma insulin."""
        head = wish.order.head
        if head is None or head.kind != "analyte" or any(r.analyte < 0 for r in named):
            return named
        same = self._found(wish).get(Tier.SAME, [])
        if not set(named) <= set(same):
            return named
        return tuple(sorted({*named, *(r for r in same if r.analyte >= 0)}))

    def _at_lines(
        self, wish: Wish, tier: Tier, releases: tuple[Release, ...]
    ) -> tuple[Release, ...]:
        """Of an item whose values can be ordered one by one, the lines that tell of the test."""
        if tier is not Tier.DESCRIBED or len(releases) != 1:
            return releases
        lines = tuple(
            entry.release
            for entry in self._entries
            if entry.release.item == releases[0].item
            and entry.release.analyte >= 0
            and not wish.order.organisms.isdisjoint(entry.content.organisms)
            and not any(held.head and by_method(held.head.id) for held in entry.orders)
        )
        return lines or releases

    def _told(self, wish: Wish, part: _PartMaker) -> Part | None:
        """The one report that tells of a test; a value may be told in several."""
        told = self._tellings.of(wish)
        value = wish.order.head is not None and wish.order.head.kind == "analyte"
        if not told or (len(told) > 1 and not value):
            return None
        return part(Outcome.RESULT, told, _WHY[Tier.DESCRIBED])

    def _decide(self, order: Order, found: dict[Tier, list[Release]]) -> tuple[Release, ...]:
        """What the best tiers amount to."""
        tier = min(found)
        releases = list(found[tier])
        panel = order.head is not None and order.head.kind == "panel"
        if tier is Tier.SAME and panel and all(release.analyte >= 0 for release in releases):
            # A panel named as a component: its own components belong to it.
            # A lupus anticoagulant beside "autoimmune serology" is no more than a part of a part.
            more = found.get(Tier.PART, [])
            core = Catalogue.load().core(order.head.id) if order.head else frozenset()
            if order.head and core:
                more = self._among(core.union(order.head.members), more)
            releases += [r for r in more if r.analyte >= 0]
        if tier in (Tier.SAME, Tier.KIN) and not order.sites and order.head:
            # "CT" fits an unspecified "CT scan" no better than it fits a "chest CT".
            whole = any(release.analyte < 0 for release in releases)
            if whole and order.head.category in ("imaging", "pathology", "microbiology"):
                releases += found.get(Tier.UNSITED, ())
        if order.head and order.head.category == "genetics" and codes(order.text):
            # Whatever reports that gene.
            releases += found.get(Tier.KIN, ())
        if order.head and order.head.kind == "analyte":
            # A single value rather than the item it stands in.
            single = {release.item for release in releases if release.analyte >= 0}
            releases = [r for r in releases if r.analyte >= 0 or r.item not in single]
            if tier is Tier.DESCRIBED:
                kept = narrowest(e for e in self._entries if e.release in releases)
                releases = [entry.release for entry in kept]
        return _without_parts(releases)

    def _at_different_sites(self, order: Order, items: set[int]) -> bool:
        """Whether each of the items answers for another of the sites or specimens asked for."""
        answered = []
        by_specimen = len(order.specimens) > 1
        asked = order.specimens if by_specimen else order.sites
        for entry in self._entries:
            if entry.release in {Release(item) for item in items}:
                held = [o.specimens if by_specimen else o.sites for o in entry.orders]
                named = frozenset().union(*held)
                answered.append(frozenset(s for s in asked if nested({s}, named)))
        return all(answered) and sum(map(len, answered)) == len(frozenset().union(*answered))

    def _uncovered(self, order: Order, releases: tuple[Release, ...]) -> tuple[Release, ...]:
        """The item for a further site: "MRI brain and spine", the one named and the other told."""
        if len(order.sites) < 2:
            return ()
        covered = [
            held.sites or implied_sites(held.head) or entry.content.sites
            for entry in self._entries
            if entry.release in releases
            for held in entry.orders
        ]
        left = frozenset(s for s in order.sites if not any(nested({s}, c) for c in covered))
        if not left or left == order.sites:
            return ()
        found = self._found(wish_for(replace(order, sites=left)))
        more = [r for tier in (Tier.SAME, Tier.KIN) for r in found.get(tier, ())]
        return tuple(r for r in more if r not in releases) if len(more) == 1 else ()

    def _of_others(self, wanted: frozenset[str], release: Release) -> bool:
        """Whether a value is recorded of other specimens than those that are wanted."""
        entry = next(e for e in self._entries if e.release == release)
        held = frozenset().union(*(order.specimens for order in entry.orders))
        return release.analyte >= 0 and bool(held) and nested(wanted, held) is None

    def _is_panel_entry(self, head: Term | None, releases: tuple[Release, ...]) -> bool:
        """Whether a name stands for a panel that is itself a component of an item."""
        return head is not None and head.kind == "panel" and all(r.analyte >= 0 for r in releases)

    def _department(self, wish: Wish, head: Term, part: _PartMaker) -> Part:
        """Answer a request for a whole department ("imaging")."""
        named = {
            entry.release.item
            for entry in self._entries
            if entry.release.analyte < 0 and any(order.head == head for order in entry.orders)
        }
        items = [
            i
            for i, test in enumerate(self.case.tests)
            if test.category in DEPARTMENTS[head.id] or i in named
        ]
        if not items:
            lines = lines_of(self._entries, DEPARTMENTS[head.id])
            if lines and head.id in TOLD_BY_LINES and not wish.order.way:
                return part(Outcome.RESULT, lines, "the only such tests in the record")
            none = part(Outcome.UNAVAILABLE, (), f"the record holds no {head.name}")
            # A swab is no blood test, whatever that looked for.
            return (None if wish.order.way else self._told(wish, part)) or none
        own = [i for i in named if Catalogue.load().named(words(self.case.tests[i].name)) == head]
        items = own if len(own) == 1 else items
        whole = [e for e in self._entries if e.release.item in items and e.release.analyte < 0]
        items = [entry.release.item for entry in plain(head, whole)]
        if len(items) > 1:
            why = f"{len(items)} tests in the record fit {head.name}; name the test"
            return part(Outcome.AMBIGUOUS, (), why)
        only = (Release(items[0]),)
        why = "the only such test in the record"
        return part(Outcome.RESULT, only, why)._replace(price=self.price(only))

    def _unknown(self, wish: Wish, part: _PartMaker, request: Request) -> Part:
        """Match a request outside the catalogue by its words alone."""
        order = wish.order
        releases = _without_parts(by_name(order, self._entries))
        if releases and len({r.item for r in releases}) == 1:
            return part(Outcome.RESULT, releases, "the only name in the record with these words")
        if lines := by_symbol(order, self.case, self._entries):
            return part(Outcome.RESULT, lines, "the only report with this symbol")
        signs = (
            examined(order, request.phrase, self.case, self._entries, self._context)
            if request.examining
            else ()
        )
        if signs:
            return part(Outcome.RESULT, signs, _TELLS)
        if wish.examined and not wish.examined.beside:
            return wish.unavailable
        alone = len(request.wishes) == 1
        if told := told_in_words(order, request.phrase, self.case, self._entries, alone):
            return part(Outcome.RESULT, told, "the only report with these words")
        if order.sites or order.specimens or order.organisms:
            why = "names a site, specimen or organism but no test"
        else:
            why = "names no test that is known; use a standard name"
        return part(Outcome.NOT_UNDERSTOOD, (), why)

    def price(self, releases: tuple[Release, ...]) -> Price:
        """What a doctor pays who asked for these by name: the dearest test among them."""
        heads = [
            order.head
            for entry in self._entries
            if entry.release in releases
            for order in entry.orders
            if order.head is not None
        ]
        return max(map(price_of, heads), key=lambda price: price.usd) if heads else price_of(None)


class _PartMaker(Protocol):
    def __call__(self, outcome: Outcome, releases: Iterable[Release], why: str) -> Part: ...


# By the case's identity: an oracle holds its case, so the key cannot be given to another.
_ORACLES: dict[int, RecordOracle] = {}


def oracle_for(case: Case) -> RecordOracle:
    """The case's oracle, built once a process for as long as 4,096 others are not."""
    oracle = _ORACLES.get(id(case))
    if oracle is None:
        if len(_ORACLES) >= 4_096:
            _ORACLES.pop(next(iter(_ORACLES)))
        oracle = _ORACLES[id(case)] = RecordOracle(case)
    return oracle


def _without_parts(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Sorted; an analyte is left out where its whole panel is released."""
    unique = sorted(set(releases))
    whole = {r.item for r in unique if r.analyte < 0}
    return tuple(r for r in unique if r.analyte < 0 or r.item not in whole)


def _missing(order: Order, entries: list[Entry]) -> str:
    """Which detail would tell the candidates apart."""
    kinds = []
    for kind, name in (
        ("sites", "body site"),
        ("specimens", "specimen"),
        ("organisms", "organism"),
    ):
        if not getattr(order, kind) and any(getattr(o, kind) for e in entries for o in e.orders):
            kinds.append(name)
    return " or ".join(kinds) or "kind of test"
