"""The offline judge: what it must tell apart, what must not fool it, and how it treats files."""

from __future__ import annotations

import hashlib
import json
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.metrics.judge import Judge, Judgement, judge_file
from medaction_gym.metrics.judge import judge as shared
from medaction_gym.metrics.profile import affirmed
from tests.processes import said_under_hash_seeds

ADVERSARIAL = Path(__file__).parent.parent / "data" / "judge_adversarial.jsonl"
NEAR_MISSES = Path(__file__).parent.parent / "data" / "judge_near_misses.jsonl"


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture(scope="module")
def near_misses() -> list[dict[str, object]]:
    return [json.loads(line) for line in NEAR_MISSES.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("gold", "prediction"),
    [
        ("Gout", "Gout"),
        ("Tumour of the oesophagus", "ESOPHAGEAL TUMOR"),
        ("Type II diabetes mellitus", "Diabetes mellitus, type 2"),
        ("Pyogenic granuloma", "Lobular capillary haemangioma"),
        ("Postoperative reversible cerebral oedema (PRCO)", "PRCO"),
        ("Peritonitis caused by Candida albicans", "Candida albicans peritonitis"),
        ("Multiple sclerosis", "**Final diagnosis:** multiple sclerosis\n\nA long argument."),
        ("Sepsis", "Pneumonia was excluded. The final diagnosis is sepsis."),
        ("Gout", "Nothing but gout"),
        ("Gout", "Gout. Ruled out: sepsis"),
        ("Neuromyelitis optica spectrum disorder", "NMOSD"),
        ("Pancreatic ductal adenocarcinoma", "PDAC"),
        ("Hidradenitis suppurativa", "Acne inversa"),
        ("Zollinger-Ellison syndrome", "Gastrinoma"),
    ],
)
def test_same(judge: Judge, gold: str, prediction: str) -> None:
    assert judge(gold, prediction).verdict == "same"


@pytest.mark.parametrize(
    ("gold", "prediction"),
    [
        ("Gout", "Fracture of the femur"),
        ("Gout", "Incorrect"),
        ("Gout", ""),
        ("Gout", "No evidence of gout"),
        ("Gout", "Not gout"),
        ("Gout", "Gout excluded"),
        ("Gout", "gout: no"),
        ("Type 1 diabetes mellitus", "Type 2 diabetes mellitus"),
        ("Left renal cell carcinoma", "Right renal cell carcinoma"),
        ("Glioma, WHO grade 2", "Glioma, WHO grade 4"),
        ("Hypokalemia", "Hyperkalemia"),
        ("Septic arthritis due to Brucella", "Septic arthritis due to Salmonella"),
        ("Hydatid cyst of the liver", "Hydatid cyst of the lung"),
        ("Small cell lung carcinoma", "Non-small cell lung carcinoma"),
        ("Gout", "anything but gout"),
        ("Gout", "Excluded: gout"),
        ("Gout", "Family history of gout"),
        ("Primary biliary cholangitis", "Primary sclerosing cholangitis"),
        ("Gout", "Fever with cough with gout with asthma"),
        ("Pulmonary alveolar proteinosis", "Pneumonia"),
        ("Cat-scratch disease", "Unremarkable"),
        ("An unheard-of eponym's disease", "Acute appendicitis"),
    ],
)
def test_different(judge: Judge, gold: str, prediction: str) -> None:
    assert judge(gold, prediction).verdict == "different"


def test_one_word_of_a_longer_name_settles_nothing(judge: Judge) -> None:
    assert judge("Ovarian granulosa cell tumour", "granulosa").verdict == "undecided"
    assert judge("Sweet syndrome", "Sweet").verdict == "same"  # the graph knows it by that name


def test_near_misses_do_not_pass(judge: Judge, near_misses: list[dict[str, object]]) -> None:
    def share(same: bool) -> float:
        rows = [row for row in near_misses if row["same"] is same]
        p = [judge(str(row["gold"]), str(row["prediction"])).p for row in rows]
        return sum((x >= 0.5) is same for x in p) / len(p)

    assert sum(not row["same"] for row in near_misses) >= 150
    assert share(False) >= 0.75
    assert share(True) >= 0.85


def test_equivalents_and_near_misses_of_all_specialties(judge: Judge) -> None:
    rows = [json.loads(line) for line in ADVERSARIAL.read_text(encoding="utf-8").splitlines()]
    held_out = [row for row in rows if row["half"] == "held-out"]  # trained nothing
    given = [judge(row["gold"], row["prediction"]) for row in held_out]
    for same in (True, False):
        right = [
            (j.p >= 0.5) == same for j, r in zip(given, held_out, strict=True) if r["same"] is same
        ]
        assert len(right) > 100
        assert sum(right) / len(right) >= 0.88
    assert sum(j.verdict == "undecided" for j in given) / len(given) <= 0.12


@pytest.mark.parametrize(
    "mark", [", ", "; ", "\n", " or ", " / ", " vs. ", " | ", " and ", ". ", " + ", "\t"]
)
def test_fifty_guesses(judge: Judge, near_misses: list[dict[str, object]], mark: str) -> None:
    guesses = list(dict.fromkeys(str(row["gold"]) for row in near_misses))[:50]
    assert judge(guesses[0], mark.join(guesses)).p < 0.5
    assert judge(guesses[7], mark.join(guesses)).p < 0.5


def test_a_story_is_no_diagnosis(judge: Judge) -> None:
    story = "A 40-year-old man with thirst, a rash, two sick cats, fever, chills and a sore toe"
    assert judge("Gout", story).p < 0.5
    assert judge("Fever", story).p < 0.5


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text())
def test_any_strings(gold: str, prediction: str) -> None:
    found = shared()(gold, prediction)
    assert 0 <= found.p <= 1
    assert found.verdict in ("same", "different", "undecided")
    assert found.why


@pytest.mark.parametrize(
    "text", ["\x00\x1b[2J\u202e", "\ud800", "(" * 50_000, "no " * 3_000_000, "a-" * 5_000_000, "🩺"]
)
def test_hostile_strings(judge: Judge, text: str) -> None:
    started = time.perf_counter()
    assert judge("Gout", text).p < 0.5
    judge(text, "Gout")
    assert time.perf_counter() - started < 2


def test_spelling_does_not_matter(judge: Judge) -> None:
    forms = (
        "Haemorrhagic stroke",
        "hemorrhagic stroke",
        "HAEMORRHAGIC STROKE",
        "hemorrhagic-stroke.",
    )
    assert len({judge("Ischaemic colitis", form).p for form in forms}) == 1
    assert len({judge(form, "Ischaemic colitis").p for form in forms}) == 1


def test_denied_clauses_go() -> None:
    assert affirmed("Gout, no evidence of sepsis") == "Gout"
    assert affirmed("Sepsis was ruled out; gout") == "gout"
    assert affirmed("non-Hodgkin lymphoma") == "non-Hodgkin lymphoma"


def test_works_without_a_graph() -> None:
    text = files("medaction_gym.metrics").joinpath("data", "judge_weights.json").read_text()
    judge = Judge(json.loads(text), None)
    assert judge("Acute appendicitis", "Appendicitis").p > judge("Acute appendicitis", "Gout").p
    assert "compared by words" in judge("Acute appendicitis", "Appendicitis").why


def test_weights_say_where_they_come_from(judge: Judge) -> None:
    assert {"script", "data", "data_sha256", "split", "graph"} <= judge.provenance.keys()


def test_no_dependence_on_the_hash_seed() -> None:
    code = (
        "from medaction_gym.metrics.judge import Judge; j = Judge.load();"
        "print(j('Left hernia with sepsis (LHS)', 'hernia of the lung, LHS, and viral sepsis'),"
        "j('Brain abscess due to Nocardia', 'Fungal abscess of the liver or spleen'))"
    )
    said = said_under_hash_seeds(code)
    assert len(said) == 1


def test_file(tmp_path: Path, judge: Judge) -> None:
    source, target = tmp_path / "pairs.jsonl", tmp_path / "deep" / "judged.jsonl"
    rows = [
        {"id": 1, "gold": "Gout", "prediction": "gout"},
        {"id": 2, "gold": "Gout", "prediction": "not gout", "note": "é\u2028"},
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert judge_file(source, target)["same"] == 1
    judged = [json.loads(line) for line in target.read_text().split("\n") if line]
    assert [row["id"] for row in judged] == [1, 2]
    assert judged[1]["note"] == "é\u2028"
    assert [row["p"] for row in judged] == [judge("Gout", "gout").p, judge("Gout", "not gout").p]
    assert [row["verdict"] for row in judged] == ["same", "different"]


@pytest.mark.parametrize("line", ["{", "[]", '{"gold": "Gout"}', '{"gold": 1, "prediction": "x"}'])
def test_bad_row_names_its_line(tmp_path: Path, line: str) -> None:
    source, target = tmp_path / "pairs.jsonl", tmp_path / "judged.jsonl"
    source.write_text('{"gold": "Gout", "prediction": "gout"}\n' + line + "\n")
    with pytest.raises(ValueError, match="line 2"):
        judge_file(source, target)
    assert not target.exists()


def test_another_judge_behind_the_same_interface(tmp_path: Path) -> None:
    def stubborn(gold: str, prediction: str) -> Judgement:
        return Judgement(0.5, "undecided", "never says")

    source = tmp_path / "pairs.jsonl"
    source.write_text('{"gold": "Gout", "prediction": "gout"}\n')
    assert judge_file(source, tmp_path / "out.jsonl", stubborn)["undecided"] == 1


def test_real_verdicts(judge: Judge, real_data: Path) -> None:
    """A floor below what was measured, on the half that may be looked at: notices breakage."""
    path = real_data / "judge" / "judged_pairs.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [
        row
        for row in rows
        if row.get("judge_gpt4o") is not None
        and hashlib.sha256(f"medaction:{row['case_id']}".encode()).digest()[0] < 128
    ]
    right = sum(
        (judge(row["gold"], row["prediction"]).p >= 0.5) is row["judge_gpt4o"] for row in rows
    )
    assert rows
    assert right / len(rows) >= 0.78


@pytest.mark.parametrize(
    "denial",
    ["Not {}", "{} was ruled out", "{}. was ruled out", "No evidence of {}", "{} is unlikely"],
)
@pytest.mark.parametrize(
    "gold",
    [
        "Retroperitoneal synovial sarcoma, grade II",
        "Stage 1B, grade 2 endometrioid adenocarcinoma of the endometrium",
        "Deep neck cellulitis, myositis, and reactive lymphadenitis",
        "Gout",
    ],
)
def test_a_denied_gold_of_several_clauses_is_different(
    judge: Judge, gold: str, denial: str
) -> None:
    assert judge(gold, denial.format(gold)).verdict == "different"
