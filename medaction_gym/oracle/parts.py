"""Parts: what an examination goes through, and whether its report tells of one of them.

"Pupils" are answered by the neurological examination whose report tells of the pupils, whatever it
is called; "visual acuity" by none that goes through pupils, pressure and fundus alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import cache, lru_cache
from typing import NamedTuple

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, read_table
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.term import cell_list
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import EXAMINING, filler
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.context import Context
from medaction_gym.oracle.entry import Entry

# Examinations of many parts; others are of one, whatever their reports say.
_OF_MANY = frozenset({"physical_examination", "neuro_exam", "eye_exam"})
# What somebody points at who does not name it.
_THINGS = frozenset(
    "sore ulcer lump lesion spot area mass wound swelling rash touched pressed size sign test "
    "response he she him".split()
)


class Part(NamedTuple):
    """One part of an examination: how it is asked for, and how a report tells of it."""

    name: str
    asked: tuple[tuple[str, ...], ...]
    told: tuple[str, ...]
    untold: tuple[str, ...]


class PartAsked(NamedTuple):
    """The parts that a request asks for as one, and the words that it says beside them."""

    parts: tuple[Part, ...]
    beside: frozenset[str]


@cache
def parts() -> tuple[Part, ...]:
    """The parts of examinations (``data/exam_parts.tsv``)."""
    return tuple(
        Part(
            row["part"],
            tuple(sorted({words(name) for name in cell_list(row["asked"])}, key=len)[::-1]),
            tuple(map(_running, (name for name in told if not name.startswith("not ")))),
            tuple(_running(name[4:]) for name in told if name.startswith("not ")),
        )
        for row in read_table("exam_parts")
        for told in [cell_list(row["told"])]
    )


def _running(name: str) -> str:
    """A name as it stands in a report, between blanks; one that ends in "-" begins a word."""
    return f" {' '.join(words(name))}{'' if name.endswith('-') else ' '}"


def part_asked(order: Order) -> PartAsked | None:
    """The part of an examination that an order asks for, if it asks for one.

    Example:
        >>> from medaction_gym.catalogue.orders import parse_orders
        >>> [part.name for part in part_asked(parse_orders("check the pupils")[0]).parts]
        ['pupils']
    """
    if order.head is not None and order.head.category != "examination":
        return None
    return _part_in(words(order.text))


@lru_cache(maxsize=20_000)
def _part_in(said: tuple[str, ...]) -> PartAsked | None:
    found = []
    for part in parts():
        name = next((name for name in part.asked if _at(said, name) >= 0), None)
        if name is not None:
            found.append((part, name))
    # A name within a longer one is no part of its own.
    whole = [
        (part, name)
        for part, name in found
        if not any(len(other) > len(name) and _at(other, name) >= 0 for _, other in found)
    ]
    named = {word for _, name in whole for word in name}
    beside = frozenset(said) - named - filler() - EXAMINING - _THINGS
    return PartAsked(tuple(part for part, _ in whole), beside) if whole else None


def _at(said: tuple[str, ...], name: tuple[str, ...]) -> int:
    """Where a name stands among words; -1 if it does not."""
    ends = range(len(said) - len(name) + 1)
    return next((i for i in ends if said[i : i + len(name)] == name), -1)


def tells(asked: Iterable[Part], report: str) -> bool:
    """Whether a report tells of some parts.

    Example:
        >>> pupils = [part for part in parts() if part.name == "pupils"]
        >>> tells(pupils, "Pupils: dilated"), tells(pupils, "Reflexes: brisk")
        (True, False)
    """
    running = f" {' '.join(words(report))} "
    return all(_tells(part, running) for part in asked)


def _tells(part: Part, running: str) -> bool:
    for other in part.untold:
        running = running.replace(other, " ")
    return any(told in running for told in part.told)


def goes_through_others(asked: tuple[Part, ...], report: str) -> bool:
    """Whether a report tells of other parts, and not of these."""
    if any(tells((part,), report) for part in asked):
        return False
    return any(tells((other,), report) for other in parts())


def is_of_many(order: Order) -> bool:
    """Whether a name on the menu is of an examination of many parts."""
    return order.head is not None and order.head.id in _OF_MANY


def examinations(
    asked: PartAsked,
    case: Case,
    entries: Iterable[Entry],
    fit: Set[Release],
    context: Context,
) -> tuple[Release, ...] | None:
    """The examinations that answer for a part.

    Args:
        asked: What is asked for.
        case: The case.
        entries: Everything on its menu.
        fit: What of it fits the request best by its name.
        context: What the case as a whole makes plain.

    Returns:
        Those that tell of the part; none where those that fit go through other parts, and None
        where their names decide.
    """
    exams = [
        (entry, test.result)
        for entry in entries
        for test in [case.tests[entry.release.item]]
        if entry.release.analyte < 0 and test.category == "examination"
    ]
    telling = [entry for entry, report in exams if tells(asked.parts, report)]
    there = tuple(entry.release for entry in telling if _fits(asked, entry, context))
    if fit:
        both = tuple(entry.release for entry in telling if entry.release in fit)
        if len(both) == 1 < len(fit) and not asked.beside:
            return both
        others = {
            entry.release
            for entry, report in exams
            if any(map(is_of_many, entry.orders)) and goes_through_others(asked.parts, report)
        }
        return there if fit <= others and not asked.beside else None
    return there or None


def _fits(asked: PartAsked, entry: Entry, context: Context) -> bool:
    """Whether an examination is of the place that a request names beside a part, if it does."""
    mentions = Catalogue.load().find(" ".join(sorted(asked.beside)))
    sites = frozenset(m.term.id for m in mentions if m.term.kind == "site")
    named = {w for s in sites for n in _names(s) for w in words(n)}
    held = entry.content.sites.union(*(order.sites for order in entry.orders))
    spoken = entry.words | entry.content.words | context.words
    return asked.beside - named <= spoken and not (sites and held and nested(sites, held) is None)


def _names(id: str) -> tuple[str, ...]:
    term = Catalogue.load().terms[id]
    return (term.name, *term.synonyms)
