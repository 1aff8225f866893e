"""Prices: what a test costs and how long its result takes.

One row a price class in ``data/prices.tsv``: a US public fee-schedule figure with its source and
year, and a typical turnaround. They set the scale of the reward's cost term; they are no bill.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from medaction_gym.catalogue.catalogue import read_table


class Price(NamedTuple):
    """A price class.

    Attributes:
        name: Its key.
        usd: Fee in US dollars.
        hours: Typical hours until the result is at hand.
        source: Where the fee stands.
    """

    name: str
    usd: float
    hours: float
    source: str


# For a test no catalogue term explains, and for a term whose table row names no class.
UNKNOWN = "other"


@lru_cache(maxsize=1)
def prices() -> dict[str, Price]:
    """All price classes by name.

    Example:
        >>> prices()["ct"].usd > prices()["cbc"].usd
        True
    """
    return {
        row["class"]: Price(row["class"], float(row["usd"]), float(row["hours"]), row["source"])
        for row in read_table("prices")
    }
