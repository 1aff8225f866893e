"""DiscreteEnv: the discrete view as an environment of its own, ``MedAction-Discrete-v0``."""

from __future__ import annotations

import os
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue
from medaction_gym.envs.discrete.reader import Floats
from medaction_gym.envs.discrete.view import DiscreteView


class DiscreteEnv(gym.Env[Floats, Any]):
    """`DiscreteView` of a `DiagnosisEnv`; registered as ``MedAction-Discrete-v0``.

    ## Arguments

    - ``cases``, ``max_turns``, ``max_tests``, ``budget``, ``render_mode``: as in `DiagnosisEnv`.
    - ``reward``: ``"outcome"`` (default). The other presets work here too, but pay for stated
      differentials, which this view does not state; the vectorised environment has "outcome" only.
    - ``catalogue``: a `DiscreteCatalogue`; that of the cases if None. Give the one that a policy
      was trained with.

    With ``gym.make_vec(..., vectorization_mode="vector_entry_point")`` it is
    `DiscreteVectorEnv`.

    ## Version History

    - v0: first version.

    Example:
        >>> import medaction_gym
        >>> env = gym.make("MedAction-Discrete-v0", max_turns=5)
        >>> observation, info = env.reset(seed=1)
        >>> env.observation_space.contains(observation)
        True
    """

    metadata: dict[str, Any] = DiagnosisEnv.metadata

    def __init__(
        self,
        cases: CaseSet | str | os.PathLike[str] | None = None,
        *,
        catalogue: DiscreteCatalogue | None = None,
        reward: Any = "outcome",
        **arguments: Any,
    ) -> None:
        self.game = DiagnosisEnv(cases, reward=reward, **arguments)
        self.view = DiscreteView(self.game, catalogue)
        self.catalogue, self.layout = self.view.catalogue, self.view.layout
        self.render_mode = self.game.render_mode
        self.action_space = self.view.action_space
        self.observation_space = self.view.observation_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start an episode; arguments as for `DiagnosisEnv.reset`."""
        observation, info = self.view.reset(seed=seed, options=options)
        self._np_random, self._np_random_seed = self.game.np_random, self.game.np_random_seed
        return observation, info

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Take a numbered action; see `DiscreteView.step`."""
        return self.view.step(action)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions make sense, as sb3-contrib asks for it."""
        return self.view.action_masks()

    def render(self) -> Any:
        """The episode so far; see `DiagnosisEnv.render`."""
        return self.game.render()
