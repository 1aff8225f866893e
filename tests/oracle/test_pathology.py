"""Pathology: what is asked of tissue, of cultures and of operations, and where it is told."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import Case, Category, TestResult
from medaction_gym.oracle.record import RecordOracle
from tests.oracle.menus import case


def item(name: str, result: str, category: Category) -> TestResult:
    return TestResult(name=name, result=result, category=category)


KIDNEY = case(
    item("CT abdomen", "Mass of the left kidney.", "imaging"),
    item("Histopathology", "Clear cell carcinoma of the kidney with necrosis.", "pathology"),
    item("Urine culture", "Sterile.", "microbiology"),
    complaint="Blood in the urine",
    diagnosis="Renal cell carcinoma",
)
THYROID = case(
    item("Core needle biopsy of the thyroid", "Follicular neoplasm.", "pathology"),
    item("Postoperative pathology", "Papillary carcinoma of the thyroid.", "pathology"),
    complaint="Neck lump",
    diagnosis="Thyroid carcinoma",
)
NODE = case(
    item("Lymph node biopsy", "Large B-cell lymphoma, CD20-positive, CD79a positive.", "pathology"),
    item("Blood cultures", "No growth.", "microbiology"),
    complaint="Swollen neck",
    diagnosis="Lymphoma",
)
LUNG = case(
    item("Bronchoscopy", "Normal airways. BAL: AFB negative.", "endoscopy"),
    item("Transbronchial lung biopsy", "Granulomas; culture grew Nocardia.", "pathology"),
    complaint="Cough",
    diagnosis="Nocardiosis",
)
SKIN = case(
    item("Skin biopsy", "Spongiosis. Electron microscopy: no deposits.", "pathology"),
    complaint="Rash on the trunk",
    diagnosis="Eczema",
)
UTERUS = case(
    item("Histology of the hysterectomy specimen", "Carcinoma of the endometrium.", "pathology"),
    item("Immunohistochemistry", "Positive for estrogen and progesterone receptors.", "pathology"),
    complaint="Bleeding",
    diagnosis="Endometrial carcinoma",
)
MARROW = case(item("Bone marrow aspirate", "60% blasts.", "pathology"))
BOWEL = case(
    item("Other findings", "Intraoperatively, a diverticulum of the ileum was found.", "other"),
    item("CT abdomen", "Ileus.", "imaging"),
    complaint="Abdominal pain",
    diagnosis="Diverticulitis",
)
EFFUSION = case(
    item("Cytology of the thoracentesis", "Adenocarcinoma cells.", "pathology"),
    complaint="Breathlessness",
    diagnosis="Lung cancer",
)

BREAST = case(
    item("Core needle biopsy", "Ductal carcinoma. ER 90%, PR 60%.", "pathology"),
    complaint="Breast lump",
    diagnosis="Breast cancer",
)
HEAD = case(
    item("CSF culture", "Cryptococcus neoformans.", "microbiology"),
    item("Blood culture", "Sterile.", "microbiology"),
)


def test_cultures_of_two_specimens() -> None:
    assert released(HEAD, "cultures of blood and CSF") == {"CSF culture", "Blood culture"}


def released(case_: Case, request: str) -> set[str]:
    parts = RecordOracle(case_).answer(request)
    return {case_.tests[r.item].name for part in parts for r in part.releases}


@pytest.mark.parametrize(
    ("case_", "request_", "name"),
    [
        (KIDNEY, "nephrectomy path", "Histopathology"),
        (KIDNEY, "path report, radical nephrectomy", "Histopathology"),
        (KIDNEY, "the renal mass under the microscope", "Histopathology"),
        (KIDNEY, "necrosis in the resected specimen", "Histopathology"),
        (THYROID, "total thyroidectomy histology", "Postoperative pathology"),
        (THYROID, "core of the thyroid by needle biopsy", "Core needle biopsy of the thyroid"),
        (NODE, "CD20", "Lymph node biopsy"),
        (NODE, "B-cell markers", "Lymph node biopsy"),
        (NODE, "excise the cervical node", "Lymph node biopsy"),
        (LUNG, "histology", "Transbronchial lung biopsy"),
        (LUNG, "AFB on BAL", "Bronchoscopy"),
        (LUNG, "culture of the lung biopsy", "Transbronchial lung biopsy"),
        (SKIN, "spongiosis on microscopy?", "Skin biopsy"),
        (SKIN, "dermatopathology", "Skin biopsy"),
        (UTERUS, "TAH/BSO path", "Histology of the hysterectomy specimen"),
        (UTERUS, "oestrogen receptor stain", "Immunohistochemistry"),
        (UTERUS, "PgR status", "Immunohistochemistry"),
        (BREAST, "estrogen receptor", "Core needle biopsy"),
        (BREAST, "progesterone receptor status of the biopsy", "Core needle biopsy"),
        (BOWEL, "operation notes", "Other findings"),
        (BOWEL, "findings at laparotomy", "Other findings"),
        (EFFUSION, "pleural fluid cytology", "Cytology of the thoracentesis"),
    ],
)
def test_answered(case_: Case, request_: str, name: str) -> None:
    assert released(case_, request_) == {name}


@pytest.mark.parametrize(
    ("case_", "request_"),
    [
        (KIDNEY, "urine microscopy"),
        (KIDNEY, "colectomy path"),
        (NODE, "T-cell markers"),
        (NODE, "fine-needle aspiration of the breast, send for culture"),
        (LUNG, "culture of the bronchoalveolar lavage, for fungi"),
        (SKIN, "scalp biopsy"),
        (SKIN, "muscle biopsy with electron microscopy"),
        (UTERUS, "endometrial Pipelle biopsy"),
        (MARROW, "bone marrow trephine biopsy"),
        (BOWEL, "findings at thoracotomy"),
        (EFFUSION, "CSF cytology"),
    ],
)
def test_not_answered(case_: Case, request_: str) -> None:
    assert released(case_, request_) == set()


def test_a_culture_is_of_a_piece_only_where_one_is_named() -> None:
    """Of "biopsy; culture" nothing says that the one is done on the other."""
    culture = TestResult(name="CSF culture", category="microbiology", result="No growth.")
    oracle = RecordOracle(case(culture))
    bare, named = oracle.answer("biopsy; culture"), oracle.answer("liver biopsy, send for culture")
    assert [part.outcome.value for part in bare] == ["UNAVAILABLE", "RESULT"]
    assert [part.outcome.value for part in named] == ["UNAVAILABLE", "UNAVAILABLE"]
