"""Node: one state in a tree of trajectories, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from medaction_gym.actions import Action, Malformed
from medaction_gym.distill.scoring import Score
from medaction_gym.episode import Episode

UNPROVEN = "unproven"  # the plan of an end that its teacher can cite nothing for


class Candidate(NamedTuple):
    """An action that a teacher proposes.

    Attributes:
        action: The action.
        rationale: Why, in the words the doctor would write beside it.
        plan: What kind of move it is, for the report: "warranted", "cautious", "misled" ...
        teacher: Who proposes it.
    """

    action: Action | Malformed
    rationale: str
    plan: str = ""
    teacher: str = ""


@dataclass(slots=True, eq=False)
class Node:
    """A state of play.

    Attributes:
        id: Number within the tree, in order of making; the root is 0.
        episode: The state.
        score: The scores of the path to it.
        parent: The node before, None at the root.
        candidate: The move that led here, None at the root.
        fault: What the checker found wrong with the move's rationale, "" if nothing.
        same_as: Id of an earlier node whose state is the same and whose candidates were taken over.
        order: Items of the record in the order of their release.
        ended: Finished paths through this node.
        children: The nodes after it.
    """

    id: int
    episode: Episode
    score: Score
    parent: Node | None = None
    candidate: Candidate | None = None
    fault: str = ""
    same_as: int = -1
    order: tuple[int, ...] = ()
    ended: int = 0
    children: list[Node] = field(default_factory=list)

    @property
    def path(self) -> list[Node]:
        """The nodes from the first move to this one."""
        nodes: list[Node] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            nodes.append(node)
            node = node.parent
        return nodes[::-1]

    @property
    def over(self) -> bool:
        """Whether the episode has ended here."""
        return self.episode.status != "open"

    def below(self) -> Iterator[Node]:
        """This node and all after it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


def state_key(node: Node) -> tuple[object, ...]:
    """What a teacher can tell two states apart by; equal keys, equal candidates."""
    episode = node.episode
    asked = frozenset(
        turn.message for turn in episode.turns if turn.tests == 0 and turn.outcome != "ACCEPTED"
    )
    belief = tuple(sorted((h.disease, h.probability) for h in episode.differential))
    last = episode.turn.outcome if episode.turn else None
    fresh = frozenset(node.score.fresh)
    return episode.status, episode.seen, asked, belief, fresh, last, bool(node.score.beliefs)
