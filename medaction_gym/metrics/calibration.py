"""Calibration: does a stated probability mean what it says?

Each stated belief is a forecast over its diseases and "something else", which holds the rest. What
comes true is the disease that the offline judge calls the same as the gold diagnosis (the heaviest,
should there be several), else "something else". With masses p_i and y_i = 1 for what came true:

    Brier = ½ · Σ (p_i − y_i)²                               in [0, 1], 0 is best
    log   = ln(max(p_true, FLOOR)) / ln(FLOOR)               in [0, 1], 0 is best
    ECE   = Σ_bins n_b / n · |mean p in b − share true in b|  in [0, 1], 0 is best

A doctor who names nothing, or nothing with conviction, is well calibrated and of no use: read these
beside DTC, and beside how often the truth was named at all.

ECE pools the (p, y) pairs of many episodes into `BINS` equal bins; below some hundred pairs it is
mostly noise, so it is given with its n. Log is 1 for a truth held at `FLOOR` or less: a natural
logarithm, divided by 4.6 so that it stays in [0, 1]. "Undecided" of the judge is not "the same".

    >>> made = (Outcome(0.7, True), Outcome(0.2, False), Outcome(0.1, False))
    >>> round(brier(made), 2), round(log_score(made), 3)    # ½(.09 + .04 + .01), ln .7 / ln .01
    (0.07, 0.077)
    >>> round(ece([Outcome(0.9, True), Outcome(0.9, False)]), 2)    # |.9 − .5|
    0.4
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from medaction_gym.cases.case import Diagnosis
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Belief, Moment, moments
from medaction_gym.metrics.judge import judge

FLOOR = 0.01
BINS = 10


class Outcome(NamedTuple):
    """A mass, and whether what it was put on came true."""

    p: float
    true: bool


Forecast = tuple[Outcome, ...]


class Calibration(NamedTuple):
    """Scores of forecasts that belong together.

    Attributes:
        forecasts: How many; 0 makes the scores None.
        named: In how many of them one of the named diseases came true.
        pairs: Masses that the ECE is computed from.
        brier: Mean Brier score.
        log: Mean log score.
        ece: Expected calibration error.
    """

    forecasts: int
    named: int
    pairs: int
    brier: float | None
    log: float | None
    ece: float | None


def forecast(belief: Belief, gold: Diagnosis) -> Forecast:
    """A belief as masses that came true or not; the last is "something else".

    Example:
        >>> from medaction_gym.metrics.belief import Held
        >>> belief = Belief((Held("Gout", "", 0.6, "Gout"), Held("Lupus", "", 0.3, "Lupus")))
        >>> [(round(o.p, 1), o.true) for o in forecast(belief, Diagnosis(name="Gout"))]
        [(0.6, True), (0.3, False), (0.1, False)]
    """
    right = next((n for n, held in enumerate(belief.held) if _same(gold, held.said)), None)
    named = [Outcome(held.p, n == right) for n, held in enumerate(belief.held)]
    return (*named, Outcome(belief.unknown, right is None))


def forecasts(episode: Episode, found: Sequence[Moment] | None = None) -> tuple[Forecast, ...]:
    """The forecasts of an episode, one a stated belief."""
    found = moments(episode) if found is None else found
    return tuple(forecast(moment.belief, episode.case.diagnosis) for moment in found)


def brier(made: Forecast) -> float:
    """The Brier score of a forecast."""
    return 0.5 * math.fsum((o.p - o.true) ** 2 for o in made)


def log_score(made: Forecast) -> float:
    """The log score of a forecast, as a share of the worst."""
    true = math.fsum(o.p for o in made if o.true)
    return abs(math.log(min(1.0, max(FLOOR, true))) / math.log(FLOOR))


def ece(pairs: Sequence[Outcome]) -> float:
    """The expected calibration error of at least one pair."""
    bins: dict[int, list[Outcome]] = {}
    for pair in pairs:
        bins.setdefault(min(BINS - 1, int(pair.p * BINS)), []).append(pair)
    gaps = [abs(math.fsum(o.p - o.true for o in held)) for _, held in sorted(bins.items())]
    return math.fsum(gaps) / len(pairs)


def score(made: Sequence[Forecast]) -> Calibration:
    """Score forecasts together.

    >>> score([])
    Calibration(forecasts=0, named=0, pairs=0, brier=None, log=None, ece=None)
    """
    pairs = [outcome for one in made for outcome in one]
    if not pairs:
        return Calibration(0, 0, 0, None, None, None)
    return Calibration(
        len(made),
        sum(not one[-1].true for one in made),
        len(pairs),
        math.fsum(map(brier, made)) / len(made),
        math.fsum(map(log_score, made)) / len(made),
        ece(pairs),
    )


def calibration(made: Iterable[Sequence[Forecast]]) -> dict[str, Calibration]:
    """Calibration over episodes, by the index of the statement, and of the last one.

    Args:
        made: The `forecasts` of each episode.

    Returns:
        "1" for the first beliefs of all episodes, "2" for the second ..., and "final". Later
        indices rest on the episodes that lasted so long, as their counts tell.

    Example:
        >>> sure, right = (Outcome(1.0, False), Outcome(0.0, True)), (Outcome(1.0, True),)
        >>> table = calibration([[sure, right], [right]])
        >>> {index: (c.forecasts, c.brier) for index, c in table.items()}
        {'1': (2, 0.5), '2': (1, 0.0), 'final': (2, 0.0)}
    """
    episodes = [list(one) for one in made if one]
    longest = max(map(len, episodes), default=0)
    table = {
        str(n + 1): score([one[n] for one in episodes if len(one) > n]) for n in range(longest)
    }
    return {**table, "final": score([one[-1] for one in episodes])}


def _same(gold: Diagnosis, name: str) -> bool:
    names = (gold.name, *gold.synonyms)
    said = name.casefold().split()
    return any(g.casefold().split() == said or judge()(g, name).verdict == "same" for g in names)
