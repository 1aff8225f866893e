"""Engine: distils many cases, on one core or several, and goes on where it was stopped.

The unit of work is a case. Its tree is written as one file that appears whole or not at all; the
data set is put together from these files at the end. So a killed run loses the cases in hand and
nothing else, none is ever there twice, and the result is the same bytes for any executor, any
number of workers, and any number of interruptions.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from filelock import FileLock, Timeout
from pydantic import ValidationError

from medaction_gym import __version__
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.contamination import Contamination, Match
from medaction_gym.distill.executors import EXECUTORS, Executor, grow
from medaction_gym.distill.export import export
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.teachers import make_teacher
from medaction_gym.rollout import RunError
from medaction_gym.whole import sweep, whole_file


class Done(NamedTuple):
    """A case that is finished: how many paths of each fate, and of how many nodes.

    One that could not be finished has an error instead: its teacher could not be asked.
    """

    case_id: str
    retained: int
    truncated: int
    pruned: int
    nodes: int
    error: str = ""


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
        executor: ``"serial"``, ``"process"`` or ``"ray"``. The files are the same for all.
        jobs: Workers, for the last two.
        on_case: Called for each finished case, those of an earlier call included.

    Returns:
        The report, as ``report.json`` holds it.

    Raises:
        RunError: If the folder holds another run, holds one and `resume` is false, or is in use;
            or if Ray is not installed.
        ValueError: If there is no such teacher or executor.
    """
    if executor not in EXECUTORS:
        raise ValueError(f"unknown executor {executor!r}; known: {', '.join(EXECUTORS)}")
    settings = settings or Settings()
    # Fail before anything is written.
    if executor == "ray" and find_spec("ray") is None:
        raise RunError("the executor 'ray' needs its extra: pip install 'medaction-gym[ray]'")
    for name in settings.teachers:
        make_teacher(name, endpoint=settings.chat)
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
    if settings.chat:
        workers = 1 if executor == "serial" else jobs
        settings = settings.model_copy(update={"chat": settings.chat.placed(folder, workers)})
    try:
        with FileLock(folder / ".lock", timeout=0):
            _claim(folder, settings, kept, resume)
            sweep(folder)
            sweep(folder / "trees")
            tell = on_case or (lambda done: None)
            errored = _grow_all(kept, settings, folder, executor, jobs, tell)
            about = _about(kept, settings, excluded, len(benchmark), errored)
            grown = [case for case in kept if case.id not in errored]
            return export(((c, read_record(folder, c)) for c in grown), folder, about)
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
) -> dict[str, str]:
    """Grow what is not there yet; returns the cases that could not be grown, and why."""
    left, errored = list[str](), dict[str, str]()
    for case in cases:
        if tree_file(folder, case.id).exists():
            tell(_done(read_record(folder, case)))
        else:
            left.append(case.id)
    for case_id, line in grow(left, settings, folder / "cases.jsonl", executor, jobs):
        record = json.loads(line)
        if "error" in record:
            errored[case_id] = record["error"]
            tell(Done(case_id, 0, 0, 0, 0, record["error"]))
            continue
        with whole_file(tree_file(folder, case_id)) as file:
            file.write(line)
        tell(_done(record))
    return {case.id: errored[case.id] for case in cases if case.id in errored}


def _claim(folder: Path, settings: Settings, cases: CaseSet, resume: bool) -> None:
    """Write the run's description, or check that it is the same run and may go on."""
    description = folder / "distill.json"
    if not description.exists():
        if (folder / "trees").exists():
            raise RunError(f"{folder}: has trees but no distill.json; choose another --out")
        cases.save(folder / "cases.jsonl")
        with whole_file(description) as file:
            file.write(json.dumps(settings.described(), indent=2) + "\n")
        return
    try:
        before = Settings.model_validate_json(description.read_text(encoding="utf-8"))
    except (ValidationError, ValueError) as error:
        raise RunError(f"{description}: is damaged: {error}") from None
    differing = [n for n in Settings.model_fields if getattr(before, n) != getattr(settings, n)]
    if differing:
        raise RunError.another(folder, differing)
    if not resume:
        raise RunError(f"{folder}: holds a run already; --resume goes on with it")


def _benchmark_cases(cases: CaseSet, benchmark: Sequence[Case]) -> list[Match]:
    known = Contamination(benchmark)
    return [match for case in cases if (match := known.find(case)) is not None]


def _about(
    cases: CaseSet,
    settings: Settings,
    excluded: list[Match],
    benchmarks: int,
    errored: dict[str, str],
) -> dict[str, Any]:
    sources = Counter((c.provenance.source, c.provenance.license) for c in cases)
    return {
        "version": __version__,
        "teachers": list(settings.teachers),
        "settings": settings.described(),
        "benchmarks": benchmarks,
        "excluded": [match._asdict() for match in excluded],
        "errored": [{"case_id": case_id, "error": why} for case_id, why in errored.items()],
        "sources": [
            {"source": source, "license": license, "cases": count}
            for (source, license), count in sorted(sources.items())
        ],
    }
