"""Compare: ``medaction-gym train compare``, policies side by side on the same cases."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from medaction_gym.cli.common import CasesOption, cases_of, console, kind_errors, progress_bar

if TYPE_CHECKING:
    from medaction_gym.training.compare import Rate, Shares


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(help="NAME=FOLDER of a run; a name given again is a further seed of it."),
    ],
    cases: CasesOption = None,
    out: Annotated[Path | None, typer.Option(help="Write all numbers here, as JSON.")] = None,
) -> None:
    """Compare policies by their runs, with intervals by case; the first is what others are held to.

    A cell holds a rate or mean over all runs and its 95 % interval. Below stand the differences
    from the first policy, on the cases that both played.
    """
    from medaction_gym.training.compare import differences, rates
    from medaction_gym.whole import whole_file

    with kind_errors():
        shares = _read(runs, cases)
        found = {name: rates(one) for name, one in shares.items()}
        first, *others = shares
        over = {name: differences(shares[first], shares[name]) for name in others}
        if out is not None:
            with whole_file(out) as file:
                file.write(json.dumps({"rates": found, "differences": over}, indent=1) + "\n")
    counts = ", ".join(f"{n}: {len(s)} cases, {sum(map(len, s.values()))} episodes"
                       for n, s in shares.items())  # fmt: skip
    console.print(counts, markup=False)
    console.print(_table(found))
    if over:
        console.print(_table(over, f"less {first}"))


def _read(runs: list[str], cases: Path | None) -> dict[str, Shares]:
    from medaction_gym.metrics.judge import judge
    from medaction_gym.metrics.share import Share
    from medaction_gym.training.compare import measures
    from medaction_gym.trajectory import read_trajectories

    judging = judge()
    found: dict[str, dict[str, list[dict[str, Share]]]] = {}
    with progress_bar() as bar:
        for run in bar.track(runs, description="score"):
            name, equals, folder = run.partition("=")
            if not equals:
                raise ValueError(f"{run}: expected NAME=FOLDER")
            file = Path(folder) / "trajectories.jsonl"
            known = cases_of(file, cases)
            of = found.setdefault(name, defaultdict(list))
            for one in read_trajectories(file):
                if one.status != "errored":
                    of[one.case_id].append(measures(one, known.get(one.case_id), judging))
    return {name: dict(of) for name, of in found.items()}


def _table(columns: dict[str, dict[str, Rate]], suffix: str = "") -> Table:
    table = Table("", *(f"{name} {suffix}".strip() for name in columns))
    for row in next(iter(columns.values())):
        table.add_row(row, *(_cell(column.get(row)) for column in columns.values()))
    return table


def _cell(rate: Rate | None) -> str:
    if rate is None or rate.value is None:
        return "–"
    if rate.low is None or rate.high is None:
        return f"{rate.value:.3f}"
    return f"{rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f})"
