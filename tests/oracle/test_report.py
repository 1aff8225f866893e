"""Oracle: what a report tells of beside its own test."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import Analyte, TestResult
from tests.oracle.menus import case, examination, given

TELLING = case(
    TestResult(name="Post-biopsy", category="pathology", result="Hemoglobin fell to 97 g/L."),
    TestResult(
        name="Surgery", category="procedure", result="A cyst; histopathology confirmed carcinoma."
    ),
    TestResult(
        name="Laboratory tests",
        category="laboratory",
        result="Sodium 120 mmol/L, normal chest radiograph.",
        analytes=(Analyte(name="Sodium", result="Sodium 120 mmol/L"),),
    ),
    TestResult(
        name="CSF",
        category="laboratory",
        result="WBC 40/uL, negative Gram stain and India ink.",
        analytes=(Analyte(name="WBC", result="WBC 40/uL"),),
    ),
    TestResult(
        name="MRI of the pelvis",
        category="imaging",
        result="Edema of the bone marrow; EP300 is not seen. "
        "Compared with a prior cystoscopy. Colonoscopy is recommended.",
    ),
    TestResult(
        name="Upper endoscopy",
        category="endoscopy",
        result="Gastritis (biopsy-confirmed), Helicobacter pylori negative.",
    ),
    TestResult(name="Other findings", category="other", result="2/6 negative (p53, B7-H6)."),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Hb", {"Post-biopsy"}),
        ("kidney biopsy", set()),  # what comes after one is none
        ("histology", {"Surgery"}),
        ("chest X-ray", {"Laboratory tests"}),
        ("abdominal X-ray", set()),
        ("Gram stain of the CSF", {"CSF"}),
        ("Gram stain of the urine", set()),
        ("gastric biopsy", {"Upper endoscopy"}),
        ("H. pylori test", {"Upper endoscopy"}),
        ("H. pylori serology", set()),  # by what method is not said
        ("bone marrow examination", set()),
        ("evoked potentials", set()),
        ("cystoscopy", set()),
        ("colonoscopy", set()),
        ("p53", {"Other findings"}),
        ("B7-H6", {"Other findings"}),
        ("p63", set()),
        ("germline p53", set()),
    ],
)
def test_what_a_report_tells_beside_its_own_test(request_: str, expected: set[str]) -> None:
    assert given(request_, TELLING) == expected


def test_a_value_told_elsewhere_is_released_with_the_others() -> None:
    menu = case(
        TestResult(
            name="Labs",
            category="laboratory",
            result="Creatinine 145 umol/L.",
            analytes=(Analyte(name="Creatinine", result="Creatinine 145 umol/L"),),
        ),
        TestResult(name="Course", category="other", result="Creatinine rose to 321 umol/L."),
    )
    assert given("serum creatinine", menu) == {"Labs::Creatinine", "Course"}


def test_a_line_that_tells_of_a_pathogen_rather_than_all_of_the_item() -> None:
    menu = case(
        TestResult(
            name="Laboratory tests",
            category="laboratory",
            result="Hb 9 g/dL, infectious disease panel negative for HIV.",
            analytes=(
                Analyte(name="Hb", result="Hb 9 g/dL"),
                Analyte(
                    name="Infectious disease panel",
                    result="infectious disease panel negative for HIV",
                ),
            ),
        ),
    )
    assert given("HIV test", menu) == {"Laboratory tests::Infectious disease panel"}


VALUES = case(
    TestResult(
        name="Laboratory tests",
        category="laboratory",
        result="Renal and thyroid function tests were normal, elevated AST/ALT.",
        analytes=(
            Analyte(name="thyroid function tests", result="thyroid function tests were normal"),
            Analyte(name="AST", result="elevated AST/ALT"),
            Analyte(name="WBC", result="WBC 9"),
        ),
    ),
    TestResult(
        name="CSF analysis",
        category="laboratory",
        result="WBC 120, glucose 40.",
        analytes=(
            Analyte(name="WBC", result="WBC 120"),
            Analyte(name="Glucose", result="glucose 40"),
        ),
    ),
    TestResult(
        name="Screening",
        category="laboratory",
        result="Negative results for vasculitis and infections (e.g., brucellosis, HIV).",
    ),
    TestResult(name="Advice", category="other", result="Suggestion: MRI."),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("renal function tests", {"Laboratory tests"}),  # the first half of a name
        ("thyroid function tests", {"Laboratory tests::thyroid function tests"}),
        ("pancreatic function tests", set()),
        ("ALT", {"Laboratory tests::AST"}),  # told in another value's line
        ("WBC", {"Laboratory tests::WBC"}),  # bare, it is the blood's
        ("CSF WBC", {"CSF analysis::WBC"}),
        ("glucose", {"CSF analysis::Glucose"}),
        ("HIV serology", {"Screening"}),
        ("Brucella antibodies", {"Screening"}),
        ("HIV PCR", set()),  # by another method
        ("CSF HIV serology", set()),  # of another specimen
        ("syphilis serology", set()),
    ],
)
def test_values_told_beside_others(request_: str, expected: set[str]) -> None:
    assert given(request_, VALUES) == expected


MIXED = case(
    examination(
        "General examination",
        "Skin examination: No rash.\nAbdominal exam: Soft.\nCardiac examination: A murmur.",
    ),
    TestResult(
        name="Chest CT",
        category="imaging",
        result="Normal with a halo sign; viral tests for RSV/parainfluenza were negative.",
    ),
    TestResult(
        name="Flow cytometry",
        category="pathology",
        result="Absolute lymphocyte count: 40,000/mm3, clonal.",
    ),
    TestResult(
        name="Abscess biopsy",
        category="pathology",
        result="Granulomas. GeneXpert was positive.",
    ),
    TestResult(
        name="Screening",
        category="other",
        result="Screening tests (HIV, hepatitis C) were all negative.",
    ),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("cardiac examination", {"General examination"}),
        ("examine the abdomen", {"General examination"}),
        ("eye examination", set()),
        ("RSV test", {"Chest CT"}),
        ("RSV PCR", set()),
        ("influenza test", set()),
        ("hepatitis C serology", {"Screening"}),
        ("hepatitis B serology", set()),
        ("lymphocyte count", {"Flow cytometry"}),
        ("platelet count", set()),
        ("GeneXpert", {"Abscess biopsy"}),
        ("sputum GeneXpert", set()),
        ("is there a halo sign?", {"Chest CT"}),
        ("is there any sign of lymphoma?", set()),
        ("target sign", set()),
    ],
)
def test_told_under_another_heading(request_: str, expected: set[str]) -> None:
    assert given(request_, MIXED) == expected
