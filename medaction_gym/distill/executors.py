"""Executors: who grows the trees, one process, several, or a Ray cluster.

The unit of work is a case. The worker that grew a tree hands it over whole; whatever the executor,
however many workers, and whichever of them died on the way, the files are the same bytes.

A worker is sent one case at a time and holds no others but a bounded pool, so its memory, like the
cost of a case, does not grow with their number.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from medaction_gym.cases import medaction
from medaction_gym.cases.case import Case
from medaction_gym.distill.record import record_tree
from medaction_gym.distill.selection import Thresholds
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.teachers import TeacherError, make_teacher
from medaction_gym.distill.tree import TreeDistiller
from medaction_gym.rollout import RunError

Executor = Literal["serial", "process", "ray"]
EXECUTORS: tuple[Executor, ...] = ("serial", "process", "ray")
ATTEMPTS = 3  # how often Ray grows a tree again whose worker died
POOL = 1_000  # cases, at most, from which a teacher takes what other patients had
AHEAD = 4  # cases a worker that wait for it


def distill_case(case: Case, distiller: TreeDistiller, limits: Thresholds) -> dict[str, Any]:
    """Grow and judge the tree of a case."""
    return record_tree(distiller.grow(case), limits, distiller.growth.seed)


class Worker:
    """A distiller that is kept between cases.

    Args:
        settings: Teachers, growth, thresholds.
        pool: Cases as lines of JSON, from which a teacher takes what other patients had.
    """

    def __init__(self, settings: Settings, pool: Sequence[str]) -> None:
        others = tuple(map(_case, pool))
        self._limits = settings.limits
        teachers = [make_teacher(name, others, settings.chat) for name in settings.teachers]
        self._distiller = TreeDistiller(teachers, settings.growth)

    def work(self, line: str) -> str:
        """The tree of one case, as a line of JSON; or why it could not be grown."""
        case = _case(line)
        try:
            record = distill_case(case, self._distiller, self._limits)
        except TeacherError as error:
            record = {"case_id": case.id, "error": str(error)}
        return json.dumps(record, ensure_ascii=False) + "\n"


class _Lines:
    """The lines of a case file by the id of the case; the text stays on the disk."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, at = path, dict[str, int](), 0
        with path.open("rb") as file:
            for line in file:
                self._at[json.loads(line)["id"]] = at
                at += len(line)

    def line(self, case_id: str) -> str:
        with self._path.open("rb") as file:
            file.seek(self._at[case_id])
            return file.readline().decode()

    def pool(self) -> list[str]:
        """Evenly spaced over the file, at most `POOL`."""
        ids = list(self._at)
        return [self.line(i) for i in ids[:: -(-len(ids) // POOL) or 1]]


def _case(line: str) -> Case:
    return medaction.to_case("", json.loads(line))


def grow(
    ids: Sequence[str], settings: Settings, cases: Path, executor: Executor, jobs: int
) -> Iterator[tuple[str, str]]:
    """Grow the trees of cases, in any order.

    Args:
        ids: Whose trees.
        settings: Teachers, growth, thresholds.
        cases: The file that holds the cases, one a line, as `CaseSet.save` writes it.
        executor: Who works.
        jobs: How many of them.

    Yields:
        A case's id and its tree as a line of JSON.

    Raises:
        RunError: If a worker process died, or one of Ray's did so `ATTEMPTS` times more at one
            case.
    """
    if not ids:
        return
    lines = _Lines(cases)
    if executor == "ray":
        yield from _ray(ids, settings, lines, jobs)
    elif executor == "process" and jobs > 1 and len(ids) > 1:
        yield from _processes(ids, settings, lines, jobs)
    else:
        worker = Worker(settings, lines.pool())
        yield from ((case_id, worker.work(lines.line(case_id))) for case_id in ids)


def _processes(
    ids: Sequence[str], settings: Settings, lines: _Lines, jobs: int
) -> Iterator[tuple[str, str]]:
    # spawn: a worker starts clean, whatever threads or sessions the caller holds.
    with ProcessPoolExecutor(
        max_workers=min(jobs, len(ids)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(settings.model_dump_json(), lines.pool()),
    ) as pool:
        left, running = list(reversed(ids)), dict[Future[str], str]()
        while left or running:
            # Few are under way at a time: neither cases nor trees pile up here.
            while left and len(running) < AHEAD * jobs:
                case_id = left.pop()
                running[pool.submit(_work, lines.line(case_id))] = case_id
            for ready in wait(running, return_when=FIRST_COMPLETED).done:
                case_id = running.pop(ready)
                try:
                    yield case_id, ready.result()
                except BrokenProcessPool:
                    raise RunError(
                        f"a worker died (out of memory?), at case {case_id} or one after it; "
                        "what is finished is kept, --resume goes on with the rest"
                    ) from None


def _ray(
    ids: Sequence[str], settings: Settings, lines: _Lines, jobs: int
) -> Iterator[tuple[str, str]]:
    """On the cluster of RAY_ADDRESS, or on a Ray of our own with `jobs` workers."""
    import ray

    ours = not ray.is_initialized()
    if ours:
        local = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": jobs}
        ray.init(**local, include_dashboard=False, log_to_driver=False)
    try:
        task = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(_grow_anywhere)
        # A case travels with the work: machines of a cluster need no common file system.
        shared = settings.model_dump_json(), ray.put(tuple(lines.pool()))
        left, running = list(reversed(ids)), dict[Any, str]()
        while left or running:
            while left and len(running) < 2 * jobs:
                case_id = left.pop()
                running[task.remote(*shared, lines.line(case_id))] = case_id
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


def _start_worker(settings: str, pool: Sequence[str]) -> None:
    global _worker
    Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(Settings.model_validate_json(settings), pool)


def _end_with_parent() -> None:
    """Workers of a run that was killed would wait for work for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _work(line: str) -> str:
    assert _worker is not None, "the worker was not started by _start_worker"
    return _worker.work(line)


def _grow_anywhere(settings: str, pool: tuple[str, ...], line: str) -> str:
    return _kept_worker(settings, pool).work(line)


@lru_cache(1)
def _kept_worker(settings: str, pool: tuple[str, ...]) -> Worker:
    return Worker(Settings.model_validate_json(settings), pool)
