"""Order effect: does the same evidence in another order leave the same belief?

The final belief of an episode is its last differential, or, where none was stated, its commitment
with mass 1. Over plays of one case with the same evidence, D being the total variation between the
final beliefs (names of one disease merged, "unknown" included)

    effect = mean D(first play, play in another order)          in [0, 1]
    floor  = mean D(first play, play in the same order)         in [0, 1], the test–retest noise
    excess = effect − floor                                     in [−1, 1], near 0 is good

and an excess means little unless it stands out from the floor over many cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from medaction_gym.actions import Hypothesis
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Beliefs
from medaction_gym.metrics.updates import distance


class OrderEffect(NamedTuple):
    """The order effect of one case; None where there is nothing to compare.

    Attributes:
        effect: Mean distance to the plays in another order.
        floor: Mean distance to the plays in the same order.
        permuted: Plays in another order that were compared.
        again: Plays in the same order that were compared.
        incomplete: Plays left out: they failed, or ended before all evidence was in.
    """

    effect: float | None
    floor: float | None
    permuted: int
    again: int
    incomplete: int

    @property
    def excess(self) -> float | None:
        """What the order does beyond the noise."""
        if self.effect is None or self.floor is None:
            return None
        return self.effect - self.floor


def final_belief(episode: Episode) -> tuple[Hypothesis, ...]:
    """The last differential, or the commitment where there is none."""
    if episode.differential or not episode.committed:
        return episode.differential
    return (Hypothesis(disease=episode.committed, probability=1.0),)


def apart(one: Episode, other: Episode) -> float:
    """Total variation between the final beliefs of two episodes.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> start = Episode.start(CaseSet.teaching()[0])
        >>> apart(start.act((2, "Gout")), start.act((2, "gout")))
        0.0
        >>> apart(start.act((2, "Gout")), start.act((2, "Asthma")))
        1.0
    """
    beliefs = Beliefs()
    return distance(beliefs.read(final_belief(one)), beliefs.read(final_belief(other)))


def order_effect(
    first: Episode, permuted: Sequence[Episode], again: Sequence[Episode], incomplete: int = 0
) -> OrderEffect:
    """Compare the final beliefs of plays with the same evidence.

    >>> from medaction_gym.cases.caseset import CaseSet
    >>> end = Episode.start(CaseSet.teaching()[0]).act((2, "Gout"))
    >>> order_effect(end, [end], [end]).excess
    0.0
    """

    def mean(others: Sequence[Episode]) -> float | None:
        if not others:
            return None
        return math.fsum(apart(first, other) for other in others) / len(others)

    return OrderEffect(mean(permuted), mean(again), len(permuted), len(again), incomplete)
