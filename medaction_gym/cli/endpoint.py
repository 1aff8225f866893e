"""Endpoint: what commands are told about a language model, and what they say it cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from medaction_gym.chat import Usage
    from medaction_gym.chat.endpoint import Endpoint

# The options of the commands that ask a language model; in the help they stand apart.
PANEL = "Language model"
Model = Annotated[
    str | None, typer.Option(rich_help_panel=PANEL, help="The model's name; else OPENAI_MODEL.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        "--base-url",
        rich_help_panel=PANEL,
        help="Where it is asked, up to /v1; else OPENAI_BASE_URL.",
    ),
]
Form = Annotated[
    Literal["tools", "json"],
    typer.Option(rich_help_panel=PANEL, help="Tool calls, or JSON for models without tools."),
]
Options = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=PANEL,
        help="Of the request, as JSON. Default: temperature 0; of a teacher 1.",
    ),
]
Context = Annotated[
    int,
    typer.Option(min=0, rich_help_panel=PANEL, help="Tokens of a prompt; 0 for no limit."),
]
Cache = Annotated[
    Path | None,
    typer.Option(rich_help_panel=PANEL, help="File of the replies, else OUT/replies.sqlite."),
]
PerMinute = Annotated[
    float | None,
    typer.Option(min=0.1, rich_help_panel=PANEL, help="Requests a minute, of all workers."),
]
Timeout = Annotated[
    float, typer.Option(min=0.1, rich_help_panel=PANEL, help="Seconds to wait for an answer.")
]
Price = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--price", rich_help_panel=PANEL, help="Money per million prompt and completion tokens."
    ),
]
Seats = Annotated[
    int, typer.Option(min=1, rich_help_panel=PANEL, help="Episodes played side by side.")
]
Retry = Annotated[bool, typer.Option("--retry-errored", help="Play cases again that errored.")]


def endpoint(
    model: str | None,
    *,
    options: str | None,
    base_url: str | None,
    cache: Path | None,
    **given: Any,
) -> Endpoint:
    """An endpoint as options of a command describe it.

    Raises:
        ValueError: If no model is named, or the options are no JSON object.
    """
    from medaction_gym.chat.client import model_named
    from medaction_gym.chat.endpoint import Endpoint

    parsed = json_object(options, "--options")
    if parsed is not None:
        given["options"] = parsed
    return Endpoint(
        model=model_named(model, "--model"),
        base_url=base_url or "",
        cache=str(cache.resolve()) if cache else "",
        **given,
    )


def json_object(text: str | None, option: str) -> dict[str, Any] | None:
    """An option's JSON object; None if it was not given.

    Raises:
        ValueError: If it is none.
    """
    try:
        parsed = json.loads(text or "null")
    except ValueError as error:
        raise ValueError(f"{option} is not JSON: {error}") from None
    if not isinstance(parsed, dict | None):
        raise ValueError(f"{option} must be a JSON object, not {text}")
    return parsed


def used(usage: Usage, price: tuple[float, float] | None) -> str:
    """What a model's replies cost, in words.

    Args:
        usage: What was used.
        price: Money per million prompt and completion tokens, if known.
    """
    from medaction_gym.chat import Price as Money

    cost = f", {Money(*price).of(usage):.4f} money" if price else ""
    kept = f", {usage.replayed:,} answers kept from before" if usage.replayed else ""
    lacking = f"; {usage.uncounted} replies stated none" if usage.uncounted else ""
    return (
        f"{usage.requests:,} requests{kept}, {usage.prompt:,} prompt and {usage.completion:,} "
        f"completion tokens{cost}{lacking}"
    )
