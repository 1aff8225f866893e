"""Names of the diagnosis that are not its own: classes, parts, and the same process relabelled."""

from __future__ import annotations

import pytest

from medaction_gym.articles.guard import guarded
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult

NEXT = "She had no fever, and her gait was normal."


def shown(said: str, diagnosis: str, complaint: str = "", others: tuple[str, ...] = ()) -> str:
    case = Case(
        id="x",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(history=f"{said} {NEXT}", chief_complaint=complaint),
        tests=(TestResult(name="Chest CT", result="seen"),),
        diagnosis=Diagnosis(name=diagnosis),
    )
    kept = guarded(case, others)
    assert kept.case is not None, kept.left
    history = kept.case.presentation.history.removesuffix(NEXT).strip()
    return f"{kept.case.presentation.chief_complaint}|{history}"


@pytest.mark.parametrize(
    ("said", "diagnosis", "complaint", "telling"),
    [
        # a class at any depth above, in whatever words of the graph
        ("She had had muscular dystrophy since childhood.", "Bethlem myopathy", "", "dystrophy"),
        ("She was thought to have vasculitis.", "Takayasu arteritis", "", "vasculitis"),
        ("She had acute leukaemia.", "Mixed phenotype acute leukemia", "", "leuk"),
        ("She had a coagulopathy.", "Acquired hemophilia A", "", "coagulopathy"),
        ("She had signs of coagulopathy.", "Neonatal Presentation of Severe Hemophilia", "",
         "coagulopathy"),
        ("She had a neuropathy.", "Charcot-Marie-Tooth disease", "", "neuropathy"),
        # a class beside, named as the complaint
        ("She presented with muscular dystrophy.", "Nemaline myopathy", "Muscular dystrophy",
         "dystrophy"),
        # a component that flared, under another name of the graph
        ("She had a history of COPD without oxygen before.",
         "Psittacosis with chronic obstructive pulmonary disease exacerbation", "", "COPD"),
        ("She had psoriasis since childhood.", "Syphilis with psoriasis flare", "", "psoriasis"),
        ("She had eczema.", "Scabies with exacerbation of eczema", "", "eczema"),
        # ... or that stands in the name with more words
        ("She had asthma since childhood.", "Pneumothorax in severe asthma", "", "asthma"),
        # the organ and the process under another label
        ("An earlier scan had shown cerebellar atrophy.", "Pontocerebellar hypoplasia", "",
         "atrophy"),
        ("An earlier scan had shown atrophy of the cerebellum.",
         "Congenital cerebellar dysplasia", "", "atrophy"),
        ("She was told of a stricture of the oesophagus.", "Oesophageal stenosis", "",
         "stricture"),
    ],
)  # fmt: skip
def test_another_name_is_not_shown(said: str, diagnosis: str, complaint: str, telling: str) -> None:
    assert telling.casefold() not in shown(said, diagnosis, complaint).casefold()


def test_a_part_of_a_further_conclusion_is_not_shown() -> None:
    told = ("Legionella pneumonia with asthma exacerbation",)
    assert shown("She had asthma since childhood.", "Legionnaires disease", others=told) == "|"
    told = ("Bronchiectasis associated with lupus",)
    assert shown("She had lupus.", "Kartagener syndrome", others=told) == "|"


@pytest.mark.parametrize(
    ("said", "diagnosis", "complaint"),
    [
        # classes that say little, and relations too far off
        ("She had heart disease and anaemia.", "Takayasu arteritis", ""),
        ("She had no asthma.", "Adenoid cystic carcinoma of the trachea", ""),
        ("She presented with muscular dystrophy.", "Dilated cardiomyopathy", "Muscular dystrophy"),
        ("Her brother had a muscular dystrophy.", "Nemaline myopathy", ""),
        # an accident is no part of another one
        ("She had had a wrist fracture in 1990.", "Femoral insufficiency fracture", ""),
        # another organ, or another process
        ("She had atrophy of the calves.", "Pontocerebellar hypoplasia", ""),
        ("She had a cerebellar tremor.", "Pontocerebellar hypoplasia", ""),
        ("She had a heart attack at 60.", "Heart transplant rejection attack", ""),
    ],
)
def test_what_is_no_name_of_it_stays(said: str, diagnosis: str, complaint: str) -> None:
    assert shown(said, diagnosis, complaint) == f"{complaint}|{said}"
