"""Measures: what a report tells beside others is answered by the reports that tell it."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Category, TestResult
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.term import cell_list, read_table
from medaction_gym.oracle import RecordOracle
from tests.oracle.menus import case


def oracle(**results: str) -> RecordOracle:
    """An oracle of made-up tests, by name and result; an underscore stands for a blank."""
    tests = tuple(
        TestResult(name=name.replace("_", " "), category=_CATEGORY[name], result=result)
        for name, result in results.items()
    )
    return RecordOracle(case(*tests))


_CATEGORY: dict[str, Category] = {
    "Echocardiography": "imaging",
    "Transesophageal_echocardiography": "imaging",
    "Cardiac_MRI": "imaging",
    "ECG": "physiology",
    "Histopathology": "pathology",
    "PET_CT": "imaging",
    "MRI_brain": "imaging",
    "MRI_spine": "imaging",
    "Other_findings": "other",
    "Sleep_study": "physiology",
    "Bone_densitometry": "imaging",
    "Leg_examination": "examination",
    "Cardiovascular_examination": "examination",
    "Neurological_examination": "examination",
    "Eye_examination": "examination",
}


def released(menu: RecordOracle, request: str) -> list[str]:
    """The names of the items that a request releases."""
    parts = menu.answer(request)
    return sorted({menu.case.tests[r.item].name for part in parts for r in part.releases})


@pytest.mark.parametrize(
    ("test", "result", "request_"),
    [
        ("Echocardiography", "LVEF 35 %, mild effusion.", "ejection fraction"),
        ("Echocardiography", "Ejection fraction preserved.", "What is the EF?"),
        ("Echocardiography", "Apical akinesis.", "regional wall motion"),
        ("Echocardiography", "AVA 0.7 cm2, mean gradient 48 mmHg.", "aortic valve gradient"),
        ("Echocardiography", "RVSP 60 mmHg.", "estimated pulmonary pressure"),
        ("Echocardiography", "TAPSE 12 mm.", "RV function"),
        ("Cardiac_MRI", "LVEF 40 %.", "LVEF"),
        ("Other_findings", "EF 40 %.", "left ventricular ejection fraction"),
        ("ECG", "Sinus rhythm, QTc 510 ms.", "QTc interval"),
        ("ECG", "Normal.", "QRS duration"),
        ("ECG", "ST elevation in V1 to V3.", "any ST changes?"),
        ("Histopathology", "Carcinoma, pT2 N0, margins clear.", "margin status"),
        ("Histopathology", "Pathologic staging: pT2 N0.", "pathological stage"),
        ("Histopathology", "Adenocarcinoma, Gleason 4+3.", "Gleason score"),
        ("Histopathology", "Melanoma, Breslow 2.1 mm.", "Breslow depth"),
        ("PET_CT", "Avid nodes (SUVmax 9).", "SUV of the nodes"),
        ("Sleep_study", "AHI 42/h.", "apnoea-hypopnoea index"),
        ("Bone_densitometry", "T-score -3.1.", "T-score"),
    ],
)
def test_told_by_the_report(test: str, result: str, request_: str) -> None:
    menu = oracle(**{test: result, "MRI_spine": "Normal."})
    assert released(menu, request_) == [test.replace("_", " ")]


@pytest.mark.parametrize(
    ("test", "result", "request_"),
    [
        ("Echocardiography", "Mass in the left atrium.", "ejection fraction"),
        ("ECG", "T-wave inversion.", "QTc"),
        ("Histopathology", "Carcinoma.", "resection margins"),
        ("PET_CT", "Avid nodes.", "What was the SUVmax?"),
        ("MRI_spine", "LVEF cannot be told.", "Gleason score"),
    ],
)
def test_a_silent_report_does_not_answer(test: str, result: str, request_: str) -> None:
    part, *_ = oracle(**{test: result}).answer(request_)
    assert part.outcome is Outcome.UNAVAILABLE
    assert not part.releases


def test_beside_its_test_it_decides_between_two() -> None:
    menu = oracle(
        Echocardiography="LVEF 35 %.",
        Transesophageal_echocardiography="Thrombus.",
        MRI_brain="Mass of 3 cm.",
        MRI_spine="Normal.",
    )
    assert released(menu, "EF by echo") == ["Echocardiography"]
    assert released(menu, "How big is the lesion on MRI?") == ["MRI brain"]


def test_a_test_ordered_with_a_measure_is_still_that_test() -> None:
    menu = oracle(Echocardiography="Thrombus.")
    assert released(menu, "Echocardiogram with ejection fraction") == ["Echocardiography"]


@pytest.mark.parametrize(
    ("test", "result", "request_", "given"),
    [
        ("Leg_examination", "Oedema; dorsalis pedis pulses diminished.", "pedal pulses", True),
        ("Cardiovascular_examination", "Normal heart sounds.", "pedal pulses", False),
        ("Neurological_examination", "Pupils: dilated.", "Check the size of his pupils", True),
        ("Neurological_examination", "Reflexes brisk.", "pupils", False),
        ("Eye_examination", "Fundus: pale disc.", "visual acuity", False),
        ("Eye_examination", "Visual acuity 20/40.", "visual acuity", True),
    ],
)
def test_what_an_examination_tells(test: str, result: str, request_: str, given: bool) -> None:
    assert bool(released(oracle(**{test: result}), request_)) is given


def test_names_of_measures_are_their_own() -> None:
    catalogue = Catalogue.load()
    for row in read_table("measures"):
        assert all(test in catalogue.terms for test in cell_list(row["broader"])), row["id"]
        for name in (row["name"], *cell_list(row["synonyms"])):
            assert [m.term.id for m in catalogue.find(name)] == [row["id"]], name
