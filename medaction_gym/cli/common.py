"""Common: what the commands share: options, kind errors, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from medaction_gym.cases.caseset import CaseSet

# A log file or a pipe has no width of its own; 80 columns would break the tables.
_WIDTH = None if sys.stdout.isatty() else 120

console = Console(highlight=False, width=_WIDTH)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

CasesOption = Annotated[
    Path | None,
    typer.Option(
        "--cases",
        help="Case file or folder (MedR-Bench JSON, AgentClinic JSONL, this project's JSONL); "
        "the shipped teaching cases if left out.",
        show_default=False,
    ),
]

SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave bad cases out instead of stopping.")
]

AGAIN = "stopped; the same command goes on where it was"


@contextmanager
def kind_errors(stopped: str = "") -> Iterator[None]:
    """Turn expected errors into one clear message and exit status 1.

    Args:
        stopped: What to say to somebody who presses Ctrl-C; the exit status is then 130.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not stopped:
            raise
        errors.print(f"[yellow]{escape(stopped)}[/]")
        raise typer.Exit(130) from None
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        errors.print(f"[bold red]error:[/] {escape(_said(error))}")
        raise typer.Exit(1) from None


def _said(error: Exception) -> str:
    """An error without what only programmers read: quotes of keys, numbers of the system."""
    if isinstance(error, FileExistsError) and error.filename:
        return f"{error.filename}: is a file; a folder is needed here"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {(error.strerror or 'cannot be used').lower()}"
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error)


def name_own_modules() -> None:
    """Let ``module:Class`` name what lies in the folder of the command, as ``python -m`` does."""
    sys.path.insert(0, str(Path.cwd()))


def load_cases(path: Path | None, *, skip_bad: bool = False) -> CaseSet:
    """Load cases for a command; says which bad cases were skipped."""
    from medaction_gym.cases.caseset import CaseSet

    if path is None:
        return CaseSet.teaching()
    cases = CaseSet.load(path, on_error="skip" if skip_bad else "raise")
    for problem in cases.problems:
        errors.print(f"[yellow]skipped:[/] {escape(str(problem))}")
    return cases


def trajectories_of(path: Path) -> Path:
    """A file of trajectories: the one named, or that of the run whose folder is named."""
    return path / "trajectories.jsonl" if path.is_dir() else path


def cases_of(trajectories: Path, cases: Path | None) -> CaseSet:
    """The cases of a trajectory file: those given, those beside it, or the shipped ones."""
    beside = trajectories.parent / "cases.jsonl"
    return load_cases(cases or (beside if beside.exists() else None))


def progress_bar() -> Progress:
    """A progress bar with a rate and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
