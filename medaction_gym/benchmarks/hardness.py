"""Hardness: what makes a case hard, measured from the case and from reference policies on it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from medaction_gym.actions import UpdateDifferential
from medaction_gym.agents.protocol import CONCLUSION
from medaction_gym.benchmarks.row import Row, judgement
from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import find_leaks
from medaction_gym.metrics.belief import Beliefs
from medaction_gym.metrics.dtc import belief_potential
from medaction_gym.metrics.judge import judge
from medaction_gym.trajectory import Trajectory

_BRACKETS = re.compile(r"\s*\([^()]*\)")


class Hardness(NamedTuple):
    """A case's claim to be hard. The first two decide, the others rank.

    Attributes:
        case_id: The case.
        system: Its body system.
        solved_by: The references that were right.
        told_by: The test that alone gives the diagnosis away, or "".
        failure: How far the references' answers are from right: 1 - the judge's p, in their mean.
        misled: How far a belief stated before any result is from the truth: 1 - its potential; of
            the best of the references that state one; 0 if none does.
        rare: Whether the source calls the disease rare.
        menu: How many tests the record holds.

    The three but for ``rare`` are ranks in the pool: the share of its cases that have less of it.
    """

    case_id: str
    system: str
    solved_by: tuple[str, ...]
    told_by: str
    failure: float
    misled: float
    rare: bool
    menu: float

    @property
    def eligible(self) -> bool:
        """Whether every reference fails, and no single test names the diagnosis."""
        return not self.solved_by and not self.told_by

    @property
    def score(self) -> float:
        """The mean of the four that rank."""
        return round((self.failure + self.misled + self.rare + self.menu) / 4, 6)


Played = Mapping[str, tuple[Trajectory, Row]]  # by reference


def hardness(cases: Sequence[Case], played: Sequence[Played]) -> list[Hardness]:
    """Measure a pool.

    Args:
        cases: The cases.
        played: For each, what the references did on it.
    """
    rows = [[row for _, row in of.values()] for of in played]
    failure = _ranks([1 - sum(row.p or 0.0 for row in some) / len(some) for some in rows])
    misled = _ranks([_misled(case, of) for case, of in zip(cases, played, strict=True)])
    menu = _ranks([float(len(case.tests)) for case in cases])
    return [
        Hardness(
            case_id=case.id,
            system=rows[n][0].groups["body_system"],
            solved_by=tuple(name for name, (_, row) in played[n].items() if row.fate == "right"),
            told_by=told_by(case),
            failure=failure[n],
            misled=misled[n],
            rare=bool(case.metadata.get("rare")),
            menu=menu[n],
        )
        for n, case in enumerate(cases)
    ]


def _ranks(values: list[float]) -> list[float]:
    """For each value, the share of the values that lie below it."""
    ranked = sorted(values)
    return [round(bisect_left(ranked, value) / len(ranked), 6) for value in values]


def _misled(case: Case, of: Played) -> float:
    believed = [p for t, _ in of.values() if (p := first_potential(t, case)) is not None]
    return round(1 - max(believed), 6) if believed else 0.0


def told_by(case: Case) -> str:
    """The test that alone gives the diagnosis away, or "".

    A test does if the gold's own words stand in its name or result, or if a conclusion that its
    report draws ("consistent with ...") is the gold by the offline judge.
    """
    for leak in find_leaks(case):
        if leak.kind in ("result", "test name"):
            return leak.place
    for test in case.tests:
        for said in CONCLUSION.findall(test.result):
            if judgement(case.diagnosis, _BRACKETS.sub("", said), judge()).verdict == "same":
                return f"tests[{test.name!r}]"
    return ""


def first_potential(trajectory: Trajectory, case: Case) -> float | None:
    """The potential of the last belief stated before any result; None if there is none."""
    stated = None
    for step in trajectory.steps:
        if step.released:
            break
        if isinstance(step.action, UpdateDifferential):
            stated = step.action.differential
    if stated is None:
        return None
    return belief_potential(case.diagnosis, Beliefs(()).read(stated))
