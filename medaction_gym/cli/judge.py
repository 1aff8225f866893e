"""Judge: ``medaction-gym judge``, whether two diagnosis strings are the same disease."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medaction_gym.cli.common import console, errors, kind_errors, progress_bar
from medaction_gym.cli.endpoint import (
    PANEL,
    BaseUrl,
    Model,
    Options,
    PerMinute,
    Price,
    json_object,
    used,
)


class Kind(StrEnum):
    """Who judges."""

    OFFLINE = "offline"
    LLM = "llm"


def judge(
    pairs: Annotated[Path, typer.Option(help="JSONL with gold and prediction.")],
    out: Annotated[Path, typer.Option(help="Output file: the same rows with p and verdict.")],
    kind: Annotated[
        Kind, typer.Option("--judge", help="The rules that ship, or a language model.")
    ] = Kind.OFFLINE,
    model: Model = None,
    base_url: BaseUrl = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=PANEL,
            help="JSONL record of the model's answers; else OUT's name + .raw.jsonl.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, rich_help_panel=PANEL, help="Requests at once.")] = 4,
    per_minute: PerMinute = None,
    options: Options = None,
    price: Price = None,
) -> None:
    """Judge pairs of diagnoses; each row comes back with p, verdict and why.

    Offline by default. With --judge llm a model is asked (the key is OPENAI_API_KEY's value); a
    command that was stopped goes on where it was, and rows that failed have an error.
    """
    from medaction_gym.metrics.judge import judge_file

    with kind_errors():
        if kind is Kind.OFFLINE:
            if any((model, base_url, raw, per_minute, options, price)):
                raise ValueError("an option for language models needs --judge llm")
            judge_file(pairs, out)
        else:
            _ask(pairs, out, model, base_url, raw, jobs, per_minute, options, price)
    console.print(f"Judged: {out}", soft_wrap=True, markup=False)


def _ask(
    pairs: Path,
    out: Path,
    model: str | None,
    base_url: str | None,
    raw: Path | None,
    jobs: int,
    per_minute: float | None,
    options: str | None,
    price: tuple[float, float] | None,
) -> None:
    from medaction_gym.chat.client import ChatClient, model_named
    from medaction_gym.metrics.judge import judge_file
    from medaction_gym.metrics.llm_judge import LLMJudge

    raw = raw or out.with_name(f"{out.stem}.raw.jsonl")
    given = json_object(options, "--options")
    name = model_named(model, "--model")
    client = ChatClient(name, base_url=base_url, concurrency=jobs, per_minute=per_minute)
    with client, progress_bar() as bar:
        task = bar.add_task("pairs", total=None)
        counts = judge_file(
            pairs,
            out,
            LLMJudge(client, raw, given),
            jobs=jobs,
            on_pair=lambda total: bar.update(task, total=total, advance=1),
        )
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    told = f"{said}; {used(client.usage, price)}; record: {raw}"
    console.print(told, soft_wrap=True, markup=False)
    if counts["error"]:
        errors.print("Some rows have an error. The same command tries those again.")
        raise typer.Exit(1)
