"""Names: what clinicians type is read as the test that it is, and records answer to their own."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.oracle import RecordOracle, oracle_for

NAMES = Path(__file__).parents[1] / "data" / "oracle_names.tsv"


def read(text: str) -> list[tuple[object, ...]]:
    """What a text asks for, whatever it is called."""
    return [_meaning(order) for order in parse_orders(text)]


def _meaning(order: Order) -> tuple[object, ...]:
    head = order.head.id if order.head else None
    return head, order.measure, order.sites, order.specimens, order.organisms


def test_abbreviations_and_ward_words() -> None:
    with NAMES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader((r for r in file if not r.startswith("#")), delimiter="\t"))
    assert len(rows) > 400
    assert not [row for row in rows if read(row["typed"]) != read(row["name"])]


@pytest.mark.parametrize(
    ("request_", "other"),
    [
        ("work-up of anaemia", "haemoglobin"),  # asks for whatever explains it
        ("CMT gene panel", "macular thickness"),
        ("insulin receptor antibodies", "insulin"),
        ("EMA stain", "endomysial antibodies"),
        ("prothrombin gene mutation", "prothrombin time"),
        ("PSA stain", "PSA"),
        ("BAL", "blood alcohol"),
        ("quantitative CT", "QTc"),
    ],
)
def test_neighbours_are_others(request_: str, other: str) -> None:
    assert read(request_) != read(other)


def test_every_item_answers_to_its_name(teaching: CaseSet) -> None:
    check_names(teaching)


def test_every_real_item_answers_to_its_name(real_cases: CaseSet) -> None:
    check_names(real_cases)


# What agents and people type around the name of a test.
WORDINGS = (
    "{}",
    "Order a {}",
    "I would like to get a {} done for this patient.",
    "Please perform {} to rule out malignancy",
    "Could we obtain {} results?",
    "What are the results of the {}?",
    "Can you show me the {} findings?",
    "Proceed with the {} as the next step",
    "Do we have {} available?",
    "order_test({})",
    "{} with interpretation",
    "Perform {} for further evaluation, please",
)


def test_names_within_any_wording(teaching: CaseSet, real_cases: CaseSet) -> None:
    lost = [
        (c.id, wording)
        for c in (*teaching, *real_cases)
        for i, test in enumerate(c.tests)
        for wording in WORDINGS
        if i not in items(oracle_for(c), wording.format(test.name))
    ]
    assert not lost


def items(oracle: RecordOracle, request: str) -> set[int]:
    return {release.item for part in oracle.answer(request) for release in part.releases}


def check_names(cases: CaseSet) -> None:
    for c in cases:
        oracle = RecordOracle(c)
        for i, test in enumerate(c.tests):
            parts = oracle.answer(test.name)
            assert [p.outcome for p in parts] == [Outcome.RESULT], (c.id, test.name)
            assert any(r.item == i and r.analyte < 0 for r in parts[0].releases), (c.id, test.name)
            for request in (test.name.upper(), f"Please order a {test.name} for this patient."):
                released = {r for part in oracle.answer(request) for r in part.releases}
                assert any(r.item == i and r.analyte < 0 for r in released), (c.id, request)
