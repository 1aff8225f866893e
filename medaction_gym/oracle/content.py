"""Content: what the text of a result mentions.

Which tests, sites, specimens and pathogens a report speaks of, read with the catalogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from medaction_gym.cases.prose import VERB
from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Mention
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.tokens import Token, tokenize
from medaction_gym.oracle.halves import further_germs, halves_in
from medaction_gym.oracle.sites import sites_of_findings, sites_of_levels

_UNITS = frozenset({"mg", "g", "u", "iu", "ml", "dl", "l", "mm", "k", "h"})
_NO_FLUID = frozenset({"cell", "vessel", "supply", "flow", "clot"})
# Said of what was found at an operation, under a heading for this and that.
_FOUND = re.compile(
    r"\b(?:confirmed|found|noted|seen|observed|identified|revealed|showed|discovered)\b",
    re.IGNORECASE,
)
_INTRAOPERATIVE = re.compile(r"\b(?:intra|per)-?operatively\b", re.IGNORECASE)
_AT_OPERATION = frozenset({"diagnostic_surgery"})
# Words of a histological report.
OF_TISSUE = frozenset(
    "stroma stromal epithelium epithelial dermis epidermis squamous spindle glandular nuclei "
    "atypia mitosis hyperkeratosis infiltrate proliferation tumor cell tissue cyst collagen "
    "fibrous keratin histology histopathology necrosis vessel lumen".split()
)
# A gene that its variant is written on to: "NRASQ61K".
_VARIANT = re.compile(r"\b([A-Z]{2,8}\d?)(?=[A-Z]\d{2,4}[A-Z]\b)")


@dataclass(frozen=True, slots=True)
class Content:
    """What the text of a result mentions.

    Attributes:
        heads: Tests.
        sites: Body sites; of the test itself, where the text says which those are.
        sited: It says so.
        specimens: Specimens.
        organisms: Pathogens.
        sides: ``"left"``, ``"right"``.
        words: All words.
        analytes: Its values can be ordered one by one.
        single: It is the line of one value.
        symbols: Words in capitals, as genes are written.
        measures: What it tells of those in ``measures.tsv``.
        codes: Capitals and numbers in one, as genes are written in full, of report and name.
        running: A pathologist's words in their order, between blanks; else empty.
    """

    heads: frozenset[str]
    sites: frozenset[str]
    sited: bool
    specimens: frozenset[str]
    organisms: frozenset[str]
    sides: frozenset[str]
    words: frozenset[str]
    analytes: bool
    single: bool = False
    symbols: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    running: str = ""


def content_of(text: str, orders: tuple[Order, ...], analytes: bool = False) -> Content:
    """What the text of a result mentions, the tests known that it is the result of."""
    text = _VARIANT.sub(r"\1 ", text)
    tokens = tokenize(text)
    catalogue = Catalogue.load()
    mentions = [m for m in catalogue.find(tokens) if not is_unit(m, tokens)]
    mentions += further_germs(text, tokens, mentions)
    half = frozenset(term.id for term in halves_in(text, tokens, mentions))
    bases = [catalogue.base(m.term.id) for m in mentions if m.term.kind in HEADS]
    nameless = all(order.head is None for order in orders)

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind in kinds)

    folded = frozenset(token.text for token in tokens)
    own = _own_sites(text, orders)
    operated = nameless and _found_at_operation(text)
    return Content(
        heads=frozenset(
            id
            for head in ids(*HEADS) | half | (_AT_OPERATION if operated else set())
            for id in (head, catalogue.base(head).term.id)
        ),
        sites=own
        or ids("site").union(
            sites_of_levels(text),
            sites_of_findings(tokens, mentions),
            # Under a heading for this and that, the tests themselves say where.
            *(base.sites for base in bases if nameless),
        ),
        sited=bool(own),
        specimens=frozenset(
            m.term.id for m in mentions if m.term.kind == "specimen" and not _of_cells(m, tokens)
        ).union(*(base.specimens for base in bases)),
        organisms=ids("organism").union(*(base.organisms for base in bases)),
        sides=folded & {"left", "right"} if not {"bilateral", "both"} & folded else frozenset(),
        words=folded,
        analytes=analytes,
        measures=ids("measure"),
        running=f" {' '.join(t.text for t in tokens)} " if _of_pathology(orders) else "",
        symbols=frozenset(t.text for t in tokens if t.capital and len(t.text) > 2),
    )


def _found_at_operation(text: str) -> bool:
    """Whether a sentence tells what was found at an operation."""
    return bool(_INTRAOPERATIVE.search(text)) and any(
        _INTRAOPERATIVE.search(part) and _FOUND.search(part) for part in re.split("[.;]", text)
    )


def _of_pathology(orders: tuple[Order, ...]) -> bool:
    """Whether a report may go through markers: a pathologist's, or under a heading for this."""
    return any(o.head is None or o.head.category == "pathology" for o in orders)


def _of_cells(mention: Mention, tokens: list[Token]) -> bool:
    """Whether a fluid's name is part of another: the "plasma" of plasma cells."""
    after = tokens[mention.last].text if mention.last < len(tokens) else ""
    return mention.term.id == "blood" and after in _NO_FLUID


def is_unit(mention: Mention, tokens: list[Token]) -> bool:
    """Whether a name is a unit of measurement: the "mg" of "25 mg/L" is no magnesium."""
    first = mention.first
    unit = mention.last - first == 1 and tokens[first].text in _UNITS
    return unit and first > 0 and tokens[first - 1].text.isdigit()


def _own_sites(text: str, orders: tuple[Order, ...]) -> frozenset[str]:
    """The sites a report gives for its own test: the node of "a lymph node biopsy showed ..."."""
    kinds = {order.head.category for order in orders if order.head}
    if kinds != {"pathology"}:
        return frozenset()
    sentences = re.split(r"[.\n]\s*", text)[:4]
    told = [o for sentence in sentences for o in parse_orders(subject_of(sentence), mended=False)]
    return frozenset(
        site
        for order in told
        # A stain is done on what was taken, and "CK7 as in the liver" says nothing of where.
        if order.head is not None and order.head.category in kinds and order.head.price != "ihc"
        if not order.measure
        for site in order.sites
    )


def subject_of(text: str) -> str:
    """What stands before a report's first verb."""
    sentence = text[:200].split(".")[0]
    verb = VERB.search(sentence)
    return sentence[: verb.start()] if verb else sentence
