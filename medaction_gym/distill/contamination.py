"""Contamination: no benchmark case in training data, under whatever id.

A case is a benchmark's if it has its id, the same text, or nearly the same: at least `NEAR` of the
runs of eight words of the shorter of the two are in the other. Names and spelling are folded first.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.tokens import words

RUN = 8
NEAR = 0.3
# Cases that are remembered of a run, the first ones. Stock phrases stand in thousands of texts; to
# go through all of them for each case would cost the square of the number of cases.
FEW = 20
LIKELIEST = 5  # cases that are compared run by run, of those that share most


class Match(NamedTuple):
    """A case that belongs to a benchmark: which of its cases, how it shows, and how surely."""

    case_id: str
    benchmark_id: str
    by: str
    overlap: float


class Contamination:
    """Knows the cases of benchmarks.

    Args:
        benchmark: The cases that must not be trained on.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> cases = CaseSet.teaching()
        >>> same = cases[0].model_copy(update={"id": "another id"})
        >>> Contamination(cases[:3]).find(same).by, Contamination(cases[:3]).find(cases[9])
        ('text', None)
    """

    def __init__(self, benchmark: Iterable[Case]) -> None:
        self._cases = list(benchmark)
        self._ids = {case.id for case in self._cases}
        self._texts: dict[str, str] = {}
        self._runs: dict[int, list[int]] = {}
        self._read: list[array[int]] = []
        for number, case in enumerate(self._cases):
            self._texts.setdefault(fingerprint(case), case.id)
            runs = _runs(case)
            self._read.append(array("Q", runs))
            for run in runs:
                holders = self._runs.setdefault(run, [])
                if len(holders) < FEW:
                    holders.append(number)

    def find(self, case: Case) -> Match | None:
        """The benchmark case that a case is, or None."""
        if case.id in self._ids:
            return Match(case.id, case.id, "id", 1.0)
        if (same := self._texts.get(fingerprint(case))) is not None:
            return Match(case.id, same, "text", 1.0)
        runs = _runs(case)
        held = [self._runs.get(run, []) for run in runs]
        shared = Counter(n for holders in held for n in holders)
        rare = Counter(n for holders in held if len(holders) < FEW for n in holders)
        likely = {n for few in (shared, rare) for n, _ in few.most_common(LIKELIEST)}
        near = [
            (len(runs.intersection(self._read[n])) / max(1, min(len(runs), len(self._read[n]))), -n)
            for n in likely
        ]
        if near and max(near)[0] >= NEAR:
            overlap, n = max(near)
            return Match(case.id, self._cases[-n].id, "near-duplicate", round(overlap, 3))
        return None


def fingerprint(case: Case) -> str:
    """SHA-256 of a case's presentation as folded words."""
    return hashlib.sha256(" ".join(words(_presented(case))).encode()).hexdigest()


def _presented(case: Case) -> str:
    return "\n".join(text for _, text in case.presentation)


def _runs(case: Case) -> set[int]:
    said = words("\n".join([_presented(case), *(t.result for t in case.tests)]))
    spans = (" ".join(said[i : i + RUN]) for i in range(max(1, len(said) - RUN + 1)))
    return {
        int.from_bytes(hashlib.blake2b(span.encode(), digest_size=8).digest(), "big")
        for span in spans
    }
