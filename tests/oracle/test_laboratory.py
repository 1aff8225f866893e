"""Laboratory requests: fluids by their plain names, and a method by its brand."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import TestResult
from medaction_gym.oracle.record import RecordOracle
from medaction_gym.oracle.wish import read_request
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


_GENES = (
    TestResult(
        name="Whole exome sequencing", result="Nonsense mutation of ATP2C1; no ATP2A2 variant."
    ),
    TestResult(name="Mutation analysis", result="The ATP2C1 mutation is absent in databases."),
)
_GERMS = (
    TestResult(name="Next-generation sequencing (NGS)", result="Reads of Brucella in the blood."),
    TestResult(name="Genetic analysis", result="ITS sequences of Trichophyton rubrum."),
)
_TOLD = (
    TestResult(
        name="Laboratory tests",
        result="Negative for HIV, hepatitis B, and C. Normal renal, electrolyte, and coagulation "
        "profiles.",
    ),
    TestResult(
        name="Further tests", result="Negative for metabolic disease and thyroid dysfunction."
    ),
    TestResult(name="Skin biopsy", result="Granulomas with acid-fast bacilli."),
    TestResult(name="Vesicle fluid", result="Positive for varicella-zoster virus."),
    TestResult(name="Cytology of the thoracentesis", result="Atypical lymphoid cells."),
)


@pytest.mark.parametrize(
    ("menu", "request_", "items"),
    [
        (_GENES, "ATP2A2 sequencing", [0]),
        (_GENES, "Is there an ATP2C1 variant?", [0, 1]),
        (_GENES, "perforin gene sequencing", []),
        (_GENES[:1], "inherited dyskeratosis gene panel", [0]),
        (_GERMS, "metagenomic sequencing", [0]),
        (_GERMS, "molecular identification of the dermatophyte", [1]),
        (_GERMS, "fungal ITS sequencing", [1]),
        (_GERMS, "BRCA1/2 germline testing", []),
        (_TOLD, "anti-HCV", [0]),
        (_TOLD, "HIV test", [0]),
        (_TOLD, "kidney function", [0]),
        (_TOLD, "thyroid function tests", [1]),
        (_TOLD, "sputum smear for AFB", []),
        (_TOLD, "PCR of the blister fluid", [3]),
        (_TOLD, "pleural fluid cytology", [4]),
    ],
)
def test_told(menu: tuple[TestResult, ...], request_: str, items: list[int]) -> None:
    asked = case(*menu)
    parts = RecordOracle(asked).answer(request_)
    released = {asked.tests[r.item].name for part in parts for r in part.releases}
    assert released == {menu[i].name for i in items}


@pytest.mark.parametrize(
    ("request_", "heads"),
    [
        ("hyperkalemia", ["potassium"]),
        ("Please look for eosinophilia in the peripheral blood", ["eosinophils"]),
        ("leukocyte arylsulfatase A activity", ["arylsulfatase_a"]),
        ("urinalysis for protein and blood", ["urinalysis", "urine_blood"]),
        ("urine dip for glucose and CRP", ["urinalysis", "glucose", "crp"]),
    ],
)
def test_read(request_: str, heads: list[str]) -> None:
    read = [w.order.head.id for w in read_request(request_).wishes if w.order.head]
    assert read == heads
