"""Stable-Baselines3: the vectorised discrete view as a `VecEnv` (extra ``rl``).

```python
from sb3_contrib import MaskablePPO

from medaction_gym.envs.discrete import DiscreteVectorEnv
from medaction_gym.integrations.sb3 import DiscreteVecEnv

envs = DiscreteVecEnv(DiscreteVectorEnv(64, autoreset_mode="SameStep"))
MaskablePPO("MlpPolicy", envs).learn(100_000)
```
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from medaction_gym.envs.discrete import DiscreteVectorEnv


class DiscreteVecEnv(VecEnv):
    """`DiscreteVectorEnv` for Stable-Baselines3, with action masks for sb3-contrib.

    Args:
        envs: Environments with ``autoreset_mode="SameStep"``, which SB3 expects. Several, on
            cases with catalogues of their own, are trained on side by side: tests and slots mean
            the same to a policy whatever the candidates are.

    Raises:
        ValueError: If they have another autoreset mode, or different spaces.
    """

    def __init__(self, *envs: DiscreteVectorEnv) -> None:
        if any(env.metadata["autoreset_mode"] is not AutoresetMode.SAME_STEP for env in envs):
            raise ValueError("Stable-Baselines3 needs autoreset_mode='SameStep'")
        first = envs[0]
        if any(
            env.single_observation_space != first.single_observation_space
            or env.catalogue.tests != first.catalogue.tests
            for env in envs
        ):
            raise ValueError("the environments differ in tests, slots or observations")
        self.envs = envs
        self.render_mode = None
        super().__init__(
            sum(env.num_envs for env in envs),
            first.single_observation_space,
            first.single_action_space,
        )

    def reset(self) -> Any:
        """Start all episodes, with the seed given to `seed` if there is one."""
        at, observations = 0, []
        for env in self.envs:
            seed = self._seeds[at]
            observations.append(env.reset(seed=seed)[0])
            at += env.num_envs
        self._reset_seeds()
        self._returns, self._lengths = np.zeros(self.num_envs), np.zeros(self.num_envs, np.int64)
        return np.concatenate(observations)

    def step_async(self, actions: Any) -> None:
        """Keep the actions."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Take them; infos carry what SB3 reads at an episode's end, and grade and right."""
        at, steps = 0, []
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for env in self.envs:
            mine = slice(at, at + env.num_envs)
            observations, rewards, terminated, truncated, info = env.step(self._actions[mine])
            self._returns[mine] += rewards
            self._lengths[mine] += 1
            over = terminated | truncated
            for number in np.flatnonzero(over).tolist():
                infos[at + number] = {
                    "terminal_observation": info["final_obs"][number],
                    "TimeLimit.truncated": bool(truncated[number]),
                    "episode": {
                        "r": float(self._returns[at + number]),
                        "l": int(self._lengths[at + number]),
                        "t": 0.0,
                    },
                    "grade": float(info["final_info"]["grade"][number]),
                    "right": bool(info["final_info"]["right"][number]),
                }
            steps.append((observations, rewards.astype(np.float32), over))
            at += env.num_envs
        observations, rewards, over = (np.concatenate(parts) for parts in zip(*steps, strict=True))
        self._returns[over] = self._lengths[over] = 0
        return observations, rewards, over, infos

    def close(self) -> None:
        """Close the environments."""
        for env in self.envs:
            env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute, the same for every environment."""
        source = self.envs[0] if hasattr(self.envs[0], attr_name) else self
        return [getattr(source, attr_name)] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: the environments share their attributes."""
        raise AttributeError(f"cannot set {attr_name!r}: the environments share their attributes")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """``action_masks`` of each environment; there is no other method."""
        if method_name != "action_masks":
            raise AttributeError(f"no method {method_name!r}; there is 'action_masks'")
        masks = np.concatenate([env.action_masks() for env in self.envs])
        return [masks[number] for number in self._chosen(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No environment is wrapped."""
        return [False] * len(self._chosen(indices))

    def _chosen(self, indices: Any) -> Sequence[int]:
        return list(self._get_indices(indices))
