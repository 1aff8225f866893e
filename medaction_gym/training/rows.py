"""Rows: what is trained on, chosen from the folder that ``medaction-gym distill`` wrote.

A folder's ``sft.jsonl`` holds the paths that passed both filters. The trees beside it hold every
path, so that other choices can be made from the same trees and compared: by DTC alone, by RAC
alone, or unfiltered.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.leaks import gold_names, mask
from medaction_gym.distill.export import ROW_SCHEMA, path_to, read_rows, row
from medaction_gym.prompt.messages import Message

Choice = Literal["both", "dtc", "rac", "none"]
Preference = Literal["any", "recall", "late"]


class DataError(ValueError):
    """A folder holds nothing that can be trained on."""


class Row(NamedTuple):
    """A conversation, its case, and how much of the case's record it sees, in [0, 1]."""

    case_id: str
    messages: list[Message]
    recall: float


def read(folder: str | Path, choice: Choice = "both") -> list[Row]:
    """The rows of a distilled data set, in its order.

    Args:
        folder: What ``distill --out`` wrote.
        choice: ``"both"``: the retained paths. ``"dtc"``, ``"rac"``: finished paths that reach the
            one threshold, whatever they are otherwise. ``"none"``: all finished paths.

    Raises:
        DataError: If there are none; names the file, and the line and field at fault.
    """
    folder = Path(folder)
    found = list(_retained(folder / "sft.jsonl") if choice == "both" else _chosen(folder, choice))
    if not found:
        raise DataError(f"{folder}: no path to train on (choice {choice!r})")
    return found


def draw(
    rows: Iterable[Row], per_case: int, seed: int, prefer: Preference = "any"
) -> Iterator[Row]:
    """Rows in the order of training: one of every case, then a second of each, and so on.

    So a part of any length holds as many cases as it can.

    Args:
        rows: The rows.
        per_case: How many of a case, at most.
        seed: Of the choice and the order.
        prefer: ``"recall"``: of a case's paths first those that see most of its record, so that a
            student with few tokens to learn from learns to ask; ``"late"``: first, of all cases,
            the paths whose diagnosis is stated only after a result that says it, then those after
            any result (`ground`), so that it learns to read; ``"any"``: as they come.
    """
    rng = np.random.default_rng(seed)
    of: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        of[one.case_id].append(one)
    shuffled = [[group[int(i)] for i in rng.permutation(len(group))] for group in of.values()]
    if prefer == "recall":
        shuffled = [sorted(group, key=lambda one: -one.recall) for group in shuffled]
    drawn: list[Row] = []
    for turn in range(per_case):
        round_ = [group[turn] for group in shuffled if turn < len(group)]
        drawn += [round_[int(i)] for i in rng.permutation(len(round_))]
    yield from sorted(drawn, key=ground) if prefer == "late" else drawn


def ground(row: Row) -> int:
    """What a path's diagnosis stood on when it was first stated.

    A teacher who knows the record states it before any result where the presentation supports it;
    a student can learn from that only what the presentation tells.

    Returns:
        0 if a result had said its name, 1 if there had been results, 2 if there had been none.
    """
    calls = [m["tool_calls"][0]["function"] for m in row.messages if m.get("tool_calls")]
    end = calls[-1]["arguments"].get("diagnosis", "").casefold()
    results: list[str] = []
    asked = False
    for message in row.messages:
        if message["role"] == "tool" and asked:
            results.append(message["content"])
        if not message.get("tool_calls"):
            continue
        call = message["tool_calls"][0]["function"]
        asked = call["name"] == "order_test"
        stated = [h["disease"].casefold() for h in call["arguments"].get("differential", ())]
        if any(name in end or end in name for name in stated):
            break
    if not results:
        return 2
    told = "\n".join(results)
    return int(mask(told, gold_names(Diagnosis(name=end))) == told)


def brief(
    messages: Iterable[Message], *, rationales: bool = True, hypotheses: int | None = None
) -> list[Message]:
    """A conversation in fewer words, for small models.

    Args:
        messages: The conversation.
        rationales: Whether moves keep their reasons.
        hypotheses: How many a stated differential keeps, the first ones; None keeps all.
    """
    told = []
    for message in messages:
        if calls := message.get("tool_calls"):
            call = calls[0]["function"]
            arguments = dict(call["arguments"])
            if "differential" in arguments:
                arguments["differential"] = arguments["differential"][:hypotheses]
            function = {**call, "arguments": arguments}
            content = message["content"] if rationales else ""
            message = {**message, "content": content}
            message["tool_calls"] = [{**calls[0], "function": function}]
        told.append(message)
    return told


def _retained(file: Path) -> Iterator[Row]:
    if not file.is_file():
        raise DataError(f"{file}: no such file; make it with 'medaction-gym distill --out'")
    number = 0
    try:
        for one in read_rows(file):
            number += 1
            if (schema := one.get("schema_version")) != ROW_SCHEMA:
                raise ValueError(f"schema_version is {schema!r}; this version reads {ROW_SCHEMA!r}")
            yield Row(one["case_id"], one["messages"], one["metrics"]["examination_recall"])
    except KeyError as error:
        raise DataError(f"{file}: line {number}: no field {error}") from None
    except ValueError as error:
        raise DataError(f"{file}: after line {number}: {error}") from None


def _chosen(folder: Path, choice: Choice) -> Iterator[Row]:
    files = sorted((folder / "trees").glob("*.json"))
    if not files:
        raise DataError(f"{folder}: has no trees, from which choice {choice!r} would be made")
    limits = json.loads((folder / "report.json").read_text(encoding="utf-8"))["settings"]["limits"]
    wanted: Callable[[dict[str, Any]], bool] = {
        "dtc": lambda numbers: numbers["dtc"] >= limits["dtc"],
        "rac": lambda numbers: numbers["rac"] >= limits["rac"],
    }.get(choice, lambda numbers: True)
    for file in files:
        record = json.loads(file.read_text(encoding="utf-8"))
        nodes = {node["id"]: node for node in record["nodes"]}
        for path in record["paths"]:
            steps = path_to(nodes, path["leaf"])
            if steps[-1]["action"]["action"] == "commit" and wanted(path["metrics"]):
                messages = row(record, path, steps)["messages"]
                yield Row(record["case_id"], messages, path["metrics"]["examination_recall"])
