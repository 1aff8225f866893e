"""Compare: policies side by side on the same cases, over several seeds.

A policy's runs, one a seed, are pooled: a rate is all counts out of all counts. Intervals come from
drawing cases with replacement, each with all its runs, so that a second seed on a case is no second
case. Differences are drawn on the same cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medaction_gym.actions import Outcome
from medaction_gym.benchmarks.interval import DRAWS, LEVEL, SEED
from medaction_gym.benchmarks.row import row
from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import find_leaks
from medaction_gym.metrics.behaviour import behaviour
from medaction_gym.metrics.judge import DiagnosisJudge
from medaction_gym.metrics.share import Share
from medaction_gym.trajectory import Trajectory

# What is measured of an episode, each a share; pooled over episodes it is a rate or a mean.
MEASURES = {
    "valid actions": "turns that were an action; of all turns",
    "committed": "episodes that ended with a commitment",
    "examination recall": "items of the record seen; of all",
    "tests asked for": "a case",
    "tests with a result": "a case",
    "examination precision": "tests with a result; of the tests asked for",
    "ungrounded orders": "that nothing on the table calls for; of the tests that can be judged",
    "repeated orders": "of the tests asked for",
    "unfounded updates": "jumps of belief without support (`erratic`); of such jumps",
    "DTC": "mean",
    "RAC": "mean",
    "accuracy": "committed to the gold diagnosis, by the judge; undecided counts as wrong",
    "accuracy, named in a result": "of the cases in which a result names the diagnosis",
    "accuracy, not named": "of the other cases",
    "turns": "a case",
}


class Rate(NamedTuple):
    """A rate or mean with its interval; None where nothing was counted."""

    value: float | None
    low: float | None
    high: float | None


def measures(trajectory: Trajectory, case: Case, judge: DiagnosisJudge) -> dict[str, Share]:
    """An episode's shares, by the names of `MEASURES`."""
    scored = row(trajectory, case, judge)
    seen = behaviour(trajectory.episode(case))
    named = any(leak.kind == "result" for leak in find_leaks(case))
    right = float(scored.fate == "right")
    valid = sum(step.outcome is not Outcome.MALFORMED for step in trajectory.steps)
    return {
        "valid actions": Share(valid, len(trajectory.steps)),
        "committed": Share(float(trajectory.status == "committed"), 1),
        "examination recall": Share(*scored.recall),
        "tests asked for": Share(scored.precision[1], 1),
        "tests with a result": Share(scored.tests, 1),
        "examination precision": Share(*scored.precision),
        "ungrounded orders": seen.ungrounded,
        "repeated orders": seen.repeated,
        "unfounded updates": seen.updates.erratic,
        "DTC": Share(scored.dtc, 1),
        "RAC": Share(scored.rac, 1),
        "accuracy": Share(right, 1),
        "accuracy, named in a result": Share(right * named, float(named)),
        "accuracy, not named": Share(right * (not named), float(not named)),
        "turns": Share(scored.turns, 1),
    }


# Of a policy: by case, by run, the shares.
Shares = Mapping[str, Sequence[Mapping[str, Share]]]


def rates(shares: Shares) -> dict[str, Rate]:
    """A policy's rates over all its runs, with intervals by case.

    Example:
        >>> shares = {"a": [{"committed": Share(1, 1)}], "b": [{"committed": Share(0, 1)}]}
        >>> rates(shares)["committed"]
        Rate(value=0.5, low=0.0, high=1.0)
    """
    return _over_cases(shares, lambda name, drawn: _rate(_counts(shares, name), drawn))


def differences(first: Shares, second: Shares) -> dict[str, Rate]:
    """The second policy's rates less the first's, on the cases that both played."""
    cases = sorted(set(first) & set(second))
    one, other = ({case: shares[case] for case in cases} for shares in (first, second))
    return _over_cases(
        one,
        lambda name, drawn: _rate(_counts(other, name), drawn) - _rate(_counts(one, name), drawn),
    )


def _over_cases(
    shares: Shares, statistic: Callable[[str, np.ndarray], np.ndarray]
) -> dict[str, Rate]:
    """Each measure's statistic on all cases, and its percentiles over drawn ones."""
    n = len(shares)
    if not n:
        return {}
    drawn = np.random.default_rng(SEED).integers(0, n, (DRAWS, n))
    tails = [50 - 50 * LEVEL, 50 + 50 * LEVEL]
    found = {}
    for name in next(iter(shares.values()))[0]:
        value = statistic(name, np.arange(n)[None])[0]
        over = statistic(name, drawn)
        low, high = np.nan, np.nan
        if not np.isnan(over).all():
            low, high = np.nanpercentile(over, tails)
        numbers = [None if math.isnan(x) else round(float(x), 6) for x in (value, low, high)]
        found[name] = Rate(*numbers)
    return found


def _counts(shares: Shares, name: str) -> np.ndarray:
    """Part and whole of each case, all its runs together; shape (cases, 2)."""
    pooled = [Share.pooled(run[name] for run in shares[case]) for case in sorted(shares)]
    return np.asarray(pooled, dtype=np.float64).reshape(-1, 2)


def _rate(counts: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Part of whole for each row of drawn cases; nan where the whole is 0."""
    part, whole = counts[drawn].sum(axis=1).T
    rate: np.ndarray = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return rate
