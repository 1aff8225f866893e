"""Score: ``medaction-gym score``, the process metrics of recorded trajectories or chats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import (
    CasesOption,
    cases_of,
    console,
    errors,
    kind_errors,
    progress_bar,
    trajectories_of,
)

if TYPE_CHECKING:
    from medaction_gym.cases.case import Case
    from medaction_gym.metrics.behaviour import Behaviour
    from medaction_gym.metrics.calibration import Forecast
    from medaction_gym.trajectory import Trajectory
    from medaction_gym.transcript import Transcript

_SHOWN = 8  # statements whose calibration is printed one by one


def score(
    file: Annotated[
        Path,
        typer.Argument(help="A trajectories.jsonl, a run's folder, or chats as JSONL rows."),
    ],
    cases: CasesOption = None,
    out: Annotated[Path | None, typer.Option(help="Write a JSON row a trajectory here.")] = None,
) -> None:
    """Score trajectories or chats: DTC, RAC, behaviour and calibration, in words with --out.

    A chat is a row with case_id and messages in OpenAI's form; its actions are played on the
    record.
    The cases are read from cases.jsonl beside the file, from --cases, or are the shipped ones.
    """
    from medaction_gym.whole import whole_file

    rows: list[dict[str, Any]] = []
    behaved: list[Behaviour] = []
    made: list[tuple[Forecast, ...]] = []
    errored = 0
    file = trajectories_of(file)
    with kind_errors(), progress_bar() as bar:
        known = cases_of(file, cases)
        records = list(_records(file, known.get))
        if not records:
            raise ValueError(f"{file}: holds no trajectories and no chats")
        for record, chat in bar.track(records, description="score"):
            if record.status == "errored":
                errored += 1
                continue
            row, behaviour, forecasts = _scored(record, known.get(record.case_id))
            if chat is not None:
                row["chat"] = {k: v for k, v in chat._asdict().items() if k != "trajectory"}
            rows.append(row)
            behaved.append(behaviour)
            made.append(forecasts)
        if out is not None:
            with whole_file(out) as lines:
                lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    _warn_of_chats([chat for _, chat in records if chat is not None])
    _print_convergence(rows, errored, len(records))
    if rows:
        _print_behaviour(behaved)
        _print_calibration(made)


def _records(
    file: Path, case_of: Callable[[str], Case]
) -> Iterator[tuple[Trajectory, Transcript | None]]:
    from medaction_gym.trajectory import read_trajectories
    from medaction_gym.transcript import is_transcripts, read_transcripts

    if is_transcripts(file):
        for chat in read_transcripts(file, case_of):
            yield chat.trajectory, chat
    else:
        for record in read_trajectories(file):
            yield record, None


def _scored(
    record: Trajectory, case: Case
) -> tuple[dict[str, Any], Behaviour, tuple[Forecast, ...]]:
    """A row of the output, and what the summary is made of."""
    from medaction_gym.metrics.behaviour import behaviour
    from medaction_gym.metrics.belief import moments
    from medaction_gym.metrics.calibration import brier, forecasts, log_score
    from medaction_gym.metrics.dtc import dtc_of
    from medaction_gym.metrics.rac import rac_of

    episode = record.episode(case)
    found = moments(episode)
    convergence, consistency = dtc_of(found, case.diagnosis), rac_of(found)
    seen, made = behaviour(episode, found), forecasts(episode, found)
    row = {
        "case_id": record.case_id,
        "agent": record.agent,
        "dtc": convergence.value,
        "rac": consistency.value,
        "coverage": consistency.coverage,
        "beliefs": len(found),
        "by_words": list(convergence.by_words),
        "unlinked": list(consistency.unlinked),
        "behaviour": {
            **{k: {"part": s.part, "whole": s.whole} for k, s in seen.shares().items()},
            "slope": seen.updates.slope,
            "turns": seen.turns,
            "tests": seen.tests,
            "usd": seen.usd,
            "hours": seen.hours,
        },
        "brier": brier(made[-1]) if made else None,
        "log": log_score(made[-1]) if made else None,
        "orders": [{"turn": turn, **grounds._asdict()} for turn, grounds in seen.orders],
        "turns": [
            {
                "turn": d.turn,
                "potential": d.potential,
                "dtc_why": d.why,
                "moved": r.moved,
                "agreement": r.agreement,
                "rac_why": r.why,
                "brier": brier(f),
                "log": log_score(f),
            }
            for d, r, f in zip(convergence.steps, consistency.steps, made, strict=True)
        ],
    }
    return row, seen, made


def _warn_of_chats(chats: list[Transcript]) -> None:
    """Say how far the chats' answers are the record's."""
    if not chats:
        return
    answered, differing = sum(c.answered for c in chats), sum(c.differing for c in chats)
    console.print(
        f"{len(chats)} chats; {differing} of {answered} answers differ from the record's, "
        f"{sum(c.left_out for c in chats)} actions after an end are left out"
    )
    first = next((c for c in chats if c.first), None)
    if first is not None:
        place = f"{first.trajectory.case_id}, {first.first}"
        errors.print(f"[yellow]differs first:[/] {escape(place)}")
    for chat in chats:
        if chat.trajectory.status == "errored":
            where = f"{chat.trajectory.case_id}: {chat.trajectory.error}"
            errors.print(f"[yellow]not scored:[/] {escape(where)}")


def _print_convergence(rows: list[dict[str, Any]], errored: int, total: int) -> None:
    table = Table("scored", "errored", "with a belief", "DTC", "RAC", "coverage")
    spoken = [row["coverage"] for row in rows if row["coverage"] is not None]
    table.add_row(
        f"{len(rows)}/{total}",
        f"{errored}/{total}",
        f"{sum(row['beliefs'] > 0 for row in rows)}/{total}",
        _mean([row["dtc"] for row in rows]),
        _mean([row["rac"] for row in rows]),
        _mean(spoken),
    )
    console.print(table)


def _print_behaviour(behaved: list[Behaviour]) -> None:
    from medaction_gym.metrics.share import Share

    table = Table("behaviour", "share", "of")
    shares = [one.shares() for one in behaved]
    for name in shares[0]:
        pooled = Share.pooled(one[name] for one in shares)
        table.add_row(name, _number(pooled.value), f"{pooled.part:.6g}/{pooled.whole:.6g}")
    slopes = [one.updates.slope for one in behaved if one.updates.slope is not None]
    table.add_row("slope", _mean(slopes), f"mean of {len(slopes)}/{len(behaved)}")
    for name in ("turns", "tests", "usd", "hours"):
        values = [float(getattr(one, name)) for one in behaved]
        table.add_row(name, f"{sum(values) / len(values):.1f}", f"mean of {len(values)}")
    console.print(table)


def _print_calibration(made: list[tuple[Forecast, ...]]) -> None:
    from medaction_gym.metrics.calibration import calibration

    table = Table("statement", "episodes", "names it", "Brier", "log", "ECE", "pairs")
    for index, c in calibration(made).items():
        if index == "final" or int(index) <= _SHOWN:
            scores = map(_number, (c.brier, c.log, c.ece))
            named = f"{c.named}/{c.forecasts}"
            table.add_row(index, f"{c.forecasts}/{len(made)}", named, *scores, str(c.pairs))
    console.print(table)


def _mean(values: list[float]) -> str:
    return _number(sum(values) / len(values) if values else None)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
