"""Beliefs: how far the privileged teacher's doctor moves, and in which direction.

A result multiplies the odds of every hypothesis by what the graph hears in it. To the gold
diagnosis it adds a share of what the graph cannot read: as much as the whole record lacks for the
truth to end ahead, dealt out to the results by how much each decides. So a result that speaks for a
wrong disease moves the belief there, and only later results can bring it back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from medaction_gym.actions import MAX_DISEASE, Hypothesis, UpdateDifferential
from medaction_gym.distill.chart import OPENING
from medaction_gym.distill.teachers.study import GRAPH, Study
from medaction_gym.oracle import Release

# Doctors do not think in hundredths. Fives, where 0.3, 0.35, 0.6, 0.7 and 0.95 give way to thirds
# and 0.97: `datasets` does not read those five back exactly (0.3 becomes 0.30000000000000004), and
# a model would learn to write that.
SCALE = tuple(
    p / 100 for p in (1, 2, 3, 5, 10, 15, 20, 25, 33, 40, 45, 50, 55, 67, 75, 80, 85, 90, 97)
)
UNKNOWN = 0.8  # log-weight of "something else" before any result
FADES = 3.0  # what that loses by the time the whole record is read
IMPRESSED = 1.2  # log-odds that a result gives too much to the wrong disease it seems to show
HEARD = 0.3  # log-odds, below which a result is silent
SLIGHT = 0.03  # less than that is not stated
FLOOR = 0.01  # something else is never quite out
NEW = 0.1  # the truth, when evidence first brings it to mind
CAP = 0.45  # of the first impression
KEPT = 5  # hypotheses of a stated differential

Masses = dict[str, float]


def first(study: Study, wrong: Sequence[str], lure: str = "") -> Masses:
    """The belief before any test.

    Args:
        study: The case.
        wrong: Wrong diseases in the order in which they come to mind.
        lure: One of them that impresses more than it should, "" for none.
    """
    weight = {}
    for rank, name in enumerate(wrong):
        extra = IMPRESSED if name == lure else 0.0
        weight[name] = GRAPH * study.hears(name, OPENING) - 0.15 * rank + extra
    if gold := study.gold(frozenset()):
        weight[gold] = GRAPH * study.hears(study.full, OPENING) - 0.1
    odds = {name: math.exp(w) for name, w in weight.items()}
    total = math.fsum(odds.values()) + math.exp(UNKNOWN)
    return stated({name: min(CAP, w / total) for name, w in odds.items()})


def after(
    study: Study,
    before: Mapping[str, float],
    seen: frozenset[Release],
    fresh: Sequence[Release],
    force: float = 1.0,
    lure: str = "",
) -> Masses:
    """The belief after new results.

    Args:
        study: The case.
        before: The belief before them.
        seen: All that has been released.
        fresh: What is new.
        force: How far their weight is taken, 1 for all of it.
        lure: A wrong disease that they seem to show, "" for none.
    """
    held = carried(study, before, seen)
    gold = named(study, held, seen)
    decided = math.fsum(study.weight(i) for i in sorted({r.item for r in fresh}))
    known = dict.fromkeys([*held, *study.wrong, gold] if gold else [*held, *study.wrong])
    names = [n for n in known if n == gold or not study.grounds.is_gold(n)]
    gains = {n: GRAPH * study.hears(n, *fresh) + IMPRESSED * (n == lure) for n in names}
    if gold:
        gains[gold] += study.lacking * decided
    if all(abs(gain) < HEARD for gain in gains.values()):
        return dict(before)  # a result that says nothing moves nobody
    # What is not stated shares what is left, and is stated once something speaks for it.
    unstated = sum(not held.get(n) for n in names)
    left = max(FLOOR, 1.0 - math.fsum(held.values()))
    least = left / (unstated + 1)
    odds = {}
    for name in names:
        if name in held or gains[name] >= HEARD:
            start = max(least, NEW) if name == gold else least
            odds[name] = (held.get(name) or start) * math.exp(force * gains[name])
    total = math.fsum(odds.values()) + least * math.exp(-force * FADES * decided)
    masses = {name: w / total for name, w in odds.items()}
    if min(gains.values()) > -HEARD:
        # Nothing was ruled out: what the result is silent on has no reason to rise.
        masses = {n: p if gains[n] >= HEARD else min(p, held[n]) for n, p in masses.items()}
    return stated(masses)


def named(study: Study, held: Iterable[str], seen: frozenset[Release]) -> str:
    """What the gold diagnosis is called now: what has been named stays named."""
    return study.gold(seen) or next((n for n in held if study.grounds.is_gold(n)), "")


def carried(study: Study, before: Mapping[str, float], seen: frozenset[Release]) -> Masses:
    """A belief with the gold diagnosis under the name that it may now have."""
    gold = study.gold(seen)
    held: Masses = {}
    for name, p in before.items():
        known = gold if gold and study.grounds.is_gold(name) else name
        held[known] = held.get(known, 0.0) + p
    return held


def on_scale(p: float) -> float:
    """The nearest degree of belief; 0 for what is not worth one.

    Example:
        >>> on_scale(0.62), on_scale(0.3), on_scale(0.004)
        (0.67, 0.33, 0.0)
    """
    return min((0.0, *SCALE), key=lambda degree: abs(degree - p))


def stated(masses: Mapping[str, float], least: float = SLIGHT) -> Masses:
    """Masses as a doctor would write them: the heaviest few, on the scale, at most 1 together.

    Example:
        >>> stated({"Gout": 0.64, "Lupus": 0.11, "Sepsis": 0.01})
        {'Gout': 0.67, 'Lupus': 0.1}
    """
    rounded = {n: on_scale(p) for n, p in masses.items() if p >= least}
    belief = dict(sorted(rounded.items(), key=lambda entry: (-entry[1], entry[0]))[:KEPT])
    while math.fsum(belief.values()) > 1.0 + 1e-9:
        # Rounding lifted the sum; the leader gives way.
        leader = max(belief, key=lambda n: belief[n])
        belief[leader] = max(degree for degree in SCALE if degree < belief[leader])
    return belief


def differential(masses: Mapping[str, float]) -> UpdateDifferential:
    """A belief as a statement."""
    return UpdateDifferential(
        differential=tuple(
            Hypothesis(disease=n[:MAX_DISEASE], probability=p) for n, p in masses.items()
        )
    )
