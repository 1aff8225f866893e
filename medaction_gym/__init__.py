"""medaction-gym: active diagnosis on published case reports, as Gymnasium environments.

Importing the package registers its environments and nothing more; names are loaded on first use.

Example:
    >>> import gymnasium as gym
    >>> import medaction_gym
    >>> env = gym.make("MedAction-v0")
    >>> observation, info = env.reset(seed=1)
    >>> observation["message"].startswith("Patient: ")
    True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register

if TYPE_CHECKING:
    from medaction_gym.actions import Commit, Hypothesis, OrderTest, Outcome, UpdateDifferential
    from medaction_gym.cases.case import Case
    from medaction_gym.cases.caseset import CaseSet
    from medaction_gym.envs.diagnosis import DiagnosisEnv
    from medaction_gym.episode import Episode, Rules
    from medaction_gym.trajectory import Trajectory

__version__ = "0.1.0"

_PUBLIC = {
    "Case": "cases.case",
    "CaseSet": "cases.caseset",
    "Commit": "actions",
    "DiagnosisEnv": "envs.diagnosis",
    "Episode": "episode",
    "Hypothesis": "actions",
    "OrderTest": "actions",
    "Outcome": "actions",
    "Rules": "episode",
    "Trajectory": "trajectory",
    "UpdateDifferential": "actions",
}

__all__ = [
    "Case",
    "CaseSet",
    "Commit",
    "DiagnosisEnv",
    "Episode",
    "Hypothesis",
    "OrderTest",
    "Outcome",
    "Rules",
    "Trajectory",
    "UpdateDifferential",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


register(id="MedAction-v0", entry_point="medaction_gym.envs.diagnosis:DiagnosisEnv")
register(
    id="MedAction-Synthetic-v0",
    entry_point="medaction_gym.envs.synthetic:SyntheticDiagnosisEnv",
)
register(
    id="MedAction-MedRBench-v0",
    entry_point="medaction_gym.benchmarks.env:MedRBenchEnv",
)
register(
    id="MedAction-Discrete-v0",
    entry_point="medaction_gym.envs.discrete.env:DiscreteEnv",
    vector_entry_point="medaction_gym.envs.discrete.vector:DiscreteVectorEnv",
)
