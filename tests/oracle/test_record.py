"""Oracle, on the record's side: parts of examinations, places, panels and fluids."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import Analyte, Case, TestResult
from tests.oracle.menus import case, examination, given

EXAMINED = case(
    examination("Neurological Examination", "Pupils: dilated\nReflexes: brisk\nGait: unsteady"),
    examination("Leg Examination", "Dorsalis pedis pulse: weak. The ulcer is non-tender."),
    examination("Eye Examination", "Intraocular pressure: 16\nFundoscopy: pale optic disc"),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Check the size of the pupils", {"Neurological Examination"}),
        ("pedal pulses", {"Leg Examination"}),
        ("How does she walk?", {"Neurological Examination"}),
        ("deep tendon reflexes", {"Neurological Examination"}),
        ("tonometry", {"Eye Examination"}),
        ("optic discs", {"Eye Examination"}),
        ("Is the sore tender when touched?", {"Leg Examination"}),
        ("Is the lump tender when touched?", set()),
        # One that goes through other parts does not answer for what it leaves out.
        ("Snellen visual acuity", set()),
        ("Babinski sign", set()),
        ("bowel sounds", set()),
        ("heart sounds", set()),
        ("neurological examination", {"Neurological Examination"}),
        ("eye exam", {"Eye Examination"}),
    ],
)
def test_parts_of_examinations(request_: str, expected: set[str]) -> None:
    assert given(request_, EXAMINED) == expected


def test_an_examination_that_names_no_parts_answers_for_all() -> None:
    menu = case(examination("Ophthalmic examination", "Unremarkable."))
    assert given("visual acuity", menu) == {"Ophthalmic examination"}


TISSUE = case(
    TestResult(name="Histopathology", category="pathology", result="Spindle cells."),
    TestResult(name="Immunohistochemistry", category="pathology", result="Desmin positive."),
    TestResult(name="Echocardiography", category="imaging", result="EF 60 %."),
    TestResult(name="Transesophageal echocardiography", category="imaging", result="No clot."),
    TestResult(name="Blood cultures", category="microbiology", result="No growth."),
    TestResult(name="EMG", category="physiology", result="Normal."),
    TestResult(name="Cerebrospinal fluid and viral PCR panel", category="other", result="Normal."),
    TestResult(name="Gastric lavage (AFB), Mantoux test", category="other", result="Negative."),
    complaint="A nodule of the lower lip",
    diagnosis="Oral papilloma",
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("pathology", {"Histopathology"}),
        ("send the lesion to pathology", {"Histopathology"}),
        ("immunohistochemistry", {"Immunohistochemistry"}),
        ("Biopsy of the tongue", set()),
        ("Biopsy of the lower lip", {"Histopathology"}),
        ("throat swab for culture", set()),
        ("blood cultures", {"Blood cultures"}),
        ("EMG of the muscles", {"EMG"}),
        ("CSF analysis", {"Cerebrospinal fluid and viral PCR panel"}),
        ("TB work-up", {"Gastric lavage (AFB), Mantoux test"}),
    ],
)
def test_the_plain_one_and_the_right_place(request_: str, expected: set[str]) -> None:
    assert given(request_, TISSUE) == expected


def test_an_antigen_is_no_antibody() -> None:
    menu = case(
        TestResult(
            name="Laboratory tests",
            category="laboratory",
            result="Positive for dengue NS1 antigen.",
            analytes=(
                Analyte(name="dengue NS1 antigen", result="Positive for dengue NS1 antigen"),
            ),
        )
    )
    assert given("Dengue IgM ELISA", menu) == set()
    assert given("dengue NS1", menu) == {"Laboratory tests::dengue NS1 antigen"}


def test_a_tests_heading_is_not_misspelt() -> None:
    menu = case(
        TestResult(
            name="Additional tests",
            category="other",
            result="Suggestion: MRI of the brain.",
            analytes=(Analyte(name="Suggestion", result="Suggestion: MRI of the brain"),),
        )
    )
    assert given("electrolytes", menu) == set()


def test_the_uterus_is_no_ovary() -> None:
    menu = case(
        TestResult(
            name="Histopathology", category="pathology", result="A lymphoma replacing the ovaries."
        ),
        complaint="Uterine bleeding",
        diagnosis="Ovarian lymphoma",
    )
    assert given("endometrial pipelle biopsy", menu) == set()
    assert given("ovarian biopsy", menu) == {"Histopathology"}


@pytest.mark.parametrize(
    ("name", "result", "request_", "expected"),
    [
        ("calcium", "A variant that impairs calcium transport.", "serum calcium", False),
        ("calcium", "The calcium was 2.9 mmol/L.", "serum calcium", True),
        ("renal function", "Differential renal function of 31 % left.", "creatinine", False),
        ("renal function", "Differential renal function of 31 % left.", "DMSA scan", True),
        ("renal function", "Normal renal function.", "creatinine", True),
    ],
)
def test_words_that_are_no_values(name: str, result: str, request_: str, *, expected: bool) -> None:
    item = TestResult(
        name=name.capitalize() if name == "renal function" else "Modelling",
        category="laboratory",
        result=result,
        analytes=(Analyte(name=name, result=result),),
    )
    assert bool(given(request_, case(item))) is expected


def _laboratory(result: str, *values: tuple[str, str], name: str = "Labs") -> Case:
    analytes = tuple(Analyte(name=value, result=said) for value, said in values)
    return case(TestResult(name=name, category="laboratory", result=result, analytes=analytes))


@pytest.mark.parametrize(
    ("name", "request_", "expected"),
    [
        ("Comprehensive metabolic panel", "electrolytes", True),
        ("Comprehensive metabolic panel", "creatinine", True),
        ("Comprehensive metabolic panel", "liver function tests", True),
        ("Comprehensive metabolic panel", "magnesium", False),
        ("Comprehensive metabolic panel", "GGT", False),
        ("Electrolytes", "calcium", False),
        ("Haematological and biochemical results", "blood count", True),
        ("Haematological and biochemical results", "chemistry", True),
        ("Haematological and biochemical results", "bloods", True),
        ("Haematological and biochemical results", "ferritin", False),
    ],
)
def test_a_panel_that_is_only_normal(name: str, request_: str, *, expected: bool) -> None:
    menu = _laboratory("Within normal limits.", name=name)
    assert given(request_, menu) == ({name} if expected else set())


def test_of_two_panels_the_narrower_tells_of_a_value() -> None:
    menu = _laboratory(
        "Normal metabolic panel and electrolytes.",
        ("metabolic panel", "normal metabolic panel"),
        ("electrolytes", "electrolytes (normal)"),
    )
    assert given("sodium", menu) == {"Labs::electrolytes"}
    assert given("creatinine", menu) == {"Labs::metabolic panel"}


@pytest.mark.parametrize(
    ("result", "value", "request_", "expected"),
    [
        ("Positive IgM for mumps (1:80)", "IgM", "mumps serology", {"Labs::IgM"}),
        ("Positive IgM for mumps (1:80)", "IgM", "antibodies against mumps", {"Labs::IgM"}),
        ("Positive IgM for mumps (1:80)", "IgM", "IgM level", set()),
        ("Positive IgM for mumps (1:80)", "IgM", "rubella serology", set()),
        ("Positive IgM for mumps (1:80)", "IgM", "immunoglobulins", set()),
        ("IgM 2 g/L", "IgM", "IgM level", {"Labs::IgM"}),
        ("Normal CA 125 and 15-3", "CA 125", "CA 15-3", {"Labs::CA 125"}),
        ("Normal CA 125 and 15-3", "CA 125", "CA 19-9", set()),
        ("Normal vitamin B12 and 6", "vitamin B12", "vitamin B6", {"Labs::vitamin B12"}),
        ("Normal vitamin B12 and platelets", "vitamin B12", "vitamin B6", set()),
    ],
)  # fmt: skip
def test_antibodies_and_last_halves(
    result: str, value: str, request_: str, expected: set[str]
) -> None:
    assert given(request_, _laboratory(f"{result}.", (value, result))) == expected


@pytest.mark.parametrize(
    ("name", "result", "request_", "expected"),
    [
        ("Lumbar puncture", "Normal cells, glucose and protein.", "CSF protein", True),
        ("Lumbar puncture", "Normal cells, glucose and protein.", "serum protein", False),
        ("Lumbar puncture", "Normal cells; 14-3-3 protein was not sent.", "CSF protein", False),
        ("Pleural fluid analysis", "Normal glucose and protein.", "pleural fluid protein", True),
        ("Pleural fluid analysis", "Normal glucose and protein.", "CSF protein", False),
    ],
)
def test_the_protein_of_a_fluid(name: str, result: str, request_: str, *, expected: bool) -> None:
    menu = _laboratory(result, ("glucose", "normal glucose"), name=name)
    assert given(request_, menu) == ({name} if expected else set())


def test_a_gene_with_its_variant_written_on() -> None:
    report = "Melanoma with an NRASQ61R mutation."
    menu = case(TestResult(name="Pathology", category="pathology", result=report))
    assert given("NRAS mutation", menu) == {"Pathology"}
    assert given("BRAF", menu) == set()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("all dental radiology", {"Periapical radiograph"}),
        ("radiology of the chest", set()),
        ("any imaging of the neck", {"Cervical spine radiographs"}),
        ("neck ultrasound", set()),
        ("imaging of the thyroid", set()),
    ],
)
def test_a_department_at_a_site(request_: str, expected: set[str]) -> None:
    names = ("Periapical radiograph", "Cervical spine radiographs", "Abdominal CT")
    menu = case(*(TestResult(name=name, category="imaging", result="Normal.") for name in names))
    assert given(request_, menu) == expected


HAND = case(
    examination("Hand examination", "Clubbing is present; no cyanosis. Nails: splinter marks."),
    examination("Breast examination", "A lump on the left. No palpable axillary lymphadenopathy."),
    TestResult(
        name="Wound culture",
        category="microbiology",
        result="Grew Proteus mirabilis; no Clostridium.",
    ),
    TestResult(name="Brain MRI", category="imaging", result="Mass with an ADC of 0.9."),
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Is there clubbing of the fingers?", {"Hand examination"}),
        ("any cyanosis?", {"Hand examination"}),
        ("look at the nails", {"Hand examination"}),
        ("any bruits?", set()),
        ("Are there palpable nodes in the axilla?", {"Breast examination"}),
        ("inguinal nodes", set()),
        ("lung cancer", set()),
        ("did Clostridium grow in the wound swab?", {"Wound culture"}),
        ("did Proteus grow in the blood?", set()),
        ("ADC value of the tumour", {"Brain MRI"}),
        ("antibody-drug conjugate", set()),
    ],
)
def test_questions_about_findings(request_: str, expected: set[str]) -> None:
    assert given(request_, HAND) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("send the pus from the foot for culture", {"Microbiology"}),
        ("send the pus from the ear for culture", set()),
        ("culture of the foot", set()),
        ("blood culture", set()),
        ("acid-fast stain on the marrow", {"Fite stain of bone marrow"}),
        ("culture of the marrow", set()),
        ("haemolysis work-up", {"Labs"}),
        ("direct Coombs", {"Labs"}),
        ("globulin", set()),
    ],
)
def test_what_was_drawn_and_from_where(request_: str, expected: set[str]) -> None:
    report = "Direct and indirect antihuman globulin tests were negative, bilirubin 60."
    menu = case(
        TestResult(
            name="Microbiology",
            category="microbiology",
            result="Culture of purulent drainage grew Staphylococcus aureus.",
        ),
        TestResult(name="Fite stain of bone marrow", category="microbiology", result="Positive."),
        TestResult(
            name="Labs",
            category="laboratory",
            result=report,
            analytes=(Analyte(name="bilirubin", result="bilirubin 60"),),
        ),
        complaint="Pain in the foot",
    )
    assert given(request_, menu) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("plain films of the back", {"Spine X-ray"}),
        ("ultrasound of the back", set()),
        ("X-ray of the neck", set()),
        ("X-ray of the chest", set()),
    ],
)
def test_the_back_is_its_spine(request_: str, expected: set[str]) -> None:
    names = ("Spine X-ray", "Knee X-ray")
    menu = case(*(TestResult(name=name, category="imaging", result="Normal.") for name in names))
    assert given(request_, menu) == expected
