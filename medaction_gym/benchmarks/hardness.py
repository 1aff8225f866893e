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
        failure: 1 - the judge's p, in the mean of the references, in [0, 1].
        misled: 1 - the potential of what a reference believed before its first result, in [0, 1];
            of the best of the references that state such a belief; 0 if none does.
        rare: Whether the source calls the disease rare.
        menu: The share of the pool's cases with fewer tests, in [0, 1].
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
    sizes = sorted(len(case.tests) for case in cases)
    found = []
    for case, of in zip(cases, played, strict=True):
        rows = [row for _, row in of.values()]
        believed = [p for t, _ in of.values() if (p := first_potential(t, case)) is not None]
        found.append(
            Hardness(
                case_id=case.id,
                system=rows[0].groups["body_system"],
                solved_by=tuple(name for name, (_, row) in of.items() if row.fate == "right"),
                told_by=told_by(case),
                failure=1 - sum(row.p or 0.0 for row in rows) / len(rows),
                misled=1 - max(believed) if believed else 0.0,
                rare=bool(case.metadata.get("rare")),
                menu=bisect_left(sizes, len(case.tests)) / len(sizes),
            )
        )
    return found


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
