"""Laboratory requests: fluids by their plain names, and a method by its brand."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import TestResult
from medaction_gym.oracle.record import RecordOracle
from tests.oracle.menus import case

_MENU = (
    TestResult(name="CSF protein", result="1.2 g/L"),
    TestResult(name="Sputum GeneXpert", result="Mycobacterium tuberculosis detected."),
    TestResult(name="White cell count", result="18,000/uL"),
)


@pytest.mark.parametrize(
    ("request_", "item"),
    [
        ("TB NAAT", 1),
        ("spinal fluid protein", 0),
        ("Is there a peripheral leukocytosis?", 2),
        ("herpes simplex PCR", None),
    ],
)
def test_laboratory(request_: str, item: int | None) -> None:
    (part,) = RecordOracle(case(*_MENU)).answer(request_)
    assert [r.item for r in part.releases] == ([] if item is None else [item])
    assert (part.outcome is Outcome.RESULT) == (item is not None)
