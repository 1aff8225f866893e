"""Departments: requests for whatever a department did ("imaging", "bloods")."""

from __future__ import annotations

from collections.abc import Iterable

from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.entry import Entry

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


def lines_of(entries: Iterable[Entry], categories: tuple[str, ...]) -> tuple[Release, ...]:
    """Values of some departments, told under other headings: a PCR among the blood tests."""
    return tuple(
        entry.release
        for entry in entries
        if entry.release.analyte >= 0
        and any(order.head and order.head.category in categories for order in entry.orders)
    )
