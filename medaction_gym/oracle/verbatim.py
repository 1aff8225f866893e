"""Verbatim: what of a record a request outside the catalogue may mean, by its words alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rapidfuzz.distance import DamerauLevenshtein

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.spelling import known_words
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import EXAMINING
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.context import Context
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.matching import is_among
from medaction_gym.oracle.symbols import symbols_in

LEAST = 0.6  # of a name's words, that a request must have
# What a report says of where it hurts when touched.
TENDER = frozenset({"tender", "tenderness"})
_FELT = TENDER | {"nontender"}
_SKIN = frozenset({"skin"})
# What somebody points at, which a report may call otherwise.
_LESIONS = (
    frozenset("sore ulcer wound blister lesion erosion".split()),
    frozenset("lump mass nodule growth bump lesion tumor".split()),
    frozenset("spot macule patch mark lesion".split()),
)
# Departments that a vertebra or a sequence is more at home in than a gene.
_WITHOUT_SYMBOLS = frozenset({"imaging", "examination", "physiology", "endoscopy"})
# What a site stands behind.
_WHERE = frozenset("of in from at on over around through inside near".split())
_NONE: frozenset[str] = frozenset()


def by_name(order: Order, entries: Iterable[Entry]) -> list[Release]:
    """What has most of its name's words in a request, if all of the request's are in it."""
    scored = []
    for entry in entries:
        if not _of_specimens(order.specimens, entry):
            continue
        for name in entry.names:
            content = [w for w in name if len(w) > 2]
            hits = sum(is_among(word, content) for word in order.words)
            if order.words and content and hits == len(order.words):
                scored.append((hits / len(content), entry.release))
    best = max((score for score, _ in scored), default=0.0)
    return [release for score, release in scored if score == best >= LEAST]


def by_symbol(order: Order, case: Case, entries: Iterable[Entry]) -> tuple[Release, ...]:
    """What the one report that bears a marker's or gene's symbol says of it: "p53"."""
    symbols = symbols_in(order.text)
    if len(symbols) != 1 or order.sites or order.specimens:
        return ()
    found = [
        entry
        for entry in entries
        if case.tests[entry.release.item].category not in _WITHOUT_SYMBOLS
        if symbols <= symbols_in(entry.release.text(case))
        and order.words - set(words(" ".join(symbols))) <= entry.content.words
    ]
    lines = tuple(entry.release for entry in found if entry.release.analyte >= 0)
    alone = len({entry.release.item for entry in found}) == 1
    return (lines or (found[0].release,)) if alone else ()


def examined(
    order: Order,
    phrase: Iterable[str],
    case: Case,
    entries: Iterable[Entry],
    context: Context,
) -> tuple[Release, ...]:
    """The one examination whose findings speak of what is to be looked for, and where."""
    sought = order.words - EXAMINING
    felt = sought & TENDER
    lesions = [group for group in _LESIONS if not group.isdisjoint(phrase)]
    sought -= felt.union(*lesions)
    told = [
        entry.release
        for entry in entries
        if case.tests[entry.release.item].category == "examination"
        and (sought or order.sites or (felt and lesions))
        and (not felt or not _FELT.isdisjoint(entry.content.words))
        and not any(group.isdisjoint(entry.content.words) for group in lesions)
        and all(w in context.words or is_among(w, entry.content.words) for w in sought)
        # What is seen on the skin is told by the part of the body.
        and (
            not order.sites - (_SKIN if sought else _NONE)
            or nested(order.sites, entry.content.sites)
        )
    ]
    return tuple(told) if len(told) == 1 else ()


def unknown_places(order: Order, spoken: frozenset[str]) -> frozenset[str]:
    """The words of an order behind "of", "in" or the like that neither table nor record knows.

    They may name a site: of the "flumbus" nobody knows where that is. A "transthoracic" or
    "catheter" before the test does not say where.
    """
    text = words(order.text)
    first = next((i for i, word in enumerate(text) if word in _WHERE), len(text))
    return order.words.intersection(text[first:]) - spoken


def misspelt(
    names: Mapping[tuple[str, ...], tuple[Release, ...]], asked: tuple[str, ...]
) -> tuple[Release, ...]:
    """The one item whose whole name is a slip away from some words."""
    known = known_words()
    near = []
    for name, releases in names.items():
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


def _of_specimens(wanted: frozenset[str], entry: Entry) -> bool:
    """Whether an entry speaks of the specimens that are asked for, if any are."""
    spoken = entry.content.specimens.union(*(held.specimens for held in entry.orders))
    return not wanted or nested(wanted, spoken) is not None
