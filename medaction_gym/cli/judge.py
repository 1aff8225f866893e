"""Judge: ``medaction-gym judge``, whether two diagnosis strings are the same disease."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medaction_gym.cli.common import console, errors, kind_errors, progress_bar


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
    model: Annotated[
        str | None, typer.Option(help="LLM: Name of the model; else OPENAI_MODEL.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(help="LLM: OpenAI-compatible endpoint, up to /v1; else OPENAI_BASE_URL."),
    ] = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            help="LLM: JSONL record of the model's answers; else OUT's name + .raw.jsonl."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="LLM: Requests at once.")] = 4,
    per_minute: Annotated[
        float | None, typer.Option(min=0.1, help="LLM: Requests a minute.")
    ] = None,
    options: Annotated[
        str | None, typer.Option(help="LLM: Of the request, as JSON. Default: temperature 0.")
    ] = None,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(help="LLM: Money per million prompt and completion tokens."),
    ] = None,
) -> None:
    """Judge pairs of diagnoses; each row comes back with ``p``, ``verdict`` and ``why``.

    Offline by default. With --judge llm a model is asked (the key is OPENAI_API_KEY's value); a
    command that was stopped goes on where it was, and rows that failed have an ``error``.
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
    from medaction_gym.chat import ChatClient, Price
    from medaction_gym.metrics.judge import judge_file
    from medaction_gym.metrics.llm_judge import LLMJudge

    raw = raw or out.with_name(f"{out.stem}.raw.jsonl")
    try:
        given = json.loads(options or "null")
    except ValueError as error:
        raise ValueError(f"--options is not JSON: {error}") from None
    if not isinstance(given, dict | None):
        raise ValueError(f"--options must be a JSON object, not {options}")
    client = ChatClient(model, base_url=base_url, concurrency=jobs, per_minute=per_minute)
    with client, progress_bar() as bar:
        task = bar.add_task("pairs", total=None)
        counts = judge_file(
            pairs,
            out,
            LLMJudge(client, raw, given),
            jobs=jobs,
            on_pair=lambda total: bar.update(task, total=total, advance=1),
        )
    used = client.usage
    cost = f", {Price(*price).of(used):.4f} money" if price else ""
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    console.print(
        f"{said}; {used.requests} requests, {used.prompt} prompt and {used.completion} completion"
        f" tokens{cost}; record: {raw}",
        soft_wrap=True,
        markup=False,
    )
    if counts["error"]:
        errors.print("Some rows have an error. The same command tries those again.")
        raise typer.Exit(1)
