"""Trajectory: the one record of an episode that everything downstream reads.

It holds what was done and what came of it, and enough to replay it byte for byte: the case's id and
hash, the environment's settings, the package version. The case itself, gold included, stays in
its own file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from medaction_gym import __version__
from medaction_gym.actions import Action, Malformed, Outcome
from medaction_gym.cases.case import Case
from medaction_gym.episode import Episode, Rules, Turn
from medaction_gym.metrics.outcome import RIGHT, top
from medaction_gym.metrics.process import Process
from medaction_gym.oracle import Oracle, Release, oracle_for
from medaction_gym.oracle.patient import PatientModel
from medaction_gym.prompt.messages import exchange, opening, recorded
from medaction_gym.reward import Preset, final_grade, reward_terms
from medaction_gym.view import render_opening

SCHEMA = "medaction-trajectory/1"
ENV_ID = "MedAction-v0"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Settings(_Frozen):
    """The environment's settings that an episode depends on.

    Attributes:
        rules: What is allowed.
        reward: The reward's preset.
        show_menu: Whether the names of the recorded tests are shown.
        patient: The language model that answered; None, and not written, if the offline oracle did.
    """

    rules: Rules = Rules()
    reward: Preset = "shaped"
    show_menu: bool = False
    patient: PatientModel | None = None

    @model_serializer(mode="wrap")
    def _serialised(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # As records were before there were patients: they replay byte for byte.
        return {k: v for k, v in usual(self).items() if k != "patient" or v is not None}


class Step(_Frozen):
    """One turn as recorded.

    Attributes:
        action: The action, or ``{"reason", "received"}`` of malformed input.
        outcome: How it was taken.
        message: What the doctor was told.
        released: Pairs of item and analyte index in the case's tests (-1: the whole item).
        usd: Dollars spent in this turn.
        hours: Hours waited in this turn.
        reward_terms: The reward's terms.
        reward: Their sum.
    """

    action: Action | Malformed
    outcome: Outcome
    message: str
    released: tuple[tuple[int, int], ...] = ()
    usd: float = 0.0
    hours: float = 0.0
    reward_terms: dict[str, float]
    reward: float


Status = Literal["committed", "truncated", "errored"]


class Trajectory(_Frozen):
    """An episode from presentation to end.

    Attributes:
        schema_version: Version of this record's format.
        env_id: Registered id of the environment.
        package_version: The medaction-gym that wrote it.
        case_id: The case.
        case_hash: SHA-256 of the case's content.
        settings: The environment's settings.
        agent: Who played.
        seed: The seed the agent was given.
        status: ``"committed"``, ``"truncated"``, or ``"errored"``: the agent or the infrastructure
            failed, which says nothing about the diagnosis.
        error: What failed, for ``"errored"``.
        opening: What the doctor saw first.
        steps: The turns.
        prediction: The diagnosis committed to, or the head of the differential on truncation.
        grade: Grade of the final diagnosis in [0, 1].
        right: Whether the grade counts as right.
        reward: Sum of all rewards.
        tests: Tests that gave a result.
        usd: Dollars spent.
        hours: Hours passed.
    """

    schema_version: str = SCHEMA
    env_id: str = ENV_ID
    package_version: str = __version__
    case_id: str
    case_hash: str
    settings: Settings
    agent: str = ""
    seed: int = 0
    status: Status
    error: str = ""
    opening: str
    steps: tuple[Step, ...]
    prediction: str = ""
    grade: float = 0.0
    right: bool = False
    reward: float = 0.0
    tests: int = 0
    usd: float = 0.0
    hours: float = 0.0

    @classmethod
    def of(
        cls,
        episode: Episode,
        *,
        settings: Settings | None = None,
        agent: str = "",
        seed: int = 0,
        error: str = "",
    ) -> Trajectory:
        """Record an episode.

        Args:
            episode: Its last state.
            settings: The environment's settings; those of the episode's rules if None.
            agent: Who played.
            seed: The agent's seed.
            error: What failed, if the episode could not be played to its end.

        Raises:
            ValueError: If the episode is still open and no error is given.
        """
        settings = settings or Settings(rules=episode.rules)
        if episode.status == "open" and not error:
            raise ValueError("the episode is still open; play it to its end, or give the error")
        states = []
        state: Episode | None = episode
        while state is not None and state.turn is not None:
            states.append(state)
            state = state.previous
        steps = tuple(_steps(reversed(states), settings.reward))
        final = 0.0 if error else final_grade(episode)
        return cls(
            case_id=episode.case.id,
            case_hash=episode.case.hash,
            settings=settings,
            agent=agent,
            seed=seed,
            status="errored" if error or episode.status == "open" else episode.status,
            error=error,
            opening=render_opening(episode.case, show_menu=settings.show_menu),
            steps=steps,
            prediction="" if error else episode.committed or top(episode.differential),
            grade=final,
            right=final >= RIGHT,
            reward=round(sum(step.reward for step in steps), 10),
            tests=episode.tests,
            usd=episode.usd,
            hours=episode.hours,
        )

    def episode(self, case: Case) -> Episode:
        """The episode as recorded, its last state; nothing is asked of an oracle.

        Args:
            case: The case; its hash must be the recorded one.

        Raises:
            ValueError: If the case is not the recorded one.
        """
        self._check(case)
        episode = Episode.start(case, self.settings.rules)
        for step in self.steps:
            released = tuple(Release(*pair) for pair in step.released)
            episode = episode.after(
                Turn(
                    action=step.action,
                    outcome=step.outcome,
                    message=step.message,
                    why="",
                    released=released,
                    tests=len({release.item for release in released}),
                    usd=step.usd,
                    hours=step.hours,
                )
            )
        return episode

    def replay(self, case: Case, oracle: Callable[[Case], Oracle] | None = None) -> Trajectory:
        """Play the recorded actions again.

        Args:
            case: The case; its hash must be the recorded one.
            oracle: Who answers; the offline oracle if None. Where a language model played the
                patient, it takes `Patients.recorded`.

        Returns:
            The trajectory that results. Equal to this one, byte for byte, unless the record was
            altered or this version of the package answers differently.

        Raises:
            ValueError: If the case is not the recorded one, or its patient is missing.
        """
        self._check(case)
        if self.settings.patient and oracle is None:
            raise ValueError(
                f"case {self.case_id}: {self.settings.patient.model} played the patient; without "
                "the record of its answers nothing can be replayed"
            )
        episode = Episode.start(case, self.settings.rules, oracle or oracle_for)
        for step in self.steps:
            episode = episode.act(step.action)
        replayed = Trajectory.of(
            episode,
            settings=self.settings,
            agent=self.agent,
            seed=self.seed,
            error=self.error or ("" if episode.status != "open" else "the record is incomplete"),
        )
        return replayed.model_copy(update={"package_version": self.package_version})

    def _check(self, case: Case) -> None:
        if case.hash != self.case_hash:
            raise ValueError(
                f"case {self.case_id}: its content is not what was played (hash {case.hash[:12]}, "
                f"recorded {self.case_hash[:12]})"
            )

    def to_json(self) -> str:
        """One line of JSON."""
        return self.model_dump_json()

    def messages(self) -> list[dict[str, Any]]:
        """The episode as chat messages with tool calls, in OpenAI's form.

        Malformed input becomes an assistant message followed by the environment's answer as a
        user message, since no tool was called.

        Example:
            >>> from medaction_gym.cases.caseset import CaseSet
            >>> end = Episode.start(CaseSet.teaching()[0]).act((2, "Gout"))
            >>> [m["role"] for m in Trajectory.of(end).messages()]
            ['system', 'user', 'assistant', 'tool']
        """
        messages = opening(self.opening)
        for number, step in enumerate(self.steps, 1):
            messages += exchange(recorded(step.action), "", step.message, number)
        return messages


def _steps(states: Iterable[Episode], preset: Preset) -> Iterator[Step]:
    was = now = Process()
    for state in states:
        turn = state.turn
        assert turn is not None
        if preset != "outcome":
            now = was.after(state)
        terms = reward_terms(state, preset, was, now)
        was = now
        yield Step(
            action=turn.action,
            outcome=turn.outcome,
            message=turn.message,
            released=tuple((r.item, r.analyte) for r in turn.released),
            usd=turn.usd,
            hours=turn.hours,
            reward_terms=terms,
            reward=sum(terms.values()),
        )


class TrajectoryFormatError(ValueError):
    """A trajectory file cannot be used as it stands."""


def read_trajectories(path: str | Path) -> Iterator[Trajectory]:
    """Read a trajectory file line by line.

    Raises:
        FileNotFoundError: If there is no such file.
        TrajectoryFormatError: At the first bad line; names the file, the line and what is wrong.
    """
    path = Path(path)
    # What is no UTF-8 becomes surrogates, so that the line it stands on is named below.
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                schema = record.get("schema_version") if isinstance(record, Mapping) else None
                if schema != SCHEMA:
                    raise ValueError(f"schema_version is {schema!r}; this version reads {SCHEMA!r}")
                yield Trajectory.model_validate(record)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(map(str, first["loc"]))
                raise TrajectoryFormatError(
                    f"{path}: line {number}: {where}: {first['msg']}"
                ) from None
            except (ValueError, RecursionError) as error:
                raise TrajectoryFormatError(f"{path}: line {number}: {error}") from None


def write_trajectories(path: str | Path, trajectories: Iterable[Trajectory]) -> None:
    """Write trajectories to a file, one a line."""
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for trajectory in trajectories:
            file.write(trajectory.to_json() + "\n")
