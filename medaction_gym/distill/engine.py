"""Engine: distils many cases, on one core or several, and goes on where it was stopped.

The unit of work is a case. Its tree is written as one file that appears whole or not at all, by the
worker itself; the data set is put together from these files at the end. So a killed run loses the
cases in hand and nothing else, none is ever there twice, and the result is the same bytes for any
executor, any number of workers, and any number of interruptions.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from medaction_gym import __version__
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.contamination import Contamination, Match
from medaction_gym.distill.export import export
from medaction_gym.distill.record import record_tree
from medaction_gym.distill.selection import Thresholds
from medaction_gym.distill.teachers import make_teacher
from medaction_gym.distill.tree import Growth, TreeDistiller
from medaction_gym.rollout import RunError
from medaction_gym.whole import whole_file

Executor = Literal["serial", "process"]
EXECUTORS: tuple[Executor, ...] = ("serial", "process")


class Settings(BaseModel):
    """What is distilled, by whom and how: enough to do it again.

    Attributes:
        teachers: Names of teachers, or ``module:Class``.
        growth: How trees grow, the seed among it.
        limits: What paths must reach.
        cases_hash: Hash of the cases, those of benchmarks left out.
        benchmark_hash: Hash of the benchmark cases, "" if there are none.
        package_version: The medaction-gym that ran.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    teachers: tuple[str, ...] = ("privileged",)
    growth: Growth = Growth()
    limits: Thresholds = Thresholds()
    cases_hash: str = ""
    benchmark_hash: str = ""
    package_version: str = __version__


class Done(NamedTuple):
    """A case that is finished: how many paths of each fate, and of how many nodes."""

    case_id: str
    retained: int
    truncated: int
    pruned: int
    nodes: int


def distill(
    cases: CaseSet,
    out: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    benchmark: Sequence[Case] = (),
    resume: bool = False,
    executor: Executor = "serial",
    jobs: int = 1,
    on_case: Callable[[Done], None] | None = None,
) -> dict[str, Any]:
    """Distil cases into a data set.

    Args:
        cases: The cases.
        out: The data set's folder; made if missing.
        settings: Teachers, growth and thresholds.
        benchmark: Cases that must not be trained on; theirs are left out of `cases`.
        resume: Go on with a run that was stopped.
        executor: ``"serial"`` or ``"process"``. The files are the same for both.
        jobs: Workers, for the last two.
        on_case: Called for each finished case, those of an earlier call included.

    Returns:
        The report, as ``report.json`` holds it.

    Raises:
        RunError: If the folder holds another run, holds one and `resume` is false, or is in use.
        ValueError: If there is no such teacher or executor.
    """
    if executor not in EXECUTORS:
        raise ValueError(f"unknown executor {executor!r}; known: {', '.join(EXECUTORS)}")
    settings = settings or Settings()
    for name in settings.teachers:
        make_teacher(name)  # fail before anything is written
    excluded = _benchmark_cases(cases, benchmark)
    barred = {match.case_id for match in excluded}
    kept = CaseSet([case for case in cases if case.id not in barred])
    if not len(kept):
        raise ValueError("every case belongs to a benchmark; nothing is left to distil")
    settings = settings.model_copy(
        update={
            "cases_hash": kept.hash,
            "benchmark_hash": CaseSet(benchmark).hash if benchmark else "",
        }
    )
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            _claim(folder, settings, kept, resume)
            tell = on_case or (lambda done: None)
            _grow_all(kept, settings, folder, executor, jobs, tell)
            about = _about(kept, settings, excluded, len(benchmark))
            return export(((c, read_record(folder, c)) for c in kept), folder, about)
    except Timeout:
        raise RunError(f"{folder}: another run is writing here") from None


def tree_file(folder: Path, case_id: str) -> Path:
    """Where the tree of a case lies."""
    name = quote(case_id, safe=" ")
    if len(name) > 150:
        name = f"{name[:100]}-{hashlib.sha256(case_id.encode()).hexdigest()[:16]}"
    return folder / "trees" / f"{name}.json"


def read_record(folder: Path, case: Case) -> dict[str, Any]:
    """The recorded tree of a case.

    Raises:
        RunError: If the file is damaged or is that of another case.
    """
    path = tree_file(folder, case.id)
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        strange = record["case_hash"] != case.hash
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: is damaged ({error}); delete it and resume") from None
    if strange:
        raise RunError(f"{path}: is the tree of another version of {case.id}; delete it and resume")
    return record


def distill_case(case: Case, distiller: TreeDistiller, limits: Thresholds) -> dict[str, Any]:
    """Grow and judge the tree of a case."""
    return record_tree(distiller.grow(case), limits, distiller.growth.seed)


class Worker:
    """A distiller that is kept between cases, and where it writes."""

    def __init__(self, settings: dict[str, Any], folder: str) -> None:
        self._settings = Settings.model_validate(settings)
        self._folder = Path(folder)
        self._cases = CaseSet.load(self._folder / "cases.jsonl")
        teachers = [make_teacher(n, tuple(self._cases)) for n in self._settings.teachers]
        self._distiller = TreeDistiller(teachers, self._settings.growth)

    def work(self, case_id: str) -> Done:
        """Distil one case and write its tree."""
        case = self._cases.get(case_id)
        record = distill_case(case, self._distiller, self._settings.limits)
        with whole_file(tree_file(self._folder, case_id)) as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        return _done(record)


def _done(record: dict[str, Any]) -> Done:
    fates = Counter(path["fate"] for path in record["paths"])
    return Done(
        record["case_id"],
        fates["retained"],
        fates["truncated"],
        fates["pruned"],
        len(record["nodes"]),
    )


def _grow_all(
    cases: CaseSet,
    settings: Settings,
    folder: Path,
    executor: Executor,
    jobs: int,
    tell: Callable[[Done], None],
) -> None:
    left = []
    for case in cases:
        if tree_file(folder, case.id).exists():
            tell(_done(read_record(folder, case)))
        else:
            left.append(case.id)
    start = settings.model_dump(mode="json"), str(folder.resolve())
    for done in _run(left, start, executor, jobs):
        tell(done)


def _run(
    ids: list[str], start: tuple[dict[str, Any], str], executor: Executor, jobs: int
) -> Iterator[Done]:
    if not ids:
        return
    if executor == "serial" or jobs < 2 or len(ids) < 2:
        worker = Worker(*start)
        yield from map(worker.work, ids)
        return
    # spawn: a worker starts clean, whatever threads or sessions the caller holds.
    with ProcessPoolExecutor(
        max_workers=min(jobs, len(ids)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=start,
    ) as pool:
        yield from pool.map(_work, ids, chunksize=max(1, min(4, len(ids) // (4 * jobs))))


_worker: Worker | None = None


def _start_worker(settings: dict[str, Any], folder: str) -> None:
    global _worker
    _worker = Worker(settings, folder)


def _work(case_id: str) -> Done:
    assert _worker is not None, "the worker was not started by _start_worker"
    return _worker.work(case_id)


def _claim(folder: Path, settings: Settings, cases: CaseSet, resume: bool) -> None:
    """Write the run's description, or check that it is the same run and may go on."""
    description = folder / "distill.json"
    if not description.exists():
        if (folder / "trees").exists():
            raise RunError(f"{folder}: has trees but no distill.json; choose another --out")
        cases.save(folder / "cases.jsonl")
        with whole_file(description) as file:
            file.write(json.dumps(settings.model_dump(mode="json"), indent=2) + "\n")
        return
    try:
        before = Settings.model_validate_json(description.read_text(encoding="utf-8"))
    except (ValidationError, ValueError) as error:
        raise RunError(f"{description}: is damaged: {error}") from None
    differing = [n for n in Settings.model_fields if getattr(before, n) != getattr(settings, n)]
    if differing:
        raise RunError(
            f"{folder}: holds another run (different {', '.join(differing)}); choose another --out"
        )
    if not resume:
        raise RunError(f"{folder}: holds a run already; --resume goes on with it")


def _benchmark_cases(cases: CaseSet, benchmark: Sequence[Case]) -> list[Match]:
    known = Contamination(benchmark)
    return [match for case in cases if (match := known.find(case)) is not None]


def _about(
    cases: CaseSet, settings: Settings, excluded: list[Match], benchmarks: int
) -> dict[str, Any]:
    sources = Counter((c.provenance.source, c.provenance.license) for c in cases)
    return {
        "version": __version__,
        "teachers": list(settings.teachers),
        "settings": settings.model_dump(mode="json"),
        "benchmarks": benchmarks,
        "excluded": [match._asdict() for match in excluded],
        "sources": [
            {"source": source, "license": license, "cases": count}
            for (source, license), count in sorted(sources.items())
        ],
    }
