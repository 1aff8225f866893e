"""Scoring: the rows of many trajectories, over worker processes where that helps."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from medaction_gym.benchmarks.judges import OFFLINE, JudgeChoice, JudgeUsed, judging
from medaction_gym.benchmarks.row import Row, row
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.judge import judge as offline_judge
from medaction_gym.trajectory import Trajectory

_FEW = 50  # for less, workers take longer to start than they save


def scored(
    records: Sequence[Trajectory],
    cases: CaseSet,
    judge: JudgeChoice,
    folder: Path,
    jobs: int = 1,
) -> tuple[tuple[Row, ...], JudgeUsed]:
    """Score and judge trajectories.

    Args:
        records: The trajectories.
        cases: Their cases.
        judge: Who judges. The offline judge works in processes, others in threads: they wait.
        folder: Where an LLM's answers are kept.
        jobs: How many at once.

    Returns:
        Their rows, in order, and who judged.
    """
    made = judging(judge, folder)
    of = [cases.get(record.case_id) for record in records]
    try:
        if judge.name == OFFLINE and jobs > 1 and len(records) >= _FEW:
            with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
                return tuple(pool.map(_offline, records, of, chunksize=16)), made.used()
        if judge.name == OFFLINE:
            return tuple(map(_offline, records, of)), made.used()
        with ThreadPoolExecutor(jobs) as threads:
            rows = tuple(threads.map(lambda r, c: row(r, c, made.judge), records, of))
        return rows, made.used()
    finally:
        made.close()


def _offline(record: Trajectory, case: Case) -> Row:
    return row(record, case, offline_judge())
