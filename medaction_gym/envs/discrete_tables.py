"""CaseTables: what each catalogue test answers in each case, as arrays, made when first needed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete_evidence import Ints, Reader
from medaction_gym.metrics.outcome import grade
from medaction_gym.oracle import Release, oracle_for

MOST_PIECES = 64  # pieces of one record that the catalogue's tests can release
_UNKNOWN = -1.0


class Opening(NamedTuple):
    """Rows for some cases at the start of an episode."""

    support: Ints
    systems: Ints


class CaseTables:
    """The cases of a set as arrays.

    A record is cut into pieces: whole items and single analytes. A test releases some pieces; a
    piece that was released before, or belongs to an item that was, is no news.

    Attributes:
        outcome: [case, test] 1 for a result, 0 for none, -1 for a request that is misuse.
        price: [case, test] dollars, if anything is new.
        first, count: [case, test] where the test's pieces stand in `piece`, and how many.
        piece: The pieces' places within their record, 0 to `MOST_PIECES` - 1.
        reading: For each entry of `piece`, its row in `support` and `systems`.
        blocks: [case, test, piece] what is no news once the test has been answered.

    Args:
        cases: The cases.
        reader: Reads texts for a catalogue.
    """

    def __init__(self, cases: CaseSet, reader: Reader) -> None:
        self.cases = cases
        self._reader = reader
        catalogue = reader.catalogue
        tests, number, count = len(catalogue.tests), len(catalogue.candidates), len(cases)
        self._made = np.zeros(count, np.bool_)
        self.outcome = np.zeros((count, tests), np.int8)
        self.price = np.zeros((count, tests))
        self.first = np.zeros((count, tests), np.int64)
        self.count = np.zeros((count, tests), np.int64)
        self.blocks = np.zeros((count, tests, MOST_PIECES), np.bool_)
        self.piece = np.zeros(1024, np.int64)
        self.reading = np.zeros(1024, np.int64)
        self._pieces = 0
        self.support = np.zeros((1024, number), np.int16)
        self.systems = np.zeros((1024, 2 * len(reader.systems)), np.int32)
        self._readings = 0
        self._opening = np.zeros(count, np.int64)
        self._gold: list[tuple[str, tuple[str, ...]]] = []
        self._gold_of = np.full(count, -1)
        self._grades = np.zeros((0, number))

    def need(self, numbers: NDArray[np.int64]) -> None:
        """Make the tables of some cases, unless they are made."""
        for number in np.unique(numbers[~self._made[numbers]]).tolist():
            self._make(number)

    def opening(self, numbers: NDArray[np.int64]) -> Opening:
        """What the presentations of some cases say."""
        rows = self._opening[numbers]
        return Opening(self.support[rows].astype(np.int32), self.systems[rows])

    def grades(
        self, numbers: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The grades of committing to candidates; each is worked out once."""
        golds = self._gold_of[numbers]
        held: NDArray[np.float64] = self._grades[golds, candidates]
        for place in np.flatnonzero(held == _UNKNOWN).tolist():
            case = self.cases[int(numbers[place])]
            value = grade(case.diagnosis, self._reader.catalogue.candidates[candidates[place]])
            self._grades[golds[place], candidates[place]] = held[place] = value
        return held

    def _make(self, number: int) -> None:
        case = self.cases[number]
        oracle = oracle_for(case)
        place: dict[Release, int] = {}
        rows: dict[Release, int] = {}
        self._opening[number] = self._keep(*self._reader.opening(case))
        for test, request in enumerate(self._reader.catalogue.tests):
            parts = oracle.answer(request)
            if len(parts) != 1:
                raise ValueError(
                    f"the catalogue's test {request!r} names {len(parts)} tests; each must be one"
                )
            (part,) = parts
            self.outcome[number, test] = {Outcome.RESULT: 1, Outcome.NOT_UNDERSTOOD: -1}.get(
                part.outcome, 0
            )
            if part.outcome is not Outcome.RESULT:
                continue
            self.price[number, test] = part.price.usd
            self.first[number, test] = self._pieces
            self.count[number, test] = len(part.releases)
            for release in part.releases:
                if release not in rows:
                    rows[release] = self._keep(*self._reader.release(case, release))
                    place[release] = len(place)
                self._append(place[release], rows[release])
        if len(place) > MOST_PIECES:
            raise ValueError(
                f"case {case.id!r}: the catalogue's tests release {len(place)} pieces of its"
                f" record; at most {MOST_PIECES} are possible"
            )
        self._block(number, place)
        self._gold_of[number] = self._gold_row(case)
        self._made[number] = True

    def _block(self, number: int, place: dict[Release, int]) -> None:
        whole = {release.item: at for release, at in place.items() if release.analyte < 0}
        parts: dict[int, list[int]] = {}
        for release, at in place.items():
            parts.setdefault(whole.get(release.item, at), []).append(at)
        for test in np.flatnonzero(self.count[number]).tolist():
            first = self.first[number, test]
            for at in self.piece[first : first + self.count[number, test]].tolist():
                self.blocks[number, test, at] = True
                self.blocks[number, test, parts.get(at, [])] = True

    def _keep(self, support: Ints, systems: Ints) -> int:
        row = self._readings
        if row == len(self.support):
            self.support = np.concatenate([self.support, np.zeros_like(self.support)])
            self.systems = np.concatenate([self.systems, np.zeros_like(self.systems)])
        self.support[row], self.systems[row] = support, systems
        self._readings += 1
        return row

    def _append(self, piece: int, reading: int) -> None:
        at = self._pieces
        if at == len(self.piece):
            self.piece = np.concatenate([self.piece, np.zeros_like(self.piece)])
            self.reading = np.concatenate([self.reading, np.zeros_like(self.reading)])
        self.piece[at], self.reading[at] = piece, reading
        self._pieces += 1

    def _gold_row(self, case: Case) -> int:
        key = (case.diagnosis.name, case.diagnosis.synonyms)
        if key not in self._gold:
            self._gold.append(key)
            blank = np.full((1, self._grades.shape[1]), _UNKNOWN)
            self._grades = np.concatenate([self._grades, blank])
        return self._gold.index(key)
