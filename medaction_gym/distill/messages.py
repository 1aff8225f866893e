"""Messages: a path as a conversation with tool calls, and the tools it calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medaction_gym.trajectory import SYSTEM_PROMPT

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
