"""Site: ``medaction-gym site``, pages of results, episodes and trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from medaction_gym.cli.common import console, kind_errors, progress_bar

if TYPE_CHECKING:
    from medaction_gym.site.site import Written


def site(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders that bench, run or distill wrote, or above them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pages.")],
) -> None:
    """Write a web site of runs and trees that opens from the disk, without a server."""
    console.print(told(written(folders, out), out), markup=False, soft_wrap=True)


def written(folders: list[Path], out: Path) -> Written:
    """Write the site under a progress bar."""
    from medaction_gym.site.site import write_site

    with kind_errors(), progress_bar() as bar:
        task = bar.add_task("reading", total=None)
        return write_site(
            folders,
            out,
            on_step=lambda what: bar.update(task, advance=1, description=escape(what[:30])),
        )


def told(done: Written, out: Path) -> str:
    """What was written, and where."""
    from medaction_gym.site.page import counted

    return (
        f"{counted(done.runs, 'run')}, {counted(done.cases, 'case')}, "
        f"{counted(done.trees, 'tree')}: {counted(done.files, 'file')}, "
        f"{done.size / 1e6:.1f} MB, the largest {done.largest / 1e6:.1f} MB.\n"
        f"Open in a browser: {(out / 'index.html').resolve().as_uri()}"
    )
