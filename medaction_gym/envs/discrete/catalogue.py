"""DiscreteCatalogue: the tests and the candidate diagnoses that the discrete view numbers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.knowledge.naming import same
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.synthetic import SyntheticCases
from medaction_gym.synthetic.generator import generator

SLOTS = 10  # candidates that can be committed to at a time
FEW = 100  # candidates; a set of cases that names fewer gets the synthetic generator's as well
MOST_CANDIDATES = 4096


class DiscreteCatalogue(NamedTuple):
    """What the discrete actions mean; the same for every case of a set.

    Attributes:
        tests: Requests, one test each. Action ``i < len(tests)`` orders ``tests[i]``.
        candidates: Diagnoses, each of another concept of the graph.
        rows: The candidates' rows in the graph, ascending by concept.
        slots: How many of the candidates, the likeliest first, can be committed to at a time.
            Action ``len(tests) + k`` commits to the k-th likeliest.

    Example:
        >>> catalogue = discrete_catalogue(SyntheticCases(seed=1, size=5))
        >>> catalogue.tests[0], len(catalogue.candidates) > 1_000, catalogue.actions
        ('complete blood count', True, 79)
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
    tests: Iterable[str] | None = None,
    candidates: Iterable[str] | None = None,
    slots: int = SLOTS,
) -> DiscreteCatalogue:
    """The catalogue for a set of cases.

    As in a classifier's list of labels, the candidates are all diseases that the set knows of: the
    diagnoses of all its cases, and every disease of their differentials. Nothing tells the one
    from the other, or which belongs to which case. For a synthetic set, and in addition where a
    set names fewer than `FEW`, they are the diseases that the synthetic generator can give a
    patient. A name that the linker finds no concept for is left out, and of several names of one
    concept one is kept; so a case's diagnosis may be missing, and then nobody can be right on it.

    Args:
        cases: The cases; None for the synthetic generator's diseases.
        tests: Requests, one test each; the 69 of ``tests.txt`` if None.
        candidates: Names of diseases in place of those above.
        slots: How many candidates can be committed to at a time.

    Raises:
        ValueError: If there are fewer candidates than slots, or more than `MOST_CANDIDATES`.
    """
    concepts = {} if candidates is None else _concepts(candidates)
    if candidates is None:
        if cases is not None and not isinstance(cases, SyntheticCases):
            # The diagnosis's own name is the one to keep: it is what an answer is compared with.
            golds = sorted({case.diagnosis.name for case in cases})
            concepts = _concepts(
                [*golds, *sorted({d for case in cases for d in case.differential})]
            )
        if len(concepts) < FEW:
            concepts = {**_made_up(), **concepts}
    rows = sorted(concepts, key=knowledge().identifier)
    if not slots <= len(rows) <= MOST_CANDIDATES:
        raise ValueError(
            f"{len(rows):,} candidates; {slots} (the slots) to {MOST_CANDIDATES:,} are possible"
        )
    return DiscreteCatalogue(
        tests=hospital_tests() if tests is None else tuple(tests),
        candidates=tuple(concepts[row] for row in rows),
        rows=tuple(rows),
        slots=slots,
    )


@cache
def hospital_tests() -> tuple[str, ...]:
    """The tests of ``tests.txt``, in order."""
    lines = (files(__package__) / "tests.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _concepts(names: Iterable[str]) -> dict[int, str]:
    """Rows of concepts with the first of their names; names without a concept are left out."""
    graph = knowledge()
    rows = same(graph)
    concepts: dict[int, str] = {}
    for name in names:
        found = link(name)
        if found and found[0].role == "main":
            concepts.setdefault(int(rows[graph.row(found[0].id)]), name)
    return concepts


def _made_up() -> dict[int, str]:
    """The diseases that the synthetic generator can give a patient."""
    roster = generator().roster
    rows = same(roster.graph)
    return {int(rows[row]): roster.disease(row).diagnosis.name for row in roster.rows}
