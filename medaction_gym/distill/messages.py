"""Messages: a recorded path as a conversation, and what a teacher is told besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medaction_gym.distill.node import Node
from medaction_gym.prompt.messages import Message, exchange, opening, recorded
from medaction_gym.prompt.messages import move as told_move
from medaction_gym.view import render_opening

# What a teacher is told besides the row's own prompt, which is not exported.
REASONS = (
    " With every call, write in a sentence or two why. Put what you quote from the record, word "
    "for word, between “ and ”. Do not name a diagnosis before a finding supports it."
)


def move(node: dict[str, Any], number: int) -> Message:
    """A move as the assistant's message: the rationale, and the call.

    Args:
        node: A node of a recorded tree.
        number: Its turn, from 1.
    """
    return told_move(node["action"], node["rationale"], number)


def conversation(text: str, path: Sequence[dict[str, Any]]) -> list[Message]:
    """A path from the presentation on, as `Trajectory.messages` writes it, with rationales."""
    messages = opening(text)
    for number, node in enumerate(path, 1):
        messages += exchange(node["action"], node["rationale"], node["message"], number)
    return messages


def history(node: Node) -> list[Message]:
    """The conversation that leads to a live node, as its row would hold it, with `REASONS`."""
    messages = conversation(render_opening(node.episode.case), [_step(n) for n in node.path])
    messages[0] = {**messages[0], "content": messages[0]["content"] + REASONS}
    return messages


def _step(node: Node) -> dict[str, Any]:
    """What a recorded node tells of itself in a conversation."""
    candidate, turn = node.candidate, node.episode.turn
    assert candidate is not None, "only the root has no move"
    assert turn is not None, "only the root has no turn"
    return {
        "action": recorded(candidate.action),
        "rationale": candidate.rationale,
        "message": turn.message,
    }
