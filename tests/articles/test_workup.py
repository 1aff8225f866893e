"""What becomes a test, and what the first observation leaves out, on fictional sentences."""

from __future__ import annotations

import pytest

from medaction_gym.articles.article import Article
from medaction_gym.articles.compiler import Compiled
from medaction_gym.articles.guard import guarded
from medaction_gym.articles.reader import articles_in
from medaction_gym.articles.rules import RulesCompiler
from medaction_gym.articles.titles import phrases
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.cases.leaks import MASK
from medaction_gym.oracle import RecordOracle
from tests.articles.texts import PLAIN

MARK = "Thyroid ultrasound showed"
SHOWN = "On examination, she was anxious"


def case_with(said: str, before: str = MARK) -> Case:
    """The fictional case with more said before a sentence of it."""
    (article,) = articles_in(PLAIN.replace(before, f"{said} {before}").encode(), "x.txt")
    assert isinstance(article, Article)
    result: Compiled = RulesCompiler().compile(article)
    assert not result.refusals, result.refusals
    return result.cases[0]


def told_of(case: Case) -> str:
    return " ".join([*dict(case.presentation).values(), *(t.result for t in case.tests)])


@pytest.mark.parametrize(
    "said",
    [
        "Two years ago, a chest CT showed a calcified granuloma.",
        "A chest CT of her sister showed a calcified granuloma.",
        "She was then started on heparin for a calcified granuloma that a chest CT showed.",
        "Calcified granulomas can mimic metastases on a chest CT, which reveals calcium.",
        "Chest CT of the post-treatment period showed a calcified granuloma.",
    ],
    ids=["years ago", "somebody else", "treatment", "textbook", "afterwards"],
)
def test_what_is_no_test_of_this_patient(said: str) -> None:
    case = case_with(said)
    assert not [test.name for test in case.tests if "CT" in test.name]
    assert any("ultrasound" in test.name.lower() for test in case.tests)


@pytest.mark.parametrize(
    "said",
    [
        "A chest CT was not performed.",
        "A chest CT was therefore never obtained, and no nodule was found.",
        "She declined a chest CT, which might have shown a nodule of 8 mm.",
        "A chest CT could not be done because she could not afford it.",
        "Chest CT was unavailable at the time, so a nodule was never confirmed.",
        "A chest CT was planned for the next week.",
        "She also underwent chest CT.",
        "Chest CT confirmed the correct position of the tube.",
        "Chest CT showed a partial metabolic response of the nodule.",
        "Chest CT showed no evidence of residual disease.",
        "A follow-up chest CT showed a smaller nodule of 8 mm.",
        "At three months, a chest CT showed a smaller nodule of 8 mm.",
        "A post-mortem chest CT showed a nodule of 8 mm.",
        "In a series of forty patients, chest CT showed nodules in twelve [4].",
        "Smith et al. reported that chest CT showed nodules in twelve.",
        "Chest CT usually shows nodules in such patients.",
    ],
)
def test_what_is_no_test_of_this_workup(said: str) -> None:
    case = case_with(said)
    assert not [test.name for test in case.tests if "CT" in test.name]
    assert any("ultrasound" in test.name.lower() for test in case.tests)


@pytest.mark.parametrize(
    "said",
    [
        "According to the ACMG guidelines, the variant in GCH1 was classified as pathogenic "
        "(PVS1, PM2).",
        "The TSHR variant is of uncertain significance in ClinVar and absent from gnomAD.",
    ],
)
def test_rules_for_a_variant_are_no_test(said: str) -> None:
    case = case_with(said)
    assert not [t.name for t in case.tests if t.category == "genetics"]
    assert "ACMG" not in told_of(case)
    assert "ClinVar" not in told_of(case)


def test_what_guides_a_needle_is_not_the_test() -> None:
    case = case_with(
        "An ultrasound-guided renal biopsy was performed. The results showed sclerosis in 6 of 8 "
        "glomeruli."
    )
    (biopsy,) = (test for test in case.tests if "biopsy" in test.name.lower())
    assert "6 of 8 glomeruli" in biopsy.result


def test_cultures_that_grew_nothing_join_the_laboratory_and_can_be_ordered_alone() -> None:
    case = case_with("Blood cultures were negative. Urine culture grew Escherichia coli.")
    names = [test.name for test in case.tests if "culture" in test.name.lower()]
    assert names == ["Urine culture"]
    (part,) = RecordOracle(case).answer("blood cultures")
    (release,) = part.releases
    assert release.analyte is not None
    assert "negative" in case.tests[release.item].analytes[release.analyte].result


def test_a_test_that_is_the_patients_own_stays() -> None:
    case = case_with("Two weeks ago, a chest CT showed a calcified granuloma of 8 mm.")
    assert [test.name for test in case.tests if "CT" in test.name] == ["Chest CT"]


def test_a_test_that_was_only_called_normal_can_be_ordered() -> None:
    names = [test.name for test in case_with("The ECG was normal.").tests]
    assert any("ECG" in name for name in names)


def test_serology_joins_the_laboratory_and_can_be_ordered_alone() -> None:
    case = case_with("Serological tests for Brucella were negative at a titer of 1:20.")
    (panel,) = (test for test in case.tests if test.category == "laboratory")
    assert "Brucella" in panel.result
    (part,) = RecordOracle(case).answer("serological tests for Brucella")
    (release,) = part.releases
    assert release.analyte is not None
    assert "Brucella" in case.tests[release.item].analytes[release.analyte].name


def test_one_scan_under_two_names_is_one_test() -> None:
    case = case_with(
        "CT of the chest and abdomen showed a nodule of 8 mm. The chest CT also showed an effusion."
    )
    (scan,) = (test for test in case.tests if "CT" in test.name)
    assert "8 mm" in scan.result
    assert "effusion" in scan.result


@pytest.mark.parametrize(
    "said",
    [
        "Anti-TSH antibodies were titrated at 1:80.",
        "Genotyping of the family revealed a mutation.",
        "Her differential at the time included a toxic nodule.",
        "She was counselled about radioiodine.",
        "The suspicion of an overactive gland was high.",
    ],
    ids=["bench", "gene", "differential", "plan", "suspicion"],
)
def test_the_first_observation_tells_what_the_doctor_sees(said: str) -> None:
    shown = " ".join(dict(case_with(said, SHOWN).presentation).values())
    assert said[:20] not in shown
    assert "fine tremor" in shown


def _guarded(history: str, diagnosis: Diagnosis, others: tuple[str, ...] = ()) -> str:
    case = Case(
        id="x",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(history=history, chief_complaint="Cough"),
        tests=(TestResult(name="Chest CT", result="seen"),),
        diagnosis=diagnosis,
    )
    kept = guarded(case, others)
    assert kept.case is not None
    return kept.case.presentation.history


@pytest.mark.parametrize(
    ("history", "name", "kept"),
    [
        (
            "An intramural gastric pseudocyst was drained. No fever.",
            "Recurrent gastric intramural pseudocyst",
            "No fever.",
        ),
        (
            "An ambiguus kind of situs was told. No fever.",
            "Situs ambiguus",
            "No fever.",
        ),
        (
            "She fears hypoglycemic events. Suspected hypoglycemic events.",
            "Hyperinsulinemic hypoglycemia",
            "She fears hypoglycemic events.",
        ),
        (
            "He denied treatment for TB. No fever.",
            "Tuberculous tenosynovitis",
            "No fever.",
        ),
        (
            "No fever. He was diagnosed with a fungal nail infection.",
            "Onychomycosis by Trichophyton rubrum",
            "No fever.",
        ),
    ],
    ids=["its own word", "another order", "adjective", "germ", "plain words"],
)
def test_the_guard_knows_the_diagnosis_in_other_words(history: str, name: str, kept: str) -> None:
    assert _guarded(history, Diagnosis(name=name)) == kept


def test_an_abbreviation_that_is_a_small_word() -> None:
    said = _guarded(
        "Episodes of ON on the left. No fever.", Diagnosis(name="X neuritis", synonyms=("ON",))
    )
    assert said == "No fever."


@pytest.mark.parametrize(
    ("history", "kept"),
    [
        ("He denied pus, an inguinal hernia, and pain.", f"He denied pus, an {MASK}, and pain."),
        ("He walked well, and wore a truss for his inguinal hernia.", ""),
        ("He walked well for an hour, with a truss for his inguinal hernia.",
         "He walked well for an hour …"),
        ("A 40-year-old man with an inguinal hernia presented with pain.",
         "A 40-year-old man … presented with pain."),
        ("The scar was red and tender, suggesting an infection.", "The scar was red and tender."),
    ],
    ids=["list", "too little left", "clause", "introduction", "thought"],
)  # fmt: skip
def test_what_is_withheld_goes_with_its_clause(history: str, kept: str) -> None:
    said = _guarded(f"{history} No fever.", Diagnosis(name="Inguinal hernia"))
    assert said == f"{kept} No fever.".strip()


def test_what_the_article_turns_on_is_kept_back_too() -> None:
    about = "Lymphoma of the thyroid is rare. " * 8
    text = PLAIN.replace(SHOWN, f"She knew of a lymphoma. {SHOWN}") + f"\n\nDiscussion\n\n{about}\n"
    (article,) = articles_in(text.encode(), "x.txt")
    assert isinstance(article, Article)
    assert "lymphoma" in article.text
    (case,) = RulesCompiler().compile(article).cases
    assert "lymphoma" not in " ".join(dict(case.presentation).values())


@pytest.mark.parametrize(
    ("known", "times", "shown"),
    [
        ("myasthenia gravis", 3, False),
        ("myasthenia gravis", 0, True),
        ("asthma", 3, True),  # so many have it
    ],
)
def test_a_disease_known_before_is_kept_back_if_it_is_discussed(
    known: str, times: int, shown: bool
) -> None:
    about = f"The drug unmasks {known}. " * times or "Nothing is known."
    text = (
        f"{PLAIN.replace(SHOWN, f'She had untreated {known}. {SHOWN}')}\n\nDiscussion\n\n{about}\n"
    )
    (article,) = articles_in(text.encode(), "x.txt")
    assert isinstance(article, Article)
    (case,) = RulesCompiler().compile(article).cases
    assert (known in case.presentation.history) is shown


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("asthma but reports no attack", "asthma"),
        (
            "common femoral vein aneurysm during surgical exploration",
            "common femoral vein aneurysm",
        ),
        ("Kartagener's syndrome incidentally", "Kartagener's syndrome"),
        ("patient with carcinomatous meningitis", "carcinomatous meningitis"),
        ("a deletion at 11p14.3", "deletion at 11p14.3"),
    ],
)
def test_the_words_around_a_diagnosis_are_cut(said: str, name: str) -> None:
    assert list(phrases(said)) == [name]


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("A chest X-ray was normal.", "Chest X-ray"),
        ("Ultrasound of the liver showed a small haemangioma.", "Liver ultrasound"),
        ("ECG showed sinus rhythm at 120 beats per minute. A treadmill test was unremarkable.",
         "Treadmill test"),
        ("A lumbar puncture showed clear fluid with a glucose of 60 mg/dL and a protein of "
         "40 mg/dL.", "Lumbar puncture"),
        ("Antinuclear antibodies, rheumatoid factor, and a genetic acylcarnitine profile were "
         "performed. All these tests were negative.", "Rheumatoid factor"),
    ],
    ids=["normal", "one sentence", "other department", "puncture", "list"],
)  # fmt: skip
def test_what_is_told_in_passing_is_no_item_and_can_be_ordered(said: str, order: str) -> None:
    case = case_with(said)
    assert order.casefold() not in [test.name.casefold() for test in case.tests]
    (part,) = RecordOracle(case).answer(order)
    (release,) = part.releases
    assert release.analyte >= 0
    told = case.tests[release.item].analytes[release.analyte].result
    assert told.split()[-1].strip(".") in said


@pytest.mark.parametrize(
    "said",
    [
        "A chest X-ray showed a normal heart and a nodule of 8 mm in the left lower lobe.",
        "Ultrasound of the heart that was done on the second day of her stay in hospital showed "
        "normal chambers, and a vegetation on the tip of the anterior leaflet of the mitral valve.",
    ],
)
def test_what_found_something_stays_an_item(said: str) -> None:
    case = case_with(said)
    (test,) = [test for test in case.tests if said in test.result]
    assert not [analyte for analyte in test.analytes if analyte.result == said]


def test_a_microscopist_who_names_no_germ_looks_at_tissue() -> None:
    case = case_with("Microscopic examination revealed ulceration and acantholysis.")
    (test,) = [test for test in case.tests if "acantholysis" in test.result]
    assert test.category == "pathology"


def test_a_result_refers_to_no_figure() -> None:
    case = case_with("A chest CT showed a nodule (Figure 1B) and an effusion of 3 cm (Table 2).")
    (test,) = [test for test in case.tests if "CT" in test.name]
    assert test.result == "A chest CT showed a nodule and an effusion of 3 cm."


@pytest.mark.parametrize(
    ("title", "said", "telling"),
    [
        ("Graves' disease secondary to amiodarone: a case report",
         "She had been on amiodarone for two years.", "amiodarone"),
        ("Graves' disease after mediastinal radiotherapy (MRT)", "MRT was given in 2010.", "MRT"),
        ("Iatrogenic Graves' disease", "Her cousin injected Zyntorix into her arms.", "Zyntorix"),
        ("Congestive heart failure and Graves' disease",
         "She was known for congestive heart failure (CHF). Her CHF was stable.", "CHF"),
    ],
    ids=["drug", "abbreviation", "brand", "part of the diagnosis"],
)  # fmt: skip
def test_what_the_title_blames_is_kept_back(title: str, said: str, telling: str) -> None:
    old = "Graves' disease presenting as palpitations: a case report"
    text = PLAIN.replace(old, title).replace(SHOWN, f"{said} {SHOWN}")
    (article,) = articles_in(text.encode(), "x.txt")
    assert isinstance(article, Article)
    assert telling in article.text
    (case,) = RulesCompiler().compile(article).cases
    assert telling not in " ".join(dict(case.presentation).values())


def test_a_brand_that_the_article_does_not_turn_on_stays() -> None:
    case = case_with("She took Zyntorix for her knees.", SHOWN)
    assert "Zyntorix" in case.presentation.history
