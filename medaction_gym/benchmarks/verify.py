"""Verify: does every number of a result follow from its trajectories and its data?

The source files are read again, the trajectories are replayed and compared byte for byte, scored
and judged again, and all aggregates are computed again. The agent is not asked again, and times,
tokens and versions are taken on trust. A language model's verdicts are read from its record beside
the result, whose hash the result has; the model is not asked again. So are the answers of a patient
that a language model played.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from medaction_gym.agents.base import AGENTS, LANGUAGE_AGENTS
from medaction_gym.benchmarks.bench import patient_used
from medaction_gym.benchmarks.data import located, read
from medaction_gym.benchmarks.differences import differences
from medaction_gym.benchmarks.ids import ids_sha256, read_ids
from medaction_gym.benchmarks.judges import LLM, OFFLINE, JudgeChoice
from medaction_gym.benchmarks.protocol import player, settings
from medaction_gym.benchmarks.provenance import (
    BenchError,
    agent_used,
    asked,
    environment_sha256,
    sha256,
)
from medaction_gym.benchmarks.result import SCHEMA, Result
from medaction_gym.benchmarks.row import EXAMINATIONS_UNJUDGED, UNJUDGED
from medaction_gym.benchmarks.scoring import Scored, scored
from medaction_gym.benchmarks.tally import breakdowns, counts, metrics
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import ChatError
from medaction_gym.oracle.patient import RECORD as PATIENT
from medaction_gym.oracle.patient import PatientModel, Patients
from medaction_gym.rollout import RunConfig
from medaction_gym.trajectory import Settings, Trajectory, read_trajectories


def verify(
    folder: str | Path, *, data: Sequence[str | Path] = (), judge: str | None = None, jobs: int = 1
) -> Iterator[str]:
    """What does not follow, first things first; nothing if everything does that was checked.

    What could not be checked at all is what `unchecked` says.

    Args:
        folder: A folder that `bench` wrote.
        data: The benchmark's files, if they are not where `data.located` looks.
        judge: Who judges, for one's own judges: those are never made because a result names them,
            as a name could run anything.
        jobs: Worker processes.

    Raises:
        BenchError: If result.json cannot be read, or another judge judged.
        ValueError: If another file cannot be read.
    """
    folder = Path(folder)
    result = Result.load(folder)
    choice = _judge(folder, result, judge)
    patient = result.settings.patient
    rules = settings(result.protocol, patient)
    yield from _differing("settings", result.settings, rules)
    yield from _differing("kind", result.kind, _kind(result))
    used = patient_used(folder, result.patient.endpoint if result.patient else "")
    yield from _differing("patient", result.patient, used if patient else None)

    cases = CaseSet.load(folder / "cases.jsonl")
    yield from _differing("data.cases_hash", result.data.cases_hash, cases.hash)
    yield from _differing("data.cases", result.data.cases, len(cases))
    yield from _source(folder, result, data)

    name = player(result.protocol, result.agent)
    yield from _run(folder, result, name, rules, cases)

    file = folder / "trajectories.jsonl"
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line]
    records = list(read_trajectories(file))
    units = [(record.seed, record.case_id) for record in records]
    wanted = [(result.seed + k, case.id) for k in range(result.trials) for case in cases]
    yield from _differing("trajectories' seeds and cases", units, wanted)
    if units != wanted:
        return  # rows cannot be matched
    for record in records:
        where = f"trajectory of {record.case_id}"
        yield from _differing(f"{where}: agent", record.agent, name)
        yield from _differing(f"{where}: settings", record.settings, rules)
    of = [cases.get(record.case_id) for record in records]
    answers = folder / PATIENT if patient else None
    for case, wrong in zip(of, _replayed(lines, of, answers, jobs), strict=True):
        if wrong:
            yield f"trajectory of {case.id}: {wrong}"
    yield from _differing(
        "trajectories_sha256", result.trajectories_sha256, sha256(file.read_bytes())
    )
    yield from _scores(result, scored(records, cases, choice, folder, jobs))


def _run(folder: Path, result: Result, name: str, rules: Settings, cases: CaseSet) -> Iterator[str]:
    """What run.json says otherwise than the result."""
    config = RunConfig.model_validate_json((folder / "run.json").read_bytes())
    must = {
        "agent": name,
        "seed": result.seed,
        "trials": result.trials,
        "settings": rules,
        "cases_hash": cases.hash,
    }
    for field, value in must.items():
        yield from _differing(f"run.json: {field}", getattr(config, field), value)
    yield from _differing("run.json: chat", asked(config.chat), result.chat)
    model = config.patient and PatientModel(
        model=config.patient.model, options=config.patient.options
    )
    yield from _differing("run.json: patient", model, result.settings.patient)


def _scores(result: Result, found: Scored) -> Iterator[str]:
    """What the result says otherwise than its trajectories, scored and judged again."""
    rows, judged_by, _ = found
    yield from _differing("judge", result.judge, judged_by)
    if result.schema_version == SCHEMA:  # an earlier version's text is not this one's
        patient = result.settings.patient
        said = differences(result.benchmark, result.protocol, patient, result.judge)
        yield from _differing("differences", result.differences, said)
    yield from _differing("rows", [r.case_id for r in result.rows], [r.case_id for r in rows])
    for said_row, true_row in zip(result.rows, rows, strict=False):
        for field in type(true_row).model_fields:
            where = f"rows[{true_row.case_id}].{field}"
            told, true = getattr(said_row, field), getattr(true_row, field)
            if field == "error":
                told, true = _kind_of_error(told), _kind_of_error(true)
            yield from _differing(where, told, true)
    yield from _differing("bootstrap", result.bootstrap, Result.model_fields["bootstrap"].default)
    yield from _differing_items("counts", result.counts, counts(rows))
    yield from _differing_items("metrics", result.metrics, metrics(rows, result.protocol))
    yield from _differing_items("breakdowns", result.breakdowns, breakdowns(rows))


def unchecked(folder: str | Path, *, data: Sequence[str | Path] = ()) -> list[str]:
    """What `verify` cannot check here, in words. Nothing, if every number can be traced.

    Raises:
        BenchError: If result.json cannot be read.
    """
    result = Result.load(folder)
    _, missing = located(result.data, Path(folder), data)
    return [
        f"{name} is not here, so nothing says that the cases beside the result are the published "
        "ones, or all of them; give the file with --data"
        for name in missing
    ]


def remarks(folder: str | Path) -> list[str]:
    """What a reader should know of a result whose numbers follow."""
    result = Result.load(folder)
    said = []
    if result.environment_sha256 != environment_sha256(settings(result.protocol)):
        said.append(
            "made with other code or tables of the environment than are installed here "
            "(environment_sha256); replayed with those installed here"
        )
    if result.judge.name == LLM:
        said.append("the language model's verdicts are those of its record; it was not asked again")
    if result.settings.patient:
        said.append("the patient's answers are those of its record; the model was not asked again")
    return said


def _judge(folder: Path, result: Result, judge: str | None) -> JudgeChoice:
    said = result.judge
    if judge is None and said.name in (OFFLINE, LLM):
        judge = said.name
    if judge != said.name:
        raise BenchError(f"{folder}: judged by {said.name!r}; give it with --judge")
    if judge == LLM:
        asked = said.examinations is not None
        return JudgeChoice(
            LLM, said.model, said.endpoint, options=said.options, examinations=asked, replay=True
        )
    return JudgeChoice(judge)


def _source(folder: Path, result: Result, given: Sequence[str | Path]) -> Iterator[str]:
    said = result.data
    choice, missing = located(said, folder, given)
    if missing:
        return
    for source, path in zip(said.files, choice.files, strict=True):
        yield from _differing("data.files.sha256", source.sha256, sha256(path.read_bytes()))
    if choice.ids and said.ids:
        yield from _differing("data.ids.sha256", said.ids.sha256, sha256(choice.ids.read_bytes()))
        listed = ids_sha256(read_ids(choice.ids))
        yield from _differing("data.ids_sha256", said.ids_sha256, listed)
    played, unreadable = read(choice, result.protocol)
    yield from _differing("data.cases_hash (of the source)", said.cases_hash, played.hash)
    yield from _differing("data.unreadable", len(said.unreadable), len(unreadable))


def _replayed(lines: list[str], cases: list[Case], record: Path | None, jobs: int) -> Iterator[str]:
    told = sha256(record.read_bytes()) if record and record.exists() else ""
    replay = partial(_replay, record=record, told=told)
    if jobs <= 1:
        yield from map(replay, lines, cases)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(replay, lines, cases, chunksize=8)


@lru_cache(maxsize=1)
def _patients(setting: str, record: Path, told: str) -> Patients:
    """The patients of a record, read once; `told`, its hash, tells it from what stood there."""
    return Patients.recorded(PatientModel.model_validate_json(setting), record)


def _replay(line: str, case: Case, record: Path | None, told: str) -> str:
    """Why a trajectory is no true record, or ``""``."""
    played = Trajectory.model_validate_json(line)
    setting = played.settings.patient
    try:
        patients = None
        if record and setting:
            patients = _patients(setting.model_dump_json(), record, told)
        if played.replay(case, patients).to_json() != line:
            return "the replay differs from the record"
    except ChatError as error:
        return error.message  # of the record that should answer; nobody was asked
    except (ValueError, RuntimeError) as error:
        return str(error)
    if played.status == "errored" and played.episode(case).status != "open":
        return "is called errored, but was played to its end"
    return ""


def _kind_of_error(error: str) -> str:
    """An error as far as it follows: that a judge gave no answer, but not how it failed then."""
    return next((one for one in (UNJUDGED, EXAMINATIONS_UNJUDGED) if error.startswith(one)), error)


def _kind(result: Result) -> str:
    """The kind of a known agent; one's own is not loaded, as a name could run anything."""
    if result.agent.partition(":")[0] in LANGUAGE_AGENTS:
        return "contestant"
    if ":" in result.agent:
        return result.kind
    if result.agent not in AGENTS:
        return "of no agent that is known"
    return agent_used(result.agent).kind


def _differing_items(where: str, said: dict[str, Any], true: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*said, *true}):
        yield from _differing(f"{where}.{name}", said.get(name), true.get(name))


def _differing(where: str, said: object, true: object) -> Iterator[str]:
    if said != true:
        yield f"{where}: the result says {_short(said)}, what follows is {_short(true)}"


def _short(value: object) -> str:
    text = value.model_dump_json() if hasattr(value, "model_dump_json") else str(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
