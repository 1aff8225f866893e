"""Selection: which paths of a tree are kept, which are cut, which refused, and why.

- **retained**: the path commits to the gold diagnosis, DTC and RAC reach their thresholds, no
  rationale is at fault, and the end rests on something that can be cited.
- **truncated**: the path goes wrong (another diagnosis, a fault, a belief that leaves the truth),
  but up to a point it was good: it is cut after the statement where its potential was highest,
  if by then enough was learnt, the truth weighed enough, and the beliefs followed the evidence.
- **pruned**: the rest. Divergent, ungrounded, unproven, a duplicate, or one too many of its kind.

Of equal paths the first is kept. Where more are good than a case may give, they are chosen one by
one: by DTC and RAC combined, less a little for each test, plus a bonus for an order of tests that
the chosen ones do not have yet.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medaction_gym.actions import Malformed
from medaction_gym.distill.grounding import Grounds
from medaction_gym.distill.node import UNPROVEN, Node
from medaction_gym.metrics.outcome import RIGHT, grade

PER_TEST = 0.02  # a shorter work-up to the same end is the better one

Fate = Literal["retained", "truncated", "pruned"]


class Thresholds(BaseModel):
    """What a path must reach.

    Attributes:
        dtc: Least DTC of a retained path.
        rac: Least RAC of a retained path, and of a cut one up to the cut.
        potential: Least Φ at the cut of a truncated path.
        results: Least results before the cut.
        per_case: Paths that one case may give, at most.
        novelty: What a new order of tests is worth beside DTC and RAC combined.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtc: float = Field(default=0.6, ge=0, le=1)
    rac: float = Field(default=0.5, ge=0, le=1)
    potential: float = Field(default=0.4, ge=0, le=1)
    results: int = Field(default=2, ge=1)
    per_case: int = Field(default=100, ge=1)
    novelty: float = Field(default=0.3, ge=0)


class Verdict(NamedTuple):
    """What became of a finished path.

    Attributes:
        leaf: Its last node.
        fate: Kept, cut or refused.
        end: The last node that is kept: the leaf, the cut, or None.
        reason: Why, with the numbers.
    """

    leaf: Node
    fate: Fate
    end: Node | None
    reason: str


def measures(node: Node) -> dict[str, float]:
    """The numbers of the path to a node; every one a float, so that tables keep their types."""
    episode, score = node.episode, node.score
    case = episode.case
    right = grade(case.diagnosis, episode.committed) if episode.committed else 0.0
    items = {r.item for r in episode.seen}
    return {
        "dtc": round(score.dtc, 4),
        "rac": round(score.rac, 4),
        "combined": round(score.combined, 4),
        "potential": round(score.potential, 4),
        "grade": right,
        "examination_recall": round(len(items) / len(case.tests), 4),
        "tests": float(episode.tests),
        "turns": float(episode.number),
        "updates": float(len(score.beliefs)),
        "usd": round(episode.usd, 2),
        "hours": round(episode.hours, 2),
    }


def select(leaves: Sequence[Node], grounds: Grounds, limits: Thresholds) -> list[Verdict]:
    """The fate of every finished path of a tree, in the order of the leaves.

    Args:
        leaves: The last nodes of the paths: ended, or at fault.
        grounds: The case's grounds.
        limits: The thresholds.
    """
    verdicts = [_assess(leaf, grounds, limits) for leaf in leaves]
    seen: set[tuple[str, ...]] = set()
    for i, verdict in enumerate(verdicts):
        if verdict.fate != "retained":
            continue
        key = actions(verdict.leaf)
        if key in seen:
            verdicts[i] = Verdict(verdict.leaf, "pruned", None, "duplicate: the same actions")
        seen.add(key)
    good = [i for i, v in enumerate(verdicts) if v.fate == "retained"]
    chosen = set(_diverse([verdicts[i].leaf for i in good], limits))
    for rank, i in enumerate(good):
        if rank not in chosen:
            reason = f"surplus: the case already gives {limits.per_case}"
            verdicts[i] = Verdict(verdicts[i].leaf, "pruned", None, reason)
    kept = {id(node) for v in verdicts if v.fate == "retained" for node in v.leaf.path}
    cut: set[tuple[str, ...]] = set()
    for i, verdict in enumerate(verdicts):
        if verdict.fate != "truncated" or verdict.end is None:
            continue
        key = actions(verdict.end)
        if id(verdict.end) in kept or key in cut:
            reason = f"{verdict.reason}; its good part is part of a path already kept"
            verdicts[i] = Verdict(verdict.leaf, "pruned", None, reason)
        cut.add(key)
    return verdicts


def actions(node: Node) -> tuple[str, ...]:
    """The actions that lead to a node: what makes two paths the same."""
    return tuple(n.candidate.action.model_dump_json() for n in node.path if n.candidate)


def wrongs(leaf: Node, grounds: Grounds, limits: Thresholds) -> str:
    """What is wrong with a finished path, the gravest first; "" if it is to be retained."""
    if leaf.fault:
        broken = leaf.candidate is not None and isinstance(leaf.candidate.action, Malformed)
        return leaf.fault if broken else f"ungrounded: {leaf.fault}"
    episode, score = leaf.episode, leaf.score
    if not episode.committed:
        return "divergent: it ends without a diagnosis"
    right = grade(episode.case.diagnosis, episode.committed) >= RIGHT
    if not right and not grounds.is_gold(episode.committed):
        return f"divergent: commits to {episode.committed[:80]}"
    if score.dtc < limits.dtc:
        return f"divergent: DTC {score.dtc:.2f} is below {limits.dtc:g}"
    if score.rac < limits.rac:
        return f"divergent: RAC {score.rac:.2f} is below {limits.rac:g}"
    if leaf.candidate and leaf.candidate.plan == UNPROVEN:
        return "unproven: its end rests on nothing that can be cited"
    return ""


def _assess(leaf: Node, grounds: Grounds, limits: Thresholds) -> Verdict:
    wrong = wrongs(leaf, grounds, limits)
    if not wrong:
        numbers = f"DTC {leaf.score.dtc:.2f}, RAC {leaf.score.rac:.2f}"
        return Verdict(leaf, "retained", leaf, f"reaches the diagnosis; {numbers}")
    end = _cut(leaf, limits)
    if end is None:
        return Verdict(leaf, "pruned", None, wrong)
    where = f"cut after turn {end.episode.number}, Φ {end.score.potential:.2f}"
    return Verdict(leaf, "truncated", end, f"{wrong}; {where}")


def _cut(leaf: Node, limits: Thresholds) -> Node | None:
    """The statement after which a path went wrong, if what came before is worth keeping."""
    stated = [
        n
        for n in leaf.path
        if n.score.potentials
        and not n.score.fresh
        and not n.over
        and not n.fault
        and n.parent is not None
        and len(n.score.potentials) > len(n.parent.score.potentials)
    ]
    if not stated:
        return None
    best = max(stated, key=lambda n: (n.score.potential, -n.id))
    enough = (
        best.episode.tests >= limits.results
        and best.score.potential >= limits.potential
        and best.score.rac >= limits.rac
    )
    return best if enough else None


def _diverse(leaves: Sequence[Node], limits: Thresholds) -> list[int]:
    """The places of at most `per_case` paths, chosen one by one."""
    if len(leaves) <= limits.per_case:
        return list(range(len(leaves)))
    worth = [n.score.combined - PER_TEST * n.episode.tests for n in leaves]
    ways = [_ways(n) for n in leaves]
    left, chosen, used = set(range(len(leaves))), list[int](), Counter[tuple[int, ...]]()

    def value(i: int) -> tuple[float, int]:
        new = math.fsum(1 / (1 + used[way]) for way in ways[i]) / max(1, len(ways[i]))
        return worth[i] + limits.novelty * new, -i

    while len(chosen) < limits.per_case:
        best = max(left, key=value)
        left.remove(best)
        chosen.append(best)
        used.update(ways[best])
    return chosen


def _ways(node: Node) -> list[tuple[int, ...]]:
    """The order of tests, in part and as a whole."""
    return [node.order[:n] for n in range(1, len(node.order) + 1)]
