"""Menu: prose about tests becomes items, analytes and pseudo-tests."""

from __future__ import annotations

import pytest

from medaction_gym.cases.analytes import analytes_in
from medaction_gym.cases.menu import parse_menu
from medaction_gym.cases.prose import split_heading


def names(text: str) -> list[str]:
    return [test.name for test in parse_menu(text).tests]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- **MRI:** A mass.\n- CT: Normal.", ["CT", "MRI"]),
        ("- Elevated CRP (50 mg/L).", ["Laboratory tests"]),
        ("CT chest showed a nodule. Bronchoscopy was normal.", ["Bronchoscopy", "CT chest"]),
        ("- Imaging:\n  - Ultrasound: Cyst.\n  - MRI: Cyst.", ["MRI", "Ultrasound"]),
        ("- Imaging: MRI showed a cyst; ultrasound confirmed it.", ["MRI", "Ultrasound"]),
        ("- Normal brain CT, chest X-ray and EMG.", ["Brain CT", "Chest X-ray", "EMG"]),
        ("- Biopsy: Adenoma.\n- Treatment: Surgery.", ["Biopsy"]),
        ("- Final Diagnosis: Gout.\n- Uric acid: 9 mg/dL.", ["Uric acid"]),
        ("- CT: First.\n- MRI: Second.\n- CT: Third.", ["CT", "CT (2)", "MRI"]),
        ("- Case 1: EEG was normal.", ["EEG"]),
        ("- Nothing in particular was seen.", ["Other findings"]),
        ("- MRI (lower limbs): Oedema.", ["MRI (lower limbs)"]),
        ("- High-resolution CT: Fibrosis.", ["High-resolution CT"]),
    ],
)
def test_items(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_names_carry_no_result() -> None:
    menu = parse_menu("- Positive tests for coeliac disease: tTG IgA, EMA.")
    assert "positive" not in menu.tests[0].name.casefold()
    assert menu.tests[0].result.startswith("Positive")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LDH 300 U/L, CRP 5 mg/L", {"LDH": "LDH 300 U/L", "CRP": "CRP 5 mg/L"}),
        (
            "Elevated LDH (714), hemoglobin 9.7 g/dL",
            {"LDH": "Elevated LDH (714)", "hemoglobin": "hemoglobin 9.7 g/dL"},
        ),
        (
            "ANA, ANCA and rheumatoid factor were negative",
            {
                "ANA": "ANA (negative)",
                "ANCA": "ANCA (negative)",
                "rheumatoid factor": "rheumatoid factor were negative",
            },
        ),
        (
            "Thrombocytopenia, elevated CK",
            {"Platelet count": "Thrombocytopenia", "CK": "elevated CK"},
        ),
        ("random glucose 28 mg/dL", {"random glucose": "random glucose 28 mg/dL"}),
        ("CA 19-9 1,200 U/mL, CEA normal", {"CA 19-9": "CA 19-9 1,200 U/mL", "CEA": "CEA normal"}),
        (
            "inflammatory markers (CRP: 5 mg/L, ESR: 74 mm/h)",
            {
                "inflammatory markers": "inflammatory markers",
                "CRP": "CRP: 5 mg/L",
                "ESR": "ESR: 74 mm/h",
            },
        ),
    ],
)
def test_analytes(text: str, expected: dict[str, str]) -> None:
    assert {a.name: a.result for a in analytes_in(text)} == expected


def test_headings() -> None:
    assert split_heading("PCR (ratio 1:2): weak") == ("PCR (ratio 1:2)", "weak")
    assert split_heading("No colon here") == ("", "No colon here")
    assert split_heading("It showed the following: a mass")[0] == ""
