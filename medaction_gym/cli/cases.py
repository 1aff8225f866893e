"""Cases: ``medaction-gym cases check|compile|list|show``."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import (
    CasesOption,
    console,
    kind_errors,
    load_cases,
    progress_bar,
)
from medaction_gym.cli.endpoint import (
    PANEL,
    BaseUrl,
    Model,
    Options,
    PerMinute,
    Price,
    json_object,
    used,
)

if TYPE_CHECKING:
    from medaction_gym.articles.compiler import Compiler
    from medaction_gym.chat import ChatClient

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Case file or folder.")],
    leaks: Annotated[
        bool, typer.Option("--leaks", help="List every leak, not only the totals.")
    ] = False,
) -> None:
    """Print counts, menu sizes, leaks and every problem of a case file.

    Exits with status 1 if a case could not be loaded.
    """
    from medaction_gym.cases.caseset import CaseSet
    from medaction_gym.cases.leaks import find_leaks

    with kind_errors():
        cases = CaseSet.load(file, on_error="skip")
    tests = [len(case.tests) for case in cases]
    table = Table(show_header=False, box=None)
    table.add_row("cases loaded", f"{len(cases)} of {len(cases) + len(cases.problems)}")
    table.add_row(
        "tests", f"{sum(tests)} ({sum(len(t.analytes) for c in cases for t in c.tests)} analytes)"
    )
    categories = Counter(test.category for case in cases for test in case.tests)
    table.add_row("by category", ", ".join(f"{n} {c}" for c, n in categories.most_common()))
    sizes = sorted(Counter(tests).items())
    table.add_row("tests a case", ", ".join(f"{size}: {n}" for size, n in sizes))
    console.print(table)

    found = {case.id: find_leaks(case) for case in cases}
    console.print("\nLeaks of the diagnosis:")
    for kind in ("presentation", "cause", "test name", "result"):
        ids = [id for id, all_of in found.items() if any(leak.kind == kind for leak in all_of)]
        share = len(ids) / len(cases)
        console.print(f"  {kind}: {len(ids)} of {len(cases)} cases ({share:.1%})")
    if leaks:
        for id, all_of in found.items():
            for leak in all_of:
                console.print(f"  {id}: {leak.kind}: {leak.place}: {leak.text!r}", markup=False)
    else:
        for id, all_of in found.items():
            for leak in all_of:
                if leak.kind != "result":
                    console.print(f"  {id}: {leak.place}: {leak.text!r}", markup=False)

    if cases.problems:
        console.print(f"\n[bold red]{len(cases.problems)} problems:[/]")
        for problem in cases.problems:
            console.print(f"  {problem}", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    console.print("\nNo problems.")


@app.command("list")
def list_cases(
    file: Annotated[Path | None, typer.Argument(help="Case file or folder.")] = None,
    diagnoses: Annotated[
        bool, typer.Option("--diagnoses", help="Also print the gold diagnoses.")
    ] = False,
) -> None:
    """List cases: id, number of tests, chief complaint."""
    with kind_errors():
        cases = load_cases(file, skip_bad=True)
    table = Table("id", "tests", "chief complaint", *(["diagnosis"] if diagnoses else []))
    for case in cases:
        row = [case.id, str(len(case.tests)), case.presentation.chief_complaint]
        table.add_row(*map(escape, row + ([case.diagnosis.name] if diagnoses else [])))
    console.print(table)


@app.command()
def show(
    case_id: Annotated[str, typer.Argument(help="The case's id.")],
    file: Annotated[
        Path | None, typer.Argument(help="Case file or folder, as with --cases.")
    ] = None,
    cases: CasesOption = None,
    menu: Annotated[bool, typer.Option(help="Show the tests and their results.")] = True,
    diagnosis: Annotated[
        bool, typer.Option("--diagnosis", help="Show the gold diagnosis.")
    ] = False,
) -> None:
    """Show one case: presentation, tests with results, and on request the diagnosis."""
    from medaction_gym.view import render_opening

    with kind_errors():
        if file and cases:
            raise ValueError(f"two case files: {file} and --cases {cases}; give one")
        if Path(case_id).exists() and (file or cases) is None:
            raise ValueError(f"{case_id} is a file; the id comes first: cases show ID {case_id}")
        case = load_cases(file or cases, skip_bad=True).get(case_id)
    console.print(f"{case.id} ({case.provenance.source}, {case.provenance.license})", markup=False)
    if case.provenance.url:
        console.print(case.provenance.url, markup=False)
    console.print("\n" + render_opening(case), markup=False)
    if menu:
        for test in case.tests:
            console.print(f"\n[bold]{escape(test.name)}[/] [dim]({test.category})[/]")
            console.print(test.result, markup=False)
            for analyte in test.analytes:
                console.print(f"  {analyte.name}: {analyte.result}", markup=False)
    if diagnosis:
        console.print(f"\nDiagnosis: {case.diagnosis.name}", markup=False)


class Kind(StrEnum):
    """Who compiles."""

    RULES = "rules"
    LLM = "llm"


@app.command("compile")
def compile_articles(
    paths: Annotated[
        list[Path],
        typer.Argument(help="JATS (.nxml, .tar.gz), BioC or MedR-Bench JSON, .txt, or folders."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where the cases go (.jsonl).")],
    compiler: Annotated[
        Kind, typer.Option(help="The rules that ship, or a language model.")
    ] = Kind.RULES,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; of a model, requests at once.")] = 1,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="List every refusal, problem, and part left out.")
    ] = False,
    model: Model = None,
    base_url: BaseUrl = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=PANEL, help="File of the replies; else OUT's name + .replies.sqlite."
        ),
    ] = None,
    characters: Annotated[
        int | None,
        typer.Option(
            min=1, rich_help_panel=PANEL, help="Most of an article that is sent. Default: 60000."
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1, rich_help_panel=PANEL, help="Seconds to wait for an answer. Default: 600."
        ),
    ] = None,
    per_minute: PerMinute = None,
    options: Options = None,
    price: Price = None,
) -> None:
    """Turn published case reports into cases, and report what became of each article.

    With --compiler llm a model is asked (the key is OPENAI_API_KEY's value); a command that was
    stopped goes on where it was. Exits with status 1 if no case was accepted, or an article failed.
    """
    from medaction_gym.articles.report import compile_paths, save

    with kind_errors(), ExitStack() as stack:
        client: ChatClient | None = None
        if compiler is Kind.RULES:
            if any((model, base_url, cache, characters, timeout, per_minute, options, price)):
                raise ValueError("an option for language models needs --compiler llm")
            from medaction_gym.articles.rules import RulesCompiler

            by: Compiler = RulesCompiler()
        else:
            from medaction_gym.articles.llm import LIMIT, LLMCompiler
            from medaction_gym.chat.client import ChatClient, model_named

            cache = cache or out.with_name(f"{out.stem}.replies.sqlite")
            client = stack.enter_context(
                ChatClient(
                    model_named(model, "--model"),
                    base_url=base_url,
                    cache=cache,
                    timeout=timeout or 600,
                    concurrency=jobs,
                    per_minute=per_minute,
                )
            )
            by = LLMCompiler(client, json_object(options, "--options"), limit=characters or LIMIT)
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("articles", total=None)
        report = compile_paths(
            paths, by, jobs=jobs, threads=client is not None, on_article=lambda: bar.advance(task)
        )
        if report.cases:
            save(report, out)  # before the report is printed, whose reader may hang up
    for line in report.lines():
        console.print(line, markup=False)
    details = [*report.failures, *map(str, report.problems), *report.refusals]
    details += [*report.unread, *report.dropped]
    shown = details if verbose else details[:5]
    for detail in shown:
        console.print(f"  {detail}", markup=False, soft_wrap=True)
    if len(details) > len(shown):
        console.print(f"  and {len(details) - len(shown)} more; --verbose lists them")
    if client:
        console.print(f"{used(client.usage, price)}; replies: {cache}", soft_wrap=True)
    with kind_errors():
        if report.cases:
            console.print(f"{len(report.cases)} cases in {out}", markup=False, soft_wrap=True)
        if report.failures:
            raise ValueError(
                f"{len(report.failures)} of {report.articles} articles failed. "
                "The same command tries those again."
            )
        if not report.cases:
            raise ValueError(f"no case was accepted, so {out} is not written")


@app.command()
def synthesise(
    out: Annotated[Path, typer.Option(help="File to write, .jsonl.")],
    number: Annotated[int, typer.Option(min=1, help="Number of cases.")] = 100,
    seed: Annotated[int, typer.Option(help="The seed of the set.")] = 0,
) -> None:
    """Write fictional cases made from the knowledge graph: contamination-free, reproducible."""
    from medaction_gym.synthetic import SyntheticCases

    with kind_errors():
        SyntheticCases(seed, number).save(out)
    console.print(f"{number} fictional cases of seed {seed} in {out}", markup=False)
