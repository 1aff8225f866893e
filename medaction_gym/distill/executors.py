"""Executors: who grows the trees, one process, several, or a Ray cluster.

The unit of work is a case. The worker that grew a tree hands it over whole; whatever the executor,
however many workers, and whichever of them died on the way, the files are the same bytes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import Any, Literal

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.record import record_tree
from medaction_gym.distill.selection import Thresholds
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.teachers import TeacherError, make_teacher
from medaction_gym.distill.tree import TreeDistiller
from medaction_gym.rollout import RunError

Executor = Literal["serial", "process", "ray"]
EXECUTORS: tuple[Executor, ...] = ("serial", "process", "ray")
ATTEMPTS = 3  # how often Ray grows a tree again whose worker died


def distill_case(case: Case, distiller: TreeDistiller, limits: Thresholds) -> dict[str, Any]:
    """Grow and judge the tree of a case."""
    return record_tree(distiller.grow(case), limits, distiller.growth.seed)


class Worker:
    """A distiller that is kept between cases."""

    def __init__(self, settings: Settings, cases: CaseSet) -> None:
        self._limits, self._cases = settings.limits, cases
        teachers = [make_teacher(name, tuple(cases), settings.chat) for name in settings.teachers]
        self._distiller = TreeDistiller(teachers, settings.growth)

    def work(self, case_id: str) -> str:
        """The tree of one case, as a line of JSON; or why it could not be grown."""
        try:
            record = distill_case(self._cases.get(case_id), self._distiller, self._limits)
        except TeacherError as error:
            record = {"case_id": case_id, "error": str(error)}
        return json.dumps(record, ensure_ascii=False) + "\n"


def grow(
    ids: Sequence[str], settings: Settings, cases: Path, executor: Executor, jobs: int
) -> Iterator[tuple[str, str]]:
    """Grow the trees of cases, in any order.

    Args:
        ids: Whose trees.
        settings: Teachers, growth, thresholds.
        cases: The file that holds the cases.
        executor: Who works.
        jobs: How many of them.

    Yields:
        A case's id and its tree as a line of JSON.

    Raises:
        RunError: If Ray is not installed, or a case's worker died `ATTEMPTS` times.
    """
    if not ids:
        return
    if executor == "ray":
        yield from _ray(ids, settings, cases, jobs)
    elif executor == "process" and jobs > 1 and len(ids) > 1:
        yield from _processes(ids, settings, cases, jobs)
    else:
        worker = Worker(settings, CaseSet.load(cases))
        yield from ((case_id, worker.work(case_id)) for case_id in ids)


def _processes(
    ids: Sequence[str], settings: Settings, cases: Path, jobs: int
) -> Iterator[tuple[str, str]]:
    # spawn: a worker starts clean, whatever threads or sessions the caller holds.
    with ProcessPoolExecutor(
        max_workers=min(jobs, len(ids)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(settings.model_dump_json(), str(cases)),
    ) as pool:
        size = max(1, min(4, len(ids) // (4 * jobs)))
        yield from zip(ids, pool.map(_work, ids, chunksize=size), strict=True)


def _ray(
    ids: Sequence[str], settings: Settings, cases: Path, jobs: int
) -> Iterator[tuple[str, str]]:
    """On the cluster of RAY_ADDRESS, or on a Ray of our own with `jobs` workers."""
    try:
        import ray
    except ImportError:
        raise RunError(
            "the executor 'ray' needs its extra: pip install 'medaction-gym[ray]'"
        ) from None
    ours = not ray.is_initialized()
    if ours:
        local = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": jobs}
        ray.init(**local, include_dashboard=False, log_to_driver=False)
    try:
        task = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(_grow_anywhere)
        # The cases travel with the work: machines of a cluster need no common file system.
        shared = settings.model_dump_json(), ray.put(cases.read_text(encoding="utf-8"))
        left, running = list(reversed(ids)), dict[Any, str]()
        while left or running:
            while left and len(running) < 2 * jobs:
                case_id = left.pop()
                running[task.remote(*shared, case_id)] = case_id
            (ready,), _ = ray.wait(list(running), num_returns=1)
            case_id = running.pop(ready)
            try:
                yield case_id, ray.get(ready)
            except ray.exceptions.WorkerCrashedError:
                raise RunError(
                    f"case {case_id}: its worker died {ATTEMPTS + 1} times (out of memory?); "
                    "what is finished is kept, --resume goes on with the rest"
                ) from None
    finally:
        if ours:
            ray.shutdown()


_worker: Worker | None = None


def _start_worker(settings: str, cases: str) -> None:
    global _worker
    Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(Settings.model_validate_json(settings), CaseSet.load(cases))


def _end_with_parent() -> None:
    """Workers of a run that was killed would wait for work for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _work(case_id: str) -> str:
    assert _worker is not None, "the worker was not started by _start_worker"
    return _worker.work(case_id)


def _grow_anywhere(settings: str, cases: str, case_id: str) -> str:
    return _kept_worker(settings, cases).work(case_id)


@lru_cache(1)
def _kept_worker(settings: str, cases: str) -> Worker:
    with NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write(cases)
        file.flush()
        return Worker(Settings.model_validate_json(settings), CaseSet.load(file.name))
