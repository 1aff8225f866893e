"""Rivals: the wrong diagnoses that a doctor would consider beside the right one.

Those of the published differential; where it names fewer than three, the diagnosis's nearest kin in
the graph and what other patients were thought to have, as far as either suits this patient.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import mask
from medaction_gym.distill.chart import OPENING
from medaction_gym.distill.grounding import Grounds
from medaction_gym.distill.teachers.evidence import points
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.metrics.belief import concept_of, similarity
from medaction_gym.metrics.support import support
from medaction_gym.synthetic.generator import SOURCE

UNLIKE = 0.5  # a wrong diagnosis is less like the gold one than this
KIN = 8.0  # what kinship to the truth is worth beside the presentation
FAMILY = 40  # kinds of a class of diseases, above which they are no near kin
NEAR = 4  # of the kin, at most
POOL = 700  # names of other cases' diseases, at most
OFTEN = 60  # names that two cases share, which are enough to lend from
WRONG = 6  # wrong diagnoses considered, at most
LONGEST = 7  # words of a wrong diagnosis
SHORT = 4  # of one that another case or the graph lends
_NO_DISEASE = re.compile(
    r"\b(?:biops\w+|differentiation|probing|causes?|conditions?|other|others|differential|various|"
    r"workup|rule|uncommon|consider\w*|unspecified|specified|stage|childhood|associated|classified)\b",
    re.IGNORECASE,
)
# What the graph calls a class of diseases rather than one, or no name that a doctor would write.
_CLASS = re.compile(r"\d|\b(?:disorders?|neoplasms?|errors|system)\b", re.IGNORECASE)


def rivals(grounds: Grounds, full: str, others: Sequence[str]) -> tuple[str, ...]:
    """Wrong diagnoses worth considering, the best supported by the presentation first.

    Args:
        grounds: The case's grounds.
        full: The gold diagnosis.
        others: Diagnoses of other cases.
    """
    chart = grounds.chart
    own = concept_of(full)

    def suits(name: str) -> float:
        # The words of its name do not count: a "normal" in the text is no hydrocephalus.
        found, _, described = support().scores(name, chart.result(OPENING))
        other = concept_of(name)
        kin = knowledge().similarity(own, other) if own and other else 0.0
        return found + 0.5 * described + KIN * kin

    def suggested(name: str) -> bool:
        return any(p.supports for p in points(chart, [OPENING], name))

    def ranked(names: Iterable[str]) -> list[str]:
        value = {name: suits(name) for name in names}
        return sorted(value, key=lambda name: (-value[name], name))

    found = _distinct(grounds, [n for d in chart.case.differential for n in _names(d)], WRONG)
    if len(found) < 3:
        # What the case itself does not name must be suggested by something the patient has.
        near = [n for n in (ranked(_kin(own)) if own else []) if suggested(n)]
        found = _distinct(grounds, [*found, *near], max(NEAR, len(found)))
        lent = ranked(others)[:60]
        found = _distinct(grounds, [*found, *filter(suggested, lent)], max(5, len(found)))
        if len(found) < 2:
            found = _distinct(grounds, [*found, *lent], 2)
    return tuple(sorted(found, key=lambda name: -round(chart.weigh(name, OPENING), 1)))


@lru_cache(256)
def _kin(concept: str) -> tuple[str, ...]:
    """Diseases of the same narrow classes, by name."""
    graph = knowledge()
    names: set[str] = set()
    for parent in graph.parents(concept):
        kinds = [k for k in sorted(graph.descendants(parent)) if parent in graph.parents(k)]
        if len(kinds) <= FAMILY:
            names |= {graph.name(k) for k in kinds if k != concept}
    said = [n for name in sorted(names) for n in _names(name)]
    return tuple(n for n in said if len(n.split()) <= SHORT and not _CLASS.search(n))


def _distinct(grounds: Grounds, names: Sequence[str], most: int) -> list[str]:
    found: list[str] = []
    concepts: set[str] = set()
    for name in dict.fromkeys(names):
        concept = concept_of(name)
        # What the graph does not know as a disease is too often none ("Subtyping").
        if not concept or concept in concepts or grounds.is_gold(name):
            continue
        if similarity(grounds.chart.case.diagnosis, name).value >= UNLIKE:
            continue
        if mask(name, (*grounds.names, *grounds.causes)) != name:
            continue
        found.append(name)
        concepts.add(concept)
        if len(found) == most:
            break
    return found


def considered(cases: Iterable[Case]) -> list[str]:
    """The diseases that cases were thought to be or turned out to be, those with short names.

    Where enough were thought of twice, only those: what one patient alone had is seldom what
    another is thought to have. Fictional patients drawn from the graph lend nothing: the diseases
    that it has most to say of would suit everybody.
    """
    count: Counter[str] = Counter()
    for case in cases:
        if case.provenance.source == SOURCE:
            continue
        entries = (*case.differential, case.diagnosis.name.rstrip("."))
        count.update({n for entry in entries for n in _names(entry) if len(n.split()) <= SHORT})
    often = [n for n in count if count[n] >= 2]
    found = sorted(often if len(often) >= OFTEN else count)
    return found[:: math.ceil(len(found) / POOL)]


def _names(entry: str) -> list[str]:
    """The diseases that an entry of a published differential names.

    Example:
        >>> _names("Pancreatic malignancy (e.g., cholangiocarcinoma)"), _names("Biopsy")
        (['Pancreatic malignancy'], [])
    """
    bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", entry).strip(" .;:,")
    parts = re.split(r"\s+or\s+|/|;", bare) if len(bare.split()) > 3 else [bare]
    names = [p.strip(" .,") for p in parts]
    return [
        n[:1].upper() + n[1:]
        for n in names
        if len(n) > 3
        and len(n.split()) <= LONGEST
        and not _NO_DISEASE.search(n)
        and not re.fullmatch(r"\w+(?:ic|al|ar|ous|ary|ive)", n)
    ]
