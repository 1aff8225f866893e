"""Labelled requests on the real cases: the published figures, and the hands that labelled them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from medaction_gym.cases.caseset import CaseSet

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("half", "false_releases", "recall"), [("dev", 0.01, 0.93), ("held_out", 0.02, 0.88)]
)
def test_labelled_requests(
    real_cases: CaseSet, half: str, false_releases: float, recall: float
) -> None:
    """The published figures must not rot; the bounds leave room for noise, not for regressions."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from evaluate_oracle import evaluate

    lines = (ROOT / "tests" / "data" / f"oracle_pairs_{half}.jsonl").read_text(encoding="utf-8")
    pairs = [json.loads(line) for line in lines.splitlines()]
    rows = evaluate([p for p in pairs if p["request"].strip()], {c.id: c for c in real_cases})
    assert len(rows) >= 800
    wanted = [row for row in rows if row["wanted"]]
    assert sum(row["false_release"] for row in rows) <= false_releases * len(rows)
    assert sum(not row["missed"] for row in wanted) >= recall * len(wanted)


@pytest.mark.parametrize(("pairs", "number"), [("held_out", 1011), ("held_out_menus", 347)])
def test_two_hands_label_alike(real_cases: CaseSet, pairs: str, number: int) -> None:
    """The second hand's rows are about the pairs they count to, and a hand agrees with itself."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from evaluate_oracle import Answer, both_hands, judge, kappa

    first, second = (
        [
            json.loads(line)
            for line in (ROOT / "tests" / "data" / name).read_text("utf-8").splitlines()
        ]
        for name in (f"oracle_pairs_{pairs}.jsonl", f"oracle_pairs_{pairs}_second_hand.jsonl")
    )
    hands = both_hands(first, second, {c.id: c for c in real_cases})
    assert len(second) == number
    assert len(hands) >= number - 10
    for case_, *labels in hands:
        for label in labels:
            own = judge(case_, label, Answer(set(label["release"]), label["outcome"]))
            assert (own["false_release"], own["missed"]) == (False, False)
            assert own["right_outcome"]
    assert kappa([(bool(h.first["release"]), bool(h.second["release"])) for h in hands]) > 0.9
    with pytest.raises(ValueError, match="row 0: the second hand labels"):
        both_hands(first, [{**second[0], "request": "another"}], {})


def test_what_was_judged_false_is_not_handed_out_again(real_cases: CaseSet) -> None:
    """Of what names of tests were given, most of the false went, and of the right nothing."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from sweep_oracle import compare, judge

    text = (ROOT / "tests" / "data" / "oracle_releases_judged.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    table = judge(rows, {case.id: case for case in real_cases})
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    now = {(part, verdict): int(number) for part, verdict, _, number in cells}
    assert now["A", "false"] + now["B", "false"] <= 120
    assert now["A", "right"] + now["B", "right"] >= 650
    assert compare(rows[:2], rows[1:2]).splitlines()[0].startswith(f"- {rows[0]['ordered']} (")
