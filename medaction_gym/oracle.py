"""Oracle: matches a free-text request to a case's menu and answers from the record.

The safe side is not to release: modality, body site, side, specimen and pathogen must agree, a
request for an analyte gets that analyte and not its panel, and what is not in the record is
UNAVAILABLE, never "normal". Deterministic, without a language model, and every answer says why.

How a request is matched, best first; the first tier with a match decides:

1. it is the name, or an alias, of a menu item;
2. the same test, and everything the request specifies agrees;
3. a test that is ordered as one with it: a biopsy is read by a pathologist (``data/kin.tsv``);
4. part of what was asked: the components of a panel, or a small panel that holds an analyte;
5. the same test, its site, specimen or pathogen left out of the request ("CT" for "CT abdomen");
6. a more general request ("MRI" for "MR angiography");
7. a test that another item's report describes (immunohistochemistry in a biopsy's report);
8. the same test at a site, specimen or pathogen that the record does not state: AMBIGUOUS.

Where several whole items fit equally well, the request is AMBIGUOUS; all recorded values of an
analyte are released together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple, Protocol

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.orders import Order, known_words, parse_orders
from medaction_gym.catalogue.prices import UNKNOWN, Price, prices
from medaction_gym.catalogue.tokens import words

# A request that lists more tests than this is not an order but a trawl.
MAX_TESTS_PER_REQUEST = 12


# A panel of so few components (itself counted) is one test to a doctor: "complement" is C3 and C4.
SMALL_PANEL = 4


class Tier(IntEnum):
    """How good a match is; lower is better."""

    NAME = 1
    SAME = 2
    KIN = 3
    PART = 4
    UNSITED = 5
    GENERAL = 6
    DESCRIBED = 7
    UNSTATED = 8


class Release(NamedTuple):
    """A piece of the record that is handed out.

    Attributes:
        item: Index in ``case.tests``.
        analyte: Index in the item's ``analytes``, or -1 for the whole item.
    """

    item: int
    analyte: int = -1


class Part(NamedTuple):
    """The answer to one test of a request.

    Attributes:
        asked: The test as understood.
        outcome: RESULT, UNAVAILABLE, AMBIGUOUS or NOT_UNDERSTOOD.
        releases: What is handed out.
        why: The reason, in plain words. Never quotes what is withheld.
        price: The price class of the test.
    """

    asked: str
    outcome: Outcome
    releases: tuple[Release, ...]
    why: str
    price: Price


class Oracle(Protocol):
    """Anything that answers requests from a case; a patient LLM would be another."""

    def answer(self, request: str) -> tuple[Part, ...]:
        """Answer a request, test by test."""
        ...


@dataclass(frozen=True, slots=True)
class _Content:
    """What the text of a result mentions.

    Attributes:
        heads: Tests.
        sites: Body sites; of the test itself, where the text says which those are.
        specimens: Specimens.
        organisms: Pathogens.
        sides: ``"left"``, ``"right"``.
        words: All words.
        analytes: Its values can be ordered one by one.
    """

    heads: frozenset[str]
    sites: frozenset[str]
    specimens: frozenset[str]
    organisms: frozenset[str]
    sides: frozenset[str]
    words: frozenset[str]
    analytes: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing on the menu that can be asked for, and how it can be named."""

    release: Release
    orders: tuple[Order, ...]
    names: frozenset[tuple[str, ...]]
    words: frozenset[str]
    content: _Content


# Requests for a whole department: they mean every item of these categories.
_DEPARTMENTS = {
    "imaging": ("imaging",),
    "radiology": ("imaging",),
    "blood_tests": ("laboratory",),
    "laboratory_tests": ("laboratory",),
    "pathology": ("pathology",),
    "microbiology": ("microbiology",),
    "genetic_testing": ("genetics",),
    "endoscopy": ("endoscopy",),
    "functional_tests": ("physiology",),
}

_LEVELS = (
    (r"C[1-7]", "cervical_spine"),
    (r"T(?:[3-9]|1[0-2])", "thoracic_spine"),
    (r"L[1-5]", "lumbar_spine"),
    (r"S[1-5]", "sacrum"),
)
_SPELT_OUT = re.compile(r"^([^()]{4,})\(([A-Za-z][A-Za-z0-9-]{1,7})\)$")

# Sites that are examined as one, whatever their place in the tree.
_ONE_SITE = ({"head", "brain"}, {"head", "skull"})

_REGIONS = frozenset(
    {"head", "neck", "chest", "abdomen", "pelvis", "spine", "upper_limb", "lower_limb"}
)
# Modalities whose kinds differ in projection or approach, not in what they show.
_PLAIN = frozenset({"xray", "ultrasound", "fluoroscopy", "endoscopy"})

# Tests that are looked for with a target: unknown words of a request may be that target.
_TARGETED = frozenset({"microbiology", "genetics", "laboratory"})
_NOT_BACTERIA = frozenset({"fungi", "viruses", "parasites", "mycobacteria"})
# Departments whose reports describe further tests of their own.
_REPORTING = frozenset({"pathology", "microbiology", "genetics"})

# Regions whose parts are examined by tests of their own: a CT of the head shows no teeth.
_NO_CONTAINER = frozenset(
    {"head", "whole_body", "neck", "trunk", "body", "vessel", "artery", "vein", "bone", "joint"}
    | {"nerve", "muscle", "soft_tissue", "skin"}
)


@dataclass(frozen=True, slots=True)
class _Context:
    """What the whole case makes plain where a single report does not say it.

    Attributes:
        sites: Sites in the complaint and the diagnosis.
        specimens: Specimens named anywhere in the record.
        sides: The side of the complaint, if there is just one.
    """

    sites: frozenset[str]
    specimens: frozenset[str]
    sides: frozenset[str]


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
        self._entries = tuple(_entries(case))
        self._context = _context(case)
        names: dict[tuple[str, ...], list[Release]] = {}
        for entry in self._entries:
            for name in entry.names:
                names.setdefault(name, []).append(entry.release)
        self._names = {name: _without_parts(releases) for name, releases in names.items()}
        # Which entries bear a head or a pathogen, in their name or their text: no others can
        # answer a request for it.
        self._by_head: dict[str, list[int]] = {}
        self._by_organism: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            heads = {order.head.id for order in entry.orders if order.head} | entry.content.heads
            for head in heads:
                self._by_head.setdefault(head, []).append(number)
            for organism in entry.content.organisms.union(*(o.organisms for o in entry.orders)):
                self._by_organism.setdefault(organism, []).append(number)
        self._cache: dict[str, tuple[Part, ...]] = {}

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
        whole = self._by_name(request)
        if whole and whole[0].analyte < 0:
            first = self._entries_of(whole)[0]
            head = first.orders[0].head if first.orders else None
            yield Part(request, Outcome.RESULT, whole, "named as in the record", _price(head))
            return
        meant = self._misspelt(request)
        if meant:
            yield Part(
                request, Outcome.RESULT, meant, "a name of the record, misspelt", _price(None)
            )
            return
        orders = parse_orders(request)
        if not orders:
            yield Part(request, Outcome.NOT_UNDERSTOOD, (), "names no test", _price(None))
        for order in orders:
            yield self._one(order)

    def _one(self, order: Order) -> Part:
        asked = order.describe()

        def part(outcome: Outcome, releases: Iterable[Release], why: str) -> Part:
            return Part(asked, outcome, tuple(releases), why, _price(order.head))

        named = self._by_name(order.text)
        if named and not self._is_panel_entry(order.head, named):
            return part(Outcome.RESULT, named, "named as in the record")
        if order.head is None:
            return self._unknown(order, part)
        if order.head.id in _DEPARTMENTS and not (order.sites or order.organisms or order.words):
            return self._department(order.head, part)
        found = self._found(order)
        if not found:
            why = f"understood as {asked}; the record holds no such test"
            return part(Outcome.UNAVAILABLE, (), why)
        tier = min(found)
        if tier is Tier.UNSTATED:
            why = (
                f"understood as {asked}; the record has such a test but does not state this site, "
                "specimen or organism; order the test without it"
            )
            return part(Outcome.AMBIGUOUS, (), why)
        releases = self._decide(order, found)
        items = {release.item for release in releases if release.analyte < 0}
        if len(items) > 1 and tier is not Tier.PART and not self._at_different_sites(order, items):
            entries = [e for e in self._entries if e.release in releases]
            why = (
                f"understood as {asked}; {len(items)} tests in the record fit; say which "
                f"{_missing(order, entries)}"
            )
            return part(Outcome.AMBIGUOUS, (), why)
        why = {
            Tier.NAME: "named as in the record",
            Tier.SAME: "the same test",
            Tier.KIN: "a test ordered as one with it",
            Tier.PART: "the part of the record that covers it",
            Tier.UNSITED: "the only such test in the record",
            Tier.GENERAL: "the only test in the record that fits",
            Tier.DESCRIBED: "described in another test's report",
        }[tier]
        return part(Outcome.RESULT, releases, f"understood as {asked}; {why}")

    def _found(self, order: Order) -> dict[Tier, list[Release]]:
        """Everything on the menu that may answer an order, by how well it does."""
        assert order.head is not None
        found: dict[Tier, list[Release]] = {}
        heads = self._by_head.keys() & _answering(order.head.id)
        numbers = {n for head in heads for n in self._by_head[head]}
        for organism in order.organisms:
            numbers.update(self._by_organism.get(organism, ()))
        for number in sorted(numbers):
            entry = self._entries[number]
            tier = min(
                filter(None, (self._tier(order, entry, held) for held in entry.orders)),
                default=None,
            )
            if tier:
                found.setdefault(tier, []).append(entry.release)
        return found

    def _decide(self, order: Order, found: dict[Tier, list[Release]]) -> tuple[Release, ...]:
        """What the best tiers amount to."""
        tier = min(found)
        releases = list(found[tier])
        panel = order.head is not None and order.head.kind == "panel"
        if tier is Tier.SAME and panel and all(release.analyte >= 0 for release in releases):
            # A panel named as a component: its own components belong to it.
            releases += [r for r in found.get(Tier.PART, ()) if r.analyte >= 0]
        if tier in (Tier.SAME, Tier.KIN) and not order.sites and order.head:
            # "CT" fits an unspecified "CT scan" no better than it fits a "chest CT".
            whole = any(release.analyte < 0 for release in releases)
            if whole and order.head.category in ("imaging", "pathology", "microbiology"):
                releases += found.get(Tier.UNSITED, ())
        if order.head and order.head.kind == "analyte":
            # A single value rather than the item it stands in.
            single = {release.item for release in releases if release.analyte >= 0}
            releases = [r for r in releases if r.analyte >= 0 or r.item not in single]
        return _without_parts(releases)

    def _at_different_sites(self, order: Order, items: set[int]) -> bool:
        """Whether each of the items answers for another of the sites asked for."""
        answered = []
        for entry in self._entries:
            if entry.release in {Release(item) for item in items}:
                named = frozenset().union(*(held.sites for held in entry.orders))
                answered.append(frozenset(s for s in order.sites if _nested({s}, named)))
        return all(answered) and sum(map(len, answered)) == len(frozenset().union(*answered))

    def _is_panel_entry(self, head: Term | None, releases: tuple[Release, ...]) -> bool:
        """Whether a name stands for a panel that is itself a component of an item."""
        return head is not None and head.kind == "panel" and all(r.analyte >= 0 for r in releases)

    def _tier(self, asked: Order, entry: _Entry, held: Order) -> Tier | None:
        """How well a thing on the menu answers an order, or None."""
        head = asked.head
        assert head is not None
        content = entry.content
        tier = self._head_tier(head, held, content, entry.words)
        if tier is None:
            return None
        for agreed in (
            self._site_tier(asked, held, content),
            self._specimen_tier(asked, held, content),
            self._organism_tier(asked, held, content),
        ):
            if agreed is None:
                return None
            tier = max(tier, agreed)
        sides = held.sides or content.sides or self._context.sides
        if asked.sides and sides and not asked.sides & sides:
            return None
        if asked.words and head.kind == "procedure":
            spoken = all(_spoken(word, entry.words | content.words) for word in asked.words)
            if not spoken and (head.category in _TARGETED or head.id == "ihc"):
                return None
            if not spoken and not asked.sites and head.category in ("imaging", "pathology"):
                # Words nobody knows may name a site.
                tier = max(tier, Tier.UNSTATED)
        if head.kind == "procedure":
            # The record's name may say more than the catalogue knows of ("CT cisternography").
            more = {word for word in held.words - asked.words if not word.isdigit()}
            if more and held.head is not None and tier is Tier.SAME:
                tier = Tier.GENERAL
        return tier

    def _head_tier(
        self, asked: Term, held: Order, content: _Content, named: frozenset[str]
    ) -> Tier | None:
        """How well one test stands for another, sites and the like aside."""
        catalogue = Catalogue.load()
        head = held.head
        if head is None:
            # "Retroviral screening for HIV": a pathogen without a method.
            return Tier.KIN if held.organisms and asked.category == "microbiology" else None
        if asked.id == head.id:
            return Tier.SAME
        if head.id in catalogue.same(asked.id):
            return Tier.KIN
        parts = catalogue.members(head.id) - {head.id}
        if head.id in catalogue.members(asked.id) or (
            parts and parts <= catalogue.members(asked.id)
        ):
            return Tier.PART
        if asked.id in catalogue.members(head.id):
            # A panel's report answers for an analyte if it speaks of it, or is about little else.
            small = len(catalogue.members(head.id)) <= SMALL_PANEL
            named = asked.id in content.heads and not content.analytes
            return Tier.PART if small or named else None
        if catalogue.within(head.id, asked.id):
            return Tier.GENERAL
        special = catalogue.within(asked.id, head.id)
        if special and head.id in _PLAIN and not held.sites:
            # A projection or approach that the record does not name ("panoramic radiograph" for
            # "Radiographs"); the sites must still agree.
            return Tier.GENERAL
        reporting = asked.category == head.category and asked.category in _REPORTING
        if (special or reporting) and asked.id in content.heads and not content.analytes:
            return Tier.DESCRIBED
        if special and _distinct(asked) & named:
            # The record's name says so, in words the catalogue does not know ("18F-PSMA PET").
            return Tier.KIN
        if special and reporting and _distinct(asked) & content.words:
            return Tier.DESCRIBED
        return None

    def _site_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        named = held.sites or _implied(held.head)
        if not asked.sites:
            missing = held.sites and not _implied(asked.head)
            return Tier.UNSITED if missing else Tier.SAME
        if named:
            return _nested(asked.sites, named)
        if _nested(asked.sites, content.sites) is not None:
            return Tier.SAME
        # The name gives no site and the report not this one: the same region will do, and where
        # the report gives none, what the case as a whole is about.
        where = content.sites if _regions(content.sites) else self._context.sites
        return Tier.GENERAL if _regions(asked.sites) & _regions(where) else None

    def _specimen_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        wanted = asked.specimens or _default(asked.head)
        named = held.specimens or _default(held.head)
        if not wanted:
            return Tier.UNSITED if held.specimens else Tier.SAME
        if named:
            tier = _nested(wanted, named)
            return tier if asked.specimens or tier is not None else None
        if not asked.specimens or _nested(wanted, content.specimens) is not None:
            return Tier.SAME
        if content.specimens or "blood" in wanted:
            return None
        return Tier.GENERAL if _nested(wanted, self._context.specimens) is not None else None

    def _organism_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        if asked.head is not None and asked.head.kind != "procedure":
            return Tier.SAME
        if "bacteria" in asked.organisms and not held.organisms & _NOT_BACTERIA:
            return Tier.SAME
        if not asked.organisms:
            return Tier.UNSITED if held.organisms else Tier.SAME
        if held.organisms:
            return Tier.SAME if asked.organisms & held.organisms else None
        return Tier.SAME if asked.organisms & content.organisms else None

    def _department(self, head: Term, part: _PartMaker) -> Part:
        """Answer a request for a whole department ("imaging")."""
        items = [
            i for i, test in enumerate(self.case.tests) if test.category in _DEPARTMENTS[head.id]
        ]
        if not items:
            return part(Outcome.UNAVAILABLE, (), f"the record holds no {head.name}")
        if len(items) > 1:
            why = f"{len(items)} tests in the record fit {head.name}; name the test"
            return part(Outcome.AMBIGUOUS, (), why)
        return part(Outcome.RESULT, (Release(items[0]),), "the only such test in the record")

    def _unknown(self, order: Order, part: _PartMaker) -> Part:
        """Match a request outside the catalogue by its words alone."""
        scored = []
        for entry in self._entries:
            for name in entry.names:
                content = [w for w in name if len(w) > 2]
                hits = sum(any(_alike(w, o) for o in content) for w in order.words)
                if order.words and content and hits == len(order.words):
                    scored.append((hits / len(content), entry.release))
        best = max((score for score, _ in scored), default=0.0)
        releases = _without_parts(r for score, r in scored if score == best)
        if best >= 0.6 and len({r.item for r in releases}) == 1:
            return part(Outcome.RESULT, releases, "the only name in the record with these words")
        if order.sites or order.specimens or order.organisms:
            why = "names a site, specimen or organism but no test"
        else:
            why = "names no test that is known; use a standard name"
        return part(Outcome.NOT_UNDERSTOOD, (), why)

    def _misspelt(self, text: str) -> tuple[Release, ...]:
        """The one item whose whole name is a slip or two away from a text."""
        asked = words(text)
        known = known_words()
        near = []
        for name, releases in self._names.items():
            slips = [(a, b) for a, b in zip(asked, name, strict=False) if a != b]
            if (
                len(name) == len(asked) > 1
                and len(slips) == 1
                and slips[0][0] not in known
                and min(map(len, slips[0])) >= 3
                and DamerauLevenshtein.distance(*slips[0]) == 1
            ):
                near.append(releases)
        return near[0] if len(near) == 1 else ()

    def _by_name(self, text: str) -> tuple[Release, ...]:
        return self._names.get(words(text), ())

    def _entries_of(self, releases: Iterable[Release]) -> list[_Entry]:
        wanted = set(releases)
        return [entry for entry in self._entries if entry.release in wanted]


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


@cache
def _answering(head: str) -> frozenset[str]:
    """The heads that may answer a request for this one; see `RecordOracle._head_tier`."""
    catalogue = Catalogue.load()
    return catalogue.same(head).union(
        other
        for other in catalogue.terms
        if catalogue.within(other, head)
        or catalogue.within(head, other)
        or head in catalogue.members(other)
        or not catalogue.members(head).isdisjoint(catalogue.members(other))
    )


def _entries(case: Case) -> Iterator[_Entry]:
    for i, test in enumerate(case.tests):
        names = tuple(name for n in (test.name, *test.aliases) for name in _names(n))
        orders = tuple(
            dict.fromkeys(o for n in (test.name, *test.aliases) for o in parse_orders(n))
        )
        yield _entry(Release(i), names, orders, _content(test.result, orders, bool(test.analytes)))
        specimens = frozenset().union(*(_inherited(order) for order in orders)) - {"blood"}
        for j, analyte in enumerate(test.analytes):
            inner = parse_orders(analyte.name)
            if specimens:
                inner = tuple(_with_specimens(order, specimens) for order in inner)
            content = _content(analyte.result, inner, analytes=False)
            yield _entry(Release(i, j), _names(analyte.name), inner, content)


def _inherited(order: Order) -> frozenset[str]:
    """The specimens a panel's components are measured in; drugs are sought in any."""
    drugs = order.head is not None and order.head.price == "toxicology"
    return order.specimens | (frozenset() if drugs else _default(order.head))


def _entry(
    release: Release, names: Iterable[str], orders: tuple[Order, ...], content: _Content
) -> _Entry:
    folded = frozenset(filter(None, map(words, names)))
    return _Entry(release, orders, folded, frozenset(w for n in folded for w in n), content)


def _names(name: str) -> tuple[str, ...]:
    """A name, and what it spells out: "Electromyography (EMG)" is called either way."""
    match = _SPELT_OUT.match(name)
    if not match:
        return (name,)
    full, short = match[1].strip(), match[2].strip()
    initials = [c for c in short.lower() if c.isalpha()]
    rest = iter(full.lower())
    return (name, full, short) if all(c in rest for c in initials) else (name,)


def _with_specimens(order: Order, specimens: frozenset[str]) -> Order:
    if order.specimens or order.head is None:
        return order
    return Order(
        order.text, order.head, order.sites, specimens, order.organisms, order.sides, order.words
    )


def _content(text: str, orders: tuple[Order, ...], analytes: bool) -> _Content:
    mentions = Catalogue.load().find(text)

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind in kinds)

    folded = frozenset(words(text))
    return _Content(
        heads=ids("analyte", "panel", "procedure"),
        sites=_own_sites(text, orders) or ids("site") | _vertebrae(text) | _sign_sites(text),
        specimens=ids("specimen"),
        organisms=ids("organism"),
        sides=folded & {"left", "right"} if not {"bilateral", "both"} & folded else frozenset(),
        words=folded,
        analytes=analytes,
    )


def _sign_sites(text: str) -> frozenset[str]:
    """Sites that a report's findings belong to."""
    folded = " " + " ".join(words(text)) + " "
    return frozenset(site for sign, site in Catalogue.load().signs.items() if f" {sign} " in folded)


def _context(case: Case) -> _Context:
    def ids(text: str, kind: str) -> frozenset[str]:
        mentions = Catalogue.load().find(text)
        return frozenset(m.term.id for m in mentions if m.term.kind == kind)

    complaint = f"{case.presentation.chief_complaint}; {case.diagnosis.name}"
    record = "; ".join(f"{test.name}; {test.result}" for test in case.tests)
    sides = frozenset(words(complaint)) & {"left", "right"}
    return _Context(
        sites=ids(complaint, "site"),
        specimens=ids(record, "specimen"),
        sides=sides if len(sides) == 1 else frozenset(),
    )


@cache
def _distinct(term: Term) -> frozenset[str]:
    """The words of a test's names that its broader tests' names do not have."""
    catalogue = Catalogue.load()
    broader = [catalogue.terms[other] for other in catalogue.ancestors(term.id) - {term.id}]

    def spelt(terms: Iterable[Term]) -> set[str]:
        return {w for t in terms for name in (t.name, *t.synonyms) for w in words(name)}

    # Words that other terms are made of (sites, modalities) do not distinguish.
    own = spelt([term]) - spelt(broader)
    return frozenset(word for word in own if not catalogue.find(word) and not word.isdigit())


def _own_sites(text: str, orders: tuple[Order, ...]) -> frozenset[str]:
    """The sites a report gives for its own test: the node of "a lymph node biopsy showed ..."."""
    kinds = {order.head.category for order in orders if order.head}
    if kinds == {"pathology"}:
        for order in parse_orders(text[:200].split(".")[0]):
            if order.head is not None and order.sites and order.head.category in kinds:
                return order.sites
    return frozenset()


def _vertebrae(text: str) -> frozenset[str]:
    """Spine segments from vertebral levels. T1 and T2 are left out: they are MRI sequences too."""
    return frozenset(
        site for pattern, site in _LEVELS if re.search(rf"\b{pattern}(?:\s*[-–/]\s*\w\d+)?\b", text)
    )


def _implied(head: Term | None) -> frozenset[str]:
    return frozenset(head.sites) if head else frozenset()


def _default(head: Term | None) -> frozenset[str]:
    return frozenset(head.specimens) if head else frozenset()


def _nested(asked: AbstractSet[str], held: AbstractSet[str]) -> Tier | None:
    """Whether sites (or specimens) agree: the same, or one inside the other."""
    if asked & held:
        return Tier.SAME
    if any(one <= asked | held and asked & one and held & one for one in _ONE_SITE):
        return Tier.SAME
    catalogue = Catalogue.load()
    for a in asked:
        for h in held:
            inner, outer = (a, h) if catalogue.within(a, h) else (h, a)
            if catalogue.within(inner, outer) and outer not in _NO_CONTAINER:
                return Tier.GENERAL
    return None


@cache
def _regions(sites: frozenset[str]) -> frozenset[str]:
    """The regions of the body that some sites lie in."""
    catalogue = Catalogue.load()
    return _REGIONS & frozenset().union(*(catalogue.ancestors(site) for site in sites))


def _without_parts(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Sorted; an analyte is left out where its whole panel is released."""
    unique = sorted(set(releases))
    whole = {r.item for r in unique if r.analyte < 0}
    return tuple(r for r in unique if r.analyte < 0 or r.item not in whole)


def _missing(order: Order, entries: list[_Entry]) -> str:
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


def _alike(a: str, b: str) -> bool:
    return a == b or (min(len(a), len(b)) >= 5 and ratio(a, b) >= 88)


def _spoken(word: str, held: frozenset[str]) -> bool:
    return word in held or (len(word) >= 5 and any(_alike(word, other) for other in held))


@cache
def _price_of(name: str) -> Price:
    return prices().get(name) or prices()[UNKNOWN]


def _price(head: Term | None) -> Price:
    return _price_of(head.price if head else UNKNOWN)
