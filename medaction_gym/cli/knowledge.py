"""Knowledge: ``medaction-gym knowledge build|info|link|findings``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from medaction_gym.cli.common import console, kind_errors

app = typer.Typer(no_args_is_help=True)

InOption = Annotated[Path, typer.Option("--in", help="Input file.", show_default=False)]
OutOption = Annotated[Path, typer.Option("--out", help="Output file, JSONL.", show_default=False)]


@app.command()
def build(
    force: Annotated[bool, typer.Option(help="Compile again even if the cache is sound.")] = False,
) -> None:
    """Compile the knowledge graph into its cache (some 15 seconds, once)."""
    from medaction_gym.knowledge import commands

    with kind_errors():
        _print(commands.build(force=force))


@app.command()
def info() -> None:
    """Show the cache file, the sources' versions and the graph's size."""
    from medaction_gym.knowledge import commands

    with kind_errors():
        _print(commands.info())


@app.command()
def link(source: InOption, target: OutOption) -> None:
    """Link free-text diseases, a string a line, to concepts; one JSON row a line, in order."""
    from medaction_gym.knowledge import commands

    with kind_errors():
        done = commands.link_file(source, target)
    console.print(f"{done['linked']} of {done['lines']} linked: {target}", soft_wrap=True)


@app.command()
def findings(source: InOption, target: OutOption) -> None:
    """Find phenotypes, conditions and abnormal results in JSONL rows with ``text``."""
    from medaction_gym.knowledge.findings import findings_file

    with kind_errors():
        findings_file(source, target)
    console.print(f"Findings: {target}", soft_wrap=True, markup=False)


def _print(facts: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        table.add_row(key, f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table)
