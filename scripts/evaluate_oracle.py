"""Precision and recall of the oracle on labelled requests, by kind.

    python scripts/evaluate_oracle.py PAIRS.jsonl CASES... [--errors | --second-hand LABELS.jsonl]

A pair names a case of the real data, a request, and what must happen: the outcome, and for RESULT
what must be released. Definitions, over requests:

- false release: anything was handed out that is neither required nor allowed by the label;
- precision: of the requests that got a RESULT, the share without a false release;
- recall: of the requests whose label is RESULT, the share for which all of it was released (or the
  outcome is another that the label accepts);
- outcome: the share whose outcome is the label's, or one the label accepts.

Labels are opinions too. With --second-hand, a second labeller's file for some of the pairs (`row`
counts the lines of PAIRS from 0), the oracle and either labeller are measured against the labels of
both and against the adjudicated ones, in the same terms; a labeller answers with what the own label
requires. Where the hands differ, `adjudication` says whose label stands ("first", "second"), or
"both": then what both require is required, and what either allows or accepts will do.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from medaction_gym.actions import OrderTest, Outcome, parse
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.tokens import words
from medaction_gym.episode import Episode


class Answer(NamedTuple):
    """What came of a request: names of items and `item::analyte`, the outcome, and why."""

    names: set[str]
    outcome: str
    why: str = ""


def ask(case: Case, request: str) -> Answer:
    """The oracle's answer."""
    state = Episode.start(case).act(OrderTest(test=request))
    assert state.turn is not None
    names = {
        case.tests[r.item].name
        if r.analyte < 0
        else f"{case.tests[r.item].name}::{case.tests[r.item].analytes[r.analyte].name}"
        for r in state.turn.released
    }
    return Answer(names, state.turn.outcome.value, state.turn.why)


def judge(case: Case, pair: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """An answer to one pair's request, against its label."""
    names, outcome, why = answer
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
        "why": why,
    }


def _part_of(name: str, wanted: set[str]) -> bool:
    return "::" in name and name.split("::")[0] in wanted


def evaluate(pairs: list[dict[str, Any]], cases: dict[str, Case]) -> list[dict[str, Any]]:
    """Judge all pairs; a pair whose names are not on today's menu is printed and left out."""
    rows = []
    for number, pair in enumerate(pairs, 1):
        case = cases[pair["case_id"]]
        pair, unknown = _on_menu(pair, case)
        if unknown:
            print(f"left out: pair {number} ({case.id}): not on the menu: {sorted(unknown)}")
            continue
        answer = ask(case, pair["request"])
        rows.append({**pair, "label": pair["outcome"], **judge(case, pair, answer)})
    return rows


def _is_request(pair: dict[str, Any]) -> bool:
    """Whether a pair's request reaches the oracle; an empty one is malformed."""
    return isinstance(parse((0, pair["request"])), OrderTest)


def _on_menu(pair: dict[str, Any], case: Case) -> tuple[dict[str, Any], set[str]]:
    """The pair in names of today's menu, and the names that are not on it."""
    known = {t.name for t in case.tests} | {
        f"{t.name}::{a.name}" for t in case.tests for a in t.analytes
    }
    pair = dict(pair)
    for field in ("release", "allow"):
        pair[field] = [n for name in pair.get(field, []) for n in _resolve(name, known)]
    return pair, {*pair["release"], *pair["allow"]} - known


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
    return "\n".join(
        [
            "| kind | requests | false releases | precision | recall | outcome |",
            "|---|---|---|---|---|---|",
            *(_line(kind, part) for kind, part in [*sorted(kinds.items()), ("**all**", rows)]),
        ]
    )


def _line(name: str, part: list[dict[str, Any]]) -> str:
    false = sum(r["false_release"] for r in part)
    results = sum(r["got_result"] for r in part)
    wanted = sum(r["wanted"] for r in part)
    recalled = sum(r["wanted"] and not r["missed"] for r in part)
    outcome = sum(r["right_outcome"] for r in part)
    return (
        f"| {name} | {len(part)} | {false} ({false / len(part):.1%}) "
        f"| {_share(results - false, results)} | {_share(recalled, wanted)} "
        f"| {_share(outcome, len(part))} |"
    )


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({part / whole:.1%})" if whole else "–"


class Hands(NamedTuple):
    """One request, labelled twice, and the labels that stand."""

    case: Case
    first: dict[str, Any]
    second: dict[str, Any]
    adjudicated: dict[str, Any]


def both_hands(
    pairs: list[dict[str, Any]], seconds: list[dict[str, Any]], cases: dict[str, Case]
) -> list[Hands]:
    """The pairs that both hands labelled, in names of today's menu.

    Raises:
        ValueError: a row of the second hand is about another request than the pair it counts to.
    """
    out = []
    for label in seconds:
        pair = pairs[label["row"]]
        if (pair["case_id"], pair["request"]) != (label["case_id"], label["request"]):
            raise ValueError(
                f"row {label['row']}: the second hand labels {label['request']!r} of "
                f"{label['case_id']}, the pair is {pair['request']!r} of {pair['case_id']}"
            )
        if not _is_request(pair):
            continue
        case = cases[pair["case_id"]]
        first, gone = _on_menu(pair, case)
        second, gone_too = _on_menu({**label, "kind": pair["kind"]}, case)
        if gone | gone_too:
            print(f"left out: row {label['row']}: not on the menu: {sorted(gone | gone_too)}")
            continue
        for hand in (first, second):
            # An item and all of its analytes are the same thing, whichever a hand wrote.
            named = {*hand["release"], *hand["allow"]}
            hand["allow"] += [
                t.name for t in case.tests if t.analytes and _values({t.name}, case) <= named
            ]
        which = label.get("adjudication", "first")
        standing = {"first": first, "second": second, "both": merge(first, second)}[which]
        out.append(Hands(case, first, second, standing))
    return out


def merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """A label that what either hand calls right meets.

    >>> merge({"outcome": "RESULT", "release": ["CT"], "allow": []},
    ...       {"outcome": "AMBIGUOUS", "release": [], "allow": ["MRI"]})
    {'outcome': 'AMBIGUOUS', 'release': [], 'allow': ['CT', 'MRI'], 'accept': ['RESULT']}
    """
    release = [name for name in first["release"] if name in second["release"]]
    said = {first["outcome"], second["outcome"]}
    outcome = first["outcome"] if release or len(said) == 1 else min(said - {"RESULT"})
    named = {n for hand in (first, second) for n in (*hand["release"], *hand["allow"])}
    accept = said.union(first.get("accept", []), second.get("accept", [])) - {outcome}
    return {
        **first,
        "outcome": outcome,
        "release": release,
        "allow": sorted(named - set(release)),
        "accept": sorted(accept),
    }


def _values(names: set[str], case: Case) -> set[str]:
    """The names, each item that has analytes replaced by all of them."""
    whole = {t.name: {f"{t.name}::{a.name}" for a in t.analytes} for t in case.tests if t.analytes}
    return {value for name in names for value in whole.get(name, {name})}


def kappa(votes: list[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two hands' yes and no; nan where chance alone would agree always.

    Cohen, J. A coefficient of agreement for nominal scales. Educ Psychol Meas 20:37-46 (1960).

    >>> round(kappa([(True, True)] * 20 + [(False, False)] * 15 + [(True, False)] * 5
    ...             + [(False, True)] * 10), 3)
    0.4
    """
    n = len(votes)
    first, second = (sum(vote[hand] for vote in votes) / n for hand in (0, 1))
    chance = first * second + (1 - first) * (1 - second)
    seen = sum(a == b for a, b in votes) / n
    return (seen - chance) / (1 - chance) if chance < 1 else float("nan")


def hands_report(hands: list[Hands]) -> str:
    """The oracle and either hand against all labels, and the agreement between the hands."""

    def said(label: Callable[[Hands], dict[str, Any]]) -> list[Answer]:
        return [
            Answer(_values(set(label(h)["release"]), h.case), label(h)["outcome"]) for h in hands
        ]

    labels: dict[str, Callable[[Hands], dict[str, Any]]] = {
        "first hand": lambda h: h.first,
        "second hand": lambda h: h.second,
        "adjudicated": lambda h: h.adjudicated,
    }
    answers = {"oracle": [ask(h.case, h.first["request"]) for h in hands]}
    answers |= {name: said(labels[name]) for name in ("first hand", "second hand")}
    lines = [
        "| answers | by the labels of | requests | false releases | precision | recall | outcome |",
        "|---|---|---|---|---|---|---|",
    ]
    for who, given in answers.items():
        for name, label in labels.items():
            if who != name:
                part = [judge(h.case, label(h), a) for h, a in zip(hands, given, strict=True)]
                lines.append(_line(f"{who} | {name}", part))
    kinds: dict[str, list[Hands]] = defaultdict(list)
    for hand in hands:
        kinds[hand.first["kind"]].append(hand)
    lines += [
        "",
        "| kind | requests | both say that something, or nothing, must be released | kappa "
        "| same must be released |",
        "|---|---|---|---|---|",
    ]
    for kind, part_ in [*sorted(kinds.items()), ("**all**", hands)]:
        votes = [(bool(h.first["release"]), bool(h.second["release"])) for h in part_]
        same = sum(
            _values(set(h.first["release"]), h.case) == _values(set(h.second["release"]), h.case)
            for h in part_
        )
        agree = sum(a == b for a, b in votes)
        value = kappa(votes)
        lines.append(
            f"| {kind} | {len(part_)} | {_share(agree, len(part_))} "
            f"| {'–' if value != value else f'{value:.2f}'} | {_share(same, len(part_))} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("cases", type=Path, nargs="+")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--errors", action="store_true", help="print every pair that went wrong")
    mode.add_argument(
        "--second-hand", type=Path, metavar="LABELS", help="compare with a second hand's labels"
    )
    arguments = parser.parse_args()
    cases = {case.id: case for path in arguments.cases for case in CaseSet.load(path)}
    pairs = [json.loads(line) for line in arguments.pairs.open(encoding="utf-8") if line.strip()]
    if arguments.second_hand:
        text = arguments.second_hand.read_text(encoding="utf-8")
        seconds = [json.loads(line) for line in text.splitlines() if line.strip()]
        print(hands_report(both_hands(pairs, seconds, cases)))
        return
    asked = [pair for pair in pairs if _is_request(pair)]
    rows = evaluate(asked, cases)
    if arguments.errors:
        for row in rows:
            if row["false_release"] or row["missed"] or not row["right_outcome"]:
                print(json.dumps({k: row[k] for k in (
                    "case_id", "kind", "request", "label", "release", "outcome", "released", "why"
                )}, ensure_ascii=False))  # fmt: skip
    print(table(rows))
    if len(asked) < len(pairs):
        refused = len(pairs) - len(asked)
        print(f"{refused} requests are refused as malformed before they reach the oracle")


if __name__ == "__main__":
    main()
