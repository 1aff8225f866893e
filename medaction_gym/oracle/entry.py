"""Entry: one thing on a case's menu that can be asked for, and all its record says about it.

Names and reports are read once, with the catalogue: which tests, sites, specimens and pathogens
they speak of. What a report leaves open, the case as a whole may make plain (`Context`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.orders import Order, parse_orders
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.answer import Release

_LEVELS = (
    (r"C[1-7]", "cervical_spine"),
    (r"T(?:[3-9]|1[0-2])", "thoracic_spine"),
    (r"L[1-5]", "lumbar_spine"),
    (r"S[1-5]", "sacrum"),
)
_SPELT_OUT = re.compile(r"^([^()]{4,})\(([A-Za-z][A-Za-z0-9-]{1,7})\)$")


@dataclass(frozen=True, slots=True)
class Content:
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
class Entry:
    """One thing on the menu that can be asked for, and how it can be named."""

    release: Release
    orders: tuple[Order, ...]
    names: frozenset[tuple[str, ...]]
    words: frozenset[str]
    content: Content


@dataclass(frozen=True, slots=True)
class Context:
    """What the whole case makes plain where a single report does not say it.

    Attributes:
        sites: Sites in the complaint and the diagnosis.
        specimens: Specimens named anywhere in the record.
        sides: The side of the complaint, if there is just one.
    """

    sites: frozenset[str]
    specimens: frozenset[str]
    sides: frozenset[str]


def entries_of(case: Case) -> Iterator[Entry]:
    """Every item and every component of a case's menu."""
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
    return order.specimens | (frozenset() if drugs else default_specimens(order.head))


def _entry(
    release: Release, names: Iterable[str], orders: tuple[Order, ...], content: Content
) -> Entry:
    folded = frozenset(filter(None, map(words, names)))
    return Entry(release, orders, folded, frozenset(w for n in folded for w in n), content)


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
    return replace(order, specimens=specimens)


def _content(text: str, orders: tuple[Order, ...], analytes: bool) -> Content:
    mentions = Catalogue.load().find(text)

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind in kinds)

    folded = frozenset(words(text))
    return Content(
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
    folded, signs = words(text), Catalogue.load().signs
    return frozenset(
        site
        for i, word in enumerate(folded)
        for sign, site in signs.get(word, ())
        if folded[i : i + len(sign)] == sign
    )


def context_of(case: Case) -> Context:
    """Read what the case as a whole makes plain."""

    def ids(text: str, kind: str) -> frozenset[str]:
        mentions = Catalogue.load().find(text)
        return frozenset(m.term.id for m in mentions if m.term.kind == kind)

    complaint = f"{case.presentation.chief_complaint}; {case.diagnosis.name}"
    record = "; ".join(f"{test.name}; {test.result}" for test in case.tests)
    sides = frozenset(words(complaint)) & {"left", "right"}
    return Context(
        sites=ids(complaint, "site"),
        specimens=ids(record, "specimen"),
        sides=sides if len(sides) == 1 else frozenset(),
    )


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


def default_specimens(head: Term | None) -> frozenset[str]:
    """What a test is done on when nothing is said."""
    return frozenset(head.specimens) if head else frozenset()
