"""Tree: grows trajectories of a case from one root, forking where it pays.

States are immutable, so a fork costs nothing. Candidates are asked for once a state: where another
path leads to a state that is the same, its candidates are taken over, and the teacher is spared.
All is a function of case, teachers and settings: the same tree in every process.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medaction_gym.actions import Malformed
from medaction_gym.cases.case import Case
from medaction_gym.chat import Usage
from medaction_gym.distill.branching import BRANCHING
from medaction_gym.distill.grounding import check, grounds_of
from medaction_gym.distill.node import Candidate, Node, state_key
from medaction_gym.distill.scoring import Score, extend
from medaction_gym.distill.teachers.base import Paid, Teacher
from medaction_gym.episode import Episode, Rules
from medaction_gym.oracle import Oracle, Part, oracle_for

Order = Literal["best-first", "breadth-first"]
BranchingName = Literal["informed", "everywhere", "never"]

FORWARD = 0.03  # what each turn adds to a node's priority: a path begun is to be ended
NOVELTY = 0.8  # what finished paths that share its way take from it


class Growth(BaseModel):
    """How a tree grows.

    Attributes:
        seed: Seed of all choices.
        width: Candidates a node, at most.
        depth: Turns of a path, at most.
        nodes: Nodes of a tree, at most.
        calls: Times a teacher is asked, at most; None for no limit.
        leaves: Finished paths after which growing stops; None for no limit.
        order: Which node is next.
        beam: Nodes kept on a level, for breadth-first order.
        branching: Where to fork, a name in `BRANCHING`.
        rules: What the episode allows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    width: int = Field(default=3, ge=1, le=64)
    depth: int = Field(default=30, ge=1, le=200)
    nodes: int = Field(default=600, ge=2)
    calls: int | None = Field(default=None, ge=1)
    leaves: int | None = Field(default=None, ge=1)
    order: Order = "best-first"
    beam: int = Field(default=64, ge=1)
    branching: BranchingName = "informed"
    rules: Rules = Rules()


class Tree(NamedTuple):
    """A grown tree: its nodes by id, how often a teacher was asked, and what that used."""

    case: Case
    nodes: list[Node]
    calls: int
    usage: Usage = Usage()

    @property
    def leaves(self) -> list[Node]:
        """The finished paths, in order of making."""
        return [node for node in self.nodes if node.over]


class _Remembering:
    """An oracle that answers the same request once; paths ask alike."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._answers: dict[str, tuple[Part, ...]] = {}

    def answer(self, request: str) -> tuple[Part, ...]:
        """Answer a request, test by test."""
        if request not in self._answers:
            self._answers[request] = self._oracle.answer(request)
        return self._answers[request]


class TreeDistiller:
    """Grows trees of trajectories.

    Args:
        teachers: Who proposes; several share out the candidates of every node.
        growth: How trees grow.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> from medaction_gym.distill.teachers import make_teacher
        >>> case = CaseSet.teaching().get("teaching-pulmonology-01-chest-pain")
        >>> tree = TreeDistiller([make_teacher("privileged")], Growth(nodes=60)).grow(case)
        >>> len(tree.nodes) <= 60 and len(tree.leaves) > 1
        True
    """

    def __init__(self, teachers: Sequence[Teacher], growth: Growth | None = None) -> None:
        if not teachers:
            raise ValueError("a tree needs at least one teacher")
        self.teachers = tuple(teachers)
        self.growth = growth or Growth()

    def grow(self, case: Case) -> Tree:
        """Grow the tree of a case."""
        growth = self.growth
        rules = growth.rules.model_copy(
            update={"max_turns": min(growth.depth, growth.rules.max_turns)}
        )
        oracle = _Remembering(oracle_for(case))
        root = Node(0, Episode.start(case, rules, lambda _: oracle), Score())
        tree = _Growing(self, root)
        before = self._usage()
        if growth.order == "best-first":
            tree.best_first()
        else:
            tree.breadth_first()
        return Tree(case, tree.nodes, tree.calls, _less(self._usage(), before))

    def _usage(self) -> Usage:
        """What the teachers have used so far."""
        return sum((t.usage for t in self.teachers if isinstance(t, Paid)), Usage())

    def chains(self, case: Case) -> Tree:
        """No tree: independent chains until the same budget of nodes is spent, as a baseline."""
        growth = self.growth.model_copy(update={"branching": "never"})
        nodes, calls, number, before = list[Node](), 0, 0, self._usage()
        while len(nodes) < self.growth.nodes:
            left = max(2, self.growth.nodes - len(nodes) + 1)
            seed = self.growth.seed * 100_003 + number
            chain = TreeDistiller(
                self.teachers, growth.model_copy(update={"seed": seed, "nodes": left})
            ).grow(case)
            for node in chain.nodes:
                node.id += len(nodes) if node.parent else 0
            nodes += chain.nodes[1:]
            calls, number = calls + chain.calls, number + 1
            if len(chain.nodes) == 1:
                break
        return Tree(case, nodes, calls, _less(self._usage(), before))


class _Growing:
    """A tree while it grows."""

    def __init__(self, distiller: TreeDistiller, root: Node) -> None:
        self.teachers, self.growth = distiller.teachers, distiller.growth
        self.nodes = [root]
        self.calls = 0
        self.grounds = grounds_of(root.episode.case)
        self._known: dict[tuple[object, ...], tuple[int, list[Candidate]]] = {}
        self._leaves = 0
        self._jitter = random.Random(f"{self.growth.seed}:{root.episode.case.id}:order")

    @property
    def full(self) -> bool:
        growth = self.growth
        return (
            len(self.nodes) >= growth.nodes
            or (growth.leaves is not None and self._leaves >= growth.leaves)
            or (growth.calls is not None and self.calls >= growth.calls)
        )

    def best_first(self) -> None:
        """Always the most promising node; a finished path makes its likes less so."""
        root = self.nodes[0]
        heap = [(-self.priority(root), 0, 0.0)]
        while heap and not self.full:
            stated, number, jitter = heapq.heappop(heap)
            node = self.nodes[number]
            now = -self.priority(node) - jitter
            if heap and now > heap[0][0] and now > stated:
                heapq.heappush(heap, (now, number, jitter))
                continue
            for child in self.expand(node):
                if not child.over and not child.fault:
                    jitter = 0.05 * self._jitter.random()
                    heapq.heappush(heap, (-self.priority(child) - jitter, child.id, jitter))

    def breadth_first(self) -> None:
        """Level by level, of each the most promising nodes."""
        level = deque([self.nodes[0]])
        while level and not self.full:
            after: list[Node] = []
            for node in level:
                if self.full:
                    break
                after += [c for c in self.expand(node) if not c.over and not c.fault]
            after.sort(key=lambda node: (-self.priority(node), node.id))
            level = deque(after[: self.growth.beam])

    def priority(self, node: Node) -> float:
        """How promising a node is: its scores, how far it has come, how new its tests are."""
        score = node.score
        fallen = math.fsum(max(0.0, a - b) for a, b in pairwise(score.potentials))
        path = node.path
        known = math.fsum(math.log1p(n.ended) for n in path) / max(1, len(path))
        return (
            0.5 * score.potential
            + 0.5 * score.rac
            - 0.3 * fallen
            + FORWARD * node.episode.number
            - NOVELTY * known
        )

    def expand(self, node: Node) -> list[Node]:
        """Ask for candidates and play them."""
        growth = self.growth
        case = node.episode.case
        k = max(1, min(growth.width, BRANCHING[growth.branching](node, growth.width)))
        key = (k, *state_key(node))
        known = self._known.get(key)
        if known is None:
            rng = random.Random(f"{growth.seed}:{case.id}:{node.id}")
            candidates = self._ask(node, k, rng)
            self._known[key] = node.id, candidates
        else:
            node.same_as, candidates = known
        for candidate in candidates:
            if self.full:
                break
            node.children.append(self._play(node, candidate))
        return node.children

    def _ask(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """At most k candidates with different actions, the teachers taking turns.

        No more teachers are asked than there are places, since some cost money; who is asked first
        goes round from node to node.
        """
        first = node.id % len(self.teachers)
        share = math.ceil(k / len(self.teachers))
        hands: list[list[Candidate]] = []
        for teacher in (*self.teachers[first:], *self.teachers[:first]):
            if sum(map(len, hands)) >= k:
                break
            self.calls += 1
            hand = teacher.candidates(node, share, rng)
            hands.append([c._replace(teacher=c.teacher or teacher.name) for c in hand])
        found: dict[str, Candidate] = {}
        for rank in range(max(map(len, hands), default=0)):
            for hand in hands:
                if rank < len(hand) and len(found) < k:
                    found.setdefault(hand[rank].action.model_dump_json(), hand[rank])
        return list(found.values())

    def _play(self, node: Node, candidate: Candidate) -> Node:
        before = node.episode
        episode = before.act(candidate.action)
        assert episode.turn is not None
        child = Node(
            id=len(self.nodes),
            episode=episode,
            score=extend(node.score, episode),
            parent=node,
            candidate=candidate,
            fault=self._fault(before, candidate),
            order=node.order
            + tuple(
                dict.fromkeys(r.item for r in episode.turn.released if r.item not in node.order)
            ),
        )
        self.nodes.append(child)
        if child.over:
            self._leaves += 1
            for passed in child.path:
                passed.ended += 1
        return child

    def _fault(self, before: Episode, candidate: Candidate) -> str:
        if isinstance(candidate.action, Malformed):
            return f"malformed: {candidate.action.reason}"
        held = [h.disease for h in before.differential]
        return check(self.grounds, before.seen, candidate.action, candidate.rationale, held)


def _less(usage: Usage, before: Usage) -> Usage:
    """What was used since."""
    return Usage.model_construct(
        **{name: getattr(usage, name) - getattr(before, name) for name in Usage.model_fields}
    )
