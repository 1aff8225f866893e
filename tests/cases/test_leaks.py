"""Leaks: names are found however they are spelt, and modifiers alone are no names."""

from __future__ import annotations

import pytest

from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.leaks import MASK, gold_causes, gold_names, mask


@pytest.mark.parametrize(
    ("gold", "text", "masked"),
    [
        ("Crohn's disease", "known Crohn\u2019s disease", f"known {MASK}"),
        ("Myasthenia gravis (MG)", "MG was suspected", f"{MASK} was suspected"),
        ("Haemophilia A", "hemophilia A in the family", f"{MASK} in the family"),
        ("Heart failure with low output", "Heart sounds", "Heart sounds"),
        ("Gastric adenocarcinomas", "gastric adenocarcinoma", MASK),
        ("Acute appendicitis", "acute pain", "acute pain"),
        ("Left renal mass", "a mass on the left", "a mass on the left"),
        ("Peritonitis due to Mycoplasma hominis", "peritonitis", MASK),
    ],
)
def test_mask(gold: str, text: str, masked: str) -> None:
    assert mask(text, gold_names(Diagnosis(name=gold))) == masked


def test_causes_are_kept_apart() -> None:
    gold = Diagnosis(name="Anaemia secondary to hookworm infection of the bowel")
    assert gold_causes(gold) == (("hookworm", "infection"),)
    assert ("hookworm", "infection") not in gold_names(gold)
