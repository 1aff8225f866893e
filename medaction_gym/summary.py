"""Summary: what a set of trajectories amounts to, every case accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medaction_gym.trajectory import Trajectory


@dataclass(frozen=True)
class Summary:
    """Counts and means over a run.

    Attributes:
        cases: All cases; ``right + wrong + truncated + errored``.
        right: Committed to a diagnosis that is right.
        wrong: Committed to one that is not.
        truncated: Ran out of turns.
        truncated_right: Of those, how many had a working differential graded right.
        errored: The agent or the infrastructure failed; no statement about the diagnosis.
        grade: Mean grade over the cases that did not error, in [0, 1].
        reward: Mean total reward over the same.
        tests: Mean number of tests with a result over the same.
        turns: Mean number of turns over the same.
        usd: Mean dollars spent over the same.
    """

    cases: int
    right: int
    wrong: int
    truncated: int
    truncated_right: int
    errored: int
    grade: float
    reward: float
    tests: float
    turns: float
    usd: float


def summarise(trajectories: Sequence[Trajectory]) -> Summary:
    """Count and average a run's trajectories.

    Example:
        >>> summarise([]).cases
        0
    """
    played = [t for t in trajectories if t.status != "errored"]
    committed = [t for t in played if t.status == "committed"]
    truncated = [t for t in played if t.status == "truncated"]
    right = sum(t.right for t in committed)

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    return Summary(
        cases=len(trajectories),
        right=right,
        wrong=len(committed) - right,
        truncated=len(truncated),
        truncated_right=sum(t.right for t in truncated),
        errored=len(trajectories) - len(played),
        grade=mean([t.grade for t in played]),
        reward=mean([t.reward for t in played]),
        tests=mean([t.tests for t in played]),
        turns=mean([len(t.steps) for t in played]),
        usd=mean([t.usd for t in played]),
    )
