"""Score: ``medaction-gym score``, DTC and RAC of recorded trajectories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from medaction_gym.cli.common import CasesOption, cases_of, console, kind_errors, progress_bar


def score(
    file: Annotated[Path, typer.Argument(help="A trajectories.jsonl.")],
    cases: CasesOption = None,
    out: Annotated[Path | None, typer.Option(help="Write a JSON row a trajectory here.")] = None,
) -> None:
    """Score trajectories: DTC and RAC, turn by turn in words with --out.

    The cases are read from cases.jsonl beside the file, from --cases, or are the shipped ones.
    """
    from medaction_gym.metrics.belief import moments
    from medaction_gym.metrics.dtc import dtc_of
    from medaction_gym.metrics.rac import rac_of
    from medaction_gym.trajectory import read_trajectories
    from medaction_gym.whole import whole_file

    rows: list[dict[str, Any]] = []
    errored = 0
    with kind_errors(), progress_bar() as bar:
        records = list(read_trajectories(file))
        known = cases_of(file, cases)
        for record in bar.track(records, description="score"):
            if record.status == "errored":
                errored += 1
                continue
            case = known.get(record.case_id)
            found = moments(record.episode(case))
            convergence, consistency = dtc_of(found, case.diagnosis), rac_of(found)
            rows.append(
                {
                    "case_id": record.case_id,
                    "agent": record.agent,
                    "dtc": convergence.value,
                    "rac": consistency.value,
                    "coverage": consistency.coverage,
                    "beliefs": len(found),
                    "by_words": list(convergence.by_words),
                    "unlinked": list(consistency.unlinked),
                    "turns": [
                        {
                            "turn": d.turn,
                            "potential": d.potential,
                            "dtc_why": d.why,
                            "moved": r.moved,
                            "agreement": r.agreement,
                            "rac_why": r.why,
                        }
                        for d, r in zip(convergence.steps, consistency.steps, strict=True)
                    ],
                }
            )
        if out is not None:
            with whole_file(out) as lines:
                lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    table = Table("scored", "errored", "with a belief", "DTC", "RAC", "coverage")
    spoken = [row["coverage"] for row in rows if row["coverage"] is not None]
    table.add_row(
        f"{len(rows)}/{len(records)}",
        f"{errored}/{len(records)}",
        f"{sum(row['beliefs'] > 0 for row in rows)}/{len(records)}",
        _mean([row["dtc"] for row in rows]),
        _mean([row["rac"] for row in rows]),
        _mean(spoken),
    )
    console.print(table)


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "–"
