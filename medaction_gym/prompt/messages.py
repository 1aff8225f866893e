"""Messages: an episode as a conversation with tool calls, and the same as plain text.

The form is that of the distiller's rows and of `Trajectory.messages`: a system message, the
presentation, then the assistant's move and the environment's answer in turn. Malformed input is
an assistant message without a call, answered by the user, since no tool was called.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medaction_gym.actions import Action, Malformed
from medaction_gym.episode import Episode
from medaction_gym.prompt.grammar import AS_JSON, SYSTEM_PROMPT
from medaction_gym.view import render_opening

Message = dict[str, Any]


def opening(text: str) -> list[Message]:
    """The messages before the first move.

    Args:
        text: The presentation, as `render_opening` writes it and the first observation holds it.
    """
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": text}]


def recorded(action: Action | Malformed) -> dict[str, Any]:
    """An action as a mapping; malformed input gets the action ``"malformed"``."""
    head = {"action": "malformed"} if isinstance(action, Malformed) else {}
    return head | action.model_dump(mode="json")


def exchange(action: Mapping[str, Any], rationale: str, answer: str, number: int) -> list[Message]:
    """A turn: the assistant's move and what the environment said to it.

    Args:
        action: As `recorded` gives it.
        rationale: Why, in the assistant's words; "" for none.
        answer: The environment's message.
        number: The turn, from 1.
    """
    told = move(action, rationale, number)
    if "tool_calls" not in told:
        return [told, {"role": "user", "content": answer}]
    return [told, {"role": "tool", "tool_call_id": f"call_{number}", "content": answer}]


def move(action: Mapping[str, Any], rationale: str, number: int) -> Message:
    """The assistant's half of an `exchange`."""
    arguments = dict(action)
    name = arguments.pop("action")
    if name == "malformed":
        return {"role": "assistant", "content": arguments["received"]}
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"role": "assistant", "content": rationale, "tool_calls": [call]}


def conversation(
    episode: Episode, rationales: Sequence[str] = (), *, show_menu: bool = False
) -> list[Message]:
    """An episode up to its present state.

    Args:
        episode: The state.
        rationales: The reasons for its moves, first to last; those not given are "".
        show_menu: Whether the opening lists the tests in the record.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> episode = Episode.start(CaseSet.teaching()[0]).act((0, "CT head")).act("gout?")
        >>> [m["role"] for m in conversation(episode)]
        ['system', 'user', 'assistant', 'tool', 'assistant', 'user']
    """
    messages = opening(render_opening(episode.case, show_menu=show_menu))
    for number, turn in enumerate(episode.turns, 1):
        rationale = rationales[number - 1] if number <= len(rationales) else ""
        messages += exchange(recorded(turn.action), rationale, turn.message, number)
    return messages


def as_calls(messages: Iterable[Message]) -> list[Message]:
    """A conversation as endpoints take it: the arguments of calls are JSON in a string."""
    told = []
    for message in messages:
        if calls := message.get("tool_calls"):
            call = calls[0]
            arguments = json.dumps(call["function"]["arguments"], ensure_ascii=False)
            function = {**call["function"], "arguments": arguments}
            message = {**message, "tool_calls": [{**call, "function": function}]}
        told.append(message)
    return told


def as_text(messages: Iterable[Message]) -> list[Message]:
    """A conversation without tools: calls as JSON in the text, answers as the user's."""
    told = []
    for message in messages:
        role, content = message["role"], message["content"]
        if role == "system":
            content += AS_JSON
        elif role == "tool":
            role = "user"
        elif calls := message.get("tool_calls"):
            call = calls[0]["function"]
            written = {"rationale": content, "action": call["name"], **call["arguments"]}
            content = json.dumps(written, ensure_ascii=False)
        told.append({"role": role, "content": content})
    return told
