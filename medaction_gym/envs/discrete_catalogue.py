"""DiscreteCatalogue: the tests and the candidate diagnoses that the discrete view numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.knowledge.inference import inference
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.synthetic import SyntheticCases
from medaction_gym.synthetic.generator import generator

# What a hospital offers, cheap things first. Written from general medical knowledge, not from any
# case. Each names one test: a request for two would be answered in two parts.
TESTS = (
    # laboratory
    "complete blood count", "comprehensive metabolic panel", "C-reactive protein", "urinalysis",
    "coagulation screen", "haemolysis screen", "iron studies", "thyroid function tests",
    "hormone profile", "autoantibodies", "tumour markers", "cardiac enzymes", "blood gas analysis",
    "muscle enzymes", "pancreatic enzymes", "metabolic screen", "vitamin levels",
    "toxicology screen", "beta-hCG",
    # examinations and function
    "physical examination", "fundoscopy", "slit-lamp examination", "dermoscopy",
    "cognitive testing", "electrocardiogram", "electroencephalogram", "electromyography",
    "pulmonary function tests", "audiometry",
    # imaging
    "X-ray", "chest X-ray", "dental radiograph", "ultrasound", "abdominal ultrasound",
    "pelvic ultrasound", "echocardiography", "CT", "CT head", "CT chest", "CT abdomen", "MRI",
    "MRI brain", "MRI spine", "angiography", "PET", "nuclear medicine scan", "MRCP",
    "contrast study", "optical coherence tomography",
    # looking inside
    "endoscopy", "colonoscopy", "bronchoscopy", "laryngoscopy", "cystoscopy",
    # tissue, organisms, genes
    "microbiology", "culture", "polymerase chain reaction", "serology",
    "cerebrospinal fluid analysis", "biopsy", "skin biopsy", "lymph node biopsy",
    "bone marrow biopsy", "cytology", "immunohistochemistry", "flow cytometry", "karyotype",
    "genetic testing", "diagnostic surgery",
)  # fmt: skip

SLOTS = 10  # candidates that can be committed to at a time
FEW = 100  # names of differentials that make a list of candidates
MOST_CANDIDATES = 4096


class DiscreteCatalogue(NamedTuple):
    """What the discrete actions mean; the same for every case of a set.

    Attributes:
        tests: Requests, one test each. Action ``i < len(tests)`` orders ``tests[i]``.
        candidates: Diagnoses, each linked to one concept of the graph that findings can speak for.
        rows: The candidates' rows in the graph.
        slots: How many of the candidates, the likeliest first, can be committed to at a time.
            Action ``len(tests) + k`` commits to the k-th likeliest.

    Example:
        >>> catalogue = discrete_catalogue(SyntheticCases(seed=1, size=5))
        >>> catalogue.tests[0], len(catalogue.candidates) > 1_000
        ('complete blood count', True)
    """

    tests: tuple[str, ...]
    candidates: tuple[str, ...]
    rows: tuple[int, ...]
    slots: int = SLOTS

    @property
    def actions(self) -> int:
        """The number of actions."""
        return len(self.tests) + self.slots


def discrete_catalogue(
    cases: CaseSet | None = None,
    *,
    tests: Iterable[str] = TESTS,
    candidates: Iterable[str] | None = None,
    slots: int = SLOTS,
) -> DiscreteCatalogue:
    """The catalogue for a set of cases.

    The candidates are all diseases that any case of the set lists in its differential. Where that
    gives fewer than `FEW`, and for a synthetic set, they are the 1,269 diseases that the synthetic
    generator can give a patient. None is marked as any case's gold. Names without a concept
    that findings can speak for are left out, and of several names of one concept the first is
    kept; so a case's gold may be missing, and then nobody can be right on it in this view.

    Args:
        cases: The cases whose differentials count; None for the synthetic generator's diseases.
        tests: Requests, one test each.
        candidates: Names of diseases in place of those above.
        slots: How many candidates can be committed to at a time.

    Raises:
        ValueError: If there are fewer candidates than slots, or more than `MOST_CANDIDATES`.
    """
    graph, explained = knowledge(), inference("likelihood").explained
    if candidates is None and cases is not None and not isinstance(cases, SyntheticCases):
        candidates = sorted({name for case in cases for name in case.differential})
        if len(candidates) < FEW:
            candidates = None
    if candidates is None:
        roster = generator().roster
        named = [(roster.disease(row).diagnosis.name, row) for row in roster.rows]
    else:
        named = [(name, row) for name in candidates if (row := _row(name)) >= 0]
    first: dict[int, str] = {}
    for name, row in named:
        if explained[row]:
            first.setdefault(row, name)
    rows = sorted(first, key=graph.identifier)
    if not slots <= len(rows) <= MOST_CANDIDATES:
        raise ValueError(
            f"{len(rows)} candidates that findings can speak for; {slots} to {MOST_CANDIDATES:,}"
            " are possible"
        )
    return DiscreteCatalogue(tuple(tests), tuple(first[row] for row in rows), tuple(rows), slots)


def _row(name: str) -> int:
    """The row of the concept that a name means; -1 where the linker abstains."""
    found = link(name)
    return knowledge().row(found[0].id) if found and found[0].role == "main" else -1
