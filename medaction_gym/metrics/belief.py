"""Belief: what a doctor holds true, turn by turn, and what was learnt in between.

The belief b_t is read from a stated differential: names of one disease are merged, probabilities
divided by max(1, their sum), the eight heaviest kept, and the rest is "unknown". Names are one
disease if they link to the same main concept, or if the judge says "same". So splitting mass over
synonyms, or renaming a hypothesis from turn to turn, changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.actions import Hypothesis, UpdateDifferential
from medaction_gym.cases.case import Diagnosis, TestResult
from medaction_gym.episode import Episode
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.metrics.judge import judge

HEAVIEST = 8
MIN_LINK = 0.72  # a looser link does not say what disease is meant
SAME_NODE = 0.95
KINSHIP = 0.5  # the most that a related disease is worth


class Held(NamedTuple):
    """One hypothesis of a belief.

    Attributes:
        name: What it was called first in the episode.
        concept: The disease in the graph, "" if unlinked.
        p: Its mass.
        said: What it was called this time.
    """

    name: str
    concept: str
    p: float
    said: str


class Belief(NamedTuple):
    """A belief: distinct hypotheses, heaviest first; what they lack to 1 is unknown."""

    held: tuple[Held, ...] = ()

    @property
    def unknown(self) -> float:
        """The mass on no named disease."""
        return max(0.0, 1.0 - math.fsum(h.p for h in self.held))

    def mass(self, name: str) -> float:
        """The mass on a hypothesis by its first name."""
        return next((h.p for h in self.held if h.name == name), 0.0)

    @property
    def leading(self) -> tuple[Held, ...]:
        """The heaviest hypothesis, or all that share its mass."""
        most = max((h.p for h in self.held), default=0.0)
        return tuple(h for h in self.held if most > 0 and math.isclose(h.p, most, abs_tol=1e-9))


class Moment(NamedTuple):
    """A stated belief and the results that came in since the one before.

    Attributes:
        turn: The turn of the statement, from 1.
        belief: What was stated.
        learnt: Results (test, text, category) handed out since the last statement.
    """

    turn: int
    belief: Belief
    learnt: tuple[tuple[str, str, str], ...]


class Beliefs:
    """Reads the differentials of one episode, and remembers the names used.

    Example:
        >>> beliefs = Beliefs()
        >>> pair = [("Gout", 0.5), ("gouty arthritis", 0.3)]
        >>> one = beliefs.read(Hypothesis(disease=d, probability=p) for d, p in pair)
        >>> [(h.name, round(h.p, 2)) for h in one.held], round(one.unknown, 2)
        ([('Gout', 0.8)], 0.2)
    """

    def __init__(self) -> None:
        self._names: list[tuple[str, str]] = []

    def read(self, differential: Iterable[Hypothesis]) -> Belief:
        """The belief that a differential states."""
        stated = [(h.disease, h.probability) for h in differential]
        total = max(1.0, math.fsum(p for _, p in stated))
        # By concept first, which is cheap; the judge compares only what may be kept.
        masses: dict[str, list[float]] = {}
        names: dict[str, str] = {}
        for name, p in stated:
            key = concept_of(name) or " ".join(name.casefold().split())
            names.setdefault(key, name)
            masses.setdefault(key, []).append(p / total)
        heaviest = sorted(masses, key=lambda key: (-math.fsum(masses[key]), key))[:HEAVIEST]
        merged: dict[tuple[str, str], Held] = {}
        for key in heaviest:
            known, mass = self._known(names[key]), math.fsum(masses[key])
            held = merged.get(known, Held(*known, 0.0, names[key]))
            merged[known] = held._replace(p=held.p + mass)
        return Belief(
            tuple(sorted((h for h in merged.values() if h.p > 0), key=lambda h: (-h.p, h.name)))
        )

    def _known(self, name: str) -> tuple[str, str]:
        concept = concept_of(name)
        for other in self._names:
            if name == other[0] or (concept and concept == other[1]):
                return other
        for other in self._names:
            if judge()(other[0], name).verdict == "same":
                return other
        self._names.append((name, concept))
        return self._names[-1]


def concept_of(name: str) -> str:
    """The disease that a name means, or "" where the linker is not sure or it is no disease."""
    best = next(iter(link(name)), None)
    if best is None or best.role != "main" or best.confidence < MIN_LINK:
        return ""
    return "" if best.id.startswith("HP:") else best.id


def moments(episode: Episode) -> tuple[Moment, ...]:
    """The beliefs stated in an episode, each with what was learnt since the one before."""
    beliefs, found = Beliefs(), list[Moment]()
    learnt: list[tuple[str, str, str]] = []
    for number, turn in enumerate(episode.turns, 1):
        learnt += [_result(episode.case.tests[r.item], r.analyte) for r in turn.released]
        if isinstance(turn.action, UpdateDifferential):
            found.append(Moment(number, beliefs.read(turn.action.differential), tuple(learnt)))
            learnt = []
    return tuple(found)


def _result(test: TestResult, analyte: int) -> tuple[str, str, str]:
    if analyte < 0:
        return test.name, test.result, test.category
    return test.analytes[analyte].name, test.analytes[analyte].result, test.category


class Similarity(NamedTuple):
    """How like the gold diagnosis a name is, and by what that was measured."""

    value: float
    by: str


def similarity(diagnosis: Diagnosis, name: str) -> Similarity:
    """How like the gold diagnosis a name is, in [0, 1].

    The judge's probability, at least `SAME_NODE` where both link to the same main concept (and the
    judge does not say "different": "type 1" and "type 2" may share a node), at least
    `KINSHIP` · Lin² for kin, the best over the gold's names. Where the graph knows only one or
    neither of the two, the words decide alone, and `by` is "words".

    Example:
        >>> similarity(Diagnosis(name="Gout"), "gout")
        Similarity(value=1.0, by='the same words')
        >>> similarity(Diagnosis(name="Gout"), "Zyxology").by
        'words'
    """
    return max(
        (_similarity(gold, name) for gold in (diagnosis.name, *diagnosis.synonyms)),
        key=lambda s: s.value,
    )


@lru_cache(maxsize=50_000)
def _similarity(gold: str, name: str) -> Similarity:
    if gold.casefold().split() == name.casefold().split():
        return Similarity(1.0, "the same words")
    judged = judge()(gold, name)
    one, other = concept_of(gold), concept_of(name)
    if not one or not other:
        return Similarity(judged.p, "words")
    if one == other and judged.verdict != "different":
        return Similarity(max(SAME_NODE, judged.p), "the same concept")
    kin = KINSHIP * _graph().similarity(one, other) ** 2
    return Similarity(round(max(judged.p, kin), 4), "the judge" if judged.p >= kin else "kinship")


def _graph() -> KnowledgeGraph:
    return knowledge()
