"""Record: a grown and judged tree as one JSON file, to be looked at, exported and resumed from."""

from __future__ import annotations

from typing import Any

from medaction_gym import __version__
from medaction_gym.actions import Malformed
from medaction_gym.distill.grounding import grounds_of
from medaction_gym.distill.node import Node
from medaction_gym.distill.preferences import pairs
from medaction_gym.distill.selection import Thresholds, measures, select, wrongs
from medaction_gym.distill.tree import Tree
from medaction_gym.view import render_opening

SCHEMA = "medaction-tree/1"
PAIRS = 16  # a case, at most


def record_tree(tree: Tree, limits: Thresholds, seed: int) -> dict[str, Any]:
    """Judge a tree's paths and write all of it down as JSON values.

    Nodes are written once, so that paths which share their beginning share its bytes.
    """
    case = tree.case
    grounds = grounds_of(case)
    ends = [n for n in tree.nodes if n.parent is not None and (n.over or n.fault)]
    verdicts = select(ends, grounds, limits)
    wrong = {leaf.id: wrongs(leaf, grounds, limits) for leaf in ends}
    roots = [n for n in tree.nodes if n.parent is None]
    preferred = [p for root in roots for p in pairs(root, wrong, PAIRS)]
    return {
        "schema_version": SCHEMA,
        "package_version": __version__,
        "case_id": case.id,
        "case_hash": case.hash,
        "seed": seed,
        "calls": tree.calls,
        "usage": tree.usage.model_dump(exclude={"replayed"}),
        "opening": render_opening(case),
        "nodes": [_node(n) for n in tree.nodes if n.parent is not None],
        "paths": [
            {
                "leaf": v.leaf.id,
                "fate": v.fate,
                "end": v.end.id if v.end else -1,
                "reason": v.reason,
                "metrics": measures(v.end or v.leaf),
                "reward": round((v.end or v.leaf).score.reward, 10),
                "order": [case.tests[i].name for i in (v.end or v.leaf).order],
                "grounds": grounds.level((v.end or v.leaf).episode.seen),
            }
            for v in verdicts
        ],
        "pairs": [
            {"chosen": p.chosen.id, "rejected": p.rejected.id, "gap": p.gap, "reason": p.reason}
            for p in preferred
        ],
    }


def _node(node: Node) -> dict[str, Any]:
    candidate, turn = node.candidate, node.episode.turn
    assert candidate is not None, "only the root has no move"
    assert turn is not None, "only the root has no turn"
    assert node.parent is not None, "only the root has no parent"
    action: dict[str, Any] = candidate.action.model_dump(mode="json")
    if isinstance(candidate.action, Malformed):
        action = {"action": "malformed", **action}
    return {
        "id": node.id,
        "parent": node.parent.id,
        "teacher": candidate.teacher,
        "plan": candidate.plan,
        "rationale": candidate.rationale,
        "action": action,
        "outcome": turn.outcome.value,
        "message": turn.message,
        "dtc": round(node.score.dtc, 4),
        "rac": round(node.score.rac, 4),
        "potential": round(node.score.potential, 4),
        "fault": node.fault,
        "same_as": node.same_as,
    }
