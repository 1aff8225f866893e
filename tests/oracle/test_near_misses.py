"""Oracle: requests for a neighbour of what a record holds, which it must not hand out."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import Analyte, TestResult
from medaction_gym.oracle import RecordOracle
from tests.oracle.menus import case


def answers(name: str, category: str, result: str, request: str, complaint: str = "Fever") -> bool:
    """Whether a record of one item hands anything out."""
    menu = case(TestResult(name=name, category=category, result=result), complaint=complaint)
    return any(part.releases for part in RecordOracle(menu).answer(request))


_COMPLAINTS = {
    "Fibroadenoma": "Breast lump",
    "Ductal": "Breast lump",
    "Nephrectomy": "Renal mass",
    "Nephroma": "Renal mass",
}


@pytest.mark.parametrize(
    ("name", "result", "request_", "given"),
    [
        ("Pathology (core needle biopsy)", "Fibroadenoma of the breast.", "breast FNAC", False),
        ("Pathology (core needle biopsy)", "Fibroadenoma of the breast.", "tru-cut biopsy", True),
        ("Skin punch biopsy", "Lichen planus.", "excisional biopsy of the skin", False),
        ("Skin punch biopsy", "Lichen planus.", "skin biopsy", True),
        ("Postoperative histology", "Ductal carcinoma.", "core biopsy of the breast", False),
        ("Histology", "Nephrectomy specimen: oncocytoma.", "needle biopsy of the kidney", False),
        ("Histology", "Nephrectomy specimen: oncocytoma.", "renal histology", True),
        ("Histology", "Nephroma with a fibrous core.", "excision biopsy of the kidney", True),
        ("Colonoscopic biopsy", "Collagenous colitis.", "resection specimen of the colon", False),
        ("Mesenteric lymph node biopsy", "Caseating granuloma.", "punch biopsy", False),
        ("Lip biopsy", "Caseating granuloma.", "punch biopsy", True),
        ("CT-guided lung biopsy", "Adenocarcinoma.", "EBUS", False),
        ("Endosonography and biopsy", "Spindle cells.", "EUS-FNA", True),
        ("Pathology after parotidectomy", "Adenoma.", "CT-guided biopsy", False),
        ("Polypectomy", "Tubular adenoma.", "endoscopic biopsy", True),
        ("Operative findings", "Abdominal hysterectomy with biopsies of the ovary: cyst.",
         "biopsy of the gallbladder", False),
    ],
)  # fmt: skip
def test_ways_of_taking_a_piece(name: str, result: str, request_: str, given: bool) -> None:
    assert (
        answers(name, "pathology", result, request_, _COMPLAINTS.get(result.split()[0], "Fever"))
        is given
    )


@pytest.mark.parametrize(
    ("name", "result", "request_", "given"),
    [
        ("MRI", "Disc prolapse compressing the C5-6 nerve root.", "lumbar spine MRI", False),
        ("MRI", "Disc prolapse compressing the C5-6 nerve root.", "cervical spine MRI", True),
        ("CT", "Lytic lesion of the L3 vertebral body.", "CT of the thoracic spine", False),
        ("CT", "Lytic lesion of the L3 vertebral body.", "CT of the lumbar spine", True),
        ("Chest CT", "Nodule in the right lung.", "thoracic spine CT", False),
        ("Breast MRI", "Enhancing mass.", "MRI of the thoracic spine", False),
        ("CT", "Mass at the base of the urinary bladder.", "CT of the sacrum", False),
        ("MRI", "Preseptal cellulitis of the orbit.", "MRI of the tongue", False),
        ("Postoperative CT abdomen", "No leak.", "preoperative abdominal CT", False),
        ("Postoperative CT abdomen", "No leak.", "abdominal CT", True),
        ("Initial CT head", "Normal.", "repeat head CT", False),
    ],
)
def test_sites_and_times_of_images(name: str, result: str, request_: str, given: bool) -> None:
    assert answers(name, "imaging", result, request_) is given


@pytest.mark.parametrize(
    ("result", "request_", "given"),
    [
        ("Estrogen and progesterone receptor positive, p63 negative.", "HER2 staining", False),
        ("Estrogen and progesterone receptor positive, p63 negative.", "ER/PR status", True),
        ("ER and PR positive.", "PD-L1 expression", False),
        ("HER2 3+, Ki-67 40%.", "HER2 status", True),
        ("Confirmed a sarcoma.", "Congo red stain", False),
    ],
)
def test_one_marker_of_a_group(result: str, request_: str, given: bool) -> None:
    assert answers("Immunohistochemistry", "pathology", result, request_) is given


@pytest.mark.parametrize(
    ("result", "request_", "given"),
    [
        ("HIV RNA 20,000 copies/mL, toxoplasma IgM negative.", "toxoplasma PCR", False),
        ("Negative Shiga toxin PCR.", "STEC antibodies", False),
        ("Negative for HIV.", "HIV serology", True),
        ("Negative for HIV.", "HIV resistance genotype", False),
        ("Negative for HIV.", "Nipah virus serology", False),
    ],
)
def test_another_germ_or_method(result: str, request_: str, given: bool) -> None:
    assert answers("Laboratory tests", "laboratory", result, request_) is given


def test_a_gene_is_no_stain() -> None:
    told = "A missense variant of the androgen receptor gene."
    assert not answers("Genetic analysis", "genetics", told, "androgen receptor immunostain")


@pytest.mark.parametrize(
    ("line", "result", "request_", "given"),
    [
        ("IgG", "positive IgG for SARS-CoV-2", "serum immunoglobulins", False),
        ("IgG", "IgG 14 g/L", "serum immunoglobulins", True),
        ("IgE", "IgE 900 IU/mL", "immunoglobulins (IgG, IgA, IgM)", False),
        ("LDH", "LDH 300 U/L", "liver function tests", False),
        ("ALT", "ALT 30 U/L", "liver function tests", True),
        ("ESR", "ESR 40 mm/h", "haematology panel", False),
        ("LDH", "LDH 300 U/L", "anaemia work-up", False),
        ("laboratory values", "Normal TSH and free T4", "basic metabolic panel", False),
        ("CEA", "CEA 3", "ovarian tumour markers", False),
        ("albumin", "albumin 30 g/L", "bone profile", False),
    ],
)
def test_a_value_that_makes_no_panel(line: str, result: str, request_: str, given: bool) -> None:
    menu = case(
        TestResult(
            name="Laboratory tests",
            category="laboratory",
            result=f"{result}, all else not measured.",
            analytes=(Analyte(name=line, result=result),),
        )
    )
    assert any(part.releases for part in RecordOracle(menu).answer(request_)) is given


@pytest.mark.parametrize(
    ("request_", "given"),
    [
        ("auscultate the precordium", {"Cardiovascular examination"}),
        ("palpate the paranasal sinuses", set()),
        ("thoracic spine examination", set()),
    ],
)
def test_an_examination_of_other_parts(request_: str, given: set[str]) -> None:
    menu = case(
        TestResult(
            name="Cardiovascular examination",
            category="examination",
            result="Auscultation: systolic murmur at the apex.",
        ),
        TestResult(
            name="Other examinations",
            category="examination",
            result="Lungs: clear. Extremities: no oedema. Eyes: pale.",
        ),
    )
    released = {
        menu.tests[r.item].name for p in RecordOracle(menu).answer(request_) for r in p.releases
    }
    assert released == given
