"""Played: a policy on every case of a set, once; what came of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete.reader import Floats
from medaction_gym.envs.discrete.vector import DiscreteVectorEnv
from medaction_gym.metrics.outcome import RIGHT

# Observations [n, size] and masks [n, actions] to n actions.
Policy = Callable[[Floats, NDArray[np.bool_]], Any]


class Played(NamedTuple):
    """What came of each case, in the order of the set.

    Attributes:
        grade: How right the diagnosis was, in [0, 1].
        reward: The episode's reward.
        turns: Actions taken.
        tests: Tests with a result.
        usd: Dollars spent.
    """

    grade: NDArray[np.float64]
    reward: NDArray[np.float64]
    turns: NDArray[np.float64]
    tests: NDArray[np.float64]
    usd: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which cases were diagnosed rightly."""
        return self.grade >= RIGHT

    def means(self) -> dict[str, float]:
        """Means over the cases, by name."""
        held = {"right": self.right, **self._asdict()}
        return {name: round(float(values.mean()), 4) for name, values in held.items()}


def play_each(policy: Policy, cases: CaseSet, **arguments: Any) -> Played:
    """Play every case once, all at the same time.

    Args:
        policy: Chooses actions from observations and masks.
        cases: The cases.
        **arguments: As for `DiscreteVectorEnv`: the rules, the catalogue, tables to share.

    Example:
        >>> def at_once(observations, masks):  # commit to the likeliest disease
        ...     return np.full(len(observations), 69)
        >>> played = play_each(at_once, CaseSet.teaching()[:5])
        >>> played.turns.tolist(), played.usd.tolist()
        ([1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0])
    """
    count = len(cases)
    envs = DiscreteVectorEnv(count, cases, **arguments)
    observations, infos = envs.reset(seed=0, options={"case": np.arange(count)})
    playing, reward = np.ones(count, np.bool_), np.zeros(count)
    ends = {name: np.zeros(count) for name in ("grade", "turns", "tests", "usd")}
    while playing.any():  # an episode that is over starts again, and no longer counts
        actions = policy(observations, infos["action_mask"])
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        reward += np.where(playing, rewards, 0.0)
        over = playing & (terminated | truncated)
        for name, values in ends.items():
            values[over] = infos[name][over]
        playing &= ~over
    return Played(reward=reward, **ends)
