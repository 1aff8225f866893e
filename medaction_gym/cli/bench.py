"""Bench: ``medaction-gym bench`` and ``leaderboard``: play benchmarks, verify, compare, rank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import console, errors, kind_errors, progress_bar

if TYPE_CHECKING:
    from medaction_gym.benchmarks.interval import Estimate
    from medaction_gym.benchmarks.leaderboard import Entry
    from medaction_gym.benchmarks.result import Benchmark

app = typer.Typer(no_args_is_help=True)

ProtocolName = Literal["oracle", "1-turn", "free-turn"]
Data = Annotated[Path, typer.Option("--data", help="The benchmark's file, as published.")]
Protocol = Annotated[
    ProtocolName,
    typer.Option(help="oracle: the whole record is shown; 1-turn: one request; free-turn."),
]
Agent = Annotated[str, typer.Option(help="Name of an agent, or module:Class.")]
Out = Annotated[Path, typer.Option(help="Folder for trajectories.jsonl and result.json.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes.")]
Seed = Annotated[int, typer.Option(help="Seed of the agent.")]
Judge = Annotated[
    str, typer.Option(help="offline, or module:function; the function makes a judge.")
]

_MARKS = {"contestant": "", "bound": " (told the answer)", "exploit": " (exploit)"}


@app.command("medr-bench")
def medr_bench(
    data: Data,
    agent: Agent,
    out: Out,
    protocol: Protocol = "free-turn",
    limit: Limit = None,
    jobs: Jobs = 1,
    seed: Seed = 0,
    judge: Judge = "offline",
) -> None:
    """Play MedR-Bench's diagnosis cases; write trajectories and result.json.

    A run that was killed goes on where it stopped when the same command is given again.
    """
    _bench("medr-bench", data, agent, out, protocol, limit, jobs, seed, judge)


@app.command("agentclinic")
def agentclinic(
    data: Data,
    agent: Agent,
    out: Out,
    protocol: Protocol = "free-turn",
    limit: Limit = None,
    jobs: Jobs = 1,
    seed: Seed = 0,
    judge: Judge = "offline",
) -> None:
    """Play AgentClinic's cases under the same protocols; write trajectories and result.json."""
    _bench("agentclinic", data, agent, out, protocol, limit, jobs, seed, judge)


def _bench(
    benchmark: Benchmark,
    data: Path,
    agent: str,
    out: Path,
    protocol: ProtocolName,
    limit: int | None,
    jobs: int,
    seed: int,
    judge: str,
) -> None:
    from medaction_gym.benchmarks.bench import bench
    from medaction_gym.benchmarks.leaderboard import leaderboard

    # A module in the folder where the command is given, as with "python -m".
    sys.path.insert(0, str(Path.cwd()))
    with kind_errors(), progress_bar() as bar:
        task = bar.add_task(agent, total=None)
        result = bench(
            benchmark,
            data,
            protocol,
            agent,
            out,
            limit=limit,
            jobs=jobs,
            seed=seed,
            judge=judge,
            on_case=lambda _: bar.advance(task),
        )
    for line in result.data.unreadable:
        errors.print(f"[yellow]not played:[/] {escape(line)}")
    for row in result.rows:
        if row.error:
            errors.print(f"[red]{row.fate}[/] {escape(row.case_id)}: {escape(row.error)}")
    console.print(_table(leaderboard([result]).entries))
    console.print(result.differences, markup=False)
    console.print(f"Result: {out / 'result.json'}", markup=False, soft_wrap=True)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A folder that bench wrote.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="The benchmark's file, if it has moved.")
    ] = None,
    judge: Judge = "offline",
    jobs: Jobs = 1,
) -> None:
    """Replay, score and judge again; exit with status 0 only if every number follows.

    Names the first that does not. Times and package versions are taken on trust.
    """
    from medaction_gym.benchmarks import verify as verification
    from medaction_gym.benchmarks.result import Result, versions

    sys.path.insert(0, str(Path.cwd()))
    with kind_errors():
        result = Result.load(folder)
        first = next(verification.verify(folder, data=data, judge=judge, jobs=jobs), None)
        source = verification.source_of(folder, result, data)
    if source is None:
        errors.print(
            f"[yellow]not checked:[/] {escape(result.data.file)} is not here; the cases are those "
            "beside the result. Give the published file with --data to have it checked."
        )
    if first is not None:
        errors.print(f"[bold red]does not follow:[/] {escape(first)}")
        if versions() != result.versions:
            errors.print(f"[yellow]made with other versions:[/] {escape(str(result.versions))}")
        raise typer.Exit(1)
    console.print(f"every number follows: {len(result.rows)} of {result.data.cases} cases replayed")


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A folder that bench wrote.")],
    second: Annotated[Path, typer.Argument(help="Another, on the same cases.")],
) -> None:
    """Compare two results case by case: paired bootstrap, and McNemar's exact test."""
    from medaction_gym.benchmarks.compare import compare as compared
    from medaction_gym.benchmarks.result import Result

    with kind_errors():
        results = Result.load(first), Result.load(second)
        found = compared(*results)
    table = Table("second minus first", "difference", "95 % interval", "cases")
    for name, value in found.differences.items():
        table.add_row(name, *_cells(value, "+.3f"), str(value.n))
    console.print(table)
    a, b = (f"{r.agent}, {r.protocol}" for r in results)
    console.print(
        f"right: both {found.both}, only the first ({a}) {found.only_first}, only the second ({b}) "
        f"{found.only_second}, neither {found.neither}; left out as errored or unjudged "
        f"{found.left_out}. McNemar, exact and two-sided: p = {found.p:.3g}",
        markup=False,
    )


def leaderboard(
    folders: Annotated[list[Path], typer.Argument(help="Folders of results, or folders of these.")],
    out: Annotated[Path | None, typer.Option(help="Folder for leaderboard.json.")] = None,
) -> None:
    """Rank results by accuracy, with intervals; mark exploits and who is told the answer.

    Results are shown as they stand in their files; 'bench verify' says whether to believe them.
    """
    from itertools import groupby

    from medaction_gym.benchmarks.leaderboard import leaderboard as ranked
    from medaction_gym.benchmarks.leaderboard import results_in
    from medaction_gym.whole import whole_file

    with kind_errors():
        board = ranked(results_in(folders))
        if out is not None:
            with whole_file(out / "leaderboard.json") as file:
                file.write(board.model_dump_json(indent=1) + "\n")
    for title, entries in groupby(
        board.entries, lambda e: f"{e.benchmark}, {e.protocol} ({e.comparable})"
    ):
        console.print(_table(tuple(entries), title))


def _table(entries: tuple[Entry, ...], title: str = "") -> Table:
    table = Table(
        title=escape(title) or None,
        caption="accuracy [95 % interval by case]: committed to the gold diagnosis, of the cases "
        "that neither errored nor went unjudged; right, wrong, undecided, unjudged, truncated and "
        "errored add up to all cases",
    )
    table.add_column("agent")
    for name in ("accuracy", "[95 %]", "r/w/u/j/t/e", "of", "recall", "prec.", "DTC", "RAC"):
        table.add_column(escape(name), justify="right", no_wrap=True)
    for name in ("turns", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    fates = ("right", "wrong", "undecided", "unjudged", "truncated", "errored")
    for entry in entries:
        means = entry.metrics
        shown = ("examination_recall", "examination_precision", "dtc", "rac")
        table.add_row(
            escape(entry.agent + _MARKS[entry.kind]),
            *_cells(means["accuracy"], ".3f"),
            "/".join(str(entry.counts[fate]) for fate in fates),
            str(entry.cases),
            *(_cells(means[name], ".3f")[0] for name in shown),
            _cells(means["turns"], ".1f")[0],
            _cells(means["usd"], ",.0f")[0],
        )
    return table


def _cells(value: Estimate, form: str) -> tuple[str, str]:
    if value.mean is None or value.ci is None:
        return "–", "–"
    return f"{value.mean:{form}}", escape(f"[{value.ci[0]:{form}}, {value.ci[1]:{form}}]")
