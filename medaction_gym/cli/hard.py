"""Hard: ``medaction-gym bench medaction-hard build`` and ``contrast``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import console, kind_errors
from medaction_gym.cli.results import cells


def build(
    pool: Annotated[list[Path], typer.Option(help="A file of cases; again for a further one.")],
    out: Annotated[Path, typer.Option(help="Folder for ids.json, cases.jsonl and datasheet.md.")],
    reference: Annotated[
        list[str] | None,
        typer.Option(help="A policy that must fail; again for a further one. Default: four."),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="How many cases are wanted.")] = 300,
    version: Annotated[str, typer.Option(help="Version of the list.")] = "1",
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Choose hard cases from a pool by rule: a frozen list of ids with a hash and a datasheet.

    Reference policies fail on them, no single test names the answer, the first look misleads; rare
    diseases and long menus come first, and body systems take turns.
    """
    from medaction_gym.benchmarks import hard

    with kind_errors():
        references = reference or hard.REFERENCES
        made = hard.build(pool, out, references=references, size=size, version=version, jobs=jobs)
    counts = made.counts
    console.print(
        f"{counts['pool']} cases in the pool; {counts['unsolved']} that no reference solves; "
        f"{counts['eligible']} of these that no single test tells; {counts['taken']} taken."
    )
    if counts["eligible"] < made.wanted:
        console.print(
            f"[yellow]Fewer than {made.wanted} are eligible[/], so two thirds of them were taken."
        )
    console.print(f"{made.name} {made.version}: {made.ids_sha256}")
    for name in (hard.LIST, hard.CASES, hard.SHEET):
        console.print(f"  {out / name}", markup=False, soft_wrap=True)


def contrast(
    folders: Annotated[list[Path], typer.Argument(help="Results on the pool, or folders of them.")],
    ids: Annotated[Path, typer.Option(help="The ids.json that build wrote.")],
) -> None:
    """Is the list harder? Accuracy on the listed cases against the rest, for every result."""
    from medaction_gym.benchmarks.hard import HardList, contrasted
    from medaction_gym.benchmarks.leaderboard import called, results_in

    table = Table("agent", "protocol", "hard", "95 %", "rest", "95 %", "hard - rest", "95 %", "n")
    with kind_errors():
        made = HardList.model_validate_json(ids.read_bytes())
        for result in results_in(folders):
            found = contrasted(result, made)
            estimates = (found.hard, found.rest, found.difference)
            table.add_row(
                escape(called(result)) + (" *" if found.chose else ""),
                result.protocol,
                *(cell for one in estimates for cell in cells(one, ".3f")),
                f"{found.hard.n} + {found.rest.n}",
            )
    console.print(table)
    console.print("* had a part in the choice: fails by construction. Accuracy is of all cases.")
