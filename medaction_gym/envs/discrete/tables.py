"""CaseTables: what each catalogue test answers in each case, as arrays, made when first needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue
from medaction_gym.envs.discrete.reader import Reading, reader_of
from medaction_gym.metrics.outcome import grade
from medaction_gym.oracle import Release, oracle_for

MOST_PIECES = 64  # pieces of one record that the catalogue's tests can release: a bit each
_OUTCOMES = {Outcome.RESULT: 1, Outcome.NOT_UNDERSTOOD: -1}
_UNKNOWN = -1.0

Numbers = NDArray[np.int64]


class CaseTables:
    """The cases of a set as arrays.

    A record is cut into pieces: whole items and single analytes. A test releases some pieces; a
    piece that was released before, or belongs to an item that was, is no news.

    Attributes:
        outcome: [case, test] 1 for a result, 0 for none, -1 for a request that is misuse.
        price: [case, test] dollars, if anything is new.
        first, count: [case, test] where the test's pieces stand in `piece`, and how many.
        piece: Each piece as a bit of its record.
        reading: For each entry of `piece`, its row in `support` and `systems`.
        shut: [case, test] the bits of what is no news once the test has been answered.
        opening: [case] the presentation's row in `support` and `systems`.
        support, systems: What each text says; see `Reading`.

    Args:
        cases: The cases.
        catalogue: Tests and candidates.
    """

    def __init__(self, cases: CaseSet, catalogue: DiscreteCatalogue) -> None:
        self.cases, self.catalogue = cases, catalogue
        self._reader = reader_of(catalogue)
        shape = len(cases), len(catalogue.tests)
        self._made = np.zeros(len(cases), np.bool_)
        self.outcome = np.zeros(shape, np.int8)
        self.price = np.zeros(shape)
        self.first, self.count = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.shut = np.zeros(shape, np.uint64)
        self.opening = np.zeros(len(cases), np.int64)
        self.piece, self.reading = np.zeros(1024, np.uint64), np.zeros(1024, np.int64)
        self._pieces = 0
        self.support = np.zeros((1024, len(catalogue.candidates)), np.int16)
        self.systems = np.zeros((1024, 2 * len(self._reader.systems)), np.int32)
        self._readings = 0
        self._gold: dict[tuple[str, tuple[str, ...]], int] = {}
        self._gold_of = np.full(len(cases), -1)
        self._grades = np.zeros((0, len(catalogue.candidates)))

    def need(self, numbers: Numbers) -> None:
        """Make the tables of some cases, unless they are made (some 40 ms a case).

        Raises:
            ValueError: If a catalogue test names several tests, or a record has too many pieces.
        """
        for number in np.unique(numbers[~self._made[numbers]]).tolist():
            self._make(number)

    def grades(self, numbers: Numbers, candidates: Numbers) -> NDArray[np.float64]:
        """The grades of committing to candidates; each is worked out once."""
        golds = self._gold_of[numbers]
        held: NDArray[np.float64] = self._grades[golds, candidates]
        for place in np.flatnonzero(held == _UNKNOWN).tolist():
            case = self.cases[int(numbers[place])]
            value = grade(case.diagnosis, self.catalogue.candidates[candidates[place]])
            self._grades[golds[place], candidates[place]] = held[place] = value
        return held

    def _make(self, number: int) -> None:
        case = self.cases[number]
        answers = self._answers(number, case)
        pieces = tuple(dict.fromkeys(piece for answer in answers for piece in answer))
        if len(pieces) > MOST_PIECES:
            raise ValueError(
                f"case {case.id!r}: the catalogue's tests release {len(pieces)} pieces of its"
                f" record; at most {MOST_PIECES} are possible"
            )
        self.opening[number] = self._keep(self._reader.opening(case))
        bits = {piece: 1 << place for place, piece in enumerate(pieces)}
        rows = {piece: self._keep(self._reader.release(case, piece)) for piece in pieces}
        for test, answer in enumerate(answers):
            self.first[number, test], self.count[number, test] = self._pieces, len(answer)
            for piece in answer:
                self._append(bits[piece], rows[piece])
            # What belongs to an item that has been read whole is no news either.
            whole = {piece.item for piece in answer if piece.analyte < 0}
            shut = {piece for piece in pieces if piece.item in whole}.union(answer)
            self.shut[number, test] = sum(bits[piece] for piece in shut)
        self._gold_of[number] = self._gold_row(case)
        self._made[number] = True

    def _answers(self, number: int, case: Case) -> list[tuple[Release, ...]]:
        """What each test releases of a case; notes its outcome and its price."""
        oracle = oracle_for(case)
        answers: list[tuple[Release, ...]] = []
        for test, request in enumerate(self.catalogue.tests):
            parts = oracle.answer(request)
            if len(parts) != 1:
                raise ValueError(
                    f"the catalogue's test {request!r} names {len(parts)} tests; each must be one"
                )
            part = parts[0]
            self.outcome[number, test] = _OUTCOMES.get(part.outcome, 0)
            self.price[number, test] = part.price.usd
            answers.append(part.releases if part.outcome is Outcome.RESULT else ())
        return answers

    def _keep(self, reading: Reading) -> int:
        """Store what a text says; returns its row."""
        row = self._readings
        if row == len(self.support):
            self.support, self.systems = _doubled(self.support), _doubled(self.systems)
        self.support[row], self.systems[row] = reading
        self._readings += 1
        return row

    def _append(self, bit: int, reading: int) -> None:
        """Store a piece that a test releases."""
        at = self._pieces
        if at == len(self.piece):
            self.piece, self.reading = _doubled(self.piece), _doubled(self.reading)
        self.piece[at], self.reading[at] = bit, reading
        self._pieces += 1

    def _gold_row(self, case: Case) -> int:
        key = (case.diagnosis.name, case.diagnosis.synonyms)
        if key not in self._gold:
            self._gold[key] = len(self._grades)
            blank = np.full((1, self._grades.shape[1]), _UNKNOWN)
            self._grades = np.concatenate([self._grades, blank])
        return self._gold[key]


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])
