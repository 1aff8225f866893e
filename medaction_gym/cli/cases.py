"""Cases: ``medaction-gym cases check|compile|list|show``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import CasesOption, console, kind_errors, load_cases

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Case file or folder.")],
    leaks: Annotated[bool, typer.Option(help="List every leak, not only the totals.")] = False,
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
    diagnoses: Annotated[bool, typer.Option(help="Also print the gold diagnoses.")] = False,
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
    cases: CasesOption = None,
    menu: Annotated[bool, typer.Option(help="Show the tests and their results.")] = True,
    diagnosis: Annotated[bool, typer.Option(help="Show the gold diagnosis.")] = False,
) -> None:
    """Show one case: presentation, tests with results, and on request the diagnosis."""
    from medaction_gym.view import render_opening

    with kind_errors():
        case = load_cases(cases, skip_bad=True).get(case_id)
    console.print(f"{case.id} ({case.provenance.source}, {case.provenance.license})", markup=False)
    if case.provenance.url:
        console.print(case.provenance.url, markup=False)
    console.print("\n" + render_opening(case), markup=False)
    if menu:
        for test in case.tests:
            console.print(f"\n[bold]{escape(test.name)}[/] [dim]{test.category}[/]")
            console.print(test.result, markup=False)
            for analyte in test.analytes:
                console.print(f"  {analyte.name}: {analyte.result}", markup=False)
    if diagnosis:
        console.print(f"\nDiagnosis: {case.diagnosis.name}", markup=False)


@app.command("compile")
def compile_articles(
    paths: Annotated[
        list[Path],
        typer.Argument(help="JATS (.nxml, .tar.gz), BioC or MedR-Bench JSON, .txt, or folders."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Where the cases go (.jsonl).")],
    compiler: Annotated[str, typer.Option(help="rules, or llm.")] = "rules",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    verbose: Annotated[bool, typer.Option(help="List every refusal and problem.")] = False,
) -> None:
    """Turn published case reports into cases, and report what became of each article.

    Exits with status 1 if no case was accepted.
    """
    from medaction_gym.articles.report import compile_paths, save
    from medaction_gym.articles.rules import compiler_named

    with kind_errors():
        report = compile_paths(paths, compiler_named(compiler), jobs=jobs)
        if report.cases:
            save(report, out)  # before the report is printed, whose reader may hang up
    for line in report.lines():
        console.print(line, markup=False)
    details = [*map(str, report.problems), *report.refusals]
    shown = details if verbose else details[:5]
    for detail in shown:
        console.print(f"  {detail}", markup=False, soft_wrap=True)
    if len(details) > len(shown):
        console.print(f"  and {len(details) - len(shown)} more; --verbose lists them")
    with kind_errors():
        if not report.cases:
            raise ValueError(f"no case was accepted, so {out} is not written")
    console.print(f"{len(report.cases)} cases in {out}", markup=False, soft_wrap=True)


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
