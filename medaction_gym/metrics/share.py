"""Share: how many of how many, so that a rate never loses its denominator."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Share(NamedTuple):
    """A part of a whole: how many, and of how many.

    Example:
        >>> Share(1, 4).value, Share(0, 0).value
        (0.25, None)
        >>> str(Share(1, 4)), str(Share(0, 0))
        ('0.250 (1/4)', '– (0/0)')
    """

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        """The rate, or None out of nothing."""
        return self.part / self.whole if self.whole > 0 else None

    @classmethod
    def pooled(cls, shares: Iterable[Share]) -> Share:
        """All counts out of all: episodes with more to judge weigh more.

        >>> Share.pooled([Share(1, 4), Share(0, 1), Share(0, 0)])
        Share(part=1.0, whole=5.0)
        """
        all_ = list(shares)
        return cls(math.fsum(s.part for s in all_), math.fsum(s.whole for s in all_))

    def __str__(self) -> str:
        rate = "–" if self.value is None else f"{self.value:.3f}"
        return f"{rate} ({self.part:.6g}/{self.whole:.6g})"
