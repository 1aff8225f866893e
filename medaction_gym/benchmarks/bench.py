"""Bench: play a benchmark, and write its result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from medaction_gym.benchmarks.protocol import (
    DIFFERENCES,
    Protocol,
    played_cases,
    player,
    settings,
)
from medaction_gym.benchmarks.result import (
    OFFLINE,
    BenchError,
    Benchmark,
    Data,
    Measured,
    Result,
    counts,
    judge_used,
    kind_of,
    metrics,
    sha256,
    versions,
)
from medaction_gym.benchmarks.row import row
from medaction_gym.cases.case import canonical_json
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.judge import DiagnosisJudge
from medaction_gym.metrics.judge import judge as offline_judge
from medaction_gym.rollout import run
from medaction_gym.trajectory import Settings, Trajectory


def bench(
    benchmark: Benchmark,
    file: Path,
    protocol: Protocol,
    agent: str,
    out: Path,
    *,
    limit: int | None = None,
    jobs: int = 1,
    seed: int = 0,
    judge: str = OFFLINE,
    on_case: Callable[[Trajectory], None] | None = None,
) -> Result:
    """Play a benchmark; a killed one is continued by the same call.

    Args:
        benchmark: Which benchmark, for the record.
        file: Its data file, or any other file of cases.
        protocol: Which protocol.
        agent: Name of the agent, or ``module:Class``.
        out: Folder for trajectories.jsonl, result.json and the files of `rollout.run`.
        limit: Only the first so many cases.
        jobs: Worker processes. All but the measured times is the same for any number.
        seed: Seed of the agent.
        judge: Who judges; see `judge_named`.
        on_case: Called with each trajectory.

    Raises:
        BenchError: If the judge cannot be made.
        rollout.RunError: If the folder belongs to another run.
    """
    wall, cpu = time.perf_counter(), _cpu()
    judging = judge_named(judge)
    cases, unreadable = read(file, protocol, limit)
    before = out / "trajectories.jsonl"
    done = before.read_bytes().count(b"\n") if before.exists() else 0
    name = player(protocol, agent)
    rules = settings(protocol)
    played = run(cases, name, out, seed=seed, settings=rules, jobs=jobs, on_case=on_case)
    rows = tuple(row(t, cases.get(t.case_id), judging) for t in played)
    result = Result(
        benchmark=benchmark,
        protocol=protocol,
        agent=agent,
        kind=kind_of(agent),
        seed=seed,
        settings=rules,
        settings_sha256=settings_hash(rules),
        data=Data(
            file=Path(os.path.relpath(file, out)).as_posix(),
            sha256=sha256(file.read_bytes()),
            limit=limit,
            cases=len(cases),
            cases_hash=cases.hash,
            unreadable=unreadable,
        ),
        judge=judge_used(judge),
        differences=DIFFERENCES[benchmark],
        versions=versions(),
        measured=Measured(
            played=len(cases) - done,
            wall_s=round(time.perf_counter() - wall, 2),
            cpu_s=round(_cpu() - cpu, 2),
        ),
        trajectories_sha256=sha256((out / "trajectories.jsonl").read_bytes()),
        counts=counts(rows),
        metrics=metrics(rows, protocol),
        rows=rows,
    )
    result.save(out)
    return result


def read(file: Path, protocol: Protocol, limit: int | None) -> tuple[CaseSet, tuple[str, ...]]:
    """The cases of a file as a protocol plays them, and the records that make no case."""
    if not file.is_file():
        raise BenchError(f"{file}: no such file; --data takes one file of cases")
    cases = CaseSet.load(file, on_error="skip")
    # Without the file's path, which is of one machine.
    unreadable = tuple(str(problem).replace(str(file), file.name) for problem in cases.problems)
    return played_cases(protocol, cases[:limit]), unreadable


def judge_named(name: str) -> DiagnosisJudge:
    """The offline judge, or what a function without arguments makes: ``module:function``.

    Raises:
        BenchError: If there is no such function.
    """
    if name == OFFLINE:
        return offline_judge()
    module, _, attribute = name.partition(":")
    try:
        made: DiagnosisJudge = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, ValueError) as error:
        raise BenchError(f"judge {name!r} cannot be made: {error}") from error
    return made


def settings_hash(of: Settings) -> str:
    """SHA-256 of an environment's settings."""
    return sha256(canonical_json(of.model_dump(mode="json")))


def _cpu() -> float:
    """Processor time of this process and of the workers that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
