"""Scoring: the rows of many trajectories, over worker processes where that helps."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from medaction_gym.benchmarks.judges import OFFLINE, JudgeChoice, JudgeUsed, Judging, judging
from medaction_gym.benchmarks.row import Row, row
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import Usage
from medaction_gym.metrics.judge import judge as offline_judge
from medaction_gym.trajectory import Trajectory


class Scored(NamedTuple):
    """Rows, who judged, and the tokens that took; None if the judge counts none."""

    rows: tuple[Row, ...]
    judge: JudgeUsed
    usage: Usage | None


_FEW = 50  # for less, workers take longer to start than they save


def scored(
    records: Sequence[Trajectory],
    cases: CaseSet,
    judge: JudgeChoice,
    folder: Path,
    jobs: int = 1,
) -> Scored:
    """Score and judge trajectories.

    Args:
        records: The trajectories.
        cases: Their cases.
        judge: Who judges. The offline judge works in processes, others in threads: they wait.
        folder: Where an LLM's answers are kept.
        jobs: How many at once.

    Returns:
        Their rows, in order, who judged, and what that used.
    """
    made = judging(judge, folder)
    of = [cases.get(record.case_id) for record in records]
    try:
        if judge.name == OFFLINE and jobs > 1 and len(records) >= _FEW:
            with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
                rows = tuple(pool.map(_offline, records, of, chunksize=16))
        elif judge.name == OFFLINE:
            rows = tuple(map(_offline, records, of))
        else:
            with ThreadPoolExecutor(jobs) as threads:
                rows = tuple(threads.map(partial(_by, made), records, of))
        return Scored(rows, made.used(), made.usage())
    finally:
        made.close()


def _by(made: Judging, record: Trajectory, case: Case) -> Row:
    return row(record, case, made.judge, made.examinations)


def _offline(record: Trajectory, case: Case) -> Row:
    return row(record, case, offline_judge())
