from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.knowledge.linker import Linker
from medaction_gym.knowledge.shared import link


# General medicine, none of it from the cases the linker is measured on.
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Marfan syndrome", "Marfan syndrome"),
        ("Marfan's syndrome", "Marfan syndrome"),
        ("Renal cell carcinoma of the left kidney", "renal cell carcinoma"),
        ("Acute gouty arthritis", "gout"),
        ("Haemophilia A", "hemophilia A"),
        ("Squamous cell carcinoma of the oesophagus", "esophageal squamous cell carcinoma"),
        ("Chronic obstructive pulmonary disease (COPD)", "chronic obstructive pulmonary disease"),
        ("SLE", "systemic lupus erythematosus"),
        ("Granulomatosis with polyangiitis with renal failure", "granulomatosis with polyangiitis"),
        ("MS", "multiple sclerosis"),
        ("SARS-CoV-2 infection", "COVID-19"),
        ("Gaucher disease type III", "Gaucher disease type III"),
        ("The most likely diagnosis is **Wilson disease**.", "Wilson disease"),
        ("Divertculitis", "diverticulitis"),
        ("Stage II Wilms tumour", "Wilms tumor"),
        ("Charcot foot", "Neuropathic arthropathy"),
        ("Splenosis after trauma", "splenic disorder"),
        ("Stevens-Johnson syndrome and TEN", "Stevens-Johnson syndrome"),
        ("Congenital pericardial agenesis", "Congenital malformation"),
        ("Lung malignancy", "lung cancer"),
        ("Atrial myxomas", "myxoma"),
        ("Condylomata acuminata", "anogenital human papillomavirus infection"),
        ("Blunt chest trauma", "injury"),
        ("Bezoar of the stomach", "digestive system disorder"),
    ],
)
def test_a_diagnosis_finds_its_concept(linker: Linker, text: str, name: str) -> None:
    found = linker.link(text)
    assert found
    assert found[0].role == "main"
    assert found[0].name.lower() == name.lower()


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Pneumonia due to influenza", {"main": "pneumonia", "cause": "influenza"}),
        ("Dengue encephalitis", {"main": "encephalitis", "component": "dengue disease"}),
        ("Influenza complicated by sepsis", {"main": "influenza", "complication": "sepsis"}),
        ("Uterine torsion", {"site": "uterine disorder"}),
    ],
)
def test_roles(linker: Linker, text: str, roles: dict[str, str]) -> None:
    assert {found.role: found.name.lower() for found in linker.link(text)} == roles


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "2", "mass", "lesion", "pituitary", "unknown", "Incorrect", "No diagnosis",
     "The patient was discharged home", "CT scan of the chest", "blood test", "penicillin",
     "No evidence of malignancy", "Charcot hand", "heavy", "xqzzt"],
)  # fmt: skip
def test_it_abstains(linker: Linker, text: str) -> None:
    assert linker.link(text) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Metastatic lung adenocarcinoma to the pancreas", "pancreatic adenocarcinoma"),
        ("Pulmonary artery sarcoma", "lung sarcoma"),
        ("Epiploic appendagitis", "appendicitis"),
        ("Heat stroke", "stroke"),
        ("Cerebral MS", "mitral stenosis"),
        ("Sarcoidosis mimicking lymphoma", "lymphoma"),
        ("Sepsis without meningitis", "meningitis"),
    ],
)
def test_near_misses(linker: Linker, text: str, wrong: str) -> None:
    assert wrong not in {found.name.lower() for found in linker.link(text)}


def test_links_are_ordered_unique_and_confident(linker: Linker) -> None:
    found = linker.link("Gout, asthma and psoriasis with sepsis due to pneumonia")
    assert [link.name.lower() for link in found] == [
        "gout",
        "asthma",
        "psoriasis",
        "pneumonia",
        "sepsis",
    ]
    assert len({link.id for link in found}) == len(found)
    assert all(0.5 <= link.confidence <= 1 for link in found)


HOSTILE = [
    "\x00\x1b[31m" * 1000,
    "((((((((((" * 1000,
    "))))((((" * 1000,
    "a-induced " * 1000,
    "carcinoma of the " * 1000,
    "cancer, " * 1000,
    "metastatic to " * 1000,
    "\ud800 gout",
    "gout\u202e" * 500,
    "١٢٣ ゴウト 痛风",
    "1. " * 1000,
    "." * 5000,
    "*" * 5000,
    " ".join(f"w{i}itis" for i in range(2000)),
]


@pytest.mark.parametrize("text", [*HOSTILE, "gout " * 2_000_000])
def test_hostile_input_neither_raises_nor_stalls(linker: Linker, text: str) -> None:
    started = time.perf_counter()
    linker.link(text)
    assert time.perf_counter() - started < 1


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_any_text_can_be_linked(text: str) -> None:
    assert all(found.confidence >= 0.5 for found in link(text))


_SCRIPT = """
import json, sys
from medaction_gym.knowledge import link
print(json.dumps([link(text) for text in json.load(sys.stdin)]))
"""


def test_results_do_not_depend_on_the_hash_seed(linker: Linker) -> None:
    texts = [
        "Pneumonia due to influenza with sepsis and heart failure",
        "Adenoid cystic carcinoma of the trachea",
        "Tuberculous meningitis (miliary tuberculosis)",
        "Diverticulitys of the sigmoid colon",
        "SLE nephritis class IV",
        "Molar pregnancy",
    ]
    answers = {
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            input=json.dumps(texts),
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(answers) == 1
    assert json.loads(answers.pop()) == json.loads(
        json.dumps([linker.link(text) for text in texts])
    )


def test_seen_strings_come_from_memory(linker: Linker) -> None:
    linker.link("Gout of the big toe")
    started = time.perf_counter()
    for _ in range(1000):
        linker.link("Gout of the big toe")
    assert time.perf_counter() - started < 0.05
