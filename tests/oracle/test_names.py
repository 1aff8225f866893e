"""Names: what clinicians type is read as the test that it is."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders

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
