"""Reward: named terms, each reported at every step, whose sum is the reward.

- ``outcome``: 0 until the end, then the worth of the diagnosis in [0, 1];
- ``dtc``: `DTC` · (Φ_t − Φ_{t−1}); over an episode `DTC` · Φ_T, the worth of its last belief;
- ``rac``: `RAC` · (G_t − G_{t−1}) with G = RAC · min(1, DTC / `ARRIVED`); over an episode
  `RAC` · G_T: evidence read well pays in full once the belief is near the truth;
- ``cost``: -0.01 a turn and -1 for every $20,000 of tests; a usual work-up of some $1,500 and ten
  turns costs 0.18, so that being right always outweighs being cheap;
- ``misuse``: -0.05 for an action that is malformed, not understood, or asks for what was reported.

Φ is the potential of `metrics.dtc`, DTC_t and RAC_t the metrics of the episode so far; all are 0
before the first differential. So both terms are differences of a potential (Ng, Harada and Russell
1999, with γ = 1): they telescope, and going in circles earns nothing. What remains of them at the
end is meant: the episode is paid for the belief it ended with and for how it came to it.

Presets:

- ``"shaped"``: all five terms; being right weighs as much as both process terms together.
- ``"process"``: ``dtc``, ``rac``, ``cost``, ``misuse``: no reward for the final answer.
- ``"outcome"``: ``outcome``, ``cost``, ``misuse``, and nothing is loaded but words.

The worth of a diagnosis is the grade of its words (`metrics.outcome`) in the preset "outcome", and
the offline judge's probability that it names the gold disease (`metrics.judge`; 0 where its
verdict is not "same") in "shaped". On truncation it is that of the working differential.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Diagnosis
from medaction_gym.episode import Episode
from medaction_gym.metrics.outcome import expected_grade, grade
from medaction_gym.metrics.process import Process

Preset = Literal["outcome", "shaped", "process"]
TERMS: dict[Preset, tuple[str, ...]] = {
    "outcome": ("outcome", "cost", "misuse"),
    "shaped": ("outcome", "dtc", "rac", "cost", "misuse"),
    "process": ("dtc", "rac", "cost", "misuse"),
}
PRESETS: tuple[Preset, ...] = tuple(TERMS)

DTC = 0.4
RAC = 0.6
PER_TURN = 0.01
PER_USD = 1 / 20_000
PER_MISUSE = 0.05
MISUSE = frozenset({Outcome.MALFORMED, Outcome.NOT_UNDERSTOOD, Outcome.REPEATED})


def final_grade(episode: Episode) -> float:
    """The grade of an episode that is over, in [0, 1]; 0 while it is open."""
    if episode.status == "committed":
        return grade(episode.case.diagnosis, episode.committed)
    if episode.status == "truncated":
        return expected_grade(episode.case.diagnosis, episode.differential)
    return 0.0


def final_worth(episode: Episode) -> float:
    """How likely the diagnosis of an episode that is over is right, in [0, 1]; 0 while it is open.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> final_worth(Episode.start(case).act((2, case.diagnosis.name))) > 0.9
        True
    """
    gold = episode.case.diagnosis
    if episode.status == "committed":
        return _worth(gold, episode.committed)
    if episode.status == "truncated":
        stated = episode.differential
        total = max(1.0, math.fsum(h.probability for h in stated))
        return math.fsum(h.probability * _worth(gold, h.disease) for h in stated) / total
    return 0.0


@lru_cache(50_000)
def _worth(gold: Diagnosis, answer: str) -> float:
    from medaction_gym.metrics.judge import judge  # loads the graph

    judged = [judge()(name, answer) for name in (gold.name, *gold.synonyms)]
    return max((j.p for j in judged if j.verdict == "same"), default=0.0)


def outcome_term(episode: Episode, preset: Preset) -> float:
    """The term ``outcome`` of a preset, 0 for "process" and while the episode is open.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> sure = [{"disease": case.diagnosis.name, "probability": 0.5}]
        >>> state = Episode.start(case).act(
        ...     {"action": "update_differential", "differential": sure}
        ... )
        >>> outcome_term(state, "outcome"), outcome_term(state.stop(), "outcome")
        (0.0, 0.5)
    """
    if preset == "process":
        return 0.0
    return final_grade(episode) if preset == "outcome" else final_worth(episode)


def _grounded(process: Process) -> float:
    return process.rac * process.arrived


def reward_terms(
    episode: Episode,
    preset: Preset = "outcome",
    was: Process | None = None,
    now: Process | None = None,
) -> dict[str, float]:
    """The terms of the reward for the turn that led to this state.

    Args:
        episode: A state with a turn.
        preset: Which terms.
        was: The process before the turn; read from the episode if None.
        now: The process after it; read from the episode if None.

    Returns:
        A new dict with the keys `TERMS` of the preset. Its values' sum is the reward.

    Raises:
        ValueError: If the preset is unknown.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> state = Episode.start(CaseSet.teaching()[0]).act({"action": "order_test", "test": "?"})
        >>> reward_terms(state, "process")
        {'dtc': 0.0, 'rac': 0.0, 'cost': -0.01, 'misuse': -0.05}
    """
    if preset not in TERMS:
        raise ValueError(f"unknown reward preset {preset!r}; known: {', '.join(PRESETS)}")
    turn = episode.turn
    if turn is None:
        return dict.fromkeys(TERMS[preset], 0.0)
    terms: dict[str, float] = {}
    if preset != "process":
        terms["outcome"] = outcome_term(episode, preset)
    if preset != "outcome":
        assert episode.previous is not None
        was = Process.of(episode.previous) if was is None else was
        now = was.after(episode) if now is None else now
        terms["dtc"] = DTC * (now.potential - was.potential)
        terms["rac"] = RAC * (_grounded(now) - _grounded(was))
    terms["cost"] = -PER_TURN - turn.usd * PER_USD
    terms["misuse"] = -PER_MISUSE if turn.outcome in MISUSE else 0.0
    return terms
