"""Leaderboard: results side by side, the best first within each benchmark and protocol."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medaction_gym.benchmarks.interval import Estimate
from medaction_gym.benchmarks.protocol import Protocol
from medaction_gym.benchmarks.result import BenchError, Benchmark, Kind, Result

SCHEMA = "medaction-leaderboard/1"


class Entry(BaseModel):
    """A line of the leaderboard: of a `Result`, all but its rows.

    Attributes:
        comparable: What two entries must share to be compared: hash of the data, limit, judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    benchmark: Benchmark
    protocol: Protocol
    agent: str
    kind: Kind
    seed: int
    cases: int
    counts: dict[str, int]
    metrics: dict[str, Estimate]
    comparable: str


class Leaderboard(BaseModel):
    """Entries, the best first within each benchmark and protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: str = SCHEMA
    entries: tuple[Entry, ...]


def leaderboard(results: Iterable[Result]) -> Leaderboard:
    """Sort results by what may be compared, then by accuracy.

    Example:
        >>> leaderboard([]).entries
        ()
    """
    entries = [
        Entry(
            benchmark=result.benchmark,
            protocol=result.protocol,
            agent=result.agent,
            kind=result.kind,
            seed=result.seed,
            cases=result.data.cases,
            counts=result.counts,
            metrics=result.metrics,
            comparable=" ".join(
                (
                    f"data {result.data.sha256[:12]}",
                    f"limit {result.data.limit}",
                    f"judge {result.judge.name} {(result.judge.weights_sha256 or '')[:12]}",
                )
            ).strip(),
        )
        for result in results
    ]
    return Leaderboard(entries=tuple(sorted(entries, key=_place)))


def _place(entry: Entry) -> tuple[str | float | int, ...]:
    accuracy = entry.metrics["accuracy"].mean
    group = (entry.benchmark, entry.protocol, entry.comparable)
    return (*group, -accuracy if accuracy is not None else 1.0, entry.agent, entry.seed)


def results_in(folders: Iterable[Path]) -> list[Result]:
    """The results of folders that hold a result.json, or whose folders do.

    Raises:
        BenchError: If a folder holds none, or a result cannot be read.
    """
    found: list[Path] = []
    for folder in folders:
        beneath = (
            [folder]
            if (folder / "result.json").exists()
            else [file.parent for file in sorted(folder.rglob("result.json"))]
        )
        if not beneath:
            raise BenchError(f"{folder}: holds no result.json; make one with 'bench medr-bench'")
        found += beneath
    return [Result.load(folder) for folder in dict.fromkeys(found)]
