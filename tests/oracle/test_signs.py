"""Oracle: where a test was done, told from a finding, a disease or an operation in its report."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import TestResult
from medaction_gym.oracle import RecordOracle
from tests.oracle.menus import case


def given(
    test: tuple[str, str, str], request: str, complaint: str = "Fever", name: str = "Something"
) -> bool:
    """Whether a record of one item hands anything out."""
    item = TestResult.model_validate({"name": test[0], "category": test[1], "result": test[2]})
    menu = case(item, complaint=complaint, diagnosis=name)
    return any(part.releases for part in RecordOracle(menu).answer(request))


@pytest.mark.parametrize(
    ("name", "result", "request_", "other"),
    [
        ("Histopathology", "Hyperkeratosis and acantholysis.", "skin biopsy", "liver biopsy"),
        ("Biopsy", "Seminiferous tubules without germ cells.", "testicular biopsy", "lung biopsy"),
        ("Biopsy", "Interface hepatitis, bridging fibrosis.", "liver biopsy", "renal biopsy"),
        ("Biopsy", "Mesangial proliferation.", "kidney biopsy", "liver biopsy"),
        ("Biopsy", "Villous blunting, no parasites.", "small bowel biopsy", "bladder biopsy"),
        ("Pathology", "Hemimandibulectomy: clear margins.", "mandible histology", "lung histology"),
        ("CT", "Infrascapular mass, 4 cm.", "CT of the scapula", "CT abdomen"),
        ("CT", "Subependymal nodules, calcified.", "head CT", "CT abdomen"),
        ("CT", "Pansinusitis with opacified cells.", "sinus CT", "chest CT"),
        ("Ultrasound", "Thickened wall, pericholecystic fluid.", "abdominal ultrasound",
         "thyroid ultrasound"),
        ("Ultrasound", "Endometrioma with low echoes.", "pelvic ultrasound", "renal ultrasound"),
        ("X-ray", "Scapholunate gap of 4 mm.", "wrist X-ray", "chest X-ray"),
        ("MRI", "Proptosis, intraconal lesion.", "MRI of the orbits", "knee MRI"),
    ],
)  # fmt: skip
def test_a_finding_says_where(name: str, result: str, request_: str, other: str) -> None:
    category = "pathology" if name in ("Histopathology", "Biopsy", "Pathology") else "imaging"
    assert given((name, category, result), request_)
    assert not given((name, category, result), other)


@pytest.mark.parametrize(
    ("complaint", "request_", "is_given"),
    [
        ("Aphasia", "CT head", True),
        ("Aphasia", "CT abdomen", False),
        ("Gonalgia", "knee CT", True),
        ("Anosmia", "CT of the nose", True),
    ],
)
def test_a_complaint_says_where(complaint: str, request_: str, is_given: bool) -> None:
    assert given(("CT", "imaging", "No lesion."), request_, complaint) is is_given


@pytest.mark.parametrize(
    ("complaint", "request_", "is_given"),
    [
        # Muscles are everywhere: the complaint tells which, and this is not the head's.
        ("Neck pain and headache", "MRI neck", True),
        ("Neck pain and headache", "MRI brain", False),
        ("Fever", "whole body MRI", True),
    ],
)
def test_a_tissue_is_no_place(complaint: str, request_: str, is_given: bool) -> None:
    assert given(("MRI", "imaging", "Myositis and fasciitis."), request_, complaint) is is_given


@pytest.mark.parametrize(
    ("name", "request_", "is_given"),
    [
        ("Chest CT", "CT for nephrolithiasis", False),
        ("Chest CT", "CT for bronchiectasis", True),
        ("X-ray of the hands", "X-ray for gout", True),
        ("Whole-body PET/CT", "PET for myeloma", True),
        ("Brain MRI", "MRI for diplopia", True),
        ("Brain MRI", "MRI for cholelithiasis", False),
    ],
)
def test_a_request_says_where_by_what_is_sought(name: str, request_: str, is_given: bool) -> None:
    assert given((name, "imaging", "No lesion."), request_) is is_given
