"""Departments: requests for whatever a department did ("imaging", "bloods")."""

from __future__ import annotations

from collections.abc import Iterable

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.plain import plain

# Requests for a whole department: they mean every item of these categories.
DEPARTMENTS = {
    "imaging": ("imaging",),
    "radiology": ("imaging",),
    "blood_tests": ("laboratory",),
    "pathology": ("pathology",),
    "microbiology": ("microbiology",),
    "genetic_testing": ("genetics",),
    "endoscopy": ("endoscopy",),
}

# Those whose tests may be told one by one under other headings.
TOLD_BY_LINES = frozenset({"blood_tests", "microbiology"})

# Headings over whatever was done.
HEADINGS = frozenset(
    "imaging radiology blood_tests stool_tests urine_tests microbiology physiology "
    "endoscopy".split()
)


def items_of(head: Term, case: Case, entries: Iterable[Entry]) -> list[Entry]:
    """What a request for a department means: all its items, or the one that goes by its name."""
    named, every = [], []
    for entry in entries:
        if entry.release.analyte >= 0:
            continue
        test = case.tests[entry.release.item]
        bears = any(order.head == head for order in entry.orders)
        if bears and Catalogue.load().named(words(test.name)) == head:
            named.append(entry)
        if bears or test.category in DEPARTMENTS[head.id]:
            every.append(entry)
    return plain(head, named if len(named) == 1 else every)


def lines_of(entries: Iterable[Entry], categories: tuple[str, ...]) -> tuple[Release, ...]:
    """Values of some departments, told under other headings: a PCR among the blood tests."""
    return tuple(
        entry.release
        for entry in entries
        if entry.release.analyte >= 0
        and any(order.head and order.head.category in categories for order in entry.orders)
    )
