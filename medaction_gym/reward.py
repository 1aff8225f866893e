"""Reward: named terms, each reported at every step, whose sum is the reward.

The preset "outcome":

- ``outcome``: at the end, the grade of the diagnosis in [0, 1] (`metrics.outcome`): of the one
  committed to, or, on truncation, of the working differential.
- ``cost``: -0.01 a turn and -1 for every $20,000 of tests. A usual work-up of some $1,500 and ten
  turns costs 0.18, so that being right always outweighs being cheap.
- ``misuse``: -0.05 for an action that is malformed, not understood, or repeats what was reported.
"""

from __future__ import annotations

from typing import Literal

from medaction_gym.actions import Outcome
from medaction_gym.episode import Episode
from medaction_gym.metrics.outcome import expected_grade, grade

Preset = Literal["outcome"]
PRESETS: tuple[str, ...] = ("outcome",)
TERMS: tuple[str, ...] = ("outcome", "cost", "misuse")

PER_TURN = 0.01
PER_USD = 1 / 20_000
PER_MISUSE = 0.05
_MISUSE = frozenset({Outcome.MALFORMED, Outcome.NOT_UNDERSTOOD, Outcome.REPEATED})


def final_grade(episode: Episode) -> float:
    """The grade of an episode that is over, in [0, 1]; 0 while it is open."""
    if episode.status == "committed":
        return grade(episode.case.diagnosis, episode.committed)
    if episode.status == "truncated":
        return expected_grade(episode.case.diagnosis, episode.differential)
    return 0.0


def reward_terms(episode: Episode, preset: Preset = "outcome") -> dict[str, float]:
    """The terms of the reward for the turn that led to this state.

    Args:
        episode: A state with a turn.
        preset: Which terms; only ``"outcome"`` so far.

    Returns:
        A new dict with the keys `TERMS`. Its values' sum is the reward.

    Raises:
        ValueError: If the preset is unknown.
    """
    if preset not in PRESETS:
        raise ValueError(f"unknown reward preset {preset!r}; known: {', '.join(PRESETS)}")
    turn = episode.turn
    if turn is None:
        return dict.fromkeys(TERMS, 0.0)
    return {
        "outcome": final_grade(episode),
        "cost": -PER_TURN - turn.usd * PER_USD,
        "misuse": -PER_MISUSE if turn.outcome in _MISUSE else 0.0,
    }
