"""Judge: ``medaction-gym judge``, whether two diagnosis strings are the same disease."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medaction_gym.cli.common import console, kind_errors


def judge(
    pairs: Annotated[Path, typer.Option(help="JSONL with gold and prediction.")],
    out: Annotated[Path, typer.Option(help="Output file: the same rows with p and verdict.")],
) -> None:
    """Judge pairs of diagnoses offline; each row comes back with ``p`` and ``verdict``."""
    from medaction_gym.metrics.judge import judge_file

    with kind_errors():
        judge_file(pairs, out)
    console.print(f"Judged: {out}", soft_wrap=True, markup=False)
