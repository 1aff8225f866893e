"""Ask for every test of the catalogue on every menu: what is handed out, and what two versions do.

    python scripts/sweep_oracle.py ask CASES... --out FILE [--not-in PAIRS.jsonl ...]
    python scripts/sweep_oracle.py compare BEFORE AFTER
    python scripts/sweep_oracle.py judge JUDGED.jsonl CASES...

Labelled requests show what is missed; they are too few to show what a new row of a table or a new
rule hands out in error. This asks some 2,700 names of tests of each case. `ask` leaves out the
cases of labelled sets that are to stay unread (--not-in), `compare` prints what either version
alone hands out, and `judge` counts the verdicts on a sample that was judged by reading: whether
what was handed out is what the order means.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.catalogue import HEADS, Catalogue
from medaction_gym.oracle.record import RecordOracle


def names() -> list[str]:
    """The name of every test of the catalogue."""
    return sorted({t.name for t in Catalogue.load().terms.values() if t.kind in HEADS})


def released(case: Case, oracle: RecordOracle, request: str) -> list[str]:
    """What a request is given: names of items, or `item::value`."""
    return sorted(
        {
            case.tests[r.item].name
            if r.analyte < 0
            else f"{case.tests[r.item].name}::{case.tests[r.item].analytes[r.analyte].name}"
            for part in oracle.answer(request)
            for r in part.releases
        }
    )


def ask(cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """Everything that any test's name is given."""
    wanted = names()
    for case in cases:
        oracle = RecordOracle(case)
        for name in wanted:
            if given := released(case, oracle, name):
                yield {"case_id": case.id, "ordered": name, "released": given}


def compare(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """What either version alone hands out, test by test."""
    sides = [
        {(row["case_id"], row["ordered"]): row["released"] for row in rows}
        for rows in (before, after)
    ]
    lines = [
        f"{mark} {ordered} ({case_id}): {'; '.join(given)}"
        for mark, (held, other) in (("-", sides), ("+", sides[::-1]))
        for (case_id, ordered), given in sorted(held.items(), key=lambda item: item[0][::-1])
        if other.get((case_id, ordered)) != given
    ]
    return "\n".join([*lines, f"{len(before)} before, {len(after)} after"])


def judge(rows: list[dict[str, Any]], cases: dict[str, Case]) -> str:
    """Verdicts on what was handed out when it was judged, and on what of it still is."""
    oracles = {id: RecordOracle(cases[id]) for id in {row["case_id"] for row in rows}}
    lines = ["| part | verdict | when judged | now |", "|---|---|---|---|"]
    then: Counter[tuple[str, str]] = Counter()
    now: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = (row["part"], row["verdict"])
        then[key] += 1
        given = released(cases[row["case_id"]], oracles[row["case_id"]], row["ordered"])
        now[key] += not set(given).isdisjoint(row["released"])
    for part, verdict in sorted(then):
        lines.append(f"| {part} | {verdict} | {then[part, verdict]} | {now[part, verdict]} |")
    return "\n".join(lines)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes = parser.add_subparsers(dest="mode", required=True)
    asking = modes.add_parser("ask", help="ask, and write what is handed out")
    asking.add_argument("cases", type=Path, nargs="+")
    asking.add_argument("--out", type=Path, required=True)
    asking.add_argument("--not-in", type=Path, nargs="*", default=[], metavar="PAIRS")
    comparing = modes.add_parser("compare", help="what either of two files alone has")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    judging = modes.add_parser("judge", help="count the verdicts on a judged sample")
    judging.add_argument("judged", type=Path)
    judging.add_argument("cases", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.mode == "compare":
        print(compare(_rows(arguments.before), _rows(arguments.after)))
        return
    cases = [case for path in arguments.cases for case in CaseSet.load(path)]
    if arguments.mode == "judge":
        print(judge(_rows(arguments.judged), {case.id: case for case in cases}))
        return
    unread = {row["case_id"] for path in arguments.not_in for row in _rows(path)}
    rows = list(ask(case for case in cases if case.id not in unread))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    arguments.out.write_text(text, encoding="utf-8")
    print(f"{len(rows)} orders are given something")


if __name__ == "__main__":
    main()
