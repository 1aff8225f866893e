"""Leaderboard: results side by side, the best first within each benchmark and protocol."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medaction_gym.benchmarks.interval import Estimate
from medaction_gym.benchmarks.protocol import Benchmark, Protocol
from medaction_gym.benchmarks.provenance import BenchError, Kind
from medaction_gym.benchmarks.result import Result

SCHEMA = "medaction-leaderboard/2"


class Entry(BaseModel):
    """A line of the leaderboard: of a `Result`, all but its rows.

    Attributes:
        agent: Who played, with what it was made with.
        comparable: What two entries must share to be compared: hash of the data, limit, judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    benchmark: Benchmark
    protocol: Protocol
    agent: str
    kind: Kind
    seed: int
    trials: int
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
            agent=called(result),
            kind=result.kind,
            seed=result.seed,
            trials=result.trials,
            cases=result.data.cases,
            counts=result.counts,
            metrics=result.metrics,
            comparable=comparable(result),
        )
        for result in results
    ]
    return Leaderboard(entries=tuple(sorted(entries, key=_place)))


def called(result: Result) -> str:
    """The agent's name, with what tells it from others of that name."""
    chat = result.chat or {}
    more = {**chat.get("options", {}), **{k: v for k, v in chat.items() if k == "form"}}
    return " ".join([result.agent, *(f"{k}={v}" for k, v in sorted(more.items()))])


def comparable(result: Result) -> str:
    """What two results must share to be compared, in words: data, limit, trials, patient, judge."""
    data, judge = result.data, result.judge
    said = [f"data {' '.join(sorted(file.sha256[:12] for file in data.files))}"]
    said += [f"ids {data.ids_sha256[:12]}"] if data.ids_sha256 else []
    said += [f"first {data.limit}"] if data.limit else []
    said += [f"{result.trials} trials"] if result.trials > 1 else []
    patient = result.settings.patient
    said += [f"patient {patient.model} {patient.prompt}"] if patient else []
    by = (judge.name, judge.model, judge.version, (judge.sha256 or "")[:12])
    return ", ".join([*said, f"judge {' '.join(filter(None, by))}"])


def judged_in(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The metrics of examinations that a language model judged, if it did for any entry."""
    names = ("examination_recall_judged", "examination_precision_judged")
    return names if any(name in e.metrics for e in entries for name in names) else ()


def _place(entry: Entry) -> tuple[str | float | int, ...]:
    accuracy = entry.metrics["accuracy"].mean
    group = (entry.benchmark, entry.protocol, entry.comparable)
    return (*group, -accuracy if accuracy is not None else 1.0, entry.agent, entry.seed)


def as_markdown(board: Leaderboard) -> str:
    """The tables of a leaderboard, one for each benchmark and protocol.

    Example:
        >>> as_markdown(leaderboard([]))
        ''
    """
    judged = judged_in(board.entries)
    head = (
        *("agent", "accuracy", "95 %", "right", "wrong", "undecided", "unjudged", "refused"),
        *("truncated", "errored", "recall", "precision"),
        *(("recall judged", "precision judged") if judged else ()),
        *("DTC", "RAC", "turns", "USD"),
    )
    lines: list[str] = []
    before = None
    for entry in board.entries:
        group = (entry.benchmark, entry.protocol, entry.comparable)
        if group != before:
            lines += ["", f"## {entry.benchmark}, {entry.protocol}", "", entry.comparable, ""]
            lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
            before = group
        lines.append(f"| {' | '.join(_columns(entry, judged))} |")
    return "\n".join(lines[1:])


def _columns(entry: Entry, judged: tuple[str, ...]) -> list[str]:
    of = entry.cases * entry.trials
    ci = entry.metrics["accuracy"].ci
    fates = (*("right", "wrong", "undecided", "unjudged", "refused"), "truncated", "errored")
    means = ("examination_recall", "examination_precision", *judged, "dtc", "rac")
    kind = {"contestant": "", "bound": " (told the answer)", "exploit": " (exploit)"}[entry.kind]
    return [
        entry.agent + kind,
        _said(entry.metrics["accuracy"], ".3f"),
        f"{ci[0]:.3f}–{ci[1]:.3f}" if ci else "–",
        *(f"{entry.counts[fate]}/{of}" for fate in fates),
        *(_said(entry.metrics.get(name), ".3f") for name in means),
        _said(entry.metrics["turns"], ".1f"),
        _said(entry.metrics["usd"], ",.0f"),
    ]


def _said(value: Estimate | None, form: str) -> str:
    return "–" if value is None or value.mean is None else f"{value.mean:{form}}"


def results_in(folders: Iterable[str | Path]) -> list[Result]:
    """The results of folders that hold a result.json, or whose folders do.

    Raises:
        BenchError: If a folder holds none, or a result cannot be read.
    """
    found: list[Path] = []
    for folder in map(Path, folders):
        beneath = (
            [folder]
            if (folder / "result.json").exists()
            else [file.parent for file in sorted(folder.rglob("result.json"))]
        )
        if not beneath:
            raise BenchError(f"{folder}: holds no result.json; make one with 'bench medr-bench'")
        found += beneath
    return [Result.load(folder) for folder in dict.fromkeys(found)]
