"""DiscreteView: the wrapper that numbers a `DiagnosisEnv`'s actions and observations."""

from __future__ import annotations

import operator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from medaction_gym.actions import Outcome
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue, discrete_catalogue
from medaction_gym.envs.discrete.observation import MOST_SUPPORT, Places, Writer
from medaction_gym.envs.discrete.reader import Floats, Reading, reader_of


class DiscreteView(gym.Wrapper[Floats, Any, Any, Any]):
    """Numbered actions and numeric observations over a `DiagnosisEnv`.

    ## Action Space

    ``Discrete(len(tests) + slots)``. Action ``i < len(tests)`` orders ``catalogue.tests[i]``.
    Action ``len(tests) + k`` commits to the k-th likeliest of ``catalogue.candidates`` by the
    belief so far; ``info["slots"]`` says which these are, as places in ``catalogue.candidates``.
    So a policy that has learnt to read the slots' numbers plays cases, and diseases, that it has
    never met.

    ## Action Mask

    ``info["action_mask"]`` and `action_masks`: False for tests that were ordered before, and for
    all tests once the rules allow none. An action that is masked is played all the same, and pays
    for it.

    ## Observation Space

    A `Box` of float32; `layout` says what stands where (`observation.Layout`): findings
    present and denied by organ system, the organ systems of the likely diseases, each test's
    state, each slot's probability, gap to the leader and traits, and what was spent.

    ## Belief

    Naive Bayes: every text (presentation, each result) adds its log-likelihood ratio for each
    candidate by the phenotypes in it, and a bonus for a candidate that it names. All candidates
    are equally likely at first. Nothing is fitted.

    The diagnosis is in neither observation nor mask, and `info` names it only at the end.

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
        self._writer = Writer(self.reader, inner.rules)
        self.layout = self._writer.layout
        self.action_space = Discrete(self.catalogue.actions)
        self.observation_space = self.layout.space  # type: ignore[assignment]
        self._slots: Places | None = None  # of the candidates; None before `reset`

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start an episode; arguments as for `DiagnosisEnv.reset`."""
        _, info = self.env.reset(seed=seed, options=options)
        self._support = np.zeros(len(self.catalogue.candidates), np.int32)
        self._systems = np.zeros(2 * len(self.reader.systems), np.int32)
        self._row = np.zeros((1, self.layout.size), np.float32)
        self._asked = self._row[0, self.layout.asked]  # a view
        self._believe(self.reader.opening(self._inner.episode.case))
        return self._told(info)

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Take a numbered action.

        Raises:
            RuntimeError: Before `reset`, and after the episode is over.
            ValueError: If there is no such action; nothing has happened then.
        """
        meant = self.meaning(action)
        _, reward, terminated, truncated, info = self.env.step(meant)
        turn = self._inner.episode.turn
        assert turn is not None
        if meant[0] == 0:
            number = int(action)
            if turn.outcome is Outcome.RESULT:
                self._asked[number] = 1.0
            elif self._asked[number] == 0.0:
                self._asked[number] = -1.0
        case = self._inner.episode.case
        self._believe(*(self.reader.release(case, release) for release in turn.released))
        observation, info = self._told(info)
        return observation, float(reward), terminated, truncated, info

    def meaning(self, action: Any) -> tuple[int, str]:
        """An action as the pair that `DiagnosisEnv` takes: (0, test) or (2, diagnosis).

        Raises:
            RuntimeError: Before `reset`.
            ValueError: If there is no such action.
        """
        if self._slots is None:
            raise RuntimeError("call reset() first")
        try:
            number = operator.index(action)
        except TypeError:
            raise ValueError(f"action {action!r} is not a whole number") from None
        tests = self.catalogue.tests
        if not 0 <= number < self.catalogue.actions:
            raise ValueError(f"action {number} is not in 0 ... {self.catalogue.actions - 1}")
        if number < len(tests):
            return 0, tests[number]
        return 2, self.catalogue.candidates[self._slots[number - len(tests)]]

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions make sense, as sb3-contrib asks for it."""
        episode, mask = self._inner.episode, np.ones(self.catalogue.actions, np.bool_)
        mask[: len(self._asked)] = self._asked == 0.0
        if self._writer.spent_up(episode.tests, episode.usd):
            mask[: len(self._asked)] = False
        return mask

    def _believe(self, *readings: Reading) -> None:
        """Add what texts say to the belief."""
        if not readings:
            return
        for reading in readings:
            self._support += reading.support
            self._systems += reading.systems
        np.clip(self._support, -MOST_SUPPORT, MOST_SUPPORT, out=self._support)
        self._slots = self._writer.evidence(self._row, self._support[None], self._systems[None])[0]

    def _told(self, info: dict[str, Any]) -> tuple[Floats, dict[str, Any]]:
        """The observation and the info of now."""
        assert self._slots is not None
        episode = self._inner.episode
        self._writer.counts(
            self._row, np.array(episode.number), np.array(episode.tests), np.array(episode.usd)
        )
        more = {"action_mask": self.action_masks(), "slots": self._slots.copy()}
        return self._row[0].copy(), info | more
