"""What was not done is no result, and which side "R" is."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import MAX_TEXT, TestResult
from medaction_gym.oracle.record import RecordOracle
from medaction_gym.oracle.undone import is_undone
from tests.oracle.menus import case


@pytest.mark.parametrize(
    ("result", "undone"),
    [
        ("No abdominal CT scan was performed.", True),
        ("Not applicable.", True),
        ("WBC: Not specified\nHemoglobin: Not specified", True),
        ("Sweat chloride test planned", True),
        ("CT scan unavailable due to limitations in access", True),
        ("left testis to be evaluated through diagnostic laparoscopy.", True),
        ("WBC: Not specified\nHemoglobin: 12 g/dL", False),
        ("Initially normal, but the second was not performed.", False),
        ("No abnormality was seen.", False),
        ("Pending", False),
    ],
)
def test_results_that_only_say_that_there_is_none(result: str, undone: bool) -> None:
    """Whoever tells anything else tells a result."""
    assert is_undone(result) is undone


def test_what_was_not_done_answers_to_its_own_name_alone() -> None:
    """The contract "an item's own name gets that item" stands above it."""
    scan = TestResult(
        name="Abdominal CT scan", category="imaging", result="No CT scan was performed."
    )
    oracle = RecordOracle(case(scan))
    outcomes = [
        oracle.answer(request)[0].outcome.value
        for request in ("abdominal CT scan", "CT of the belly", "any imaging?")
    ]
    assert outcomes == ["RESULT", "UNAVAILABLE", "UNAVAILABLE"]


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [("XR R hand", "UNAVAILABLE"), ("Lt hand X-ray", "RESULT"), ("L hand film", "RESULT")],
)
def test_sides_for_short(request_: str, outcome: str) -> None:
    """An "R" beside a site is the right one."""
    film = TestResult(name="X-ray", category="imaging", result="No bony involvement.")
    oracle = RecordOracle(case(film, complaint="Swelling of the left hand"))
    assert oracle.answer(request_)[0].outcome.value == outcome


@pytest.mark.parametrize(
    "text", ["found ", "intraoperatively ", "was not done ", "HIV negative, ", "no planned "]
)
def test_a_report_that_repeats_itself_is_read_in_time(text: str) -> None:
    """Of the longest result there may be, in seconds and not in minutes."""
    result = (text * (MAX_TEXT // len(text)))[:MAX_TEXT]
    oracle = RecordOracle(case(TestResult(name="Other findings", category="other", result=result)))
    assert [len(oracle.answer(request)) for request in ("HIV test", "CT head")] == [1, 1]
