"""Rollout: an agent plays one case, or all of them, and leaves trajectories.

A run's folder holds four files: ``run.json`` (what was run), ``cases.jsonl`` (on which cases, so
that the folder can be replayed alone), ``trajectories.jsonl``, one line an episode, trial by trial
in the order of the cases, appended as they finish, and ``measured.jsonl``, the time and the tokens
of each, which no two runs have alike. Where a language model plays the patient, ``patient.jsonl``
holds its answers. A killed run is continued by the same call: whole lines count as done, a torn
last line is cut off and played again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import cast
from weakref import finalize

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medaction_gym import __version__
from medaction_gym.agents.base import Agent, Start, agent_rng, failure, make_agent
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import SetupError
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.lockstep import Batched, lockstep
from medaction_gym.measured import MEASURED, Cost, Meter
from medaction_gym.oracle import Oracle, oracle_for
from medaction_gym.oracle.patient import RECORD as PATIENT
from medaction_gym.oracle.patient import PatientModel, Patients
from medaction_gym.trajectory import Settings, Trajectory, read_trajectories
from medaction_gym.whole import whole_file


class RunError(RuntimeError):
    """A run's folder cannot be used."""

    @classmethod
    def another(cls, folder: Path, differing: Iterable[str]) -> RunError:
        """The folder holds a run of another kind: these settings are not the same.

        Example:
            >>> print(RunError.another(Path("runs"), ["seed", "cases_hash"]))
            runs: holds another run (different seed, cases); choose another --out
        """
        said = ", ".join(n.removesuffix("_hash").removesuffix("_sha256") for n in differing)
        return cls(f"{folder}: holds another run (different {said}); choose another --out")


class RunConfig(BaseModel):
    """What was run: enough to do it again, and to refuse to mix two runs.

    Attributes:
        agent: Name of the agent, or ``module:Class``.
        chat: The model that the agent "chat" asks, if not the one of the environment.
        patient: The model that plays the patient; None for the offline oracle.
        seed: Seed of the agent's first trial; each further trial has the next.
        trials: How often each case is played.
        settings: Settings of the environment.
        cases_hash: Hash of the `CaseSet`.
        package_version: The medaction-gym that ran.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str
    chat: Endpoint | None = None
    patient: Endpoint | None = None
    seed: int = 0
    trials: int = Field(default=1, ge=1)
    settings: Settings = Settings()
    cases_hash: str
    package_version: str = __version__


def make_env(
    cases: CaseSet, settings: Settings, oracle: Callable[[Case], Oracle] = oracle_for
) -> DiagnosisEnv:
    """The environment for some settings, and who answers in it."""
    rules = settings.rules
    return DiagnosisEnv(
        cases,
        max_turns=rules.max_turns,
        max_tests=rules.max_tests,
        budget=rules.budget,
        reward=settings.reward,
        show_menu=settings.show_menu,
        oracle=oracle,
    )


def patients_of(endpoint: Endpoint | None, record: Path) -> Patients | None:
    """The patients that a language model plays; None if none does."""
    if endpoint is None:
        return None
    client = endpoint.client()
    patients = Patients(client, record, endpoint.options)
    finalize(patients, client.close)  # its connections end with it
    return patients


def rollout(
    env: DiagnosisEnv,
    agent: Agent,
    case: Case,
    *,
    name: str = "",
    seed: int = 0,
    settings: Settings | None = None,
) -> Trajectory:
    """Let an agent play one case to its end.

    An exception in the agent or in a patient that is a language model is recorded as status
    ``"errored"``; it is never turned into a wrong diagnosis or a missing test.

    Args:
        env: An environment whose cases include the case.
        agent: The agent.
        case: The case to play.
        name: The agent's name, for the record.
        seed: Seed of the agent; the stream also depends on the case's id, so that a case plays
            the same alone or among others.
        settings: The environment's settings, for the record.

    Raises:
        SetupError: If a language model cannot be asked at all, for want of a key say.

    Example:
        >>> cases = CaseSet.teaching()
        >>> env = DiagnosisEnv(cases)
        >>> rollout(env, make_agent("cheating-oracle"), cases[0]).right
        True
    """
    observation, info = env.reset(options={"case_id": case.id})
    error = ""
    try:
        agent.begin(
            Start(observation, info, agent_rng(seed, case), case if agent.privileged else None)
        )
        over = False
        while not over:
            observation, _, terminated, truncated, info = env.step(agent.act(observation, info))
            over = terminated or truncated
    except SetupError:
        raise
    except Exception as raised:
        error = failure(raised)
    settings = settings or Settings(
        rules=env.rules,
        reward=env.reward_preset,
        show_menu=env.show_menu,
        patient=getattr(env.oracle, "setting", None),
    )
    return Trajectory.of(env.episode, settings=settings, agent=name, seed=seed, error=error)


def run(
    cases: CaseSet,
    agent: str,
    out: str | os.PathLike[str],
    *,
    chat: Endpoint | None = None,
    patient: Endpoint | None = None,
    seed: int = 0,
    trials: int = 1,
    settings: Settings | None = None,
    jobs: int = 1,
    seats: int = 1,
    retry_errored: bool = False,
    on_case: Callable[[Trajectory], None] | None = None,
) -> list[Trajectory]:
    """Let an agent play every case, writing trajectories as it goes; continue a killed run.

    Args:
        cases: The cases.
        agent: Name of the agent, or ``module:Class``.
        out: The run's folder; made if missing.
        chat: The model that the agent "chat" asks, if not the one of the environment.
        patient: The model that plays the patient; the offline oracle if None. Its answers are kept
            in ``patient.jsonl``.
        seed: Seed of the agent.
        trials: How often each case is played, with the seeds ``seed``, ``seed + 1``, ...
        settings: Settings of the environment.
        jobs: Worker processes. The files are the same bytes for any number.
        seats: Episodes that an agent with a language model plays side by side; see `lockstep`.
        retry_errored: Play cases again that errored in an earlier call.
        on_case: Called with each trajectory, those of an earlier call included.

    Returns:
        One trajectory a case and trial: the cases in their order, once for each trial.

    Raises:
        RunError: If the folder belongs to another run, is in use, or was altered.
        SetupError: If a language model cannot be asked at all, for want of a key say.
        ValueError: If there is no such agent, or it cannot play several episodes at once.
    """
    settings = settings or Settings()
    made = make_agent(agent, chat)  # fail before anything is written
    if seats > 1 and (jobs > 1 or not hasattr(made, "moves")):
        raise ValueError("several seats are for one process and an agent with a language model")
    folder = Path(out)
    if patient:
        model = PatientModel(model=patient.model, options=patient.options)
        settings = settings.model_copy(update={"patient": model})
    folder.mkdir(parents=True, exist_ok=True)
    config = RunConfig(
        agent=agent,
        chat=chat and chat.placed(folder, jobs),
        patient=patient and patient.shared(jobs),
        seed=seed,
        trials=trials,
        settings=settings,
        cases_hash=cases.hash,
    )
    try:
        with FileLock(folder / ".lock", timeout=0):
            tell = on_case or (lambda trajectory: None)
            return _run(cases, config, folder, (jobs, seats), retry_errored, tell)
    except Timeout:
        raise RunError(f"{folder}: another run is writing here") from None


def _run(
    cases: CaseSet,
    config: RunConfig,
    folder: Path,
    side_by_side: tuple[int, int],
    retry_errored: bool,
    on_case: Callable[[Trajectory], None],
) -> list[Trajectory]:
    _claim(folder, config, cases)
    file = folder / "trajectories.jsonl"
    # Of an episode that stands there twice, the second was played because the first had errored.
    done = {(t.seed, t.case_id): t for t in _finished(file)}
    seeds = range(config.seed, config.seed + config.trials)
    units = [(seed, case.id) for seed in seeds for case in cases]
    strangers = sorted(set(done) - set(units))
    if strangers:
        raise RunError(f"{file}: holds cases that are not part of this run: {strangers[:3]}")
    errored = {u for u, t in done.items() if retry_errored and t.status == "errored"}
    done = {u: t for u, t in done.items() if u not in errored}
    for trajectory in done.values():
        on_case(trajectory)
    left = [unit for unit in units if unit not in done]
    with (
        file.open("a", encoding="utf-8", newline="\n") as output,
        (folder / MEASURED).open("a", encoding="utf-8", newline="\n") as measured,
    ):
        for line, cost in _play(left, config, folder, cases, *side_by_side):
            measured.write(cost.model_dump_json() + "\n")
            measured.flush()
            output.write(line + "\n")
            output.flush()
            trajectory = Trajectory.model_validate_json(line)
            done[trajectory.seed, trajectory.case_id] = trajectory
            on_case(trajectory)
    if errored:
        with whole_file(file) as output:
            output.writelines(done[unit].to_json() + "\n" for unit in units)
    return [done[unit] for unit in units]


def _claim(folder: Path, config: RunConfig, cases: CaseSet) -> None:
    """Write the run's description, or check that it is the same run."""
    description = folder / "run.json"
    if description.exists():
        try:
            before = RunConfig.model_validate_json(description.read_text(encoding="utf-8"))
        except (ValidationError, ValueError) as error:
            raise RunError(f"{description}: is damaged: {error}") from None
        differing = [
            name
            for name in RunConfig.model_fields
            if getattr(before, name) != getattr(config, name)
        ]
        if differing:
            raise RunError.another(folder, differing)
        return
    if (folder / "trajectories.jsonl").exists():
        raise RunError(f"{folder}: has trajectories but no run.json; choose another --out")
    cases.save(folder / "cases.jsonl")
    described = config.model_dump(
        mode="json", exclude={"chat": Endpoint.REACHED, "patient": Endpoint.REACHED}
    )
    with whole_file(description) as file:
        file.write(json.dumps(described, indent=2) + "\n")


def _finished(file: Path) -> Iterator[Trajectory]:
    """The trajectories already written; a torn last line is cut off."""
    if not file.exists():
        return
    data = file.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with file.open("r+b") as output:
            output.truncate(whole)
    yield from read_trajectories(file)


def _play(
    units: list[tuple[int, str]],
    config: RunConfig,
    folder: Path,
    cases: CaseSet,
    jobs: int,
    seats: int,
) -> Iterator[tuple[str, Cost]]:
    if seats > 1:
        yield from _seated(units, config, folder, cases, seats)
        return
    if jobs <= 1 or len(units) < 2:
        worker = _Worker(config, folder, cases)
        for unit in units:
            yield worker.play(unit)
        return
    # spawn: a worker starts clean, whatever threads or sessions the caller holds.
    with ProcessPoolExecutor(
        max_workers=min(jobs, len(units)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(config.model_dump(mode="json"), str(folder)),
    ) as pool:
        yield from pool.map(_play_one, units, chunksize=min(8, len(units) // (2 * jobs) + 1))


def _seated(
    units: list[tuple[int, str]], config: RunConfig, folder: Path, cases: CaseSet, seats: int
) -> Iterator[tuple[str, Cost]]:
    agent = make_agent(config.agent, config.chat)
    patients = patients_of(config.patient, folder / PATIENT)
    meter = Meter(agent, patients)
    for seed, of in groupby(units, lambda unit: unit[0]):
        ids = [case_id for _, case_id in of]
        for trajectory in lockstep(
            (cases.get(case_id) for case_id in ids),
            cast(Batched, agent),
            lambda: make_env(cases, config.settings, patients or oracle_for),
            seats=min(seats, len(ids)),
            name=config.agent,
            seed=seed,
            settings=config.settings,
        ):
            # Side by side, what is spent until an episode is written is told of that episode.
            yield trajectory.to_json(), meter.read(trajectory.case_id, seed)


class _Worker:
    """An agent and an environment that are kept between cases."""

    def __init__(self, config: RunConfig, folder: Path, cases: CaseSet):
        self.config = config
        self.cases = cases
        self.patients = patients_of(config.patient, folder / PATIENT)
        self.env = make_env(cases, config.settings, self.patients or oracle_for)
        self.agent = make_agent(config.agent, config.chat)

    def play(self, unit: tuple[int, str]) -> tuple[str, Cost]:
        seed, case_id = unit
        meter = Meter(self.agent, self.patients)
        line = rollout(
            self.env,
            self.agent,
            self.cases.get(case_id),
            name=self.config.agent,
            seed=seed,
            settings=self.config.settings,
        ).to_json()
        return line, meter.read(case_id, seed)


_worker: _Worker | None = None


def _start_worker(config: dict[str, object], folder: str) -> None:
    global _worker
    cases = CaseSet.load(Path(folder) / "cases.jsonl")
    _worker = _Worker(RunConfig.model_validate(config), Path(folder), cases)


def _play_one(unit: tuple[int, str]) -> tuple[str, Cost]:
    assert _worker is not None, "the worker was not started by _start_worker"
    return _worker.play(unit)
