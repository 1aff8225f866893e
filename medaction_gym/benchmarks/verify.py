"""Verify: does every number of a result follow from its trajectories and its data?

The source file is read again if it lies where the result says, or is given; the cases as played
lie beside the result. Each trajectory is replayed and compared byte for byte, scored and judged
again, and all aggregates are computed again. The agent is not asked again, and times are taken on
trust.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from medaction_gym.benchmarks.bench import judge_named, read, settings_hash
from medaction_gym.benchmarks.protocol import DIFFERENCES, player, settings
from medaction_gym.benchmarks.result import (
    OFFLINE,
    BenchError,
    Result,
    counts,
    judge_used,
    kind_of,
    metrics,
    sha256,
)
from medaction_gym.benchmarks.row import row
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.rollout import RunConfig
from medaction_gym.trajectory import Trajectory, read_trajectories


def verify(
    folder: Path, *, data: Path | None = None, judge: str = OFFLINE, jobs: int = 1
) -> Iterator[str]:
    """What does not follow, first things first; nothing if everything does.

    Args:
        folder: A folder that `bench` wrote.
        data: The benchmark's file; where the result says if None.
        judge: Who judges. Never read from the result: a name in it could run anything.
        jobs: Worker processes.

    Raises:
        BenchError: If result.json cannot be read, or another judge judged.
        ValueError: If another file cannot be read.
    """
    result = Result.load(folder)
    if result.judge.name != judge:
        raise BenchError(f"{folder}: judged by {result.judge.name!r}; give it with --judge")
    rules = settings(result.protocol)
    yield from _differing("settings", result.settings, rules)
    yield from _differing("settings_sha256", result.settings_sha256, settings_hash(rules))
    yield from _differing("judge", result.judge, judge_used(judge))
    yield from _differing("kind", result.kind, _kind(result))
    yield from _differing("differences", result.differences, DIFFERENCES[result.benchmark])

    cases = CaseSet.load(folder / "cases.jsonl")
    yield from _differing("data.cases_hash", result.data.cases_hash, cases.hash)
    yield from _differing("data.cases", result.data.cases, len(cases))
    source = source_of(folder, result, data)
    if source is not None:
        yield from _differing("data.sha256", result.data.sha256, sha256(source.read_bytes()))
        played, unreadable = read(source, result.protocol, result.data.limit)
        yield from _differing("data.cases_hash (of the source)", cases.hash, played.hash)
        yield from _differing("data.unreadable", len(result.data.unreadable), len(unreadable))

    name = player(result.protocol, result.agent)
    config = RunConfig.model_validate_json((folder / "run.json").read_bytes())
    said = {"agent": name, "seed": result.seed, "settings": rules, "cases_hash": cases.hash}
    for field, value in said.items():
        yield from _differing(f"run.json: {field}", getattr(config, field), value)

    file = folder / "trajectories.jsonl"
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line]
    records = list(read_trajectories(file))
    ids = [record.case_id for record in records]
    yield from _differing("trajectories' cases", ids, [case.id for case in cases])
    if ids != [case.id for case in cases]:
        return  # rows cannot be matched
    for record in records:
        where = f"trajectory of {record.case_id}"
        yield from _differing(f"{where}: agent", record.agent, name)
        yield from _differing(f"{where}: seed", record.seed, result.seed)
        yield from _differing(f"{where}: settings", record.settings, rules)
    for case, wrong in zip(cases, _replayed(lines, list(cases), jobs), strict=True):
        if wrong:
            yield f"trajectory of {case.id}: {wrong}"
    yield from _differing(
        "trajectories_sha256", result.trajectories_sha256, sha256(file.read_bytes())
    )

    judging = judge_named(judge)
    rows = tuple(row(record, cases.get(record.case_id), judging) for record in records)
    yield from _differing("rows", [r.case_id for r in result.rows], [r.case_id for r in rows])
    for said_row, true_row in zip(result.rows, rows, strict=False):
        for field in type(true_row).model_fields:
            where = f"rows[{true_row.case_id}].{field}"
            yield from _differing(where, getattr(said_row, field), getattr(true_row, field))
    yield from _differing("bootstrap", result.bootstrap, Result.model_fields["bootstrap"].default)
    yield from _differing_items("counts", result.counts, counts(rows))
    yield from _differing_items("metrics", result.metrics, metrics(rows, result.protocol))


def source_of(folder: Path, result: Result, data: Path | None = None) -> Path | None:
    """The benchmark's file, or None where it is not at hand."""
    if data is not None:
        return data
    recorded = folder / result.data.file
    return recorded if recorded.is_file() else None


def _replayed(lines: list[str], cases: list[Case], jobs: int) -> Iterator[str]:
    if jobs <= 1:
        yield from map(_replay, lines, cases)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_replay, lines, cases, chunksize=8)


def _replay(line: str, case: Case) -> str:
    """Why a trajectory is no true record, or ``""``."""
    record = Trajectory.model_validate_json(line)
    try:
        if record.replay(case).to_json() != line:
            return "the replay differs from the record"
    except (ValueError, RuntimeError) as error:
        return str(error)
    if record.status == "errored" and record.episode(case).status != "open":
        return "is called errored, but was played to its end"
    return ""


def _kind(result: Result) -> str:
    """The kind of a known agent; one's own is not loaded, as a name could run anything."""
    try:
        return kind_of(result.agent) if ":" not in result.agent else result.kind
    except ValueError:
        return "of no agent that is known"


def _differing_items(where: str, said: dict[str, Any], true: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*said, *true}):
        yield from _differing(f"{where}.{name}", said.get(name), true.get(name))


def _differing(where: str, said: object, true: object) -> Iterator[str]:
    if said != true:
        yield f"{where}: the result says {_short(said)}, what follows is {_short(true)}"


def _short(value: object) -> str:
    text = value.model_dump_json() if hasattr(value, "model_dump_json") else str(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
