"""Audit: is every exported row grounded? Read from its messages alone, apart from the tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from medaction_gym.actions import parse
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.export import read_rows
from medaction_gym.distill.grounding import check, grounds_of
from medaction_gym.episode import Episode, Rules


class Audit(NamedTuple):
    """What an audit found: rows and moves read, and every fault with its place."""

    rows: int
    moves: int
    faults: tuple[str, ...]


def audit(folder: str | Path) -> Audit:
    """Replay the rows of ``sft.jsonl`` and ``truncated.jsonl`` and check every move.

    A move is at fault if its words are not grounded (`grounding.check`), or if the record does not
    give the answer that the row states.

    Args:
        folder: The data set's folder, with its ``cases.jsonl``.
    """
    folder = Path(folder)
    cases = CaseSet.load(folder / "cases.jsonl")
    rows, moves, faults = 0, 0, list[str]()
    for name in ("sft.jsonl", "truncated.jsonl"):
        for number, row in enumerate(read_rows(folder / name), 1):
            rows += 1
            for turn, fault in audit_row(row, cases.get(row["case_id"])):
                moves += 1
                if fault:
                    faults.append(f"{name}: row {number}: turn {turn}: {fault}")
    return Audit(rows, moves, tuple(faults))


def audit_row(row: dict[str, Any], case: Case) -> list[tuple[int, str]]:
    """The moves of a row by turn, each with what is wrong with it, "" if nothing."""
    grounds, episode = grounds_of(case), Episode.start(case, Rules(max_turns=1_000))
    found = []
    said, answers = row["messages"][2::2], row["messages"][3::2]
    for message, answer in zip(said, answers, strict=True):
        call = message["tool_calls"][0]["function"]
        action = parse({"action": call["name"], **call["arguments"]})
        held = [h.disease for h in episode.differential]
        fault = check(grounds, episode.seen, action, message["content"], held)
        episode = episode.act(action)
        assert episode.turn is not None
        if episode.turn.message != answer["content"]:
            fault = fault or "the record gives another answer"
        found.append((episode.number, fault))
    return found
