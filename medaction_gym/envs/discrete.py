"""DiscreteView: numbered actions, a mask and a vector of numbers, for classic RL."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from medaction_gym.actions import Outcome
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete_catalogue import DiscreteCatalogue, discrete_catalogue
from medaction_gym.envs.discrete_evidence import Floats, Reader
from medaction_gym.envs.discrete_observation import (
    clipped,
    layout_of,
    ranked,
    space_of,
    write_belief,
    write_counts,
    write_findings,
)


class DiscreteView(gym.Wrapper[Floats, Any, Any, Any]):
    """Numbered actions and numeric observations over a `DiagnosisEnv`.

    ## Action Space

    ``Discrete(len(tests) + slots)``. Action ``i < len(tests)`` orders ``catalogue.tests[i]``.
    Action ``len(tests) + k`` commits to the k-th likeliest of ``catalogue.candidates`` by the
    belief so far. So a policy that has learnt to read the slots' numbers plays cases, and diseases,
    that it has never met.

    ## Action Mask

    ``info["action_mask"]`` and `action_masks`: False for tests that were ordered before. An action
    that is masked is played all the same, and pays for it.

    ## Observation Space

    A `Box` of float32; `layout` says what stands where (`discrete_observation.Layout`): findings
    present and denied by organ system, the organ systems of the likely diseases, each test's
    state, each slot's probability, gap to the leader and traits, and what was spent.

    ## Belief

    Naive Bayes: every text (presentation, each result) adds its log-likelihood ratio for each
    candidate by the phenotypes in it, and a bonus for a candidate that it names. All candidates
    are equally likely at first. Nothing is fitted.

    The gold diagnosis is in neither observation nor mask, and `info` names it only at the end.

    Args:
        env: The environment to view.
        catalogue: Tests and candidates; `discrete_catalogue` of the environment's cases if None.

    Example:
        >>> import medaction_gym
        >>> env = DiscreteView(gym.make("MedAction-v0", reward="outcome"))
        >>> observation, info = env.reset(seed=1)
        >>> observation.shape == env.observation_space.shape, bool(info["action_mask"].all())
        (True, True)
        >>> observation, reward, terminated, truncated, info = env.step(0)
        >>> env.meaning(0), bool(env.action_masks()[0])
        ((0, 'complete blood count'), False)
    """

    def __init__(self, env: gym.Env[Any, Any], catalogue: DiscreteCatalogue | None = None) -> None:
        super().__init__(env)
        inner = env.unwrapped
        if not isinstance(inner, DiagnosisEnv):
            raise TypeError(f"DiscreteView needs a DiagnosisEnv, not {type(inner).__name__}")
        self._inner = inner
        self.catalogue = catalogue or discrete_catalogue(inner.cases)
        self.reader = reader_of(self.catalogue)
        self.layout = layout_of(self.reader)
        self.action_space = Discrete(self.catalogue.actions)
        self.observation_space = space_of(self.layout)  # type: ignore[assignment]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start an episode; arguments as for `DiagnosisEnv.reset`."""
        _, info = self.env.reset(seed=seed, options=options)
        opening = self.reader.opening(self._inner.episode.case)
        self._support, self._systems = opening.support.copy(), opening.systems.copy()
        self._asked = np.zeros(len(self.catalogue.tests), np.int8)
        return self._observation(), self._masked(info)

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Take a numbered action.

        Raises:
            RuntimeError: Before `reset`, and after the episode is over.
            ValueError: If there is no such action.
        """
        number = int(action)
        _, reward, terminated, truncated, info = self.env.step(self.meaning(number))
        turn = self._inner.episode.turn
        assert turn is not None
        if number < len(self._asked):
            if turn.outcome is Outcome.RESULT:
                self._asked[number] = 1
            elif self._asked[number] == 0:
                self._asked[number] = -1
        for release in turn.released:
            reading = self.reader.release(self._inner.episode.case, release)
            self._support += reading.support
            self._systems += reading.systems
        return self._observation(), float(reward), terminated, truncated, self._masked(info)

    def meaning(self, action: int) -> tuple[int, str]:
        """An action as the pair that `DiagnosisEnv` takes: (0, test) or (2, diagnosis).

        Raises:
            ValueError: If there is no such action.
        """
        tests = self.catalogue.tests
        if 0 <= action < len(tests):
            return 0, tests[action]
        if not len(tests) <= action < self.catalogue.actions:
            raise ValueError(f"action {action} is not in 0 ... {self.catalogue.actions - 1}")
        return 2, self.slots()[action - len(tests)]

    def slots(self) -> tuple[str, ...]:
        """The candidates that can be committed to now, likeliest first."""
        return tuple(self.catalogue.candidates[place] for place in self._places[0])

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions make sense, as sb3-contrib asks for it."""
        mask = np.ones(self.catalogue.actions, np.bool_)
        mask[: len(self._asked)] = self._asked == 0
        return mask

    def _masked(self, info: dict[str, Any]) -> dict[str, Any]:
        return {**info, "action_mask": self.action_masks()}

    def _observation(self) -> Floats:
        episode, layout = self._inner.episode, self.layout
        out = np.zeros((1, layout.size), np.float32)
        support = clipped(self._support[None])
        self._places = ranked(support, self.catalogue.slots)
        write_findings(out, layout, self._systems[None])
        write_belief(out, layout, self.reader, support, self._places)
        out[0, layout.asked] = self._asked
        write_counts(
            out,
            layout,
            np.array([episode.number / episode.rules.max_turns]),
            np.array([episode.tests]),
            np.array([episode.usd]),
        )
        observation: Floats = out[0]
        return observation


class DiscreteEnv(gym.Env[Floats, Any]):
    """`DiscreteView` of a `DiagnosisEnv`; registered as ``MedAction-Discrete-v0``.

    ## Arguments

    - ``cases``, ``max_turns``, ``max_tests``, ``budget``, ``render_mode``: as in `DiagnosisEnv`.
    - ``reward``: ``"outcome"`` (default). The other presets work here too, but pay for stated
      differentials, which this view does not state; the vectorised environment has "outcome" only.
    - ``catalogue``: a `DiscreteCatalogue`; that of the cases if None. Give the one that a policy
      was trained with.

    With ``gym.make_vec(..., vectorization_mode="vector_entry_point")`` it is
    `medaction_gym.envs.vector.DiscreteVectorEnv`.

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
        self.catalogue = self.view.catalogue
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


@lru_cache(4)
def reader_of(catalogue: DiscreteCatalogue) -> Reader:
    """The reader that environments of one catalogue share."""
    return Reader(catalogue)
