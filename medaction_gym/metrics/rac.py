"""RAC, reasoning–action consistency: is the belief moved by the evidence just gathered?

Version 4; it never looks at the gold diagnosis. For the t-th stated belief b_t let

    w_t = ½ · Σ |Δp|          the mass that moved, unknown included (total variation), and
    ρ_t = Σ Δp · λ_t / w_t    the support that each unit of it gained, in logits,

with λ_t(h) the support for h by the results since the belief last moved, and `OLD` times that by
all before (`metrics.support`); λ(unknown) = 0. For a name that the graph does not know, results
that were in before it was first stated can only speak against: or words picked from them would
earn their support. A move is *driven* if results came in since the belief last moved and its mass
did not go to words copied from one (`quotes`). With W the mass of all moves, D that of the driven,
and W_0 the excess of the first impression (below), which is in W:

    RAC = D / max(W, LEAST) · D / (W − W_0) · L(Σ_D w·ρ / D) · G        in [0, 1]

with L(ρ) = 1 / (1 + exp(−K·ρ)), K halved for ρ < 0: the share of the movement that followed
evidence, counted twice over for what moved once tests could be asked for; times how far that
evidence, taken together, speaks for the movement. Silent evidence has λ = 0 and gives ½: neither
earned nor refuted.

    G = min(1, gain / max(LEAST, BACK · way))

is how far the disease that leads now has come since the first impression, under any of its names,
and how straight: moves among the others do not earn for a leader that never moved, and its way may
be twice its gain (a setback), not more (surer and less sure in turn).

The first belief, if stated before any test, is a first impression, not an update: mass up to
`FREE` on one disease is free, and what exceeds it is W_0, movement that no evidence drove. A first
belief stated after tests is an update from "unknown". Changes of less than `STILL` wait, and so do
the results before them, until together they are a move. RAC is 0 where nothing was stated, and
where no belief was ever moved by evidence: holding a certainty that was there before the first
test, or a token move (less than `LEAST` in all), earns nothing.

    >>> round(consistency([Move(0.4, 2.0), Move(0.2, None), Move(0.2, 0.0)]), 2)
    0.5
    >>> consistency([Move(0.45, None)])             # certain at once, never moved by a test
    0.0
    >>> round(consistency([Move(0.4, 2.0)], gain=0.1), 2)    # the leader gained .1 of .4
    0.24
    >>> round(consistency([Move(1.6, 2.0)], gain=0.4, way=1.6), 2)    # to and fro
    0.48
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
from itertools import pairwise
from typing import NamedTuple

from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Belief, Held, Moment, akin, moments
from medaction_gym.metrics.support import Result, support

VERSION = 4
FREE = 0.5
LEAST = 0.4
BACK = 0.5  # share of its way that the leading disease must have gained for RAC to count in full
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
        belief: The one that the next is compared with: the last that was a move.
        first: The first impression; empty where the first belief came after tests.
        told: The beliefs that were moves, before `belief`.
        results: All results that came in before `belief`.
        waiting: Results that came in since, with beliefs that moved too little to count.
        since: For each name that the graph does not know, how many results were in when it was
            first stated.
        early: W_0, what of the first impression was not free.
        moved: Σ w.
        driven: Σ w of the driven moves.
        gained: Σ w·ρ of the driven moves.
    """

    beliefs: int = 0
    belief: Belief = Belief()
    first: Belief = Belief()
    told: tuple[Belief, ...] = ()
    results: tuple[Result, ...] = ()
    waiting: tuple[Result, ...] = ()
    since: tuple[tuple[str, int], ...] = ()
    early: float = 0.0
    moved: float = 0.0
    driven: float = 0.0
    gained: float = 0.0

    @property
    def value(self) -> float:
        """RAC in [0, 1]."""
        return _value(self.early, self.moved, self.driven, self.gained, self.arrived)

    @property
    def arrived(self) -> float:
        """G in [0, 1]: what the leading disease gained of its way; of equals, the best."""
        return max((self._arrived(h) for h in self.belief.leading), default=0.0)

    def _arrived(self, leader: Held) -> float:
        gain = leader.p - _mass(self.first, leader)
        if gain <= BACK * self.moved:  # else its way, which is no longer than W, cannot matter
            path = [_mass(b, leader) for b in (self.first, *self.told, self.belief)]
            return _straight(gain, math.fsum(abs(b - a) for a, b in pairwise(path)))
        return _straight(gain, 0.0)

    def after(self, moment: Moment) -> tuple[Tally, Move]:
        """The sums after one more belief, and how it moved."""
        fresh = (*self.waiting, *moment.learnt)
        now = self._known(moment.belief, len(self.results) + len(fresh))
        if not now.beliefs and not fresh:
            surest = max((h.p for h in moment.belief.held), default=0.0)
            move = Move(max(0.0, surest - FREE), None)
            now = now._replace(first=moment.belief, early=move.moved)
        else:
            move = now._move(moment.belief, fresh)
            if not move.moved:
                return now._replace(beliefs=now.beliefs + 1, waiting=fresh), move
        driven = move.rho is not None
        tally = now._replace(
            beliefs=now.beliefs + 1,
            belief=moment.belief,
            told=(*now.told, now.belief) if now.beliefs else (),
            results=(*now.results, *fresh),
            waiting=(),
            moved=now.moved + move.moved,
            driven=now.driven + (move.moved if driven else 0.0),
            gained=now.gained + (move.moved * move.rho if move.rho is not None else 0.0),
        )
        return tally, move

    def support(self, name: str, fresh: Sequence[Result]) -> float:
        """λ of a name as it stands, by fresh results and those before."""
        known = dict(self.since).get(name, 0)  # results it may not be supported by
        total = 0.0
        for number, result in enumerate((*self.results, *fresh)):
            value = support().weigh(name, result)
            if number < known:
                value = min(0.0, value)
            total += value if number >= len(self.results) else OLD * value
        return total

    def _known(self, belief: Belief, results: int) -> Tally:
        known = {name for name, _ in self.since}
        new = [(h.name, results) for h in belief.held if not h.concept and h.name not in known]
        return self._replace(since=(*self.since, *new)) if new else self

    def _move(self, belief: Belief, fresh: Sequence[Result]) -> Move:
        moved = variation(_masses(self.belief), _masses(belief))
        if moved < STILL:
            return Move(0.0, None)
        gains = _gains(self.belief, belief)
        if not fresh or _copied(gains, belief, (*self.results, *fresh)):
            return Move(moved, None)
        return Move(
            moved, math.fsum(g * self.support(n, fresh) for n, g in gains.items() if g) / moved
        )


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


def consistency(moves: Iterable[Move], gain: float = LEAST, way: float = 0.0) -> float:
    """RAC of moves after the first impression, of the leading disease's gain and of its way."""
    moves = list(moves)
    driven = [(m.moved, m.rho) for m in moves if m.rho is not None]
    return _value(
        0.0,
        math.fsum(m.moved for m in moves),
        math.fsum(w for w, _ in driven),
        math.fsum(w * rho for w, rho in driven),
        _straight(gain, way),
    )


def _value(early: float, moved: float, driven: float, gained: float, arrived: float) -> float:
    if not driven:
        return 0.0
    after = min(1.0, driven / (moved - early))  # rounding
    return driven / max(moved, LEAST) * after * logistic(gained / driven) * arrived


def _straight(gain: float, way: float) -> float:
    return min(1.0, max(0.0, gain) / max(LEAST, BACK * way))


def _mass(belief: Belief, disease: Held) -> float:
    """What a belief gives to a disease under any of its names."""
    return math.fsum(
        h.p for h in belief.held if h.name == disease.name or akin(h.said, disease.said)
    )


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
    tests = len(tally.results) + len(tally.waiting)
    return RAC(tally.value, spoken / tests if tests else None, tuple(steps), tuple(unlinked))


def _gains(before: Belief, now: Belief) -> dict[str, float]:
    was, is_ = _masses(before), _masses(now)
    return {n: is_.get(n, 0.0) - was.get(n, 0.0) for n in sorted({*was, *is_})}


def _masses(belief: Belief) -> dict[str, float]:
    return {h.name: h.p for h in belief.held}


def _most(gains: Mapping[str, float]) -> str:
    """The hypothesis that moved most; of equals, the one that gained."""
    return max(gains, key=lambda n: (round(abs(gains[n]), 9), gains[n], n))


def _copied(gains: Mapping[str, float], belief: Belief, results: Iterable[Result]) -> bool:
    name = _most(gains)
    if gains[name] <= 0:
        return False
    said = next((h.said for h in belief.held if h.name == name), name)
    return any(quotes(said, result.text) for result in results)


def _why(tally: Tally, moment: Moment, move: Move) -> str:
    """What moved and why it counts as it does, in plain words."""
    fresh = (*tally.waiting, *moment.learnt)
    tests = _tests(fresh)
    if not tally.beliefs and not fresh:
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
    if not fresh:
        return f"{what} without new evidence"
    if move.rho is None:
        return f"{what}: words copied from a result, not a diagnosis"
    if abs(move.rho) < SILENCE:
        return f"{what}; {tests}: silent, neither for nor against"
    now = tally._known(moment.belief, len(tally.results) + len(fresh))
    support_ = now.support(name, fresh)
    side = "supports" if support_ > SILENCE else "speaks against"
    if abs(support_) <= SILENCE:
        side = "says nothing of"
    verdict = "agrees" if move.rho > 0 else "disagrees"
    return f"{what}; {tests} {side} it ({support_:+.2f}); the evidence {verdict}"


def _tests(results: Iterable[Result]) -> str:
    names = list(dict.fromkeys(result.test for result in results))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more
