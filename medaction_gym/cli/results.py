"""Results: ``compare``, ``rejudge``, ``leaderboard`` and ``bench verify``: what bench wrote."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import console, errors, kind_errors, name_own_modules
from medaction_gym.cli.endpoint import json_object

if TYPE_CHECKING:
    from medaction_gym.benchmarks.interval import Estimate
    from medaction_gym.benchmarks.judges import JudgeChoice
    from medaction_gym.benchmarks.leaderboard import Entry
    from medaction_gym.benchmarks.result import Result
    from medaction_gym.chat import Usage


def _folder(path: Path) -> Path:
    """The folder of a result, by its own name or by that of the file in it."""
    return path.parent if path.name == "result.json" and path.is_file() else path


Folder = Annotated[
    Path, typer.Argument(callback=_folder, help="A folder that bench wrote, or its result.json.")
]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes.")]
JUDGE = "Judge"
JudgeName = Annotated[
    str,
    typer.Option(
        "--judge",
        rich_help_panel=JUDGE,
        help="offline, llm, or module:function; the function makes a judge.",
    ),
]
JudgeModel = Annotated[
    str | None, typer.Option(rich_help_panel=JUDGE, help="LLM: its name; else OPENAI_MODEL.")
]
JudgeEndpoint = Annotated[
    str | None,
    typer.Option(rich_help_panel=JUDGE, help="LLM: where, up to /v1; else OPENAI_BASE_URL."),
]
JudgePerMinute = Annotated[
    float | None, typer.Option(min=0.1, rich_help_panel=JUDGE, help="LLM: requests a minute.")
]
JudgeOptions = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=JUDGE, help="LLM: of the requests, as JSON. Default: temperature 0."
    ),
]
JudgeExaminations = Annotated[
    bool,
    typer.Option(
        rich_help_panel=JUDGE, help="LLM: ask it, too, which recorded examinations were asked for."
    ),
]

_MARKS = {"contestant": "", "bound": " (told the answer)", "exploit": " (exploit)"}
FATES = ("right", "wrong", "undecided", "unjudged", "refused", "truncated", "errored")
UNCHECKED = 2  # exit status of verify where nothing is wrong but not everything could be checked


def choice_of(
    judge: str,
    model: str | None,
    endpoint: str | None,
    per_minute: float | None,
    options: str | None,
    examinations: bool,
) -> JudgeChoice:
    """The judge that the options ask for."""
    from medaction_gym.benchmarks.judges import LLM, JudgeChoice
    from medaction_gym.chat.client import model_named

    if judge != LLM and any((model, endpoint, per_minute, options, not examinations)):
        raise ValueError("an option for an LLM judge needs --judge llm")
    if judge == LLM:
        model = model_named(model, "--judge-model")
    asked = json_object(options, "--judge-options")
    return JudgeChoice(judge, model, endpoint, per_minute, asked, examinations)


def verify(
    folder: Folder,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="The benchmark's file, if it has moved; all, if several."),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="One's own judge, module:function; never read from a file.")
    ] = None,
    jobs: Jobs = 1,
) -> None:
    """Replay, score and judge again; exit with status 0 only if every number follows.

    Status 1: something does not follow; the first such thing is named. Status 2: nothing is wrong,
    but not everything could be checked, as when the benchmark's own file is not here. Times,
    tokens and package versions are taken on trust.
    """
    from medaction_gym.benchmarks import verify as verification
    from medaction_gym.benchmarks.provenance import versions
    from medaction_gym.benchmarks.result import Result

    name_own_modules()
    given = data or []
    with kind_errors():
        result = Result.load(folder)
        first = next(verification.verify(folder, data=given, judge=judge, jobs=jobs), None)
        unchecked = verification.unchecked(folder, data=given)
        remarks = verification.remarks(folder)
    for line in unchecked:
        errors.print(f"[yellow]not checked:[/] {escape(line)}")
    for line in remarks:
        errors.print(f"[yellow]note:[/] {escape(line)}")
    if first is not None:
        errors.print(f"[bold red]does not follow:[/] {escape(first)}")
        if versions() != result.versions:
            errors.print(f"[yellow]made with other versions:[/] {escape(str(result.versions))}")
        raise typer.Exit(1)
    if unchecked:
        console.print(f"not verified: {len(result.rows)} episodes replay, but see above")
        raise typer.Exit(UNCHECKED)
    console.print(f"every number follows: {len(result.rows)} of {len(result.rows)} replayed")


def compare(
    first: Folder,
    second: Annotated[Path, typer.Argument(help="Another, on the same cases.")],
) -> None:
    """Compare two results case by case: paired bootstrap, and McNemar's exact test."""
    from medaction_gym.benchmarks.compare import compare as compared
    from medaction_gym.benchmarks.result import Result

    with kind_errors():
        results = Result.load(first), Result.load(second)
        found = compared(*results)
    table = Table("second minus first", "difference", "95 % interval", "n")
    for name, value in found.differences.items():
        table.add_row(name, *cells(value, "+.3f"), str(value.n))
    console.print(table)
    a, b = (f"{r.agent}, {r.protocol}" for r in results)
    said = "none, as trials are not independent" if found.p is None else f"p = {found.p:.3g}"
    console.print(
        f"right: both {found.both}, only the first ({a}) {found.only_first}, only the second ({b}) "
        f"{found.only_second}, neither {found.neither}; left out as errored or unjudged "
        f"{found.left_out}. McNemar, exact and two-sided: {said}",
        markup=False,
    )


def rejudge(
    folder: Folder,
    judge: JudgeName = "offline",
    judge_model: JudgeModel = None,
    judge_endpoint: JudgeEndpoint = None,
    judge_per_minute: JudgePerMinute = None,
    judge_options: JudgeOptions = None,
    judge_examinations: JudgeExaminations = True,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a copy; the verdicts are replaced without it.")
    ] = None,
    jobs: Jobs = 1,
) -> None:
    """Judge a result's trajectories again, by another judge or another version; plays nothing."""
    from medaction_gym.benchmarks.bench import rejudge as judged_again

    name_own_modules()
    with kind_errors():
        asked = judge_model, judge_endpoint, judge_per_minute, judge_options
        by = choice_of(judge, *asked, judge_examinations)
        result = judged_again(folder, by, out, jobs=jobs)
    print_results([result])


def leaderboard(
    folders: Annotated[list[Path], typer.Argument(help="Folders of results, or folders of these.")],
    out: Annotated[Path | None, typer.Option(help="Folder for leaderboard.json.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Rank results by accuracy, with intervals; mark exploits and who is told the answer.

    Results are shown as they stand in their files; 'bench verify' says whether to believe them.
    """
    from medaction_gym.benchmarks.leaderboard import as_markdown, results_in
    from medaction_gym.benchmarks.leaderboard import leaderboard as ranked
    from medaction_gym.whole import whole_file

    with kind_errors():
        board = ranked(results_in(folders))
        if out is not None:
            with whole_file(out / "leaderboard.json") as file:
                file.write(board.model_dump_json(indent=1) + "\n")
    if markdown:
        typer.echo(as_markdown(board))
        return
    for title, entries in groupby(
        board.entries, lambda e: f"{e.benchmark}, {e.protocol} ({e.comparable})"
    ):
        console.print(_table(tuple(entries), title))


def print_results(results: Sequence[Result]) -> None:
    """The lines of some results, and where they differ from a paper's."""
    from medaction_gym.benchmarks.leaderboard import leaderboard as ranked

    console.print(_table(ranked(results).entries))
    for result in results:
        reliability = [(n, v) for n, v in result.metrics.items() if n.startswith("pass^")]
        if reliability:
            said = "; ".join(f"{name} {' '.join(cells(v, '.3f'))}" for name, v in reliability)
            console.print(f"{escape(result.agent)}, {result.trials} trials: {said}")
        if result.measured.usage:
            used, cost = result.measured.usage, result.measured.cost
            said = "" if cost is None else f", {cost:.4f} money"
            console.print(f"{escape(result.agent)}: {_tokens(used)}{said}")
        if result.measured.patient_usage:
            console.print(f"patient: {_tokens(result.measured.patient_usage)}")
        if result.measured.judge_usage:
            console.print(f"judge: {_tokens(result.measured.judge_usage)}")
    console.print(results[0].differences, markup=False)


def _tokens(used: Usage) -> str:
    return f"{used.requests} requests, {used.prompt} prompt and {used.completion} completion tokens"


def _table(entries: tuple[Entry, ...], title: str = "") -> Table:
    from medaction_gym.benchmarks.leaderboard import judged_in

    table = Table(
        title=escape(title) or None,
        caption="accuracy [95 % interval by case]: committed to the gold diagnosis, of the cases "
        "that neither errored nor went unjudged; right, wrong, undecided, unjudged, refused, "
        "truncated and errored add up to all"
        + ("; j: as the language model judges the examinations" if judged_in(entries) else ""),
    )
    table.add_column("agent")
    for name in ("accuracy", "[95 %]", "r/w/u/j/f/t/e", "of", "recall", "prec.", "DTC", "RAC"):
        table.add_column(escape(name), justify="right", no_wrap=True)
    for name in ("turns", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in entries:
        means = entry.metrics
        shown = ("examination_recall", "examination_precision")
        table.add_row(
            escape(entry.agent + _MARKS[entry.kind]),
            *cells(means["accuracy"], ".3f"),
            "/".join(str(entry.counts[fate]) for fate in FATES),
            str(entry.cases * entry.trials),
            *(_both(means[name], means.get(f"{name}_judged")) for name in shown),
            *(cells(means[name], ".3f")[0] for name in ("dtc", "rac")),
            cells(means["turns"], ".1f")[0],
            cells(means["usd"], ",.0f")[0],
        )
    return table


def _both(value: Estimate, judged: Estimate | None) -> str:
    """What was handed out, and beneath it what a language model judges."""
    said = cells(value, ".3f")[0]
    return said if judged is None else f"{said}\nj {cells(judged, '.3f')[0]}"


def cells(value: Estimate, form: str) -> tuple[str, str]:
    """A mean and its interval as text."""
    if value.mean is None or value.ci is None:
        return "–", "–"
    return f"{value.mean:{form}}", escape(f"[{value.ci[0]:{form}}, {value.ci[1]:{form}}]")
