"""Course: when a disease begins and how it is inherited, as HPO's annotations state it."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from medaction_gym.knowledge.sources import hpo_directory
from medaction_gym.synthetic.tables import onsets as onsets_by_hand

# HPO's own definitions of the onsets, in years. Prenatal onsets begin to be seen at birth.
_ONSETS = {
    "HP:0030674": (0.0, 0.0),
    "HP:0011461": (0.0, 0.0),
    "HP:0034197": (0.0, 0.0),
    "HP:0034198": (0.0, 0.0),
    "HP:0003577": (0.0, 0.0),
    "HP:0003623": (0.0, 0.08),
    "HP:0003593": (0.08, 1.0),
    "HP:0011463": (1.0, 5.0),
    "HP:0003621": (5.0, 15.0),
    "HP:0011462": (16.0, 40.0),
    "HP:0025708": (16.0, 19.0),
    "HP:0025709": (19.0, 25.0),
    "HP:0025710": (25.0, 40.0),
    "HP:0003581": (16.0, 65.0),
    "HP:0003596": (40.0, 60.0),
    "HP:0003584": (60.0, 80.0),
}
_IN_NAMES = (
    (re.compile(r"\b(congenital|neonatal)\b", re.I), (0.0, 0.08)),
    (re.compile(r"\binfantile\b|infancy", re.I), (0.08, 1.0)),
    (re.compile(r"\b(childhood|pa?ediatric)\b", re.I), (1.0, 8.0)),
    (re.compile(r"\bjuvenile\b|adolescen", re.I), (5.0, 15.0)),
    (re.compile(r"\badult\b", re.I), (18.0, 65.0)),
    (re.compile(r"\b(late|senile)\b", re.I), (50.0, 80.0)),
    (re.compile(r"(?<!gli)blastoma", re.I), (1.0, 10.0)),
)
_INHERITANCE = {
    "HP:0000007": "recessive",
    "HP:0000006": "dominant",
    "HP:0001419": "x-recessive",
    "HP:0001417": "x-linked",
    "HP:0001423": "x-dominant",
    "HP:0001427": "maternal",
    "HP:0001475": "male-limited",
    "HP:0034344": "female-limited",
}


class Course(NamedTuple):
    """Ages of onset in years, and modes of inheritance; empty where the annotations are silent."""

    onsets: tuple[tuple[float, float], ...] = ()
    inheritance: tuple[str, ...] = ()


@cache
def courses() -> dict[str, Course]:
    """Onset and inheritance by OMIM and Orphanet id, read from the installed annotations.

    The graph keeps phenotypes only, so the other aspects of the same file are read here.
    """
    onsets: dict[str, set[tuple[float, float]]] = defaultdict(set)
    inheritance: dict[str, set[str]] = defaultdict(set)
    with (hpo_directory() / "phenotype.hpoa").open(encoding="utf-8") as lines:
        for line in lines:
            if "\tC\t" not in line and "\tI\t" not in line:
                continue
            cells = line.split("\t")
            if cells[3] in _ONSETS:
                onsets[cells[0]].add(_ONSETS[cells[3]])
            elif cells[3] in _INHERITANCE:
                inheritance[cells[0]].add(_INHERITANCE[cells[3]])
    return {
        disease: Course(
            tuple(sorted(onsets.get(disease, ()))), tuple(sorted(inheritance.get(disease, ())))
        )
        for disease in sorted({*onsets, *inheritance})
    }


def course_of(disease: str, name: str, annotated_as: list[str]) -> Course:
    """The course of a disease, as it is annotated; its name and ``onsets.tsv`` know better."""
    known = [found for xref in annotated_as if (found := courses().get(xref))]
    onsets = sorted({onset for course in known for onset in course.onsets})
    modes = sorted({mode for course in known for mode in course.inheritance})
    if named := [ages for pattern, ages in _IN_NAMES if pattern.search(name)]:
        onsets = named[:1]
    if stated := onsets_by_hand().get(disease):
        onsets = [stated]
    return Course(tuple(onsets), tuple(modes))
