"""Questions that name no test, answered by the only report that speaks of the matter."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import TestResult
from medaction_gym.oracle.record import RecordOracle
from tests.oracle.menus import case

SCAN = TestResult(
    name="Scan of the pelvis",
    category="imaging",
    result="A pedunculated stalk of the left ovary with reversed arterial flow and trabecular "
    "thinning of the scaphoid; the lesion enhanced peripherally. A pleomorphic adenoma is likely.",
)
BLOODS = TestResult(
    name="Zonulin panel",
    category="laboratory",
    result="Zonulin antibody negative, stalk antibody negative.",
)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        ("ovarian arterial flow", "RESULT"),
        ("displacement of the ovary's stalk", "RESULT"),
        ("Does the lesion enhance peripherally with gadobutrol?", "RESULT"),
        ("How does the trabecular scaphoid look?", "RESULT"),
        # One word is not enough, nor is a disease by its name.
        ("Does it enhance?", "NOT_UNDERSTOOD"),
        ("pleomorphic adenoma", "NOT_UNDERSTOOD"),
        ("is it a pleomorphic meningioma of the jejunum?", "NOT_UNDERSTOOD"),
        # Half of the words of a laboratory's report may be of another antibody.
        ("grade of the sclerostin stalk antibody flow", "NOT_UNDERSTOOD"),
    ],
)
def test_a_question_without_a_test(request_: str, outcome: str) -> None:
    """It is answered by the only report that has most of its words."""
    (part, *more) = RecordOracle(case(SCAN, BLOODS)).answer(request_)
    assert (part.outcome.value, more) == (outcome, [])


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        ("transabdominal MRI", "RESULT"),
        ("gynaecologically weighted MRI after the bypass", "RESULT"),
        # Of what nobody knows may be elsewhere; a word of the record is not.
        ("MRI of the flumbus", "AMBIGUOUS"),
        ("MRI of the septum", "RESULT"),
    ],
)
def test_words_that_may_name_a_site(request_: str, outcome: str) -> None:
    """Unknown words keep the only such test back where a site would stand."""
    scan = TestResult(name="MRI", category="imaging", result="The septum was deviated.")
    (part, *_) = RecordOracle(case(scan)).answer(request_)
    assert part.outcome.value == outcome
