"""Updates: how a belief changes from statement to statement, and what is wrong with the change.

What the evidence says of a hypothesis is asked of RAC: `lean` is the agreement that RAC gives to a
doctor who, on some results, moves from "unknown" to that hypothesis. ½ is silence; the gold
diagnosis is never looked at. Results are *against* a hypothesis, beside others, if they lean away
from it (lean ≤ `CONTRARY`) or lean to one of the others by `MARGIN` more. For statements t ≥ 2,
with w_t the mass moved since the one before:

    rigid      the new results are against the leading hypothesis, beside the others held, and the
               belief does not move (w_t < `STILL`); of the statements with such results;
    erratic    at least `JUMP` of mass goes from held diseases to unrelated ones (Lin < `RELATED`)
               without support: no new results, or they are against the one that gains, beside the
               one that loses; of the statements with w_t ≥ `JUMP`. Names that the graph does not
               know, and silence, are no jump;
    forgotten  a hypothesis gains most (≥ `GAIN`) although all that was known before is against it,
               beside those that lose, and the new results do not lean to it; of the statements with
               such a gain;
    wandering  Σ w_t less the distance from the first belief to the last; of Σ w_t, if that is
               `STILL` or more. 0 is a straight way, 1 a circle.

`slope` is the change of RAC's agreement a turn (least squares over the statements that moved the
belief by `STILL` or more), negative for a doctor who gets worse as the episode goes on; None below
three such statements.

    >>> slope([(1, 0.9), (3, 0.7), (5, 0.5)])
    -0.1
    >>> slope([(1, 0.9), (3, 0.7)]) is None
    True
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.cases.case import Presentation
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.metrics.belief import Belief, Held, Moment
from medaction_gym.metrics.rac import rac_of, variation
from medaction_gym.metrics.share import Share
from medaction_gym.metrics.support import Result

SILENT = 0.5
CONTRARY = 0.4  # odds of two to three
MARGIN = 0.25
STILL = 0.02
JUMP = 0.2
RELATED = 0.4
GAIN = 0.05

Results = tuple[Result, ...]


class Updates(NamedTuple):
    """The failures of update of one episode; see the module."""

    rigid: Share
    erratic: Share
    forgotten: Share
    wandering: Share
    slope: float | None


def updates(found: Sequence[Moment], presentation: Presentation) -> Updates:
    """Judge the stated beliefs of an episode, in order."""
    rigid = erratic = forgotten = contrary = large = gains = 0
    known: Results = presented(presentation)
    path = list[float]()
    for number, moment in enumerate(found):
        if number:
            before, now, new = found[number - 1].belief, moment.belief, moment.learnt
            moved = distance(before, now)
            path.append(moved)
            leading = before.leading
            if len(leading) == 1 and against(new, leading[0], (*before.held, *now.held)):
                contrary += 1
                rigid += moved < STILL
            large += moved >= JUMP
            erratic += jump(before, now, new) >= JUMP
            gainer = _gainer(before, now)
            if gainer is not None:
                gains += 1
                losing = [h for h in before.held if now.mass(h.name) < h.p]
                forgotten += against(known, gainer, losing) and lean(new, gainer) <= SILENT
        known += moment.learnt
    whole = math.fsum(path)
    straight = distance(found[0].belief, found[-1].belief) if found else 0.0
    moves = [
        (float(step.turn), step.agreement) for step in rac_of(found).steps if step.moved >= STILL
    ]
    return Updates(
        Share(rigid, contrary),
        Share(erratic, large),
        Share(forgotten, gains),
        Share(round(max(0.0, whole - straight), 9), whole) if whole >= STILL else Share(0, 0),
        slope(moves),
    )


def distance(one: Belief, other: Belief) -> float:
    """Total variation between two beliefs of one reader, the unknown rest included."""
    return variation({h.name: h.p for h in one.held}, {h.name: h.p for h in other.held})


@lru_cache(20_000)
def lean(results: Results, held: Held) -> float:
    """What results say of a hypothesis: the agreement RAC gives to a move to it; ½ is silence.

    Example:
        >>> gout = Held("Gout", "MONDO:0005393", 1.0, "Gout")
        >>> lean((Result("Other", "See report.", "other"),), gout)
        0.5
    """
    moves = (Moment(0, Belief(), ()), Moment(1, Belief((held._replace(p=1.0),)), results))
    return rac_of(moves).steps[-1].agreement if results else SILENT


def against(results: Results, held: Held, others: Iterable[Held]) -> bool:
    """Whether results are against a hypothesis, beside others.

    Example:
        >>> gout = Held("Gout", "MONDO:0005393", 0.5, "Gout")
        >>> asthma = Held("Asthma", "MONDO:0004979", 0.5, "Asthma")
        >>> fluid = (Result("Joint fluid", "Urate crystals, as in gout.", "laboratory"),)
        >>> against(fluid, asthma, [gout]), against(fluid, gout, [asthma])
        (True, False)
    """
    own = lean(results, held)
    return own <= CONTRARY or any(lean(results, o) - own >= MARGIN for o in others)


def jump(before: Belief, now: Belief, new: Results) -> float:
    """The mass that goes from held diseases to unrelated ones without support.

    What one disease gains comes from all that lose, "unknown" among them, in proportion.

    Example:
        >>> def sure_of(name, concept): return Belief((Held(name, concept, 0.8, name),))
        >>> gout = sure_of("Gout", "MONDO:0005393")
        >>> marfan = sure_of("Marfan syndrome", "MONDO:0007947")
        >>> jump(gout, marfan, ())
        0.8
    """
    held = {h.name: h for h in (*before.held, *now.held)}
    gains = {name: now.mass(name) - before.mass(name) for name in sorted(held)}
    losses = {name: -gain for name, gain in gains.items() if gain < 0}
    whole = math.fsum([*losses.values(), max(0.0, before.unknown - now.unknown)])
    if whole <= 0:
        return 0.0
    jumped = [
        gain * loss / whole
        for name, gain in gains.items()
        if gain > 0
        for source, loss in losses.items()
        if _unrelated(held[name], held[source])
        and (not new or against(new, held[name], [held[source]]))
    ]
    return round(math.fsum(jumped), 9)


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The least-squares slope of at least three points with different turns."""
    if len(points) < 3:
        return None
    x = math.fsum(turn for turn, _ in points) / len(points)
    y = math.fsum(value for _, value in points) / len(points)
    spread = math.fsum((turn - x) ** 2 for turn, _ in points)
    return round(math.fsum((turn - x) * (value - y) for turn, value in points) / spread, 9)


def _unrelated(one: Held, other: Held) -> bool:
    """Whether the graph knows both and sees little in common."""
    if not one.concept or not other.concept:
        return False
    return knowledge().similarity(one.concept, other.concept) < RELATED


def _gainer(before: Belief, now: Belief) -> Held | None:
    """The hypothesis that gains most, if the graph knows it."""
    gains = [(h.p - before.mass(h.name), h.name, h) for h in now.held]
    gain, _, held = max(gains, default=(0.0, "", None), key=lambda g: g[:2])
    return held if gain >= GAIN and held is not None and held.concept else None


def presented(presentation: Presentation) -> Results:
    """What is known before any test, as one result of an examination."""
    text = "\n".join(
        (presentation.chief_complaint, presentation.history, presentation.examination)
    ).strip()
    return (Result("presentation", text, "other"),)
