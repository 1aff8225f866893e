"""Bench: play a benchmark, judge it, and write its result; or judge it again."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from medaction_gym.benchmarks.data import Choice, described, read
from medaction_gym.benchmarks.differences import differences
from medaction_gym.benchmarks.judges import EXAMINATIONS, RECORD, JudgeChoice, judging
from medaction_gym.benchmarks.protocol import Benchmark, Protocol, player, settings
from medaction_gym.benchmarks.provenance import (
    BenchError,
    agent_used,
    asked,
    environment_sha256,
    sha256,
    versions,
)
from medaction_gym.benchmarks.result import SCHEMA, Measured, PatientUsed, Result
from medaction_gym.benchmarks.scoring import scored
from medaction_gym.benchmarks.tally import breakdowns, counts, metrics
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import Price, Usage
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.measured import costs
from medaction_gym.oracle.patient import PROMPT, PatientModel
from medaction_gym.oracle.patient import RECORD as PATIENT
from medaction_gym.rollout import run
from medaction_gym.trajectory import Trajectory, read_trajectories

# What a result's folder holds beside it.
FILES = ("run.json", "cases.jsonl", "trajectories.jsonl", "measured.jsonl", PATIENT)


class Entrant(NamedTuple):
    """Who plays, and how often.

    Attributes:
        agent: Name of the agent (``chat:MODEL``, ``sft:FOLDER``), or ``module:Class``.
        chat: The model that the agent "chat" asks, if not the one of the environment.
        seed: Seed of the first trial; each further trial has the next.
        trials: How often each case is played.
        price: Money per million prompt and completion tokens.
        seats: Episodes that an agent with a language model plays side by side.
        retry_errored: Whether episodes that errored in an earlier call are played again.
        patient: The model that plays the patient; the offline oracle if None.
    """

    agent: str
    chat: Endpoint | None = None
    seed: int = 0
    trials: int = 1
    price: tuple[float, float] | None = None
    seats: int = 1
    retry_errored: bool = False
    patient: Endpoint | None = None


def bench(
    benchmark: Benchmark,
    choice: Choice | str | Path,
    protocol: Protocol,
    entrant: Entrant | str,
    out: str | Path,
    *,
    jobs: int = 1,
    judge: JudgeChoice = JudgeChoice(),  # noqa: B008  (a tuple of constants)
    on_case: Callable[[Trajectory], None] | None = None,
) -> Result:
    """Play a benchmark; a killed one is continued by the same call.

    Args:
        benchmark: Which benchmark, for the record.
        choice: Which cases; or a file, for all its cases.
        protocol: Which protocol.
        entrant: Who plays; or an agent's name, for one trial with seed 0.
        out: Folder for result.json and the files of `rollout.run`.
        jobs: Worker processes. All but the measured times is the same for any number.
        judge: Who judges.
        on_case: Called with each trajectory.

    Raises:
        BenchError: If the data, the judge or the patient cannot be used.
        rollout.RunError: If the folder belongs to another run.
        SetupError: If a language model cannot be asked at all, for want of a key say.
    """
    begun = time.perf_counter(), _cpu()
    choice = choice if isinstance(choice, Choice) else Choice((Path(choice),))
    entrant = Entrant(entrant) if isinstance(entrant, str) else entrant
    out = Path(out)
    if protocol == "oracle" and entrant.patient:
        raise BenchError("the protocol 'oracle' shows the whole record: it has no patient to ask")
    if protocol == "1-turn" and entrant.seats > 1:
        raise BenchError(
            "the protocol '1-turn' plays one episode at a time: no --seats; use --jobs"
        )
    judge = judge._replace(examinations=judge.examinations and protocol != "oracle")
    judging(judge, out).close()  # fail before anything is played
    cases = read(choice, protocol)
    before = out / "trajectories.jsonl"
    done = before.read_bytes().count(b"\n") if before.exists() else 0
    patient = entrant.patient
    model = PatientModel(model=patient.model, options=patient.options) if patient else None
    rules = settings(protocol, model)
    played = run(
        cases.cases,
        player(protocol, entrant.agent),
        out,
        chat=entrant.chat,
        patient=patient,
        seed=entrant.seed,
        trials=entrant.trials,
        settings=rules,
        jobs=jobs,
        seats=entrant.seats,
        retry_errored=entrant.retry_errored,
        on_case=on_case,
    )
    rows, judged_by, judge_usage = scored(played, cases.cases, judge, out, jobs)
    kind, prompt = agent_used(entrant.agent, entrant.chat)
    result = Result(
        benchmark=benchmark,
        protocol=protocol,
        agent=entrant.agent,
        chat=asked(entrant.chat),
        kind=kind,
        prompt_sha256=prompt,
        seed=entrant.seed,
        trials=entrant.trials,
        settings=rules,
        patient=patient_used(out, patient.client().endpoint) if patient else None,
        environment_sha256=environment_sha256(rules),
        data=described(choice, cases, out),
        judge=judged_by,
        differences=differences(benchmark, protocol, model, judged_by),
        versions=versions(),
        measured=_measured(entrant, out, len(played) - done, begun, judge_usage),
        trajectories_sha256=sha256(before.read_bytes()),
        counts=counts(rows),
        metrics=metrics(rows, protocol),
        breakdowns=breakdowns(rows),
        rows=rows,
    )
    result.save(out)
    return result


def _measured(
    entrant: Entrant, out: Path, played: int, begun: tuple[float, float], judge: Usage | None
) -> Measured:
    spent, (wall, cpu) = costs(out), begun
    usage = _total([cost.usage for cost in spent])
    return Measured(
        played=played,
        wall_s=round(time.perf_counter() - wall, 2),
        cpu_s=round(_cpu() - cpu, 2),
        episodes_wall_s=round(sum(cost.wall_s for cost in spent), 2),
        endpoint=entrant.chat.base_url if entrant.chat else "",
        usage=usage,
        cost=Price(*entrant.price).of(usage) if entrant.price and usage else None,
        patient_usage=_total([cost.patient for cost in spent]),
        judge_usage=judge,
    )


def rejudge(
    folder: str | Path, judge: JudgeChoice, out: str | Path | None = None, *, jobs: int = 1
) -> Result:
    """Judge a result's trajectories again; nothing is played.

    Args:
        folder: A folder that `bench` wrote.
        judge: Who judges.
        out: Folder for a copy with the new verdicts; those of `folder` are replaced if None.
        jobs: Worker processes.

    Raises:
        BenchError: If the folder cannot be read, its trajectories are not those of its result, or
            the judge cannot be made.
    """
    folder, target = Path(folder), Path(out or folder)
    before = Result.load(folder)
    file = folder / "trajectories.jsonl"
    if not file.exists() or sha256(file.read_bytes()) != before.trajectories_sha256:
        raise BenchError(f"{file}: is not here, or not what the result was made from")
    data = before.data
    if target.resolve() != folder.resolve():
        if (target / "result.json").exists():
            raise BenchError(f"{target}: holds a result; choose another --out")
        target.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, RECORD, EXAMINATIONS):
            if (folder / name).exists():
                shutil.copyfile(folder / name, target / name)
        moved = [
            source.model_copy(
                update={"file": Path(os.path.relpath(folder / source.file, target)).as_posix()}
            )
            for source in (*data.files, *([data.ids] if data.ids else []))
        ]
        data = data.model_copy(
            update={"ids": moved.pop() if data.ids else None, "files": tuple(moved)}
        )
    records = list(read_trajectories(file))
    protocol, cases = before.protocol, CaseSet.load(folder / "cases.jsonl")
    judge = judge._replace(examinations=judge.examinations and protocol != "oracle")
    rows, judged_by, usage = scored(records, cases, judge, target, jobs)
    patient = before.settings.patient
    result = before.model_copy(
        update={
            "data": data,
            "judge": judged_by,
            "differences": differences(before.benchmark, protocol, patient, judged_by),
            "measured": before.measured.model_copy(update={"judge_usage": usage}),
            "schema_version": SCHEMA,
            "versions": versions(),
            "counts": counts(rows),
            "metrics": metrics(rows, protocol),
            "breakdowns": breakdowns(rows),
            "rows": rows,
        }
    )
    result.save(target)
    return result


def bench_all(
    benchmark: Benchmark,
    choice: Choice,
    protocol: Protocol,
    entrants: Sequence[Entrant],
    out: str | Path,
    *,
    jobs: int = 1,
    judge: JudgeChoice = JudgeChoice(),  # noqa: B008
    on_agent: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Play a benchmark with several agents, each in a folder of its own name under `out`.

    An agent is the unit of work: a process that has read the data plays one after the other, which
    costs less than starting anew for each. The results are those of `bench`.

    Args:
        benchmark: Which benchmark, for the record.
        choice: Which cases.
        protocol: Which protocol.
        entrants: Who plays; those that take long come best first.
        out: Folder for a folder for each.
        jobs: Worker processes.
        judge: Who judges.
        on_agent: Called with each result.

    Raises:
        BenchError: If two would play into one folder.
    """
    names = Counter(folder_name(entrant.agent) for entrant in entrants)
    if twice := [name for name, count in names.items() if count > 1]:
        raise BenchError(f"several agents would play into {Path(out) / twice[0]}; name each once")
    work = [
        (benchmark, choice, protocol, entrant, Path(out) / folder_name(entrant.agent), judge)
        for entrant in entrants
    ]
    tell = on_agent or (lambda result: None)
    results = []
    if jobs <= 1:
        for one in work:
            results.append(_bench_one(one))
            tell(results[-1])
        return results
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for result in pool.map(_bench_one, work):
            results.append(result)
            tell(result)
    return results


def patient_used(folder: Path, endpoint: str) -> PatientUsed:
    """What is said of a patient whose answers stand in a result's folder."""
    record = folder / PATIENT
    return PatientUsed(
        sha256=sha256(PROMPT.encode()),
        endpoint=endpoint,
        record_sha256=sha256(record.read_bytes()) if record.exists() else None,
    )


def folder_name(agent: str) -> str:
    """The folder of an agent among others.

    Example:
        >>> folder_name("chat:meta/llama"), folder_name("my_agents:Mine")
        ('chat.meta.llama', 'my_agents.Mine')
    """
    return re.sub(r"[^\w.=-]+", ".", agent).strip(".")


def _bench_one(work: tuple[Benchmark, Choice, Protocol, Entrant, Path, JudgeChoice]) -> Result:
    *what, judge = work
    return bench(*what, judge=judge)  # type: ignore[arg-type]


def _total(used: Sequence[Usage | None]) -> Usage | None:
    known = [usage for usage in used if usage is not None]
    return sum(known, Usage()) if known else None


def _cpu() -> float:
    """Processor time of this process and of the workers that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
