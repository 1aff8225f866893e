"""Oracle: how requests are worded, with the procedure, method, person or time around the test."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Analyte, Case, TestResult
from medaction_gym.oracle import RecordOracle
from tests.oracle.menus import case, given

MENU = case(
    TestResult(
        name="CSF analysis",
        category="laboratory",
        result="Opening pressure 28 cm H2O, glucose 2.1 mmol/L, protein 1.2 g/L, 40 cells/µL.",
        analytes=(
            Analyte(name="Opening pressure", result="opening pressure 28 cm H2O"),
            Analyte(name="Glucose", result="glucose 2.1 mmol/L"),
            Analyte(name="Protein", result="protein 1.2 g/L"),
            Analyte(name="Cell count", result="40 cells/µL"),
        ),
    ),
    TestResult(
        name="Blood tests",
        category="laboratory",
        result="TSH 2.1, white cells 12, neutrophils 80 %, ANA negative, fT4 14.",
        analytes=(
            Analyte(name="TSH", result="TSH 2.1"),
            Analyte(name="White cell count", result="white cells 12"),
            Analyte(name="Neutrophils", result="neutrophils 80 %"),
            Analyte(name="ANA", result="ANA negative"),
            Analyte(name="Free T4", result="fT4 14"),
        ),
    ),
    TestResult(
        name="Urinalysis",
        category="laboratory",
        result="Blood 2+, protein negative.",
        analytes=(
            Analyte(name="Urine blood", result="Blood 2+"),
            Analyte(name="Urine protein", result="protein negative"),
        ),
    ),
    TestResult(name="Infectious serology", category="laboratory", result="HIV negative."),
    TestResult(
        name="Rapid tests",
        category="laboratory",
        result="Dengue NS1 antigen positive.",
        analytes=(Analyte(name="Dengue NS1 antigen", result="Dengue NS1 antigen positive"),),
    ),
    TestResult(name="Peripheral smear", category="laboratory", result="Burr cells."),
    TestResult(name="Echocardiography", category="imaging", result="EF 35 %, dilated atria."),
    TestResult(name="TEE", category="imaging", result="Thrombus in the left atrial appendage."),
    TestResult(name="Wrist radiograph", category="imaging", result="Old fracture."),
    TestResult(name="Thyroid ultrasound", category="imaging", result="Two nodules."),
    TestResult(name="Angiogram", category="imaging", result="The aneurysm is occluded."),
    TestResult(name="Bronchoscopy", category="endoscopy", result="Mucus plugs."),
    TestResult(name="Cystoscopy", category="endoscopy", result="Trabeculation."),
    TestResult(name="Surgical findings", category="procedure", result="A cyst in the groin."),
    TestResult(
        name="Histopathology", category="pathology", result="Fibroepithelial polyp, margins free."
    ),
    TestResult(name="Arthrocentesis", category="procedure", result="Knee: cloudy fluid."),
    complaint="Weakness",
)
CSF, BLOOD, URINE = "CSF analysis::", "Blood tests::", "Urinalysis::"


def released(menu: Case, request: str) -> tuple[set[str], list[Outcome]]:
    return given(request, menu), [part.outcome for part in RecordOracle(menu).answer(request)]


@pytest.mark.parametrize(
    ("request_", "given"),
    [
        # A value with the procedure that it is read from.
        ("Opening pressure at LP", {CSF + "Opening pressure"}),
        ("Please measure the pressure when you do the lumbar puncture", {CSF + "Opening pressure"}),
        ("glucose from the spinal tap", {CSF + "Glucose"}),
        ("protein on the lumbar puncture", {CSF + "Protein"}),
        ("Are there schistocytes on the film?", {"Peripheral smear"}),
        ("neutrophils on the film", {BLOOD + "Neutrophils"}),
        ("Can haematology look at the film for fragmented cells?", {"Peripheral smear"}),
        ("TSH on the blood count", {BLOOD + "TSH"}),
        ("glucose on the urinalysis", set()),
        ("AFB stain of the kidney biopsy", set()),
        ("please film the left wrist", {"Wrist radiograph"}),
        # The method of a value.
        ("TSH immunoassay", {BLOOD + "TSH"}),
        ("ELISA for TSH", {BLOOD + "TSH"}),
        ("serology for ANA", {BLOOD + "ANA"}),
        ("HIV serology", {"Infectious serology"}),
        # Who reads it, who looks, and where it is sent.
        ("What did the pathologist say about the resected polyp?", {"Histopathology"}),
        ("I would like the pathologist's opinion on the polyp", {"Histopathology"}),
        ("Send the excised polyp to pathology.", {"Histopathology"}),
        ("Were the resection margins clear?", {"Histopathology"}),
        ("What did the surgeon find on exploration of the groin?", {"Surgical findings"}),
        ("What was found at operation?", {"Surgical findings"}),
        ("cardiologist's echo", {"Echocardiography"}),
        ("Is there clot in the left atrial appendage? Please image transesophageally", {"TEE"}),
        ("Please scope the airways", {"Bronchoscopy"}),
        ("Please look inside the bladder with a scope", {"Cystoscopy"}),
        ("tap the knee", {"Arthrocentesis"}),
        # A list that goes on.
        ("white count with differential", {BLOOD + "White cell count", BLOOD + "Neutrophils"}),
        ("TSH and a sonogram of the gland", {BLOOD + "TSH", "Thyroid ultrasound"}),
        ("any blood in the urine?", {URINE + "Urine blood"}),
        # When it is done.
        ("After clipping, was a control angiographic study done?", {"Angiogram"}),
        ("the latest angiogram", {"Angiogram"}),
        ("angiogram from last year", {"Angiogram"}),
        # Tests that are named and not ordered.
        ("If the TSH allows, angiogram", {"Angiogram"}),
        ("TSH instead of an angiogram", {BLOOD + "TSH"}),
        ("No echo, just the wrist radiograph", {"Wrist radiograph"}),
        ("Wrist radiograph (the angiogram was normal)", {"Wrist radiograph"}),
        ("I would be grateful if you could add a TSH", {BLOOD + "TSH"}),
        ("TSH, and tell me if ANA is positive", {BLOOD + "TSH", BLOOD + "ANA"}),
        ("The echo showed dilated atria, so do an angiogram", {"Angiogram"}),
        ("The wrist radiograph was normal. Send a TSH.", {BLOOD + "TSH"}),
        ("We already have the angiogram; get a TSH", {BLOOD + "TSH"}),
        ("An angiogram is indicated, and a TSH", {"Angiogram", BLOOD + "TSH"}),
        ("Do not repeat the echo; get a TSH", {BLOOD + "TSH"}),
        ("No further imaging needed, send a TSH", {BLOOD + "TSH"}),
        ("ANA, and after the echo an angiogram", {BLOOD + "ANA", "Angiogram"}),
        ("Was the ANA positive?", {BLOOD + "ANA"}),
        # At one site, the test itself rather than a kind of it.
        ("Left ventricular EF by echo", {"Echocardiography"}),
    ],
)
def test_reads_the_test_within_the_wording(request_: str, given: set[str]) -> None:
    assert released(MENU, request_)[0] == given


@pytest.mark.parametrize(
    "request_",
    [
        "rheumatoid factor serology",
        "Dengue IgM ELISA",
        "anti-Hu western blot",
        "troponin at lumbar puncture",
        "CT of the flumbus",
        "angiogram of the flumbus",
        "is there blood in his sputum",
        "Please scope the stomach",
        "tap the ascites",
        "Start a statin and call neurosurgery.",
        "What did the radiologist say about the knee?",
    ],
)
def test_hands_out_nothing_else(request_: str) -> None:
    assert not released(MENU, request_)[0]


@pytest.mark.parametrize(
    "said",
    [
        "The {other} was normal. {test}",
        "The {other} did not explain this, so {test}",
        "If the {other} is unremarkable, {test}",
        "{test} rather than the {other}",
        "{test} ({other} was already done)",
        "No {other}, just a {test}",
        "Having seen the {other}, I now want a {test}",
        "I have reviewed the {other}. Now a {test}",
        "Based on the {other}, {test}",
        "{test} to follow up on the {other}",
        "Thank you for the {other}. {test} please",
        "{test}; the {other} can wait",
        "{test}, no need for the {other}",
        "After the {other}, {test}",
        "Was {test} ever done?",
        "I want to see the {test} before deciding",
        "I would be grateful for a {test}",
    ],
)
@pytest.mark.parametrize(
    ("test", "other", "given"),
    [
        ("TSH", "angiogram", {BLOOD + "TSH"}),
        ("wrist radiograph", "echocardiogram", {"Wrist radiograph"}),
        ("thyroid ultrasound", "lumbar puncture", {"Thyroid ultrasound"}),
    ],
)
def test_what_is_only_mentioned_is_kept_back(
    said: str, test: str, other: str, given: set[str]
) -> None:
    assert released(MENU, said.format(test=test, other=other))[0] == given
