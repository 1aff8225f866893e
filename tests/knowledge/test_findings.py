from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.findings import Finding, evidence, findings, findings_file
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.laboratory import analytes
from medaction_gym.knowledge.sites import COLUMNS


def said(text: str, **context: str) -> dict[str, bool]:
    """Names of a text's findings, and whether each is denied."""
    return {finding.name: finding.negated for finding in findings(text, **context)}


def ids(text: str, **context: str) -> set[str]:
    found = findings(text, **context)
    return {c for f in found if not f.negated for c in (f.id, *f.also)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("He had pain in the lower abdomen.", "Abdominal pain"),
        ("abdominal and chest pain", "Abdominal pain"),
        ("abdominal and chest pain", "Chest pain"),
        ("Her spleen was enlarged; enlarged spleen", "Splenomegaly"),
        ("Haematuria and oedema of the legs", "Hematuria"),
        ("short of breath on exertion", "Dyspnea"),
        ("SOB and N/V", "Dyspnea"),
        ("yellowish discoloration of the eyes, jaundiced", "Jaundice"),
        ("episodes of throwing up", "Vomiting"),
        ("retrognathic mandible", "Retrognathia"),
    ],
)
def test_says_it_in_other_words(text: str, name: str) -> None:
    assert said(text)[name] is False


@pytest.mark.parametrize(
    ("text", "denied", "stated"),
    [
        ("No fever, chills, or cough.", ["Fever", "Chills", "Cough"], []),
        ("Denies nausea but reports vomiting", ["Nausea"], ["Vomiting"]),
        ("Fever without rash", ["Skin rash"], ["Fever"]),
        ("Malaria was ruled out.", ["malaria"], []),
        ("Not only fever but also chills", [], ["Fever", "Chills"]),
        ("No improvement in cough", [], ["Cough"]),
        ("negative for seizure; headache persisted", ["Seizure"], ["Headache"]),
        ("No evidence of splenomegaly or ascites was found", ["Splenomegaly", "Ascites"], []),
        ("Nausea, and no fever, but a headache", ["Fever"], ["Nausea", "Headache"]),
    ],
)
def test_denials_reach_over_their_clause(text: str, denied: list[str], stated: list[str]) -> None:
    found = said(text)
    assert [found[name] for name in denied] == [True] * len(denied)
    assert [found[name] for name in stated] == [False] * len(stated)


def test_relatives_and_fears_are_flagged() -> None:
    by_name = {f.name: f for f in findings("Fever. His father had epilepsy. Risk of seizure.")}
    assert not by_name["Fever"].family
    assert by_name["epilepsy"].family
    assert by_name["Seizure"].hypothetical
    assert set(evidence("His father had epilepsy")) == set()
    (section,) = findings("Family history: migraine in two siblings\nnothing else")
    assert section.family


@pytest.mark.parametrize(
    ("text", "name", "negated"),
    [
        ("platelets 24 × 10^9/L", "Thrombocytopenia", False),
        ("Low platelets", "Thrombocytopenia", False),
        ("platelets were normal", "Thrombocytopenia", True),
        ("Hemoglobin 8.3 g/dl", "Anemia", False),
        ("sodium 118 mmol/L", "Hyponatremia", False),
        ("potassium of 4.1 mmol/L", "Hypokalemia", True),
        ("osteocalcin, calcium 2.9 mmol/L (reference range 2.1-2.6)", "Hypercalcemia", False),
        ("elevated LDH, AST and calcium", "Hypercalcemia", False),
        ("AST, calcium were elevated", "Hypercalcemia", False),
        ("Negative ANA", "Antinuclear antibody positivity", True),
        ("CRP 40 mg/L, and ESR", "Elevated circulating C-reactive protein concentration", False),
    ],
)
def test_values(text: str, name: str, negated: bool) -> None:
    assert said(text)[name] is negated


def test_a_bare_value_belongs_to_the_test_and_a_fluid_to_its_analytes() -> None:
    assert said("8.3 g/dl.", test="Hemoglobin") == {"Anemia": False}
    found = said("Elevated WBCs (100/µL), glucose <40 mg/dL", test="CSF analysis")
    assert found == {"CSF pleocytosis": False, "Hypoglycorrhachia": False}


@pytest.mark.parametrize(
    ("text", "category", "concept"),
    [
        ("Sheets of spindle cells", "pathology", "mesenchymal"),
        ("positive for CD20 and PAX5", "pathology", "B-cell"),
        ("Blood cultures grew Listeria monocytogenes", "microbiology", "listeriosis"),
        ("A pathogenic variant in FBN1 was found", "genetics", "FBN1"),
        ("CT showed a mass in the liver", "imaging", "Neoplasm of the liver"),
    ],
)
def test_ears(text: str, category: str, concept: str, graph: KnowledgeGraph) -> None:
    names = {graph.name(c) for c in ids(text, category=category)}
    assert any(concept in name for name in names), names


def test_a_gene_leads_to_its_diseases() -> None:
    found = ids("NPC2 mutation", category="genetics")
    assert any(c.startswith("NCBIGene:") for c in found)
    assert any(c.startswith("MONDO:") for c in found)


def test_normal_tests_deny() -> None:
    assert said("Unremarkable.", test="Chest X-ray", category="imaging") == {
        "Abnormal thorax morphology": True
    }
    assert all(weight < 0 for weight in evidence("ECG was normal").values())
    assert said("CD20 negative, CD3 positive", category="pathology").values()


def test_offsets_lie_in_the_text_and_in_order() -> None:
    text = (
        "Her mother’s tumour — 5 cm, “hard” — grew; naïve swelling of Sjögren's glands, fièvre 39°"
    )
    found = findings(text)
    assert found
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert list(found) == sorted(found, key=lambda f: (f.start, f.end))
    assert all(text[f.start : f.end].strip() == text[f.start : f.end] for f in found)


def test_evidence_is_bounded_and_signed() -> None:
    weights = evidence("Fever. Fever again. No cough. Jaundice; no jaundice.")
    assert all(-1 <= weight <= 1 for weight in weights.values())
    assert weights["HP:0001945"] > 0.9
    assert weights["HP:0012735"] < 0


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gives_findings_within_it(text: str) -> None:
    for finding in findings(text, text[:40], text[:9]):
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 < finding.confidence <= 1


@pytest.mark.parametrize(
    "text",
    ["", "\0", "(" * 5_000, "no " * 9_000, "pain in the " * 4_000, "a" * 60_000, "1," * 20_000,
     "CRP " * 8_000, "\ud800 fever", "carcinoma of the cell type of the " * 1_500,
     "9" * 4_000 + " mg/dl", "CRP " + "9" * 4_000, "not " + "was negative " * 3_000],
)  # fmt: skip
def test_hostile_text_is_read_in_time(text: str) -> None:
    started = time.perf_counter()
    findings(text)
    findings("fever", text[:300])
    assert time.perf_counter() - started < 20


def test_random_word_salad_does_no_harm() -> None:
    words = "no fever CRP 5 mg/L ( ) , ; CD20 + - ± of in the mass liver FBN1 c.1 positive".split()
    draw = random.Random(0)
    for _ in range(300):
        text = " ".join(draw.choices(words, k=30))
        assert all(isinstance(f, Finding) for f in findings(text))


def test_files(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = ['{"id": 1, "text": "Fever \\u2014 no rash"}', "not json", "[1]", '{"text": 3}']
    source.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert findings_file(source, target)["rows"] == 4
    first, *others = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    assert first["id"] == 1
    assert [(f["name"], f["negated"]) for f in first["findings"]] == [
        ("Fever", False),
        ("Skin rash", True),
    ]
    assert {"id", "name", "start", "end", "negated"} <= first["findings"][0].keys()
    assert all(row["findings"] == [] for row in others)


def test_the_same_in_every_process(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    text = (
        "Fever, abdominal and chest pain, no rash; CT: mass in the liver; FBN1 variant; CD20+,"
        " elevated LDH, CRP and ferritin; swelling of the left leg and weight loss"
    )
    source.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    outputs = set()
    for seed in ("0", "1", "77"):
        target = tmp_path / f"{seed}.jsonl"
        code = "import sys; from medaction_gym.knowledge import findings as f"
        code += "; f.findings_file(*sys.argv[1:])"
        subprocess.run(
            [sys.executable, "-c", code, str(source), str(target)],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        outputs.add(target.read_bytes())
    assert len(outputs) == 1


def test_tables_name_concepts_and_terms_that_exist(graph: KnowledgeGraph) -> None:
    terms = Catalogue.load().terms
    for table, columns in {
        "phrases": ("concepts",),
        "histology": ("concepts",),
        "observations": ("concepts",),
        "abbreviations": ("concepts",),
        "normals": ("concepts",),
        "organisms": ("concepts",),
        "stains": ("positive", "lost"),
        "laboratory": ("high", "low"),
        "regions": COLUMNS,
    }.items():
        for row in vocabulary.rows(table):
            for column in columns:
                for concept in vocabulary.split(row[column]):
                    assert concept in graph, (table, row, concept)
    assert analytes().keys() <= terms.keys()
    assert {row["site"] for row in vocabulary.rows("regions")} <= terms.keys()
    assert {row["organism"] for row in vocabulary.rows("organisms")} <= terms.keys()
