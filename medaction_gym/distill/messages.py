"""Messages: a path as a conversation with tool calls, and the tools it calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from medaction_gym.actions import Malformed
from medaction_gym.distill.node import Node
from medaction_gym.trajectory import SYSTEM_PROMPT
from medaction_gym.view import render_opening

# What a teacher is told besides the row's own prompt, which is not exported.
REASONS = (
    " With every call, write in a sentence or two why. Put what you quote from the record, word "
    "for word, between “ and ”. Do not name a diagnosis before a finding supports it."
)
AS_JSON = (
    " Answer with one JSON object and nothing else, in one of these forms: "
    '{"rationale": "...", "action": "order_test", "test": "..."}, '
    '{"rationale": "...", "action": "update_differential", "differential": '
    '[{"disease": "...", "probability": 0.5}]}, '
    '{"rationale": "...", "action": "commit", "diagnosis": "..."}.'
)

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "order_test",
            "description": "Order one test, or a few in one request, in free text.",
            "parameters": {
                "type": "object",
                "properties": {"test": {"type": "string", "description": "What to order."}},
                "required": ["test"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "update_differential",
            "description": "State the working differential. It replaces the one before.",
            "parameters": {
                "type": "object",
                "properties": {
                    "differential": {
                        "type": "array",
                        "description": "Diseases with probabilities; what they lack to 1 is "
                        "something else.",
                        "items": {
                            "type": "object",
                            "properties": {
                                "disease": {"type": "string"},
                                "probability": {"type": "number", "minimum": 0, "maximum": 1},
                            },
                            "required": ["disease", "probability"],
                        },
                    }
                },
                "required": ["differential"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "commit",
            "description": "Commit to a final diagnosis. This ends the episode.",
            "parameters": {
                "type": "object",
                "properties": {
                    "diagnosis": {"type": "string", "description": "The final diagnosis."}
                },
                "required": ["diagnosis"],
            },
        },
    },
]


def opening(text: str) -> list[dict[str, Any]]:
    """The messages before the first move."""
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": text}]


def move(node: dict[str, Any], number: int) -> dict[str, Any]:
    """A move as the assistant's message: the rationale, and the call.

    Args:
        node: A node of a recorded tree.
        number: Its turn, from 1.
    """
    arguments = dict(node["action"])
    name = arguments.pop("action")
    if name == "malformed":
        return {"role": "assistant", "content": arguments["received"]}
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"role": "assistant", "content": node["rationale"], "tool_calls": [call]}


def answer(node: dict[str, Any], number: int) -> dict[str, Any]:
    """What the environment says to a move."""
    if node["action"]["action"] == "malformed":
        return {"role": "user", "content": node["message"]}
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": node["message"]}


def conversation(text: str, path: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A path from the presentation on, as `Trajectory.messages` writes it, with rationales."""
    messages = opening(text)
    for number, node in enumerate(path, 1):
        messages += [move(node, number), answer(node, number)]
    return messages


def history(node: Node) -> list[dict[str, Any]]:
    """The conversation that leads to a live node, as its row would hold it, with `REASONS`."""
    messages = conversation(render_opening(node.episode.case), [_step(n) for n in node.path])
    messages[0] = {**messages[0], "content": messages[0]["content"] + REASONS}
    return messages


def as_calls(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
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


def as_text(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
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


def _step(node: Node) -> dict[str, Any]:
    """What a recorded node tells of itself in a conversation."""
    candidate, turn = node.candidate, node.episode.turn
    assert candidate is not None, "only the root has no move"
    assert turn is not None, "only the root has no turn"
    action: dict[str, Any] = candidate.action.model_dump(mode="json")
    if isinstance(candidate.action, Malformed):
        action = {"action": "malformed", **action}
    return {"action": action, "rationale": candidate.rationale, "message": turn.message}
