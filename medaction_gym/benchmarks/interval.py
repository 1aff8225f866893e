"""Interval: how far a mean may be trusted, and a difference of two.

Cases are drawn with replacement, so an interval covers the choice of cases, not the seed of an
agent. All numbers are rounded to `DIGITS`, so that a sum in another order gives the same file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

DRAWS = 1_000
SEED = 0
LEVEL = 0.95
DIGITS = 6


class Estimate(BaseModel):
    """A mean over cases.

    Attributes:
        mean: The mean; None of no cases.
        ci: Percentile interval of the bootstrap by case; None of no cases.
        n: How many values it is the mean of: cases, or with several trials their episodes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mean: float | None
    ci: tuple[float, float] | None
    n: int


def estimate(values: Sequence[float], cases: Sequence[str] | None = None) -> Estimate:
    """The mean of some values, with its interval.

    Args:
        values: The values.
        cases: The case of each; those of one case are drawn together. A case each if None.

    Example:
        >>> estimate([1.0, 0.0, 1.0, 1.0])
        Estimate(mean=0.75, ci=(0.25, 1.0), n=4)
        >>> estimate([1.0, 0.0, 1.0, 1.0], ["a", "b", "a", "b"])
        Estimate(mean=0.75, ci=(0.5, 1.0), n=4)
        >>> estimate([])
        Estimate(mean=None, ci=None, n=0)
    """
    if not values:
        return Estimate(mean=None, ci=None, n=0)
    of: dict[str | int, list[float]] = {}
    keys: Sequence[str | int] = range(len(values)) if cases is None else cases
    for case, value in zip(keys, values, strict=True):
        of.setdefault(case, []).append(value)
    sums = np.array([math.fsum(some) for some in of.values()])
    sizes = np.array([len(some) for some in of.values()])
    drawn = _draws(len(of))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [50 - 50 * LEVEL, 50 + 50 * LEVEL])
    mean = math.fsum(values) / len(values)
    return Estimate(
        mean=round(mean, DIGITS),
        ci=(round(float(low), DIGITS), round(float(high), DIGITS)),
        n=len(values),
    )


def contrast(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """The first mean minus the second, of different cases, each set drawn by itself.

    Example:
        >>> contrast([1.0, 1.0], [0.0, 0.0, 0.0])
        Estimate(mean=1.0, ci=(1.0, 1.0), n=5)
    """
    a, b = np.asarray(first), np.asarray(second)
    # Another seed for the second, or sets of one size would be drawn alike.
    other = np.random.default_rng(SEED + 1).integers(0, len(b), (DRAWS, len(b)))
    means = a[_draws(len(a))].mean(axis=1) - b[other].mean(axis=1)
    low, high = np.percentile(means, [50 - 50 * LEVEL, 50 + 50 * LEVEL])
    return Estimate(
        mean=round(float(a.mean() - b.mean()), DIGITS),
        ci=(round(float(low), DIGITS), round(float(high), DIGITS)),
        n=len(a) + len(b),
    )


@lru_cache(8)
def _draws(cases: int) -> NDArray[np.int64]:
    """Which cases each draw holds."""
    return np.random.default_rng(SEED).integers(0, cases, (DRAWS, cases))


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test, from the cases that one of two got right.

    Example:
        >>> mcnemar(1, 5), mcnemar(0, 0)
        (0.21875, 1.0)
    """
    n, least = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, k) for k in range(least + 1))
    return min(1.0, float(2 * tail / 2**n))
