"""Belief: what a doctor holds true, turn by turn, and what was learnt in between.

The belief b_t is read from a stated differential: names of one disease are merged, probabilities
divided by max(1, their sum), the eight heaviest kept, and the rest is "unknown". Names are one
disease if they link to the same main concept, or if they share most of their words and the judge
says "same" whichever of them is the gold. So splitting mass over synonyms, or renaming a hypothesis
from turn to turn, moves nothing; a broader name is another hypothesis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.actions import Hypothesis, UpdateDifferential
from medaction_gym.cases.case import Case, Diagnosis, TestResult
from medaction_gym.episode import Episode
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.normalise import tokens
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.metrics.judge import Judgement, judge
from medaction_gym.metrics.support import Result, initials
from medaction_gym.oracle import Release

HEAVIEST = 8
MIN_LINK = 0.72  # a looser link does not say what disease is meant
SAME_NODE = 0.95
SHARED = 0.3  # of the lighter name's words, by rarity: less, and two names say nothing in common
MOSTLY = 0.6  # of the heavier name's: less, and two names are not one hypothesis
KINSHIP = 0.5  # the most that a related disease is worth


# The names that an episode's beliefs have used, each with its concept.
Names = tuple[tuple[str, str], ...]


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
        learnt: Results handed out since the last statement.
    """

    turn: int
    belief: Belief
    learnt: tuple[Result, ...]


class Beliefs:
    """Reads the differentials of one episode, and remembers the names used.

    Args:
        names: Names used so far, each with its concept.

    Example:
        >>> beliefs = Beliefs()
        >>> pair = [("Gout", 0.5), ("gouty arthritis", 0.3)]
        >>> one = beliefs.read(Hypothesis(disease=d, probability=p) for d, p in pair)
        >>> [(h.name, round(h.p, 2)) for h in one.held], round(one.unknown, 2)
        ([('Gout', 0.8)], 0.2)
    """

    def __init__(self, names: Names = ()) -> None:
        self.names = names

    def read(self, differential: Iterable[Hypothesis]) -> Belief:
        """The belief that a differential states."""
        belief, self.names = _read(
            tuple((h.disease, h.probability) for h in differential), self.names
        )
        return belief


@lru_cache(20_000)
def _read(stated: tuple[tuple[str, float], ...], names: Names) -> tuple[Belief, Names]:
    """A belief, and the names used so far with its own."""
    total = max(1.0, math.fsum(p for _, p in stated))
    # By concept first, which is cheap; the judge compares only what may be kept.
    masses: dict[str, list[float]] = {}
    first: dict[str, str] = {}
    for name, p in stated:
        key = concept_of(name) or " ".join(name.casefold().split())
        first.setdefault(key, name)
        masses.setdefault(key, []).append(p / total)
    heaviest = sorted(masses, key=lambda key: (-math.fsum(masses[key]), key))[:HEAVIEST]
    merged: dict[tuple[str, str], Held] = {}
    for key in heaviest:
        known, mass = _known(first[key], names), math.fsum(masses[key])
        if known not in names:
            names = (*names, known)
        held = merged.get(known, Held(*known, 0.0, first[key]))
        merged[known] = held._replace(p=held.p + mass)
    held_ = sorted((h for h in merged.values() if h.p > 0), key=lambda h: (-h.p, h.name))
    return Belief(tuple(held_)), names


def _known(name: str, names: Names) -> tuple[str, str]:
    """The name and concept under which a disease is known already, or its own."""
    concept = concept_of(name)
    for other in names:
        if name == other[0] or (concept and concept == other[1]):
            return other
    return next((other for other in names if _same(other[0], name)), (name, concept))


@lru_cache(200_000)
def _same(one: str, other: str) -> bool:
    """Whether two names are one hypothesis: most words shared, and the judge's word both ways."""
    shared, _, heavier = _overlap(one, other)
    if not shared or shared < MOSTLY * heavier:
        return False
    return all(judge()(*pair).verdict == "same" for pair in ((one, other), (other, one)))


@lru_cache(200_000)
def akin(one: str, other: str) -> bool:
    """Whether two names may be meant for one disease: the judge's word either way is enough."""
    if not _comparable(one, other):
        return False
    return any(judge()(*pair).verdict == "same" for pair in ((one, other), (other, one)))


def _comparable(one: str, other: str) -> bool:
    """Whether two names share enough words that what the judge makes of them can be trusted."""
    shared, lighter, _ = _overlap(one, other)
    return shared >= SHARED * lighter > 0


def _overlap(one: str, other: str) -> tuple[float, float, float]:
    """The rarity of the words that two names share, and of the lighter and the heavier name."""
    mine, theirs = _named(one), _named(other)
    lighter, heavier = sorted((math.fsum(mine.values()), math.fsum(theirs.values())))
    return math.fsum(mine[word] for word in mine if word in theirs), lighter, heavier


@lru_cache(50_000)
def _named(name: str) -> dict[str, float]:
    """A name's words and its initials, by rarity."""
    weight = judge().reader.weight
    return {word: weight(word) for word in (*tokens(name), *initials(name))}


@lru_cache(100_000)
def concept_of(name: str) -> str:
    """The disease that a name means, or "" where the linker is not sure or it is no disease."""
    best = next(iter(link(name)), None)
    if best is None or best.role != "main" or best.confidence < MIN_LINK:
        return ""
    return "" if best.id.startswith("HP:") else best.id


def moments(episode: Episode) -> tuple[Moment, ...]:
    """The beliefs stated in an episode, each with what was learnt since the one before."""
    beliefs, found = Beliefs(), list[Moment]()
    fresh: tuple[Result, ...] = ()
    for number, turn in enumerate(episode.turns, 1):
        fresh += learnt(episode.case, turn.released)
        if isinstance(turn.action, UpdateDifferential):
            found.append(Moment(number, beliefs.read(turn.action.differential), fresh))
            fresh = ()
    return tuple(found)


def learnt(case: Case, released: Iterable[Release]) -> tuple[Result, ...]:
    """The results that were handed out, as they are weighed."""
    return tuple(_result(case.tests[r.item], r.analyte) for r in released)


def _result(test: TestResult, analyte: int) -> Result:
    if analyte < 0:
        return Result(test.name, test.result, test.category)
    return Result(test.analytes[analyte].name, test.analytes[analyte].result, test.category)


class Similarity(NamedTuple):
    """How like the gold diagnosis a name is, and by what that was measured."""

    value: float
    by: str


def similarity(diagnosis: Diagnosis, name: str) -> Similarity:
    """How like the gold diagnosis a name is, in [0, 1].

    The best over the gold's names of

    - the judge's probability p if its verdict is "same"; where it is undecided and the names share
      words, what p exceeds the limit to "different" by, as a share of that band, times `KINSHIP`;
    - `SAME_NODE` if both link to the same main concept (and the judge does not say "different":
      "type 1" and "type 2" may share a node);
    - `KINSHIP` · Lin² for kin in the graph.

    Where the graph knows only one of the two or neither, the words decide alone, and `by` is
    "words".

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
    alike = _alike(judged, comparable=_comparable(gold, name))
    one, other = concept_of(gold), concept_of(name)
    if not one or not other:
        return Similarity(alike, "words")
    if one == other and judged.verdict != "different":
        return Similarity(max(SAME_NODE, alike), "the same concept")
    kin = round(KINSHIP * _graph().similarity(one, other) ** 2, 4)
    return Similarity(alike, "the judge") if alike >= kin else Similarity(kin, "kinship")


def _alike(judged: Judgement, *, comparable: bool) -> float:
    """What a judgement is worth: a judge that does not know pays little, or junk would pay."""
    if judged.verdict == "same":
        return judged.p
    if judged.verdict == "different" or not comparable:
        return 0.0
    low, high = judge().different_below, judge().same_from
    return round(KINSHIP * (judged.p - low) / (high - low), 4)


def _graph() -> KnowledgeGraph:
    return knowledge()
