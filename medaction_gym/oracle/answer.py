"""Answer: what an oracle says to a request, test by test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.catalogue.prices import Price

# A request that lists more tests than this is not an order but a trawl.
MAX_TESTS_PER_REQUEST = 12


class Release(NamedTuple):
    """A piece of the record that is handed out.

    Attributes:
        item: Index in ``case.tests``.
        analyte: Index in the item's ``analytes``, or -1 for the whole item.
    """

    item: int
    analyte: int = -1

    def text(self, case: Case) -> str:
        """What the case's record says there."""
        test = case.tests[self.item]
        return test.result if self.analyte < 0 else test.analytes[self.analyte].result


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


def without_parts(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Sorted; an analyte is left out where its whole panel is released."""
    unique = sorted(set(releases))
    whole = {r.item for r in unique if r.analyte < 0}
    return tuple(r for r in unique if r.analyte < 0 or r.item not in whole)


class Oracle(Protocol):
    """Anything that answers requests from a case; a patient LLM would be another."""

    def answer(self, request: str) -> tuple[Part, ...]:
        """Answer a request, test by test."""
        ...
