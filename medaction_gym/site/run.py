"""Run: one line of the leaderboard, with the trajectories behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from medaction_gym.agents.base import AGENTS
from medaction_gym.benchmarks.interval import Estimate
from medaction_gym.benchmarks.leaderboard import called, comparable
from medaction_gym.benchmarks.provenance import BenchError, Kind, agent_used, sha256
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.row import Row, row
from medaction_gym.benchmarks.tally import breakdowns, counts, metrics
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.judge import judge
from medaction_gym.trajectory import Trajectory, read_trajectories

# What the leaderboard shows.
MEANS = (
    *("accuracy", "accuracy_of_all", "examination_recall", "examination_precision", "dtc", "rac"),
    *("turns", "tests", "usd"),
)
FATES = (
    *("right", "wrong", "undecided", "unjudged", "refused", "truncated", "errored"),
    "truncated_right",
)

TRAJECTORIES, CASES, RESULT = "trajectories.jsonl", "cases.jsonl", "result.json"


class Run(NamedTuple):
    """One agent on one set of cases.

    Attributes:
        folder: Where it lies.
        benchmark: Which cases.
        protocol: What the agent was shown.
        comparable: What two runs must share to be compared.
        agent: Who played.
        kind: A contestant; a bound, who is told the answer; or an exploit, that must not pay.
        seed: Seed of the agent's first trial.
        cases: How many cases, times the trials of each.
        counts: Episodes by fate.
        metrics: Means with intervals and denominators.
        breakdowns: Accuracy and more by kinds of cases.
        rows: A row an episode, by seed and case id.
        differences: Where the scoring differs from the paper's.
        doubt: Why its numbers are not to be trusted as they stand, "" if nothing speaks against it.
    """

    folder: Path
    benchmark: str
    protocol: str
    comparable: str
    agent: str
    kind: Kind
    seed: int
    cases: int
    counts: dict[str, int]
    metrics: dict[str, Estimate]
    breakdowns: dict[str, dict[str, dict[str, Estimate]]]
    rows: dict[tuple[int, str], Row]
    differences: str
    doubt: str

    @property
    def group(self) -> tuple[str, str, str]:
        """What it may be ranked with."""
        return self.benchmark, self.protocol, self.comparable

    def episodes(self) -> Iterator[tuple[Case, Trajectory, Row]]:
        """Its trajectories with their cases and rows; none if only the result is here.

        Raises:
            BenchError: If a trajectory is not of this run.
        """
        file = self.folder / TRAJECTORIES
        if not file.exists():
            return
        cases = {case.id: case for case in CaseSet.load(self.folder / CASES)}
        for trajectory in read_trajectories(file):
            case = cases.get(trajectory.case_id)
            known = self.rows.get((trajectory.seed, trajectory.case_id))
            if case is None or known is None:
                where = CASES if case is None else RESULT
                raise BenchError(f"{file}: {trajectory.case_id}: is not in the {where} beside it")
            if case.hash != trajectory.case_hash:
                raise BenchError(f"{file}: {case.id}: is of another version of the case")
            yield case, trajectory, known


def of_result(folder: Path) -> Run:
    """The run of a folder with a result.json.

    Raises:
        BenchError: If it cannot be read, or lacks what is to be shown.
    """
    result = Result.load(folder)
    lacking = [f"metrics.{name}" for name in MEANS if name not in result.metrics]
    lacking += [f"counts.{name}" for name in FATES if name not in result.counts]
    if lacking:
        raise BenchError(f"{folder / RESULT}: lacks {', '.join(lacking)}; run 'bench' again")
    file = folder / TRAJECTORIES
    doubt = ""
    if not file.exists():
        doubt = "its trajectories are not here"
    elif sha256(file.read_bytes()) != result.trajectories_sha256:
        doubt = "its trajectories are not those of the result"
    return Run(
        folder=folder,
        benchmark=result.benchmark,
        protocol=result.protocol,
        comparable=comparable(result),
        agent=called(result),
        kind=result.kind,
        seed=result.seed,
        cases=len(result.rows),
        counts=result.counts,
        metrics=result.metrics,
        breakdowns=result.breakdowns,
        rows={(one.seed, one.case_id): one for one in result.rows},
        differences=result.differences,
        doubt=doubt,
    )


def of_trajectories(folder: Path) -> Run:
    """The run of a folder that ``medaction-gym run`` wrote; it is judged here and now.

    Raises:
        BenchError: If a trajectory is of no case beside it, or there is none.
    """
    cases = CaseSet.load(folder / CASES)
    rows: dict[tuple[int, str], Row] = {}
    last = None
    for last in read_trajectories(folder / TRAJECTORIES):
        try:
            rows[last.seed, last.case_id] = row(last, cases.get(last.case_id), judge())
        except (LookupError, ValueError) as error:
            raise BenchError(f"{folder / TRAJECTORIES}: {last.case_id}: {error}") from None
    if last is None:
        raise BenchError(f"{folder / TRAJECTORIES}: holds no trajectory")
    scored = list(rows.values())
    patient = last.settings.patient
    answered = f" patient {patient.model}" if patient else ""
    missing = len(cases) - len({case_id for _, case_id in rows})
    return Run(
        folder=folder,
        benchmark=", ".join(sorted({case.provenance.source for case in cases})),
        protocol="free-turn",
        comparable=f"cases {cases.hash[:12]}{answered} judge offline",
        agent=last.agent,
        # Not the kind of any other agent: to learn it, code named in a data file would be run.
        kind=agent_used(last.agent).kind if last.agent in AGENTS else "contestant",
        seed=min(seed for seed, _ in rows),
        cases=max(len(cases), len(rows)),
        counts=counts(scored),
        metrics=metrics(scored, "free-turn"),
        breakdowns=breakdowns(scored),
        rows=rows,
        differences="",
        doubt=f"{missing} of {len(cases)} cases were not played" if missing else "",
    )
