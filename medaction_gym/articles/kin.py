"""Kin: what a first observation calls by another name than the diagnosis, and means it.

A patient who "presented with muscular dystrophy" and turns out to have a myopathy was given away
by a class above the diagnosis or beside it, which the knowledge graph knows. "Cerebellar atrophy"
before a cerebellar hypoplasia is the same organ and the same process under another label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from medaction_gym.articles.diseases import diseases
from medaction_gym.catalogue.tokens import fold_word, tokenize
from medaction_gym.knowledge.shared import knowledge

# A class that two diseases lie in makes them kin if it is so specific (see
# `KnowledgeGraph.information_content`): some three hundred diseases lie in it. An autoimmune
# disease, a heart disease, an anaemia say less.
NARROW = 0.46
# What a patient comes with is asked more strictly: seven hundred, such as a myopathy.
FAMILY = 0.38
_SURELY = 0.75  # confidence that a diagnosis is what the graph calls so
EXACTLY = 0.9  # ... that the text names just this
# Processes that are told apart only by how they came about.
_PROCESSES = tuple(
    frozenset(map(fold_word, family.split()))
    for family in (
        "atrophy hypotrophy hypoplasia aplasia agenesis dysplasia",
        "stenosis stricture obstruction occlusion atresia narrowing",
        "rupture perforation tear",
        "thrombosis thrombus embolism embolus occlusion infarction infarct",
    )
)
_ORGAN = 6  # letters by which "cerebellar" and "cerebellum" are akin


def kin(said: Iterable[str], names: Iterable[str], least: float = NARROW) -> tuple[str, ...]:
    """Diseases that share a narrow class with a diagnosis, or are a class of it themselves.

    Args:
        said: Diseases that the first observation names.
        names: Names of the diagnosis.
        least: How specific the class must be.

    Example:
        >>> kin(["muscular dystrophy", "heart disease"], ["Bethlem myopathy"])
        ('muscular dystrophy',)
        >>> kin(["muscular dystrophy"], ["Nemaline myopathy"])
        ()
        >>> kin(["muscular dystrophy"], ["Nemaline myopathy"], FAMILY)
        ('muscular dystrophy',)
    """
    found = {one for name in names for part in (name, *diseases(name)) for one in concepts(part)}
    return tuple(
        name
        for name in said
        if any(_near(one, other, least) for one in concepts(name, EXACTLY) for other in found)
    )


def concepts(name: str, least: float = _SURELY) -> tuple[str, ...]:
    """What the graph has for a name, as surely as asked."""
    links = knowledge().linker.link(name)
    return tuple(link.id for link in links if link.confidence >= least)


def _near(one: str, other: str, least: float) -> bool:
    graph = knowledge()
    above = graph.ancestors(other)
    if one in above:
        return True  # whatever lies in it besides, this does
    shared = graph.ancestors(one) & above
    return any(graph.information_content(broader) >= least for broader in shared)


def processes(text: str, names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What a text says of a diagnosis's organ and process by another label.

    Example:
        >>> processes("Atrophy of the cerebellum; cerebellar atrophy.", [("cerebellar", "aplasia")])
        ('Atrophy of the cerebellum', 'cerebellar atrophy')
        >>> processes("An atrophy of the calf.", [("cerebellar", "aplasia")])
        ()
    """
    pairs = {
        (organ, family)
        for name in names
        for organ, process in pairwise(name)
        for family in _PROCESSES
        if process in family and len(organ) >= _ORGAN
    }
    if not pairs:
        return ()
    tokens = tokenize(text)
    found: dict[str, None] = {}
    for place, token in enumerate(tokens):
        organs = [organ for organ, family in pairs if token.text in family]
        for first in range(max(0, place - 1), min(place + 4, len(tokens))) if organs else ():
            if any(_same_organ(tokens[first].text, organ) for organ in organs):
                low, high = min(first, place), max(first, place)
                found[text[tokens[low].start : tokens[high].end]] = None
    return tuple(said for said in found if not re.search(r"[.,;:()]", said))


def _same_organ(said: str, organ: str) -> bool:
    return len(said) >= _ORGAN and (said[:_ORGAN] == organ[:_ORGAN] or organ.endswith(said))
