"""RAC, reasoning–action consistency: is the belief moved by the evidence just gathered?

Version 2; it never looks at the gold diagnosis. For the t-th stated belief b_t let

    w_t = ½ · Σ |Δp|          the mass that moved, unknown included (total variation), and
    ρ_t = Σ Δp · λ_t / w_t    the support that each unit of it gained, in logits,

with λ_t(h) the support for h by the results since the last statement, and half that by all before
(`metrics.support`); λ(unknown) = 0. A move is *driven* if results came in since the last statement
and its mass did not go to words copied from one (`quotes`). Over all moves W, over the driven D:

    RAC = (Σ_D w / max(Σ_W w, LEAST)) · L(Σ_D w·ρ / Σ_D w)        in [0, 1]

with L(ρ) = 1 / (1 + exp(−K·ρ)), K halved for ρ < 0: the share of the movement that followed
evidence, times how far that evidence, taken together, speaks for the movement. Silent evidence has
λ = 0 and gives ½: neither earned nor refuted.

The first belief, if stated before any test, is a first impression, not an update: mass up to
`FREE` on one disease is free, and what exceeds it is movement that no evidence drove. A first
belief stated after tests is an update from "unknown". RAC is 0 where nothing was stated, and where
no belief was ever moved by evidence: holding a certainty that was there before the first test, or a
token move (less than `LEAST` in all), earns nothing.

    >>> round(consistency([Move(0.4, 2.0), Move(0.2, None), Move(0.2, 0.0)]), 2)
    0.66
    >>> consistency([Move(0.45, None)])             # certain at once, never moved by a test
    0.0
    >>> round(consistency([Move(0.02, 9.0)]), 2)    # a token move: .02 / .4
    0.05
    >>> [round(logistic(r), 2) for r in (-1.0, 0.0, 1.0)]
    [0.32, 0.5, 0.82]
    >>> variation({"Gout": 0.2}, {"Gout": 0.6, "Lupus": 0.1})    # (.4 + .1 + .5 from unknown) / 2
    0.5
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Belief, Moment, moments
from medaction_gym.metrics.support import Result, support

VERSION = 2
FREE = 0.5
LEAST = 0.4
NEUTRAL = 0.5
OLD = 0.5  # what earlier results still weigh when new ones are read
K = 1.5
AGAINST = 0.5  # contradiction counts by half: the graph mishears more than it invents
STILL = 0.005  # a move smaller than this is none
SILENCE = 0.05  # support below this says nothing

# What makes a hypothesis a copy of a result: so many words on end, or such a share of the different
# words of a result that is not shorter than this.
RUN = 12
MOST, SHORT = 0.7, 6


class Move(NamedTuple):
    """One movement of belief: its mass w, and ρ, or None where no evidence drove it."""

    moved: float
    rho: float | None


class Tally(NamedTuple):
    """RAC as it stands after some beliefs: the sums it is made of.

    Attributes:
        beliefs: Beliefs stated.
        belief: The last of them.
        results: All results that came in before it.
        moved: Σ w.
        driven: Σ w of the driven moves.
        gained: Σ w·ρ of the driven moves.
    """

    beliefs: int = 0
    belief: Belief = Belief()
    results: tuple[Result, ...] = ()
    moved: float = 0.0
    driven: float = 0.0
    gained: float = 0.0

    @property
    def value(self) -> float:
        """RAC in [0, 1]."""
        if not self.driven:
            return 0.0
        return self.driven / max(self.moved, LEAST) * logistic(self.gained / self.driven)

    def after(self, moment: Moment) -> tuple[Tally, Move]:
        """The sums after one more belief, and how it moved."""
        move = _move(self, moment)
        driven = move.rho is not None
        tally = Tally(
            self.beliefs + 1,
            moment.belief,
            (*self.results, *moment.learnt),
            self.moved + move.moved,
            self.driven + (move.moved if driven else 0.0),
            self.gained + (move.moved * move.rho if move.rho is not None else 0.0),
        )
        return tally, move


class Step(NamedTuple):
    """One stated belief: how much moved, how far the evidence agrees, in words why.

    Attributes:
        turn: The turn of the statement.
        moved: w, the mass that counts.
        agreement: L(ρ) in [0, 1]; 0 where no evidence drove the move.
        results: Test results that came in since the statement before.
        spoken: How many of them the graph could speak to.
        value: RAC so far.
        why: Plain words.
    """

    turn: int
    moved: float
    agreement: float
    results: int
    spoken: int
    value: float
    why: str


class RAC(NamedTuple):
    """The score, its breakdown, and the share of evidence the graph could speak to (None of none).

    `unlinked` names the hypotheses that the graph does not know: only their words are compared.
    """

    value: float
    coverage: float | None
    steps: tuple[Step, ...]
    unlinked: tuple[str, ...]


def logistic(rho: float) -> float:
    """The agreement of ρ: ½ for silence, near 1 for strong support, near 0 for contradiction."""
    slope = K if rho > 0 else K * AGAINST
    return 1 / (1 + math.exp(-slope * max(-100.0, min(100.0, rho))))


def consistency(moves: Iterable[Move]) -> float:
    """RAC of moves."""
    moves = list(moves)
    driven = [(m.moved, m.rho) for m in moves if m.rho is not None]
    tally = Tally(
        moved=math.fsum(m.moved for m in moves),
        driven=math.fsum(w for w, _ in driven),
        gained=math.fsum(w * rho for w, rho in driven),
    )
    return tally.value


def variation(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Total variation between two beliefs, the unknown rest included."""
    names = sorted({*before, *after})
    moves = [after.get(n, 0.0) - before.get(n, 0.0) for n in names]
    return round((math.fsum(map(abs, moves)) + abs(math.fsum(moves))) / 2, 12)


@lru_cache(50_000)
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
    if len(words) < RUN:
        return False
    inside = _spaced(source)
    return any(_spaced(words[i : i + RUN]) in inside for i in range(len(words) - RUN + 1))


@lru_cache(10_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def _spaced(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def rac(episode: Episode) -> RAC:
    """Score an episode; of a trajectory, its `Trajectory.episode`."""
    return rac_of(moments(episode))


def rac_of(found: Sequence[Moment]) -> RAC:
    """Score the beliefs of an episode."""
    steps, tally, spoken = list[Step](), Tally(), 0
    for moment in found:
        before = tally
        tally, move = tally.after(moment)
        heard = sum(support().hear(result).speaks for result in moment.learnt)
        spoken += heard
        agreement = 0.0 if move.rho is None else logistic(move.rho)
        why = _why(before, moment, move)
        steps.append(
            Step(moment.turn, move.moved, agreement, len(moment.learnt), heard, tally.value, why)
        )
    unlinked = dict.fromkeys(h.name for m in found for h in m.belief.held if not h.concept)
    tests = len(tally.results)
    return RAC(tally.value, spoken / tests if tests else None, tuple(steps), tuple(unlinked))


def _move(tally: Tally, moment: Moment) -> Move:
    now = moment.belief
    if not tally.beliefs and not moment.learnt:
        return Move(max(0.0, max((h.p for h in now.held), default=0.0) - FREE), None)
    gains = _gains(tally.belief, now)
    moved = variation(_masses(tally.belief), _masses(now))
    if moved < STILL:
        return Move(0.0, None)
    if not moment.learnt or _copied(gains, moment, tally):
        return Move(moved, None)
    gained = math.fsum(
        gain * _support(name, moment.learnt, tally.results) for name, gain in gains.items()
    )
    return Move(moved, gained / moved)


def _gains(before: Belief, now: Belief) -> dict[str, float]:
    was, is_ = _masses(before), _masses(now)
    return {n: is_.get(n, 0.0) - was.get(n, 0.0) for n in sorted({*was, *is_})}


def _masses(belief: Belief) -> dict[str, float]:
    return {h.name: h.p for h in belief.held}


def _support(name: str, new: Sequence[Result], old: Sequence[Result]) -> float:
    weigh = support().weigh
    return math.fsum(weigh(name, r) for r in new) + OLD * math.fsum(weigh(name, r) for r in old)


def _most(gains: Mapping[str, float]) -> str:
    """The hypothesis that moved most; of equals, the one that gained."""
    return max(gains, key=lambda n: (round(abs(gains[n]), 9), gains[n], n))


def _copied(gains: Mapping[str, float], moment: Moment, tally: Tally) -> bool:
    name = _most(gains)
    if gains[name] <= 0:
        return False
    said = next((h.said for h in moment.belief.held if h.name == name), name)
    return any(quotes(said, result.text) for result in (*tally.results, *moment.learnt))


def _why(tally: Tally, moment: Moment, move: Move) -> str:
    """What moved and why it counts as it does, in plain words."""
    tests = _tests(moment)
    if not tally.beliefs and not moment.learnt:
        if not move.moved:
            return "a first impression"
        surest = moment.belief.leading[0].name
        return f"{move.moved:.2f} surer of {surest} than before any test"
    if not move.moved:
        return f"holds {f'after {tests}' if tests else 'without new evidence'}"
    gains = _gains(tally.belief, moment.belief)
    name = _most(gains)
    said = {h.name: h.said for h in (*tally.belief.held, *moment.belief.held)}[name]
    what = f"moved {abs(gains[name]):.2f} {'to' if gains[name] > 0 else 'from'} {said[:80]}"
    if not moment.learnt:
        return f"{what} without new evidence"
    if move.rho is None:
        return f"{what}: words copied from a result, not a diagnosis"
    if abs(move.rho) < SILENCE:
        return f"{what}; {tests}: silent, neither for nor against"
    support_ = _support(name, moment.learnt, tally.results)
    side = "supports" if support_ > SILENCE else "speaks against"
    if abs(support_) <= SILENCE:
        side = "says nothing of"
    verdict = "agrees" if move.rho > 0 else "disagrees"
    return f"{what}; {tests} {side} it ({support_:+.2f}); the evidence {verdict}"


def _tests(moment: Moment) -> str:
    names = list(dict.fromkeys(result.test for result in moment.learnt))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more
