"""Export: from recorded trees to files that trainers read.

- ``sft.jsonl``: one retained path a row.
- ``truncated.jsonl``: the good beginnings of paths that went wrong, in the same form.
- ``preferences.jsonl``: pairs of moves at one state, in TRL's DPO form.
- ``refused.jsonl``: every refused path: where it is in its tree, its numbers, the reason.
- ``report.json`` and ``README.md``: counts, and the data-set card.

Rows are written in the order of the cases, then of the paths, so equal runs give equal bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from medaction_gym import __version__
from medaction_gym.cases.case import Case
from medaction_gym.chat import Usage
from medaction_gym.distill.messages import conversation, move
from medaction_gym.distill.report import Balance, Tally
from medaction_gym.prompt import TOOLS, opening
from medaction_gym.whole import whole_file

ROW_SCHEMA = "medaction-sft/1"
FILES = ("sft", "truncated", "preferences", "refused")


def export(
    records: Iterable[tuple[Case, dict[str, Any]]], folder: Path, about: dict[str, Any]
) -> dict[str, Any]:
    """Write all files of a data set.

    Args:
        records: Cases with their recorded trees, in order.
        folder: Where to.
        about: What goes into the report besides the counts: settings, exclusions.

    Returns:
        The report.
    """
    from medaction_gym.distill.card import card

    tallies = {fate: Tally() for fate in ("retained", "truncated", "pruned")}
    balance, reasons = Balance(), dict[str, int]()
    counts = {"cases": 0, "nodes": 0, "calls": 0, "pairs": 0}
    usage: Counter[str] = Counter()
    with ExitStack() as stack:
        out = {f: stack.enter_context(whole_file(folder / f"{f}.jsonl")) for f in FILES}
        for case, record in records:
            counts["cases"] += 1
            counts["nodes"] += len(record["nodes"])
            counts["calls"] += record["calls"]
            usage.update(record["usage"])
            nodes = {node["id"]: node for node in record["nodes"]}
            for path in record["paths"]:
                fate = path["fate"]
                end = path["end"] if fate != "pruned" else path["leaf"]
                steps = path_to(nodes, end)
                tallies[fate].add(path, case.id, (s["rationale"] for s in steps))
                if fate == "pruned":
                    kind = path["reason"].split(":")[0]
                    reasons[kind] = reasons.get(kind, 0) + 1
                    out["refused"].write(_line(refused(record, path)))
                    continue
                if fate == "retained":
                    balance.add(case, path, (s["teacher"] for s in steps))
                target = "sft" if fate == "retained" else "truncated"
                out[target].write(_line(row(record, path, steps)))
            for pair in record["pairs"]:
                out["preferences"].write(_line(preference(record, nodes, pair)))
                counts["pairs"] += 1
        report = {
            **about,
            **counts,
            "usage": {name: usage[name] for name in Usage.model_fields},
            "fates": {fate: tally.summary() for fate, tally in tallies.items()},
            "reasons": dict(sorted(reasons.items())),
            "balance": balance.summary(counts["cases"]),
        }
    with whole_file(folder / "report.json") as file:
        file.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    with whole_file(folder / "README.md") as file:
        file.write(card(report))
    return report


def row(
    record: dict[str, Any], path: dict[str, Any], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    """A path as a row for supervised training."""
    return {
        "messages": conversation(record["opening"], steps),
        "tools": TOOLS,
        "case_id": record["case_id"],
        "metrics": path["metrics"],
        "reward": path["reward"],
        "selection": path["fate"],
        "reason": path["reason"],
        "test_order": path["order"],
        "provenance": _provenance(record, path, steps),
        "schema_version": ROW_SCHEMA,
    }


def refused(record: dict[str, Any], path: dict[str, Any]) -> dict[str, Any]:
    """A refused path: enough to find it in its tree, and why."""
    return {
        "case_id": record["case_id"],
        "leaf": path["leaf"],
        "metrics": path["metrics"],
        "reason": path["reason"],
        "test_order": path["order"],
    }


def preference(
    record: dict[str, Any], nodes: dict[int, dict[str, Any]], pair: dict[str, Any]
) -> dict[str, Any]:
    """A pair of moves at one state, in TRL's conversational form with an explicit prompt."""
    chosen, rejected = nodes[pair["chosen"]], nodes[pair["rejected"]]
    before = path_to(nodes, chosen["parent"])
    number = len(before) + 1
    return {
        "prompt": conversation(record["opening"], before) if before else opening(record["opening"]),
        "chosen": [move(chosen, number)],
        "rejected": [move(rejected, number)],
        "tools": TOOLS,
        "case_id": record["case_id"],
        "gap": pair["gap"],
        "reason": pair["reason"],
        "provenance": {
            "chosen": chosen["id"],
            "rejected": rejected["id"],
            "seed": record["seed"],
            "case_hash": record["case_hash"],
        },
    }


def path_to(nodes: dict[int, dict[str, Any]], end: int) -> list[dict[str, Any]]:
    """The recorded nodes from the first move to one."""
    path = []
    while end in nodes:
        path.append(nodes[end])
        end = nodes[end]["parent"]
    return path[::-1]


def _provenance(
    record: dict[str, Any], path: dict[str, Any], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "teacher": "+".join(sorted({s["teacher"] for s in steps})),
        "plans": [s["plan"] for s in steps],
        "node": path["leaf"],
        "end": path["end"],
        "grounds": path["grounds"],
        "seed": record["seed"],
        "case_hash": record["case_hash"],
        "package_version": __version__,
    }


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_rows(path: str | Path) -> Iterator[dict[str, Any]]:
    """The rows of an exported file."""
    with Path(path).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
