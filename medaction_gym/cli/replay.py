"""Replay: ``medaction-gym replay``, the proof that a record can be played again."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from medaction_gym.cli.common import (
    CasesOption,
    cases_of,
    console,
    kind_errors,
    progress_bar,
    trajectories_of,
)

if TYPE_CHECKING:
    from medaction_gym.trajectory import Trajectory


def replay(
    file: Annotated[Path, typer.Argument(help="A trajectories.jsonl, or a run's folder.")],
    cases: CasesOption = None,
    show: Annotated[str, typer.Option(help="Print this case's episode as chat messages.")] = "",
) -> None:
    """Replay trajectories and compare them with the record byte for byte.

    The cases are read from cases.jsonl beside the file, from --cases, or are the shipped ones; the
    answers of a patient that a language model played, from patient.jsonl beside the file.
    Exits with status 1 if any trajectory differs.
    """
    from medaction_gym.oracle.patient import RECORD, PatientModel, Patients
    from medaction_gym.trajectory import read_trajectories

    file = trajectories_of(file)

    @cache
    def patients(setting: str) -> Patients:
        return Patients.recorded(PatientModel.model_validate_json(setting), file.with_name(RECORD))

    with kind_errors():
        records = list(read_trajectories(file))
        if not records:
            raise ValueError(f"{file}: holds no trajectories")
        lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
        known = cases_of(file, cases)
        if show:
            _print_chat(records, show)
            return
        wrong = []
        with progress_bar() as bar:
            for line, record in bar.track(
                list(zip(lines, records, strict=True)), description="replay"
            ):
                try:
                    setting = record.settings.patient
                    oracle = patients(setting.model_dump_json()) if setting else None
                    same = record.replay(known.get(record.case_id), oracle).to_json() == line
                    if not same:
                        wrong.append((record.case_id, "the replay differs from the record"))
                except (KeyError, ValueError, RuntimeError) as error:
                    wrong.append((record.case_id, str(error.args[0])))
    for case_id, reason in wrong:
        console.print(f"[red]differs[/] {escape(case_id)}: {escape(reason)}")
    console.print(
        f"{len(records) - len(wrong)} of {len(records)} trajectories replayed byte for byte"
    )
    raise typer.Exit(1 if wrong else 0)


def _print_chat(records: list[Trajectory], case_id: str) -> None:
    found = [record for record in records if record.case_id == case_id]
    if not found:
        raise KeyError(f"no trajectory of case {case_id!r} in this file")
    for message in found[0].messages():
        text = message.get("content") or ""
        for call in message.get("tool_calls", ()):
            text += f"{call['function']['name']}({call['function']['arguments']})"
        console.print(f"[bold]{message['role']}[/]: {escape(text)}\n")
