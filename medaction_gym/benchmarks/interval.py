"""Interval: how far a mean may be trusted, and a difference of two.

Cases are drawn with replacement, so an interval covers the choice of cases, not the seed of an
agent. All numbers are rounded to `DIGITS`, so that a sum in another order gives the same file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
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
        n: How many cases it is the mean of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mean: float | None
    ci: tuple[float, float] | None
    n: int


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of one value a case, with its interval.

    Example:
        >>> estimate([1.0, 0.0, 1.0, 1.0])
        Estimate(mean=0.75, ci=(0.25, 1.0), n=4)
        >>> estimate([])
        Estimate(mean=None, ci=None, n=0)
    """
    if not values:
        return Estimate(mean=None, ci=None, n=0)
    whole = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(whole), (DRAWS, len(whole)))
    low, high = np.percentile(whole[drawn].mean(axis=1), [50 - 50 * LEVEL, 50 + 50 * LEVEL])
    mean = math.fsum(values) / len(values)
    return Estimate(
        mean=round(mean, DIGITS),
        ci=(round(float(low), DIGITS), round(float(high), DIGITS)),
        n=len(values),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test, from the cases that one of two got right.

    Example:
        >>> mcnemar(1, 5), mcnemar(0, 0)
        (0.21875, 1.0)
    """
    n, least = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, k) for k in range(least + 1))
    return min(1.0, float(2 * tail / 2**n))
