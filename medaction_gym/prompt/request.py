"""Request: a conversation as an OpenAI-compatible endpoint is asked for the next move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.prompt.grammar import TOOLS, action_schema
from medaction_gym.prompt.history import shorten
from medaction_gym.prompt.messages import Message, as_calls, as_text
from medaction_gym.prompt.settings import Limits, PromptSettings


def request(messages: Sequence[Message], endpoint: Endpoint) -> dict[str, Any]:
    """What to send: ``messages``, and ``tools`` where moves are tool calls.

    Args:
        messages: The conversation up to the environment's last answer.
        endpoint: Its form, and how many tokens a prompt may have.
    """
    if endpoint.context:
        messages = shorten(messages, _within(endpoint))
    if endpoint.form == "json":
        return {"messages": as_text(messages)}
    return {"messages": as_calls(messages), "tools": TOOLS}


def json_only() -> dict[str, Any]:
    """The ``response_format`` that holds an endpoint to one action as JSON."""
    schema = {"name": "action", "schema": action_schema(), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _within(endpoint: Endpoint) -> PromptSettings:
    part = max(endpoint.context // 4, 16)
    limits = Limits(total=endpoint.context, opening=part, answer=part)
    return PromptSettings(form=endpoint.form, limits=limits)
