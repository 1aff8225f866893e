"""DTC, disease trajectory consistency: does the belief come to the truth, and stay there?

Version 3. For a belief with masses p_i and similarities s_i to the gold diagnosis, the potential is

    Φ = 0.6 · s_top · (p_top − p_next) + 0.4 · Σ p_i · s_i         in [0, 1]

where "top" is the heaviest hypothesis and p_next the mass of the second (0 if there is none): a
lead counts, so a tie is no answer, and Φ has no jumps. Before the first differential Φ_0 = 0. Over
the stated beliefs 1..T

    DTC = Φ_T · (Φ_T / Σ |Φ_t − Φ_{t−1}|)                          in [0, 1]

where the belief ended, times how straight the way was: Φ_T where the potential never fell, as what
falls must be climbed again; 0 where nothing was stated or Φ_T = 0. A reward built
on it uses F_t = γ·Φ_t − Φ_{t−1} (Ng, Harada and Russell 1999), whose discounted sum is
γ^T·Φ_T − Φ_0 whatever the path: it telescopes, so going in circles earns nothing.

    >>> round(potential([(0.8, 1.0), (0.1, 0.5)]), 2)    # 0.6·1·0.7 + 0.4·(0.8 + 0.05)
    0.76
    >>> potential([(0.5, 1.0), (0.5, 0.0)])              # a tie: 0.6·1·0 + 0.4·0.5
    0.2
    >>> round(convergence([0.3, 0.6, 0.9]), 2), round(convergence([0.9, 0.3, 0.9]), 2)
    (0.9, 0.39)
    >>> [round(f, 2) for f in shaping([0.3, 0.9, 0.6])]
    [0.3, 0.6, -0.3]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from medaction_gym.cases.case import Diagnosis
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Belief, Moment, moments, similarity

VERSION = 3
TOP, ALL = 0.6, 0.4


class Step(NamedTuple):
    """The potential after one stated belief, and what it means in words."""

    turn: int
    potential: float
    change: float
    why: str


class DTC(NamedTuple):
    """The score and its breakdown; `by_words` names what the graph could not compare."""

    value: float
    steps: tuple[Step, ...]
    by_words: tuple[str, ...]


def potential(pairs: Sequence[tuple[float, float]]) -> float:
    """Φ of pairs of mass and similarity."""
    if not pairs:
        return 0.0
    (most, like), *rest = sorted(pairs, reverse=True)
    lead = most - (rest[0][0] if rest else 0.0)
    value = TOP * like * lead + ALL * math.fsum(p * s for p, s in pairs)
    return min(1.0, value)


def belief_potential(diagnosis: Diagnosis, belief: Belief) -> float:
    """Φ of a belief."""
    return potential([(h.p, similarity(diagnosis, h.said).value) for h in belief.held])


def convergence(potentials: Sequence[float]) -> float:
    """DTC of the potentials in order."""
    if not potentials or potentials[-1] <= 0:
        return 0.0
    way = math.fsum(abs(b - a) for a, b in pairwise([0.0, *potentials]))
    # Divided before it is multiplied, so that the tiniest potential cannot underflow.
    return potentials[-1] * min(1.0, potentials[-1] / way)


def shaping(potentials: Sequence[float], gamma: float = 1.0) -> list[float]:
    """The step rewards F_t = γ·Φ_t − Φ_{t−1}, with Φ_0 = 0."""
    path = [0.0, *potentials]
    return [gamma * b - a for a, b in pairwise(path)]


def dtc(episode: Episode) -> DTC:
    """Score an episode; of a trajectory, its `Trajectory.episode`."""
    return dtc_of(moments(episode), episode.case.diagnosis)


def dtc_of(found: Sequence[Moment], gold: Diagnosis) -> DTC:
    """Score the beliefs of an episode."""
    steps, by_words, before = list[Step](), dict[str, None](), 0.0
    for moment in found:
        now = belief_potential(gold, moment.belief)
        for held in moment.belief.held:
            if similarity(gold, held.said).by == "words":
                by_words[held.said] = None
        steps.append(Step(moment.turn, now, now - before, _why(moment.belief, gold, now - before)))
        before = now
    return DTC(convergence([s.potential for s in steps]), tuple(steps), tuple(by_words))


def _why(belief: Belief, gold: Diagnosis, change: float) -> str:
    if not belief.held:
        return "names no disease"
    moved = "holds" if abs(change) < 0.005 else "closer by" if change > 0 else "further by"
    amount = "" if moved == "holds" else f" {abs(change):.2f}"
    leading = belief.leading
    if len(leading) > 1:
        return f"{moved}{amount}: undecided between {' and '.join(h.said for h in leading)}"
    like = similarity(gold, leading[0].said)
    how = "compared by words only" if like.by == "words" else f"by {like.by}"
    return (
        f"{moved}{amount}: {leading[0].said} ({leading[0].p:.2f}) is {like.value:.2f} like ({how})"
    )
