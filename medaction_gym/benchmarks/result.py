"""Result: a benchmark's outcome as one file, with all that a reader of a leaderboard must know."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from medaction_gym.benchmarks.interval import DRAWS, LEVEL, SEED, Estimate
from medaction_gym.benchmarks.judges import JudgeUsed
from medaction_gym.benchmarks.protocol import Benchmark, Protocol
from medaction_gym.benchmarks.provenance import BenchError, Kind
from medaction_gym.benchmarks.row import Row
from medaction_gym.chat import Usage
from medaction_gym.trajectory import Settings
from medaction_gym.whole import whole_file

# Version 3 adds the patient, judged examinations and their tokens; 2 is read as having none.
SCHEMA: Literal["medaction-bench-result/3"] = "medaction-bench-result/3"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(_Frozen):
    """A file that was read: seen from the result's folder, and SHA-256 of its bytes."""

    file: str
    sha256: str

    def moved(self, old: Path, new: Path) -> Source:
        """The same file, seen from another folder."""
        path = Path(os.path.relpath(old / self.file, new)).as_posix()
        return Source(file=path, sha256=self.sha256)


class Data(_Frozen):
    """What was played.

    Attributes:
        files: The data files.
        ids: The list of ids that chose among their cases; None for all cases.
        ids_sha256: Of the ids in the list, a line each.
        limit: Only the first so many cases, or None for all.
        cases: How many cases were played.
        cases_hash: `CaseSet.hash` of the cases as played.
        unreadable: Records of the files that make no case, with the reason; they are not played.
    """

    files: tuple[Source, ...]
    ids: Source | None = None
    ids_sha256: str | None = None
    limit: int | None
    cases: int
    cases_hash: str
    unreadable: tuple[str, ...]

    def moved(self, old: Path, new: Path) -> Data:
        """The same, seen from another folder."""
        files = tuple(file.moved(old, new) for file in self.files)
        ids = self.ids.moved(old, new) if self.ids else None
        return self.model_copy(update={"files": files, "ids": ids})


class PatientUsed(_Frozen):
    """The language model that played the patient; `Settings.patient` says how it was asked.

    Attributes:
        sha256: Of the prompt.
        endpoint: Where it was asked.
        record_sha256: Of ``patient.jsonl``, its answers.
    """

    sha256: str
    endpoint: str
    record_sha256: str | None


class Bootstrap(_Frozen):
    """How the intervals were made: cases drawn with replacement, percentiles."""

    draws: int = DRAWS
    seed: int = SEED
    level: float = LEVEL
    clusters: str = "case"


class Measured(_Frozen):
    """What no replay can confirm.

    Attributes:
        played: Episodes played in the call that wrote the file; the others stood there before.
        wall_s: Seconds on the clock of that call.
        cpu_s: Seconds of its processor time, workers included.
        episodes_wall_s: Seconds of all episodes, one after the other, those of earlier calls
            included.
        endpoint: Where the agent "chat" asked, if that was given.
        usage: The agent's requests and tokens in all episodes; None if it counts none.
        cost: Their price, by the price that was given.
        patient_usage: The same of a language model that played the patient; None if none did.
        judge_usage: The same of a language model that judged, in the call that wrote the file; what
            stood in its record was free.
    """

    played: int
    wall_s: float
    cpu_s: float
    episodes_wall_s: float = 0.0
    endpoint: str = ""
    usage: Usage | None = None
    cost: float | None = None
    patient_usage: Usage | None = None
    judge_usage: Usage | None = None


class Result(_Frozen):
    """A benchmark's outcome.

    Attributes:
        schema_version: Version of this format.
        benchmark: Which data.
        protocol: Which protocol.
        agent: Who played.
        chat: What the agent "chat" asked its model for: name, form, options, context.
        kind: A contestant; a bound, who is told the answer; or an exploit, that must not pay.
        prompt_sha256: Of the agent's prompt; None if it states none.
        seed: Seed of the first trial.
        trials: How often each case was played.
        settings: The environment's settings.
        patient: Where the patient was asked; None for the offline oracle.
        environment_sha256: Of the settings and the environment's code and tables.
        data: What was played.
        judge: Who judged.
        differences: Where the scoring differs from the paper's.
        versions: Python and packages.
        measured: Times, tokens, money.
        trajectories_sha256: Of trajectories.jsonl.
        bootstrap: How intervals were made.
        counts: See `tally.counts`; they add up to ``data.cases`` times ``trials``.
        metrics: See `tally.metrics`.
        breakdowns: See `tally.breakdowns`.
        rows: One row a case and trial, in the order of the trajectories.
    """

    schema_version: Literal["medaction-bench-result/2", "medaction-bench-result/3"] = SCHEMA
    benchmark: Benchmark
    protocol: Protocol
    agent: str
    chat: dict[str, Any] | None = None
    kind: Kind
    prompt_sha256: str | None = None
    seed: int
    trials: int = 1
    settings: Settings
    patient: PatientUsed | None = None
    environment_sha256: str
    data: Data
    judge: JudgeUsed
    differences: str
    versions: dict[str, str]
    measured: Measured
    trajectories_sha256: str
    bootstrap: Bootstrap = Bootstrap()
    counts: dict[str, int]
    metrics: dict[str, Estimate]
    breakdowns: dict[str, dict[str, dict[str, Estimate]]]
    rows: tuple[Row, ...]

    def save(self, folder: str | Path) -> None:
        """Write result.json into a folder."""
        with whole_file(Path(folder) / "result.json") as file:
            file.write(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Read a folder's result.json.

        Raises:
            BenchError: If there is none, or it does not follow the schema; names the field.
        """
        path = Path(folder) / "result.json"
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            inside = sorted(file.parent for file in Path(folder).glob("*/result.json"))
            told = f"name one, such as {inside[0]}" if inside else "make it with 'bench medr-bench'"
            raise BenchError(f"{path}: no such file; {told}") from None
        except ValueError as error:
            raise BenchError(f"{path}: {error}") from None
