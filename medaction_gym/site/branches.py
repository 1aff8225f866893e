"""Branches: a recorded tree as the JSON of a page, every node with its fate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from medaction_gym.site.texts import Texts

SCHEMA = "medaction-tree/1"

# What became of the best path through a node. "open": none through it was finished.
Fate = Literal["open", "pruned", "truncated", "retained"]
_RANK: tuple[Fate, ...] = ("open", "pruned", "truncated", "retained")


class TreeError(ValueError):
    """A tree's record cannot be used."""


def branches(record: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a tree's page: columns by node, in the order of the record.

    Node 0 is the presentation; node n is the n-th of the record. Strings are numbers in ``texts``.

    Raises:
        TreeError: If the record is none of a tree.

    Example:
        >>> move = {"teacher": "t", "plan": "", "rationale": "", "outcome": "ACCEPTED",
        ...     "message": "", "dtc": 1.0, "rac": 1.0, "potential": 1.0, "fault": "", "same_as": -1}
        >>> nodes = [{"id": 1, "parent": 0, "action": {"action": "commit", "diagnosis": "Gout"}},
        ...     {"id": 2, "parent": 0, "action": {"action": "order_test", "test": "urate"}}]
        >>> path = {"leaf": 1, "end": 1, "fate": "retained", "reason": "good", "reward": 1.0,
        ...     "metrics": {}}
        >>> tree = branches({"schema_version": SCHEMA, "nodes": [n | move for n in nodes],
        ...     "paths": [path], "pairs": []})
        >>> tree["parent"], tree["fate"], tree["paths"][0]["leaf"]
        ([-1, 0, 0], ['retained', 'retained', 'open'], 1)
    """
    if record.get("schema_version") != SCHEMA:
        raise TreeError(f"schema_version is {record.get('schema_version')!r}, not {SCHEMA!r}")
    try:
        return _branches(record)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise TreeError(f"is no record of a tree: {type(error).__name__}: {error}") from None


def _branches(record: dict[str, Any]) -> dict[str, Any]:
    texts, nodes = Texts(), record["nodes"]
    number = {node["id"]: n for n, node in enumerate(nodes, 1)}
    parent = [-1, *(number.get(node["parent"], 0) for node in nodes)]
    if any(above >= n for n, above in enumerate(parent)):
        raise TreeError("a node comes before its parent")
    columns: dict[str, list[Any]] = {
        name: ["", *(node[name] for node in nodes)] for name in ("outcome", "plan", "teacher")
    }
    for name in ("rationale", "message", "fault"):
        columns[name] = [texts.put(""), *(texts.put(node[name]) for node in nodes)]
    for name in ("dtc", "rac", "potential"):
        columns[name] = [0, *(node[name] for node in nodes)]
    paths = [
        {
            "leaf": number[path["leaf"]],
            "end": number.get(path["end"], -1),
            "fate": path["fate"],
            "reason": texts.put(path["reason"]),
            "metrics": path["metrics"],
            "reward": path["reward"],
        }
        for path in record["paths"]
    ]
    return {
        "parent": parent,
        "fate": _fates(parent, paths),
        "action": [[], *(_action(node["action"], texts) for node in nodes)],
        "sameAs": [-1, *(number.get(node["same_as"], -1) for node in nodes)],
        **columns,
        "paths": paths,
        "pairs": [
            [number[p["chosen"]], number[p["rejected"]], p["gap"], texts.put(p["reason"])]
            for p in record["pairs"]
        ],
        "texts": texts.table,
    }


def _fates(parent: list[int], paths: list[dict[str, Any]]) -> list[Fate]:
    """The best fate of the paths through each node; beyond its cut a truncated path is pruned."""
    best = [0] * len(parent)
    for path in paths:
        rank = _RANK.index(path["fate"])
        now = _RANK.index("pruned") if path["fate"] == "truncated" else rank
        for node in _upwards(parent, path["leaf"]):
            if node == path["end"]:
                now = rank
            best[node] = max(best[node], now)
    return [_RANK[rank] for rank in best]


def _upwards(parent: list[int], node: int) -> Iterator[int]:
    while node >= 0:
        yield node
        node = parent[node]


def _action(action: dict[str, Any], texts: Texts) -> list[Any]:
    """A kind and what was said: a number of a text, or pairs of number and probability."""
    if action["action"] == "order_test":
        return ["order", texts.put(action["test"])]
    if action["action"] == "commit":
        return ["commit", texts.put(action["diagnosis"])]
    if action["action"] == "update_differential":
        stated = action["differential"]
        return ["differential", [[texts.put(h["disease"]), h["probability"]] for h in stated]]
    return ["malformed", texts.put(action["received"])]
