"""Cases: ``medaction-gym cases check|list|show``."""

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
