"""Scoring: what a node of a tree is worth so far.

A node takes its parent's state and reads only what its own turn added. The values are those that
`dtc`, `rac` and `Trajectory` give the episode.
"""

from __future__ import annotations

from typing import NamedTuple

from medaction_gym.actions import UpdateDifferential
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Belief
from medaction_gym.metrics.process import Process
from medaction_gym.oracle import Release
from medaction_gym.reward import reward_terms
from medaction_gym.trajectory import Settings

REWARD = Settings().reward  # the preset of a plain run


class Score(NamedTuple):
    """The running state of a path's scores.

    Attributes:
        process: DTC and RAC so far.
        beliefs: The stated beliefs so far.
        potentials: Φ after each.
        fresh: Released since the last of them.
        reward: Sum of the reward's terms so far.
    """

    process: Process = Process()
    beliefs: tuple[Belief, ...] = ()
    potentials: tuple[float, ...] = ()
    fresh: tuple[Release, ...] = ()
    reward: float = 0.0

    @property
    def potential(self) -> float:
        """Φ of the last stated belief, 0 before the first."""
        return self.process.potential

    @property
    def rac(self) -> float:
        """RAC of the path so far."""
        return self.process.rac

    @property
    def dtc(self) -> float:
        """DTC of the path so far."""
        return self.process.dtc

    @property
    def combined(self) -> float:
        """DTC and RAC of the path so far, combined."""
        return self.process.combined


def extend(score: Score, episode: Episode) -> Score:
    """The score after the turn that led to a state.

    Args:
        score: That of the state before.
        episode: The state.
    """
    turn = episode.turn
    assert turn is not None, "a start state has no turn to score"
    process = score.process.after(episode)
    terms = reward_terms(episode, REWARD, score.process, process)
    stated = isinstance(turn.action, UpdateDifferential)
    return Score(
        process=process,
        beliefs=(*score.beliefs, process.tally.belief) if stated else score.beliefs,
        potentials=(*score.potentials, process.potential) if stated else score.potentials,
        fresh=() if stated else score.fresh + turn.released,
        reward=score.reward + sum(terms.values()),
    )
