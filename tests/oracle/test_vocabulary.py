"""Oracle: synonyms, and words and abbreviations of their own that are no slips."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import TestResult
from medaction_gym.oracle import RecordOracle
from tests.oracle.menus import case

MENU = case(
    TestResult(name="Breast examination", category="examination", result="A lump on the left."),
    TestResult(name="Cephalometric analysis", category="imaging", result="Retrognathia."),
    TestResult(name="Blood culture", category="microbiology", result="No growth."),
    TestResult(name="GBA gene test", category="genetics", result="No variant."),
    TestResult(name="Bone scintigraphy", category="imaging", result="Normal uptake."),
)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ("CBE", "Breast examination"),
        ("lat ceph", "Cephalometric analysis"),
        ("two sets of peripheral bottles", "Blood culture"),
        ("Tc-MDP scan", "Bone scintigraphy"),
    ],
)
def test_synonyms(request_: str, name: str) -> None:
    (part,) = RecordOracle(MENU).answer(request_)
    assert [MENU.tests[release.item].name for release in part.releases] == [name]


@pytest.mark.parametrize("request_", ["NBAS gene sequencing", "CBC"])
def test_neighbours_are_not_answered(request_: str) -> None:
    assert all(part.outcome is not Outcome.RESULT for part in RecordOracle(MENU).answer(request_))
