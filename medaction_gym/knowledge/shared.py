"""The one graph that a process shares: metrics, rewards and agents all read this one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from medaction_gym.knowledge.graph import KnowledgeGraph

if TYPE_CHECKING:
    from medaction_gym.knowledge.linker import Link


@cache
def knowledge() -> KnowledgeGraph:
    """The graph of the installed sources, loaded once a process."""
    return KnowledgeGraph.load()


def link(text: str) -> tuple[Link, ...]:
    """Link a diagnosis to the shared graph: concepts best first, none where the linker abstains."""
    return knowledge().linker.link(text)
