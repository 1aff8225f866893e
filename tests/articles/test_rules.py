"""The rules compiler on fictional articles: what is shown, asked, kept back and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medaction_gym.articles.article import Article
from medaction_gym.articles.compiler import Compiled
from medaction_gym.articles.guard import guarded
from medaction_gym.articles.plain import article_of
from medaction_gym.articles.reader import articles_in, read
from medaction_gym.articles.report import compile_paths
from medaction_gym.articles.rules import RulesCompiler
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.cases.leaks import find_leaks
from tests.articles.texts import BODY, CASE, PLAIN, bioc, jats

COMPILER = RulesCompiler()


def compiled(data: bytes | str, source: str = "x.nxml") -> Compiled:
    data = data.encode() if isinstance(data, str) else data
    (article,) = articles_in(data, source)
    assert isinstance(article, Article), article
    return COMPILER.compile(article)


def refused(data: bytes | str, source: str = "x.txt") -> str:
    result = compiled(data, source)
    assert not result.cases
    return result.refusals[0].reason


def case_of(data: bytes | str, source: str = "x.nxml") -> Case:
    result = compiled(data, source)
    assert not result.refusals, result.refusals
    return result.cases[0]


@pytest.mark.parametrize(
    ("data", "source"),
    [(jats(BODY), "x.nxml"), (bioc(), "x.json"), (PLAIN, "x.txt")],
    ids=["jats", "bioc", "plain"],
)
def test_the_same_case_from_every_format(data: bytes | str, source: str) -> None:
    case = case_of(data, source)
    shown = case.presentation
    assert "Graves" in case.diagnosis.name
    assert shown.patient == "34-year-old woman"
    assert shown.chief_complaint == "Palpitations and weight loss for two months"
    assert shown.history.endswith("She denied smoking.")
    assert "family history" not in shown.history
    assert "fine tremor" in shown.examination
    names = {test.name: test for test in case.tests}
    assert "0.01 mIU/L" in names["Laboratory tests"].result
    assert names["Thyroid ultrasound"].category == "imaging"
    told = " ".join([*dict(shown).values(), *(test.result for test in case.tests)])
    for later in ("carbimazole", "three months", "scintigraphy", "goitre"):
        assert later not in told
    assert "Graves" not in " ".join(dict(shown).values())


def test_evidence_is_verbatim() -> None:
    (article,) = articles_in(jats(BODY), "x.nxml")
    assert isinstance(article, Article)
    case = COMPILER.compile(article).cases[0]
    evidence = case.metadata["evidence"]
    assert evidence["text_sha256"] == article.checksum
    results = {test.name: test.result for test in case.tests}
    for name, spans in evidence["tests"]:
        for start, end in spans:
            assert 0 <= start < end <= len(article.text)
        if name != "Laboratory tests":
            assert results[name] in " ".join(article.text[s:e] for s, e in spans)
    for start, end in evidence["presentation"]["examination"]:
        assert article.text[start:end] in CASE[1]


def test_a_laboratory_table_is_a_test() -> None:
    case = case_of(jats(BODY))
    analytes = {a.name: a.result for test in case.tests for a in test.analytes}
    assert analytes["Creatinine"] == "61 µmol/L; 45-90"
    assert analytes["Sodium"] == "139 mmol/L; 135-145"


def test_licence_and_names_are_kept() -> None:
    case = case_of(jats(BODY))
    assert case.id == "PMC900001"
    assert case.provenance.license == "https://creativecommons.org/licenses/by/4.0/"
    assert case.provenance.url.endswith("/PMC900001/")
    assert case.metadata["species"] == "human"
    assert (case.metadata["age_years"], case.metadata["sex"]) == (34.0, "female")


TWO = (
    "Two cases of Graves' disease: a case series\n\nWe report two patients.\n\n{0}\n\n{2}\n\n{1}"
    "\n\n{3}\n\nDiscussion\n\nBoth were alike."
)
OTHER = (
    "A 61-year-old man presented with tremor and heat intolerance for a month. He had a history of "
    "hypertension. On examination, he had a goitre. Laboratory tests revealed a TSH of 0.02 mIU/L. "
    "Thyroid scintigraphy showed diffuse uptake. A diagnosis of Graves' disease was made."
)


def test_several_patients_by_headings() -> None:
    text = TWO.format("Case 1", "Case 2", " ".join(CASE[:3]), OTHER)
    result = compiled(text, "x.txt")
    assert [case.id for case in result.cases] == ["x-1", "x-2"]
    assert [case.metadata["age_years"] for case in result.cases] == [34.0, 61.0]
    assert all("61-year" not in case.presentation.history for case in result.cases[:1])


def test_several_patients_inside_a_paragraph() -> None:
    text = TWO.format("Case presentation", "", f"Case 1: {' '.join(CASE[:3])} Case 2: {OTHER}", "")
    assert [case.id for case in compiled(text, "x.txt").cases] == ["x-1", "x-2"]


def test_several_patients_introduced_one_after_the_other() -> None:
    text = TWO.format("Case presentation", "", f"{' '.join(CASE[:3])} {OTHER}", "")
    cases = compiled(text, "x.txt").cases
    assert [case.metadata["age_years"] for case in cases] == [34.0, 61.0]


def test_several_patients_that_nothing_separates() -> None:
    both = (
        "They were a 34-year-old and a 61-year-old woman and presented with tremor. TSH was 0.01 "
        "mIU/L in both. Thyroid ultrasound showed an enlarged gland. They had no allergies."
    )
    text = TWO.format("Case presentation", "", both, "")
    assert refused(text) == "several patients, not told apart"


@pytest.mark.parametrize(
    ("heading", "other"), [("Case one", "Case two"), ("Patient A", "Patient B")]
)
def test_several_patients_by_words(heading: str, other: str) -> None:
    cases = compiled(TWO.format(heading, other, " ".join(CASE[:3]), OTHER), "x.txt").cases
    assert [case.metadata["age_years"] for case in cases] == [34.0, 61.0]
    assert {case.diagnosis.name for case in cases} == {"Graves' disease"}


def test_twins_told_in_one_breath() -> None:
    both = PLAIN.replace("A 34-year-old woman", "Monozygotic twins aged 12 years")
    assert refused(both) == "several patients, not told apart"


def test_an_animal_of_unknown_age() -> None:
    case = case_of(PLAIN.replace("A 34-year-old woman", "An adult female green iguana"), "x.txt")
    assert case.metadata["species"] == "reptile"
    pet = PLAIN.replace("A 34-year-old woman", "A woman with a parrot")
    assert case_of(pet, "x.txt").metadata["species"] == "human"


def test_a_child_and_an_animal() -> None:
    child = PLAIN.replace("34-year-old woman", "9-month-old girl")
    assert case_of(child, "x.txt").metadata["age_years"] == 0.75
    cat = PLAIN.replace("34-year-old woman", "12-year-old neutered male cat")
    case = case_of(cat, "x.txt")
    assert case.metadata["species"] == "cat"
    assert case.presentation.patient == "12-year-old neutered male cat"


GERMAN = (
    "Morbus Basedow: ein Fallbericht\n\nFallbericht\n\nEine 34-jährige Patientin wurde mit "
    "Herzklopfen und Gewichtsverlust in die Klinik aufgenommen. Bei der Untersuchung zeigte sich "
    "ein feiner Tremor. Das Labor ergab ein supprimiertes TSH. Die Diagnose lautete Basedow."
)
STUDY = (
    "Thyroid function in 120 adults\n\nIntroduction\n\nThyroid disease is common in the population "
    "and it has been studied in many countries.\n\nMethods\n\nWe measured TSH in serum samples of "
    "the cohort.\n\nResults\n\nMean TSH was 2.1 mIU/L and the difference was not significant.\n\n"
    "Discussion\n\nThe results are in line with the literature."
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GERMAN, "not English"),
        (STUDY, "no case report"),
        ("A note\n\nThe library is open to the public and is free for all of us.", "no patient"),
        (
            "Graves' disease\n\nCase report\n\nA 34-year-old woman presented with palpitations. "
            "She had a history of asthma. She was well. She had no allergies. She left.",
            "no test with a result",
        ),
    ],
    ids=["german", "study", "note", "no tests"],
)
def test_what_is_no_case_is_refused_with_a_reason(text: str, reason: str) -> None:
    assert refused(text) == reason


@pytest.mark.parametrize(
    "filler",
    [
        "the CT showed ",
        "a diagnosis of ",
        "(ABC) ",
        "\x00\x1b[31m\u202e",
        "to prevent ",
        "one-",
        "no, ",
    ],
)
def test_hostile_text_ends_in_a_case_or_a_refusal(filler: str) -> None:
    hostile = PLAIN.replace("She denied smoking.", f"She denied smoking. {filler * 4_000}.")
    article = article_of(hostile, "x", language="en")
    result = COMPILER.compile(article)
    assert len(result.cases) + len(result.refusals) == 1


def test_more_than_a_case_can_hold_is_refused() -> None:
    endless = PLAIN.replace("She denied smoking.", "She denied smoking and pain. " * 2_000)
    (refusal,) = COMPILER.compile(article_of(endless, "x")).refusals
    assert str(refusal).startswith("x: no valid case: history: ")


def test_another_language_as_stated() -> None:
    german = jats(BODY, attributes='article-type="case-report" xml:lang="de"')
    assert refused(german, "x.nxml") == "not English"


def test_the_served_research_articles_are_refused(real_data: Path) -> None:
    for article in read(real_data / "jats"):
        assert isinstance(article, Article)
        (refusal,) = COMPILER.compile(article).refusals
        assert refusal.reason in ("no case report", "no patient")


def _case(**more: object) -> Case:
    fields: dict[str, object] = {
        "id": "demo",
        "provenance": Provenance(source="tests", license="Apache-2.0"),
        "presentation": Presentation(history="A cough."),
        "tests": (TestResult(name="Chest CT", result="a mass"),),
        "diagnosis": Diagnosis(name="Pulmonary alveolar proteinosis (PAP)"),
    }
    return Case.model_validate(fields | more)


@pytest.mark.parametrize(
    "said",
    ["Known GD.", "Graves disease?", "Graves' disease was feared.", "Basedow disease was feared."],
    ids=["abbreviation", "name", "spelling", "synonym of the graph"],
)
def test_the_guard_masks(said: str) -> None:
    case = _case(
        presentation=Presentation(history=f"A cough. {said}"),
        diagnosis=Diagnosis(name="Graves disease", synonyms=("GD",)),
    )
    kept = guarded(case)
    assert kept.case is not None
    assert kept.case.presentation.history.startswith("A cough.")
    for name in ("GD", "Graves", "Basedow"):
        assert name not in kept.case.presentation.history
    assert kept.mended == 1
    assert not [leak for leak in find_leaks(kept.case) if leak.kind != "result"]


def test_the_guard_leaves_out_what_is_about_the_diagnosis() -> None:
    case = _case(
        presentation=Presentation(history="A cough. She was diagnosed with PAP. No fever.")
    )
    kept = guarded(case)
    assert kept.case is not None
    assert kept.case.presentation.history == "A cough. No fever."


def test_the_guard_masks_relations_that_only_the_diagnosis_explains() -> None:
    told = (
        "A cough. No contact with tuberculosis or fever. He had smoked. "
        "Heparin was given to prevent pulmonary embolism."
    )
    case = _case(
        presentation=Presentation(history=told, examination="Tuberculosis ward."),
        diagnosis=Diagnosis(name="Tuberculous meningitis"),
    )
    kept = guarded(case)
    assert kept.case is not None
    assert kept.case.presentation.history == "A cough. He had smoked."
    assert kept.case.presentation.examination == ""  # a class of it, and all that the text says
    assert kept.mended == 3


def test_the_guard_renames_tests() -> None:
    tests = (
        TestResult(name="Antibody test for PAP", aliases=("PAP antibodies",), result="positive"),
        TestResult(name="PAP", result="seen"),
        TestResult(name="Chest CT", aliases=("CT thorax",), result="crazy paving"),
    )
    kept = guarded(_case(tests=tests))
    assert kept.case is not None
    assert not any("PAP" in name for t in kept.case.tests for name in (t.name, *t.aliases))
    assert {t.name for t in kept.case.tests} >= {"Chest CT", "Other findings"}
    assert kept.mended == 2


def test_a_presentation_that_is_all_leak_is_refused() -> None:
    kept = guarded(_case(presentation=Presentation(history="PAP was confirmed.")))
    assert kept.case is None
    assert kept.left


def test_an_article_whose_first_sentences_give_it_away() -> None:
    told = PLAIN.replace("weight loss for two months", "weight loss from Graves' disease")
    case = case_of(told, "x.txt")
    assert "Graves" not in json.dumps(dict(case.presentation))
    assert case.presentation.chief_complaint == "Palpitations and weight loss"
    assert "weight loss …" in case.presentation.history


def test_any_number_of_processes_gives_the_same(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.nxml").write_bytes(jats(BODY, pmc=str(number + 1)))
    (tmp_path / "bad.nxml").write_bytes(b"<article>")
    one = compile_paths([tmp_path], COMPILER, jobs=1)
    two = compile_paths([tmp_path], COMPILER, jobs=2)
    assert one.cases == two.cases
    assert [case.id for case in one.cases] == [f"PMC{n}" for n in range(1, 6)]
    assert list(one.lines()) == list(two.lines())
    assert len(one.problems) == 1


def test_an_id_that_comes_twice_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "a.nxml").write_bytes(jats(BODY))
    (tmp_path / "b.nxml").write_bytes(jats(BODY))
    report = compile_paths([tmp_path], COMPILER)
    assert len(report.cases) == 1
    assert report.rejected["id came before"] == 1


def test_articles_from_code() -> None:
    assert COMPILER.compile(article_of(PLAIN, "mine")).cases[0].id == "mine"
