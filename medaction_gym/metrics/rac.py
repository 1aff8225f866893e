"""RAC, reasoning–action consistency: is the belief moved by the evidence just gathered?

Version 1; it never looks at the gold diagnosis. For the t-th stated belief b_t let

    w_t = ½ · Σ |Δp|           the mass that moved, unknown included (total variation), and
    ρ_t = (E_{b_t}[σ_t] − E_{b_{t−1}}[σ_t]) / w_t   what the support gained for each unit moved,

with σ_t(h) in [−1, 1] the graph's support for h against a fixed panel of other diseases (`Support`)
by the new results, with half of what came before; σ(unknown) = 0. The agreement a_t is

    0                          without new evidence, or where the mass goes to words copied
                               from a result (`quotes`) rather than to a diagnosis,
    ½                          where the graph is silent (neutral: neither earned nor refuted),
                               and for the share of the gains that went to unlinked names,
    ½ + ½ · tanh(2ρ)           for ρ ≥ 0,
    ½ + ¼ · tanh(2ρ)           for ρ < 0, since one test's graph evidence errs too often to refute.

The first belief, if stated before any test, is a first impression, not an update: mass up to
`FREE` on one disease is free, and what exceeds it is a change that no test explains (w = excess,
a = 0). A first belief stated after tests is an update from "unknown". Then

    RAC = Σ w_t · a_t / max(Σ w_t, LEAST)     in [0, 1],

0 where nothing was stated, and where no belief was ever moved by evidence: holding a certainty
that was there before the first test, or a token move (less than `LEAST` in all), earns nothing.

    >>> round(consistency([(0.4, 1.0), (0.4, 0.5)]), 2)      # (.4 + .2) / .8
    0.75
    >>> consistency([(0.45, 0.0)])             # certain at once, never moved by a test
    0.0
    >>> round(consistency([(0.02, 1.0)]), 2)   # a token move: .02 / .4
    0.05
    >>> agreement(None), round(agreement(0.5), 2), round(agreement(-0.5), 2)
    (0.5, 0.88, 0.31)
    >>> variation({"Gout": 0.2}, {"Gout": 0.6, "Lupus": 0.1})    # (.4 + .1 + .5 from unknown) / 2
    0.5
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.episode import Episode
from medaction_gym.knowledge.findings import evidence
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Relation
from medaction_gym.metrics.belief import Belief, Moment, moments

VERSION = 1
FREE = 0.5
LEAST = 0.4
NEUTRAL = 0.5
OLD = 0.5  # what earlier results still weigh when new ones are read
SLOPE = 2.0
SILENCE = 0.02  # support below this says nothing

PANEL = 150
MAX_KINDS = 200  # annotated kinds of a broad disease that its profile is averaged over
UNKNOWN_FREQUENCY = 0.5

# Tests that name the disease itself when they confirm it. Elsewhere a disease that is the finding
# is not supported by that finding: repeating the words of a result explains nothing.
CONFIRMING = frozenset({"pathology", "microbiology", "genetics"})

# What makes a hypothesis a copy of a result: so many words on end, or such a share of the different
# words of a result that is not shorter than this.
RUN = 12
MOST, SHORT = 0.7, 6


class Step(NamedTuple):
    """One stated belief: how much moved, how far the evidence agrees, in words why.

    Attributes:
        turn: The turn of the statement.
        moved: w, the mass that counts.
        agreement: a in [0, 1].
        results: Test results that came in since the statement before.
        spoken: How many of them the graph could speak to.
        why: Plain words.
    """

    turn: int
    moved: float
    agreement: float
    results: int
    spoken: int
    why: str


class RAC(NamedTuple):
    """The score, its breakdown, and the share of evidence the graph could speak to (None of none).

    `unlinked` names the hypotheses that the graph does not know: neither supported nor refuted.
    """

    value: float
    coverage: float | None
    steps: tuple[Step, ...]
    unlinked: tuple[str, ...]


class Support:
    """What evidence says for a disease, compared with a fixed panel of other diseases.

    A disease's profile holds how often its annotated kinds (or, where it has none, those of the
    nearest broader disease) show each phenotype or a narrower one, and its own broader classes.
    A finding matches by its most informative ancestor in the profile: IC² · √frequency; a denial
    by how often the denied thing was to be expected. σ = tanh(z/2), z over the panel, halved
    below 0: to lack an annotation is weak evidence.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._ic: list[float] = graph.arrays["ic"].tolist()
        has = graph.arrays["edge.relation"] == Relation.HAS_PHENOTYPE
        self._annotated: dict[int, list[tuple[int, float]]] = {}
        for source, target, weight in zip(
            graph.arrays["edge.source"][has].tolist(),
            graph.arrays["edge.target"][has].tolist(),
            graph.arrays["edge.weight"][has].tolist(),
            strict=True,
        ):
            often = UNKNOWN_FREQUENCY if math.isnan(weight) else weight
            self._annotated.setdefault(source, []).append((target, often))
        rows = sorted(self._annotated, key=graph.identifier)
        self._panel = rows[:: max(1, len(rows) // PANEL)][:PANEL]
        self.profile = lru_cache(4_000)(self._profile)
        self._of_panel = lru_cache(20_000)(self._read_panel)
        self._above = lru_cache(20_000)(self._read_above)

    def sigma(self, concept: str, found: Mapping[str, float], stated: frozenset[str]) -> float:
        """σ of a disease, given what was found and which findings were stated as plain words."""
        terms = [(self._graph.row(f), w) for f, w in sorted(found.items()) if f in self._graph]
        if stated:
            own = {self._graph.row(s) for s in stated if s in self._graph}
            mine = self._graph.row(concept)
            terms = [(f, w) for f, w in terms if not (f in own and self._same(f, mine))]
        if not terms:
            return 0.0
        panel = sum((w * self._of_panel(f, w > 0) for f, w in terms), np.zeros(len(self._panel)))
        profile = self.profile(self._graph.row(concept))
        score = math.fsum(w * self._match(f, w > 0, profile) for f, w in terms)
        spread = max(float(panel.std()), 0.05)
        z = (score - float(panel.mean())) / spread
        value = math.tanh(z / 2)
        return value if value >= 0 else value / 2

    def _same(self, one: int, other: int) -> bool:
        return one == other or (one in self._above(other) and self._graph.lin(one, other) > 0.99)

    def _match(self, finding: int, positive: bool, profile: Mapping[int, float]) -> float:
        if not positive:
            return profile.get(finding, 0.0) * self._ic[finding]
        return max(
            (
                self._ic[a] ** 2 * math.sqrt(profile[a])
                for a in self._above(finding)
                if a in profile
            ),
            default=0.0,
        )

    def _read_panel(self, finding: int, positive: bool) -> NDArray[np.float64]:
        return np.array([self._match(finding, positive, self.profile(d)) for d in self._panel])

    def _read_above(self, row: int) -> frozenset[int]:
        graph = self._graph
        return frozenset(graph.row(a) for a in graph.ancestors(graph.identifier(row)))

    def _kinds(self, row: int) -> list[int]:
        """The annotated kinds of a disease, or of the nearest broader disease that has some."""
        level, seen = [row], {row}
        while level:
            kinds: set[int] = set()
            for one in level:
                below = self._graph.descendants(self._graph.identifier(one))
                kinds |= {r for r in map(self._graph.row, below) if r in self._annotated}
            if kinds:
                ordered = sorted(kinds)
                return ordered[:: math.ceil(len(ordered) / MAX_KINDS)]
            above = {
                self._graph.row(parent)
                for one in level
                for parent in self._graph.parents(self._graph.identifier(one))
            }
            level = sorted(above - seen)
            seen |= above
        return []

    def _profile(self, row: int) -> dict[int, float]:
        kinds = self._kinds(row)
        sums: dict[int, float] = {}
        for kind in kinds:
            own: dict[int, float] = {}
            for phenotype, often in self._annotated[kind]:
                for above in self._above(phenotype):
                    own[above] = max(own.get(above, 0.0), often)
            for above, often in own.items():
                sums[above] = sums.get(above, 0.0) + often
        profile = {above: total / len(kinds) for above, total in sums.items() if total > 0}
        return profile | dict.fromkeys(self._above(row), 1.0)


@cache
def support() -> Support:
    """The support that a process shares."""
    return Support(knowledge())


def agreement(rho: float | None) -> float:
    """A of ρ; None: the graph is silent."""
    if rho is None:
        return NEUTRAL
    return NEUTRAL + (0.5 if rho >= 0 else 0.25) * math.tanh(SLOPE * rho)


def consistency(pairs: Sequence[tuple[float, float]]) -> float:
    """RAC of pairs of moved mass and agreement."""
    moved = math.fsum(w for w, _ in pairs)
    return math.fsum(w * a for w, a in pairs) / max(moved, LEAST)


def variation(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Total variation between two beliefs, the unknown rest included."""
    names = sorted({*before, *after})
    moves = [after.get(n, 0.0) - before.get(n, 0.0) for n in names]
    return round((math.fsum(map(abs, moves)) + abs(math.fsum(moves))) / 2, 12)


def quotes(name: str, text: str) -> bool:
    """Whether a hypothesis copies a result: `RUN` words on end, or `MOST` of a whole result.

    A diagnosis that the result states among other things is no copy.

    Example:
        >>> quotes("There is a mass in the left lung", "A mass in the left lung.")
        True
        >>> quotes("Lung cancer", "A mass in the left lung, likely lung cancer.")
        False
    """
    words, source = _words(name), _words(text)
    if len(set(source)) >= SHORT and len(set(source) & set(words)) >= MOST * len(set(source)):
        return True
    inside = _spaced(source)
    return any(_spaced(words[i : i + RUN]) in inside for i in range(len(words) - RUN + 1))


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def _spaced(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def rac(episode: Episode) -> RAC:
    """Score an episode; of a trajectory, its `Trajectory.episode`."""
    return rac_of(moments(episode))


def rac_of(found: Sequence[Moment]) -> RAC:
    """Score the beliefs of an episode."""
    steps = list[Step]()
    unlinked: dict[str, None] = {}
    before, old, tests = Belief(), dict[str, float](), 0
    stated: frozenset[str] = frozenset()
    texts = list[str]()
    for moment in found:
        texts += [text for _, text, _ in moment.learnt]
        new, spoken, plain = _read(moment.learnt)
        stated |= plain
        tests += len(moment.learnt)
        now = moment.belief
        unlinked |= dict.fromkeys(h.name for h in now.held if not h.concept)
        moved, agreed, why = _step(before, now, moment, new, old, stated, texts, first=not steps)
        steps.append(Step(moment.turn, moved, agreed, len(moment.learnt), spoken, why))
        old = _add({k: OLD * w for k, w in old.items()}, new)
        before = now
    value = consistency([(s.moved, s.agreement) for s in steps])
    coverage = sum(s.spoken for s in steps) / tests if tests else None
    return RAC(min(1.0, value), coverage, tuple(steps), tuple(unlinked))


def _step(
    before: Belief,
    now: Belief,
    moment: Moment,
    new: Mapping[str, float],
    old: Mapping[str, float],
    stated: frozenset[str],
    texts: Sequence[str],
    *,
    first: bool,
) -> tuple[float, float, str]:
    """Mass moved, agreement, and why."""
    if first and not moment.learnt:
        excess = max(0.0, max((h.p for h in now.held), default=0.0) - FREE)
        if excess:
            return excess, 0.0, f"{excess:.2f} surer of {now.held[0].name} than before any test"
        return 0.0, 0.0, "a first impression"
    was, is_ = _masses(before), _masses(now)
    moved = variation(was, is_)
    if moved < 0.005:
        heard = f"after {_tests(moment)}" if moment.learnt else "without new evidence"
        return 0.0, NEUTRAL, f"holds {heard}"
    held = {h.name: h for h in (*before.held, *now.held)}
    gains = {n: is_.get(n, 0.0) - was.get(n, 0.0) for n in held}
    name = max(gains, key=lambda n: (round(abs(gains[n]), 9), gains[n], n))
    way = "to" if gains[name] > 0 else "from"
    what = f"moved {abs(gains[name]):.2f} {way} {held[name].said[:80]}"
    if not moment.learnt:
        return moved, 0.0, f"{what} without new evidence"
    if gains[name] > 0 and any(quotes(held[name].said, text) for text in texts):
        return moved, 0.0, f"{what}: words copied from a result, not a diagnosis"
    if not new:
        return moved, NEUTRAL, f"{what}; the graph is silent on {_tests(moment)}"
    whole = _add({k: OLD * w for k, w in old.items()}, new)
    sigma = {
        n: support().sigma(h.concept, whole, stated) if h.concept else 0.0 for n, h in held.items()
    }
    if all(abs(s) < SILENCE for s in sigma.values()):
        return moved, NEUTRAL, f"{what}; the graph is silent on {_tests(moment)} for these diseases"
    rho = math.fsum(gains[n] * sigma[n] for n in sorted(held)) / moved
    gained = math.fsum(max(0.0, g) for g in gains.values())
    linked = math.fsum(max(0.0, g) for n, g in gains.items() if held[n].concept)
    known = linked / gained if gained > 0 else 1.0
    if not known:
        return moved, NEUTRAL, f"{what}, which the graph does not know: neither for nor against"
    side = "supports" if sigma[name] > SILENCE else "speaks against"
    if abs(sigma[name]) < SILENCE:
        side = "says nothing of"
    verdict = "agrees" if rho > 0.05 else "disagrees" if rho < -0.05 else "is indifferent"
    why = f"{what}; {_tests(moment)} {side} it ({sigma[name]:+.2f}); the evidence {verdict}"
    return moved, known * agreement(rho) + (1 - known) * NEUTRAL, why


def _masses(belief: Belief) -> dict[str, float]:
    return {h.name: h.p for h in belief.held}


def _tests(moment: Moment) -> str:
    names = list(dict.fromkeys(test for test, *_ in moment.learnt))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _read(
    learnt: Sequence[tuple[str, str, str]],
) -> tuple[dict[str, float], int, frozenset[str]]:
    """The evidence of results, how many of them speak, and what they state as plain words."""
    whole, spoken, plain = dict[str, float](), 0, set[str]()
    for test, text, category in learnt:
        found = evidence(text, test, category)
        spoken += bool(found)
        if category not in CONFIRMING:
            plain |= found.keys()
        whole = _add(whole, found)
    return whole, spoken, frozenset(plain)


def _add(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Two sets of evidence together, each concept bounded to [-1, 1]."""
    return {
        k: max(-1.0, min(1.0, one.get(k, 0.0) + other.get(k, 0.0))) for k in sorted({*one, *other})
    }
