"""Grounding: does anything on the table call for a test?

A test has aims: what it can show. An analyte's are the names of its high and low values, a site's
those of its abnormal form and its tumours, a pathogen's its infection and fever; microbiology
without a pathogen aims at infection and fever, genetics at hereditary disease. All come from the
tables of the test catalogue and the findings. The test is

    routine      a first-line test: the blood counts and panels of a first visit, urinalysis, ECG,
                 chest X-ray, examination;
    called for   by a hypothesis: it shows an aim more often than diseases at large do, by at least
                 `LIFT`; or by a finding: an aim lies in the organ system of something found so far;
    uncalled     by nothing on the table, though the graph knows aims and hypotheses;
    unknown      the words name no test of the catalogue, or one without aims ("CT" of nothing), or
                 most of the stated mass lies on diseases whose phenotypes the graph does not know.

How often a disease shows an aim is the mean, over its annotated kinds (those of the next broader
disease where it has none, unless they are more than `MAX_KINDS`), of the frequency of the most
frequent annotation that is the aim or narrower; of a disease class, 1 for its members.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import numpy as np

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.laboratory import analytes
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.sites import narrowed
from medaction_gym.knowledge.tables import Relation
from medaction_gym.metrics.belief import Held

LIFT = 0.1
KNOWN = 0.5  # of the named mass, what the graph must know to call a test uncalled
UNSTATED = 0.5  # the frequency of an annotation that states none
MAX_KINDS = 100

_ROUTINE = ("blood_tests", "urinalysis", "physical_examination", "vital_signs", "ecg")
_INFECTION, _FEVER, _HEREDITARY = "MONDO:0005550", "HP:0001945", "MONDO:0003847"
_SYSTEMS = "HP:0000118"  # phenotypic abnormality: its children are the organ systems

Verdict = Literal["routine", "called for", "uncalled", "unknown"]


class Grounds(NamedTuple):
    """What is said of one ordered test, and why."""

    test: str
    verdict: Verdict
    why: str


def grounds(order: Order, held: Sequence[Held], found: Collection[str]) -> Grounds:
    """Whether a test is called for.

    Args:
        order: The test.
        held: The hypotheses on the table.
        found: Concepts that the presentation and the results so far speak for.

    Example:
        >>> from medaction_gym.catalogue.orders import parse_orders
        >>> held = [Held("Marfan syndrome", "MONDO:0007947", 0.6, "Marfan syndrome")]
        >>> asked = parse_orders("CBC, echocardiography, EEG, flurbometry")
        >>> [grounds(order, held, ()).verdict for order in asked]
        ['routine', 'called for', 'uncalled', 'unknown']
    """
    name = order.title
    if order.head is None:
        return Grounds(name, "unknown", "names no test of the catalogue")
    if _is_routine(order):
        return Grounds(name, "routine", "a first-line test")
    sought = aims(order)
    if not sought:
        return Grounds(name, "unknown", "nothing is known of what it can show")
    graph = knowledge()
    linked = [h for h in held if h.concept in graph]
    for h in linked:
        aim = max(sought, key=lambda a: (lift(h.concept, a), a))
        if lift(h.concept, aim) >= LIFT:
            return Grounds(name, "called for", f"{h.said} may show {graph.name(aim)}")
    systems = {s: f for f in sorted(found) for s in _systems(f)}
    for aim in sought:
        shared = sorted(_systems(aim) & systems.keys())
        if shared:
            return Grounds(name, "called for", f"{graph.name(systems[shared[0]])} was found")
    named = math.fsum(h.p for h in held)
    known = math.fsum(h.p for h in linked if _shown(h.concept))
    if (not held and not found) or known < KNOWN * named:
        return Grounds(name, "unknown", "the graph does not know what is on the table")
    return Grounds(name, "uncalled", "no hypothesis and no finding calls for it")


@lru_cache(20_000)
def aims(order: Order) -> tuple[str, ...]:
    """The concepts of the graph that a test can show, sorted."""
    head, catalogue = order.head, Catalogue.load()
    if head is None:
        return ()
    sought: set[str] = set()
    for member in catalogue.members(head.id):
        if member in analytes():
            sought.update(analytes()[member].high, analytes()[member].low)
    for name in (head.name, *head.synonyms):
        sought.update(_by_name().get(name.casefold(), ()))
    for organism in order.organisms:
        sought.update(vocabulary.concepts("organisms", "organism").get(organism, ()))
    if head.category == "microbiology":
        # Whoever has a fever may be tested for any pathogen.
        sought.update((_FEVER,) if order.organisms else (_FEVER, _INFECTION))
    if head.category == "genetics":
        sought.add(_HEREDITARY)
    for site in (*order.sites, *head.sites):
        sought.update(narrowed("morphology", site), narrowed("neoplasm", site))
    return tuple(sorted(concept for concept in sought if concept in knowledge()))


@lru_cache(100_000)
def lift(disease: str, aim: str) -> float:
    """How much more often a disease shows an aim than diseases at large do, in [-1, 1].

    Example:
        >>> lift("MONDO:0007947", "HP:0001627") > 0.2    # Marfan syndrome, abnormal heart
        True
    """
    if aim in knowledge().ancestors(disease):
        return 1.0
    return _shown(disease).get(aim, 0.0) - _usual().get(aim, 0.0)


def _is_routine(order: Order) -> bool:
    assert order.head is not None
    catalogue, head = Catalogue.load(), order.head
    if head.id == "xray":
        return bool(order.sites) and all(catalogue.within(s, "chest") for s in order.sites)
    elsewhere = order.specimens - {"blood", "serum", "plasma", "urine", *head.specimens}
    return head.id in _routine() and not elsewhere


@cache
def _routine() -> frozenset[str]:
    catalogue = Catalogue.load()
    return frozenset().union(*(catalogue.members(t) for t in _ROUTINE if t in catalogue.terms))


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    """What tests show that are known by their name alone: EEG, echocardiography."""
    return {
        name: vocabulary.split(row["concepts"])
        for row in vocabulary.rows("normals")
        for name in vocabulary.split(row["tests"])
    }


@lru_cache(20_000)
def _systems(concept: str) -> frozenset[str]:
    """The organ systems that a phenotype belongs to."""
    graph = knowledge()
    if concept not in graph:
        return frozenset()
    return graph.ancestors(concept) & _all_systems()


@cache
def _all_systems() -> frozenset[str]:
    edges = knowledge().edges(_SYSTEMS, incoming=True)
    return frozenset(e.source for e in edges if e.relation == Relation.IS_A)


@cache
def _annotated() -> dict[str, dict[str, float]]:
    """How often each annotated disease shows each phenotype that its annotations name."""
    graph = knowledge()
    arrays = graph.arrays
    edges = np.flatnonzero(arrays["edge.relation"] == Relation.HAS_PHENOTYPE)
    shown: dict[str, dict[str, float]] = {}
    for source, target, weight in zip(
        arrays["edge.source"][edges].tolist(),
        arrays["edge.target"][edges].tolist(),
        arrays["edge.weight"][edges].tolist(),
        strict=True,
    ):
        often = UNSTATED if math.isnan(weight) else weight
        own = shown.setdefault(graph.identifier(source), {})
        phenotype = graph.identifier(target)
        own[phenotype] = max(own.get(phenotype, 0.0), often)
    return shown


def _with_broader(disease: str) -> dict[str, float]:
    """How often an annotated disease shows each phenotype or a narrower one."""
    graph, shown = knowledge(), dict[str, float]()
    for phenotype, often in _annotated()[disease].items():
        for broader in graph.ancestors(phenotype):
            shown[broader] = max(shown.get(broader, 0.0), often)
    return shown


def _mean(diseases: Sequence[str]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for disease in diseases:
        for phenotype, often in _with_broader(disease).items():
            sums[phenotype] = sums.get(phenotype, 0.0) + often
    return {phenotype: total / len(diseases) for phenotype, total in sums.items()}


@cache
def _usual() -> dict[str, float]:
    """How often diseases at large show each phenotype: the mean over every 50th of them."""
    return _mean(sorted(_annotated())[::50])


@lru_cache(4_000)
def _shown(disease: str) -> dict[str, float]:
    """How often a disease shows each phenotype: its annotated kinds, or the next broader's.

    Empty where the next broader disease with annotations is a drawer of many unlike ones.
    """
    graph, level = knowledge(), {disease}
    seen = set(level)
    while level:
        kinds = sorted({k for d in level for k in graph.descendants(d) if k in _annotated()})
        if kinds and len(kinds) > MAX_KINDS and disease not in level:
            return {}
        if kinds:
            return _mean(kinds[:: math.ceil(len(kinds) / MAX_KINDS)])
        level = {parent for d in level for parent in graph.parents(d)} - seen
        seen |= level
    return {}
