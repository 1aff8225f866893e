"""Oracle: matches a free-text request to a case's menu and answers from the record.

The safe side is not to release: modality, body site, side, specimen and pathogen must agree, a
request for an analyte gets that analyte and not its panel, and what is not in the record is
UNAVAILABLE, never "normal". Deterministic, without a language model, and every answer says why.

How a request is matched, best first; the first tier with a match decides:

1. it is the name, or an alias, of a menu item;
2. the same test, and everything the request specifies agrees;
3. part of what was asked: the components of a panel, or the part of a panel that holds an analyte;
4. a more general request ("CT" for "CT abdomen"): one candidate is released, several are AMBIGUOUS;
5. a test that another item's report describes (immunohistochemistry in a biopsy's report);
6. the same test at a site, specimen or pathogen that the record does not state: AMBIGUOUS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple, Protocol

from rapidfuzz.fuzz import ratio

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case, TestResult
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.orders import Order, parse_orders
from medaction_gym.catalogue.prices import UNKNOWN, Price, prices
from medaction_gym.catalogue.tokens import words

# A request that lists more tests than this is not an order but a trawl.
MAX_TESTS_PER_REQUEST = 12


class Tier(IntEnum):
    """How good a match is; lower is better."""

    NAME = 1
    SAME = 2
    PART = 3
    GENERAL = 4
    DESCRIBED = 5
    UNSTATED = 6


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
class _Entry:
    """One thing on the menu that can be asked for, and how it can be named."""

    release: Release
    orders: tuple[Order, ...]
    names: frozenset[tuple[str, ...]]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Content:
    """What an item's report mentions beyond its name."""

    heads: frozenset[str]
    sites: frozenset[str]
    specimens: frozenset[str]
    organisms: frozenset[str]
    words: frozenset[str]


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

# Ways of taking and reading tissue that a doctor orders as one: a biopsy is read by a pathologist.
_TISSUE = frozenset(
    {"biopsy", "histopathology", "pathology", "excisional_biopsy", "surgical_pathology"}
)

# Regions whose parts are examined by tests of their own: a CT of the head shows no teeth.
_NO_CONTAINER = frozenset({"head", "whole_body", "neck", "trunk", "body"})


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
        self._contents = tuple(_content(test) for test in case.tests)
        names: dict[tuple[str, ...], list[Release]] = {}
        for entry in self._entries:
            for name in entry.names:
                names.setdefault(name, []).append(entry.release)
        self._names = {name: _without_parts(releases) for name, releases in names.items()}
        # Which entries bear a head, in their name or in their item's report: all others cannot
        # answer a request for it.
        self._by_head: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            heads = {order.head.id for order in entry.orders if order.head}
            if entry.release.analyte < 0:
                heads |= self._contents[entry.release.item].heads
            for head in heads:
                self._by_head.setdefault(head, []).append(number)
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
        if whole:
            first = self._entries_of(whole)[0]
            head = first.orders[0].head if first.orders else None
            yield Part(request, Outcome.RESULT, whole, "named as in the record", _price(head))
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
        if named:
            return part(Outcome.RESULT, named, "named as in the record")
        if order.head is None:
            return self._unknown(order, part)
        if order.head.id in _DEPARTMENTS and not (order.sites or order.organisms or order.words):
            return self._department(order.head, part)
        found: dict[Tier, list[Release]] = {}
        heads = self._by_head.keys() & _answering(order.head.id)
        for number in sorted({n for head in heads for n in self._by_head[head]}):
            entry = self._entries[number]
            tier = min(
                filter(None, (self._tier(order, entry, o) for o in entry.orders)), default=None
            )
            if tier:
                found.setdefault(tier, []).append(entry.release)
        if not found:
            return part(
                Outcome.UNAVAILABLE, (), f"understood as {asked}; the record holds no such test"
            )
        tier = min(found)
        releases = _without_parts(found[tier])
        items = {release.item for release in releases}
        if tier is Tier.UNSTATED:
            return part(
                Outcome.AMBIGUOUS,
                (),
                f"understood as {asked}; the record has such a test but does not state "
                "this site, specimen or organism; order the test without it",
            )
        if tier is Tier.GENERAL and len(items) > 1:
            return part(
                Outcome.AMBIGUOUS,
                (),
                f"understood as {asked}; {len(items)} tests in the record fit; say which "
                f"{_missing(order, [e for e in self._entries if e.release in releases])}",
            )
        why = {
            Tier.SAME: "the same test",
            Tier.PART: "the part of the record that covers it",
            Tier.GENERAL: "the only test in the record that fits",
            Tier.DESCRIBED: "described in another test's report",
        }[tier]
        return part(Outcome.RESULT, releases, f"understood as {asked}; {why}")

    def _tier(self, asked: Order, entry: _Entry, held: Order) -> Tier | None:
        """How well a thing on the menu answers an order, or None."""
        head = asked.head
        assert head is not None
        content = self._contents[entry.release.item]
        whole = entry.release.analyte < 0
        tier = self._head_tier(head, held.head, content if whole else None)
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
        if asked.sides and held.sides and not asked.sides & held.sides:
            return None
        if head.kind == "procedure":
            if not all(_spoken(word, entry.words | content.words) for word in asked.words):
                return None
            # The record's name may say more than the catalogue knows of ("CT cisternography").
            more = {word for word in held.words - asked.words if not word.isdigit()}
            if more and held.head is not None and tier is Tier.SAME:
                tier = Tier.GENERAL
        return tier

    def _head_tier(self, asked: Term, held: Term | None, content: _Content | None) -> Tier | None:
        catalogue = Catalogue.load()
        if held is not None:
            if asked.id == held.id or {asked.id, held.id} <= _TISSUE:
                return Tier.SAME
            if asked.id in catalogue.members(held.id) or held.id in catalogue.members(asked.id):
                if asked.id in catalogue.members(held.id) and content is not None:
                    # The whole panel answers for one analyte only if its report speaks of it.
                    return Tier.PART if asked.id in content.heads else None
                return Tier.PART
            if catalogue.within(held.id, asked.id):
                return Tier.GENERAL
        if content is not None and asked.kind == "procedure" and asked.id in content.heads:
            return Tier.DESCRIBED if asked.category != "imaging" else None
        return None

    def _site_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        named = held.sites or _implied(held.head)
        if not asked.sites:
            missing = held.sites and not _implied(asked.head)
            return Tier.GENERAL if missing else Tier.SAME
        if named:
            return _nested(asked.sites, named)
        if _nested(asked.sites, content.sites) is not None:
            return Tier.SAME
        return None if content.sites else Tier.UNSTATED

    def _specimen_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        wanted = asked.specimens or _default(asked.head)
        named = held.specimens or _default(held.head)
        if not wanted:
            return Tier.GENERAL if held.specimens else Tier.SAME
        if named:
            tier = _nested(wanted, named)
            return tier if asked.specimens or tier is not None else None
        if not asked.specimens or _nested(wanted, content.specimens) is not None:
            return Tier.SAME
        return None if content.specimens else Tier.UNSTATED

    def _organism_tier(self, asked: Order, held: Order, content: _Content) -> Tier | None:
        if not asked.organisms:
            return Tier.GENERAL if held.organisms else Tier.SAME
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
    tissue = _TISSUE if head in _TISSUE else frozenset()
    return tissue.union(
        other
        for other in catalogue.terms
        if catalogue.within(other, head)
        or head in catalogue.members(other)
        or other in catalogue.members(head)
    )


def _entries(case: Case) -> Iterator[_Entry]:
    for i, test in enumerate(case.tests):
        names = (test.name, *test.aliases)
        orders = tuple(dict.fromkeys(order for name in names for order in parse_orders(name)))
        yield _entry(Release(i), names, orders)
        specimens = frozenset().union(*(order.specimens for order in orders))
        for j, analyte in enumerate(test.analytes):
            inner = parse_orders(analyte.name)
            if specimens:
                inner = tuple(_with_specimens(order, specimens) for order in inner)
            yield _entry(Release(i, j), (analyte.name,), inner)


def _entry(release: Release, names: Iterable[str], orders: tuple[Order, ...]) -> _Entry:
    folded = frozenset(filter(None, map(words, names)))
    return _Entry(release, orders, folded, frozenset(w for name in folded for w in name))


def _with_specimens(order: Order, specimens: frozenset[str]) -> Order:
    if order.specimens or order.head is None:
        return order
    return Order(
        order.text, order.head, order.sites, specimens, order.organisms, order.sides, order.words
    )


def _content(test: TestResult) -> _Content:
    mentions = Catalogue.load().find(test.result)

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind in kinds)

    return _Content(
        heads=ids("analyte", "panel", "procedure"),
        sites=ids("site"),
        specimens=ids("specimen"),
        organisms=ids("organism"),
        words=frozenset(words(test.result)),
    )


def _implied(head: Term | None) -> frozenset[str]:
    return frozenset(head.sites) if head else frozenset()


def _default(head: Term | None) -> frozenset[str]:
    return frozenset(head.specimens) if head else frozenset()


def _nested(asked: frozenset[str], held: frozenset[str]) -> Tier | None:
    """Whether sites (or specimens) agree: the same, or one inside the other."""
    if asked & held:
        return Tier.SAME
    catalogue = Catalogue.load()
    for a in asked:
        for h in held:
            inner, outer = (a, h) if catalogue.within(a, h) else (h, a)
            if catalogue.within(inner, outer) and outer not in _NO_CONTAINER:
                return Tier.GENERAL
    return None


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
