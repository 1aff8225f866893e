"""Work-up: the tests of a record and their results, of which only some tell the disease."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from medaction_gym.cases.case import TestResult, as_category
from medaction_gym.synthetic import tables
from medaction_gym.synthetic.patient import Company, Patient, fits
from medaction_gym.synthetic.roster import Disease, Rival, Trait
from medaction_gym.synthetic.tables import EXAMINATION, HISTORY
from medaction_gym.synthetic.values import measure
from medaction_gym.synthetic.wording import capital, denied, listed

TESTS = (9, 13)  # tests of a record; drawn before anything is known of the disease
GENETICS = 0.5  # records with a gene panel, whatever the disease
YIELD = 0.7  # gene panels that find the gene of a disease that has one

# Tests that nobody orders without a reason; they come with a finding or with a rival disease.
_ON_SUSPICION = ("pathology", "endoscopy", "genetics")
_NEVER_FILLED = ("biopsy", "csf", "gh_test", "gene_panel", "muscle_biopsy", "nerve_biopsy")


class Workup(NamedTuple):
    """The tests of a record, and all findings that it or the presentation tells of."""

    tests: tuple[TestResult, ...]
    shown: tuple[Trait, ...]


def work_up(rng: Random, patient: Patient, disease: Disease, rivals: list[Rival]) -> Workup:
    """The record of a patient: tests that show findings, tests that speak for rivals, routine.

    Which tests are done is settled without a look at the disease: by the findings told, by the
    rival diseases, and by chance. What the patient has then shows in them.
    """
    number = rng.randint(*TESTS)
    panel = rng.random() < GENETICS
    wanted = list(dict.fromkeys(test for t in patient.findings for test in _shown_by(t)))
    against = _against(patient, disease, rivals)
    for test in [*_asked_by(rng, patient, against), *_routine(rng, patient)]:
        if len(wanted) >= number - panel:
            break
        if test not in wanted:
            wanted.append(test)
    found = [t for t in patient.silent if not set(wanted).isdisjoint(_shown_by(t))]
    patient = patient._replace(findings=(*patient.findings, *found))
    values = measure(rng, patient, wanted, {a for t in disease.untold for a, _ in t.values})
    results = []
    for test in wanted:
        of_rivals = [t for t in against if t.how.shown == test and not t.values]
        text = _text(rng, test, patient, disease, of_rivals)
        measured = values.get(test, ())
        numbers = "; ".join(f"{a.name} {a.result}" for a in measured)
        result = " ".join(part for part in (numbers and numbers + ".", text) if part)
        row = tables.tests()[test]
        results.append(
            TestResult(
                name=row.name,
                aliases=row.aliases,
                category=as_category(row.category),
                result=result or "Limited study; nothing to add.",
                analytes=measured,
            )
        )
    if panel:
        results.append(_gene_panel(rng, patient, disease, rivals))
    return Workup(tuple(results), patient.findings)


def _shown_by(trait: Trait) -> tuple[str, ...]:
    """The tests that show a finding; none where it is told or seen at once."""
    if trait.values:
        return tuple(tables.test_of()[analyte] for analyte, _ in trait.values)
    return () if trait.how.shown in (HISTORY, EXAMINATION) else (trait.how.shown,)


def _against(patient: Patient, disease: Disease, rivals: list[Rival]) -> list[Trait]:
    """What tests would show in rival diseases, and the patient has not."""
    company = Company.of([*patient.findings, *patient.silent, *disease.untold])
    return [
        trait
        for rival in rivals
        for trait in rival.traits
        if trait.how.shown not in (HISTORY, EXAMINATION)
        and fits(trait, patient.age, patient.sex)
        and company.admits(trait)
    ]


def _asked_by(rng: Random, patient: Patient, against: list[Trait]) -> list[str]:
    """The tests that would show rival diseases, in random order."""
    rows = tables.tests()
    tests = sorted(
        test
        for test in {t.how.shown for t in against} - set(_NEVER_FILLED)
        if rows[test].youngest <= patient.age <= rows[test].oldest
    )
    rng.shuffle(tests)
    rarely = {t for t in tests if rows[t].category in _ON_SUSPICION}
    return [t for t in tests if t not in rarely or rng.random() < 0.2][:5]


def _routine(rng: Random, patient: Patient) -> list[str]:
    """What is done for many patients, the commonest first."""
    rows = [
        row
        for row in tables.tests().values()
        if row.youngest <= patient.age <= row.oldest
        and row.category not in _ON_SUSPICION
        and row.id not in _NEVER_FILLED
        and not (row.id == "us_pelvis" and patient.sex == "m")
    ]
    base, others = [r.id for r in rows if r.base], [r.id for r in rows if not r.base]
    rng.shuffle(base)
    rng.shuffle(others)
    return [*base[:5], *others]


def _deniable(test: str, patient: Patient, disease: Disease) -> list[str]:
    """The normal statements of a test that nothing in the patient contradicts."""
    has = Company.of([*patient.findings, *patient.silent, *disease.untold]).above
    return [n.text for n in tables.normals().get(test, ()) if has.isdisjoint(n.denies)]


def _text(
    rng: Random,
    test: str,
    patient: Patient,
    disease: Disease,
    of_rivals: list[Trait],
) -> str:
    """A report in words: what was found, what a rival disease would show and is not there."""
    found = [
        t.how.words[rng.randrange(len(t.how.words))]
        for t in patient.findings
        if t.how.shown == test and not t.values
    ]
    sentences = []
    if found:
        together = len(found) > 1 and rng.random() < 0.5
        sentences = [capital(listed(found))] if together else [capital(f) for f in found]
    normal = _deniable(test, patient, disease)
    if found and len({n.denies for n in tables.normals().get(test, ())}) == 1:
        normal = []  # the one thing the test looks at is not normal
    rng.shuffle(normal)
    sentences += normal[: rng.randint(1, 3)]
    said = " ".join(sentences).lower()
    absent = sorted({d for t in of_rivals if (d := denied(t.how.words)).lower() not in said})
    rng.shuffle(absent)
    if absent and normal and rng.random() < 0.6:
        sentences.append(f"No {listed(absent[: rng.randint(1, 2)], 'or')}")
    return " ".join(sentence + "." for sentence in dict.fromkeys(sentences))


def _gene_panel(rng: Random, patient: Patient, disease: Disease, rivals: list[Rival]) -> TestResult:
    """A panel that names a gene, never a disease; silent where the gene is the disease's name."""
    names = " ".join((disease.diagnosis.name, *disease.diagnosis.synonyms)).lower()
    genes = [g for g in disease.genes if g.lower() not in names and len(g) > 2]
    found, which, how = rng.random() < YIELD, rng.random(), rng.random()
    grade = ("pathogenic", "likely pathogenic")[rng.randrange(2)]
    other = sorted({g for r in rivals for g in r.genes} - set(disease.genes))
    if found and genes:
        gene = genes[int(which * len(genes))]
        variant = _zygosity(gene, patient, disease, how)
        result = f"{variant} in {gene}, classified as {grade}. Nothing else to report."
    elif other and how < 0.5:
        gene = other[int(which * len(other))]
        result = (
            f"Heterozygous variant of uncertain significance in {gene}."
            " No pathogenic or likely pathogenic variant in the genes reported."
        )
    else:
        result = "No pathogenic or likely pathogenic variant in the genes reported."
    row = tables.tests()["gene_panel"]
    return TestResult(name=row.name, aliases=row.aliases, category="genetics", result=result)


def _zygosity(gene: str, patient: Patient, disease: Disease, how: float) -> str:
    modes = set(disease.course.inheritance)
    if gene.startswith("MT-"):
        return f"Heteroplasmic variant ({30 + int(how * 60)}% in blood)"
    if {"x-recessive", "x-linked", "x-dominant"} & modes and patient.sex == "m":
        return "Hemizygous variant"
    if "recessive" in modes and "dominant" not in modes:
        return "Homozygous variant" if how < 0.5 else "Two variants, one from each parent,"
    return "Heterozygous variant"
