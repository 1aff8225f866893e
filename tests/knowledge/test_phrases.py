from __future__ import annotations

import pytest

from medaction_gym.knowledge.phrases import phrases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sepsis due to pneumonia", [("sepsis", "main"), ("pneumonia", "cause")]),
        ("Gallstones causing ileus", [("gallstones", "main"), ("ileus", "complication")]),
        ("Lithium-induced nephropathy", [("nephropathy", "main"), ("lithium", "cause")]),
        ("Measles without encephalitis", [("measles", "main")]),
        ("Sarcoidosis mimicking lymphoma", [("sarcoidosis", "main")]),
        ("The final diagnosis is **gout**.", [("gout", "main")]),
        ("1. Gout\n2. Asthma", [("gout", "main"), ("asthma", "main")]),
        ("Systemic lupus erythematosus (SLE)", [("systemic lupus erythematosus", "main")]),
        ("Nephroblastoma (Wilms' tumor)", [("nephroblastoma", "main"), ("wilms' tumor", "main")]),
        ("Gout. No evidence of infection.", [("gout", "main")]),
        ("Gout (stage 1) with fever", [("gout", "main"), ("fever", "complication")]),
        ("No evidence of malignancy", []),
        ("Incorrect", []),
        ("", []),
    ],
)
def test_phrases_and_their_roles(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(phrase.text, phrase.role) for phrase in phrases(text)] == expected


def test_metastases_do_not_move_the_primary() -> None:
    assert phrases("Metastatic lung carcinoma to the liver")[0].text == "metastatic lung carcinoma"


def test_abbreviations_are_written_out_only_in_capitals() -> None:
    assert phrases("TB of the spine")[0].text == "tuberculosis of the spine"
    assert phrases("tb of the spine")[0].text == "tb of the spine"
