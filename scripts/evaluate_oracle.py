"""Precision and recall of the oracle on labelled requests, by kind.

    python scripts/evaluate_oracle.py PAIRS.jsonl CASES... [--errors]

A pair names a case of the real data, a request, and what must happen: the outcome, and for RESULT
what must be released. Definitions, over requests:

- false release: anything was handed out that is neither required nor allowed by the label;
- precision: of the requests that got a RESULT, the share without a false release;
- recall: of the requests whose label is RESULT, the share for which all of it was released (or the
  outcome is another that the label accepts);
- outcome: the share whose outcome is the label's, or one the label accepts.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from medaction_gym.actions import OrderTest, Outcome, parse
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.tokens import words
from medaction_gym.episode import Episode


def judge(case: Case, pair: dict[str, Any]) -> dict[str, Any]:
    """What the oracle did with one pair, against its label."""
    state = Episode.start(case).act(OrderTest(test=pair["request"]))
    assert state.turn is not None
    names = {
        case.tests[r.item].name
        if r.analyte < 0
        else f"{case.tests[r.item].name}::{case.tests[r.item].analytes[r.analyte].name}"
        for r in state.turn.released
    }
    required, allowed = set(pair["release"]), set(pair.get("allow", []))
    # "An item's own name gets that item" stands above every label.
    allowed |= {t.name for t in case.tests if words(t.name) == words(pair["request"])}
    whole = {name.split("::")[0] for name in names if "::" not in name}
    whole |= {
        t.name
        for t in case.tests
        if t.analytes and names.issuperset(f"{t.name}::{a.name}" for a in t.analytes)
    }
    if pair["kind"] in ("analyte", "panel"):
        # An item labelled whole before its values could be ordered one by one.
        whole |= {name.split("::")[0] for name in names} & required
    # A whole item covers its analytes; all required analytes of an item released one by one are
    # as good as named.
    covered = {n for n in required if n in names or n in whole or n.split("::")[0] in whole}
    excess = {
        n for n in names if n not in required | allowed and not _part_of(n, required | allowed)
    }
    outcome = state.turn.outcome.value
    accepted = {pair["outcome"], *pair.get("accept", [])}
    wanted = pair["outcome"] == "RESULT"
    return {
        "released": sorted(names),
        "excess": sorted(excess),
        "outcome": outcome,
        "false_release": bool(excess),
        "got_result": outcome == Outcome.RESULT,
        "wanted": wanted,
        "recalled": wanted and covered == required,
        "missed": wanted and covered != required and outcome not in accepted - {"RESULT"},
        "right_outcome": outcome in accepted,
        "why": state.turn.why,
    }


def _part_of(name: str, wanted: set[str]) -> bool:
    return "::" in name and name.split("::")[0] in wanted


def evaluate(pairs: list[dict[str, Any]], cases: dict[str, Case]) -> list[dict[str, Any]]:
    """Judge all pairs; a pair whose names are not on today's menu is printed and left out."""
    rows = []
    for number, pair in enumerate(pairs, 1):
        case = cases[pair["case_id"]]
        known = {t.name for t in case.tests} | {
            f"{t.name}::{a.name}" for t in case.tests for a in t.analytes
        }
        pair = dict(pair)
        for field in ("release", "allow"):
            pair[field] = [n for name in pair.get(field, []) for n in _resolve(name, known)]
        unknown = {*pair["release"], *pair["allow"]} - known
        if unknown:
            print(f"left out: pair {number} ({case.id}): not on the menu: {sorted(unknown)}")
            continue
        rows.append({**pair, "label": pair["outcome"], **judge(case, pair)})
    return rows


def _resolve(name: str, known: set[str]) -> list[str]:
    """A labelled name on today's menu.

    Labels were written against menus whose names have changed in small ways since: a list such as
    "Labs::AST/ALT" was split, "CT scan" became "High-resolution CT scan". A name that is gone
    stands for the only one whose words contain its words, or are contained in them.
    """
    if name in known:
        return [name]
    item, _, analyte = name.partition("::")
    if analyte:
        parts = [f"{item}::{part.strip()}" for part in re.split(r"[/,]|\band\b", analyte)]
        if known.issuperset(parts):
            return parts
    wanted = set(words(name))
    near = [
        other
        for other in known
        if ("::" in other) == bool(analyte)
        and (wanted <= set(words(other)) or wanted >= set(words(other)))
    ]
    return near if len(near) == 1 else [name]


def table(rows: list[dict[str, Any]]) -> str:
    """The figures as a markdown table."""
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(row)
    lines = [
        "| kind | requests | false releases | precision | recall | outcome |",
        "|---|---|---|---|---|---|",
    ]
    for kind, part in [*sorted(kinds.items()), ("**all**", rows)]:
        false = sum(r["false_release"] for r in part)
        results = sum(r["got_result"] for r in part)
        wanted = sum(r["wanted"] for r in part)
        recalled = sum(r["wanted"] and not r["missed"] for r in part)
        outcome = sum(r["right_outcome"] for r in part)
        lines.append(
            f"| {kind} | {len(part)} | {false} ({false / len(part):.1%}) "
            f"| {_share(results - false, results)} | {_share(recalled, wanted)} "
            f"| {_share(outcome, len(part))} |"
        )
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({part / whole:.1%})" if whole else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--errors", action="store_true", help="print every pair that went wrong")
    arguments = parser.parse_args()
    cases = {case.id: case for path in arguments.cases for case in CaseSet.load(path)}
    pairs = [json.loads(line) for line in arguments.pairs.open(encoding="utf-8") if line.strip()]
    bad = [
        pair["request"] for pair in pairs if not isinstance(parse((0, pair["request"])), OrderTest)
    ]
    pairs = [pair for pair in pairs if pair["request"] not in bad]
    rows = evaluate(pairs, cases)
    if arguments.errors:
        for row in rows:
            if row["false_release"] or row["missed"] or not row["right_outcome"]:
                print(json.dumps({k: row[k] for k in (
                    "case_id", "kind", "request", "label", "release", "outcome", "released", "why"
                )}, ensure_ascii=False))  # fmt: skip
    print(table(rows))
    if bad:
        print(f"{len(bad)} requests are refused as malformed before they reach the oracle")


if __name__ == "__main__":
    main()
