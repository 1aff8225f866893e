"""DiscreteVectorEnv: many episodes of the discrete view at once, in arrays."""

from __future__ import annotations

import os
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue
from medaction_gym.envs.discrete.env import DiscreteEnv
from medaction_gym.envs.discrete.observation import Writer
from medaction_gym.envs.discrete.reader import Floats, reader_of
from medaction_gym.envs.discrete.tables import CaseTables, Numbers
from medaction_gym.metrics.outcome import RIGHT
from medaction_gym.reward import PER_MISUSE, PER_TURN, PER_USD

Flags = NDArray[np.bool_]


class DiscreteVectorEnv(VectorEnv[Floats, Any, Any]):
    """`DiscreteEnv`, vectorised: the same cases, actions, observations and rewards, to the bit.

    What each test answers in each case is looked up in tables (`CaseTables`), which are made
    when a case is first played. Sub-environment i is seeded with ``seed + i``, as Gymnasium's own
    vector environments do.

    Args:
        num_envs: Episodes at once.
        cases: As for `DiagnosisEnv`.
        max_turns, max_tests, budget: As for `DiagnosisEnv`.
        reward: ``"outcome"``; the others are no sums that can be looked up.
        catalogue: Tests and candidates; those of the cases if None.
        autoreset_mode: NEXT_STEP (as Gymnasium's default: the step after an end resets, whatever
            the action), SAME_STEP (the observation is the next episode's; ``info["final_obs"]``
            has the last one) or DISABLED (``reset(options={"reset_mask": over})``).
        render_mode: None; one environment renders, many do not.
        tables: Tables of these very cases, to share them; their catalogue is the default then.

    `info` at every step: ``action_mask`` [n, actions]; ``slots`` [n, slots], the candidates' places
    in the catalogue; ``case`` (place in the set); ``turns``, ``tests``, ``usd``; ``grade`` and
    ``right`` of episodes that end with this step, else 0. With SAME_STEP these are in
    ``final_info``, which stands there with ``final_obs`` when an episode has ended, and holds where
    ``_final_obs`` is True.

    Raises:
        ValueError: For an argument that is not possible here.

    Example:
        >>> import medaction_gym
        >>> envs = gym.make_vec(
        ...     "MedAction-Discrete-v0", num_envs=3, vectorization_mode="vector_entry_point"
        ... )
        >>> observations, infos = envs.reset(seed=1)
        >>> observations.shape[0], infos["action_mask"].shape[0]
        (3, 3)
    """

    def __init__(
        self,
        num_envs: int = 1,
        cases: CaseSet | str | os.PathLike[str] | None = None,
        *,
        max_turns: int = 30,
        max_tests: int | None = None,
        budget: float | None = None,
        reward: str = "outcome",
        catalogue: DiscreteCatalogue | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: None = None,
        tables: CaseTables | None = None,
    ) -> None:
        if reward != "outcome":
            raise ValueError(
                f"reward {reward!r}: the vectorised view has 'outcome' only; DTC and RAC depend on"
                " stated differentials. Use gym.make or vectorization_mode='sync'."
            )
        if render_mode is not None:
            raise ValueError("the vectorised view does not render; use gym.make")
        if tables is not None:
            catalogue = catalogue or tables.catalogue
        one = DiscreteEnv(
            cases, max_turns=max_turns, max_tests=max_tests, budget=budget, catalogue=catalogue
        )
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self._mode}
        self.num_envs, self.rules = num_envs, one.game.rules
        self.cases, self.catalogue, self.layout = one.game.cases, one.catalogue, one.layout
        self.single_action_space = one.action_space
        self.single_observation_space = one.observation_space
        self.action_space = batch_space(one.action_space, num_envs)
        self.observation_space = batch_space(one.observation_space, num_envs)
        if tables is not None and (tables.cases, tables.catalogue) != (self.cases, self.catalogue):
            raise ValueError("tables: they were made for other cases or another catalogue")
        self._writer = Writer(reader_of(self.catalogue), self.rules)
        self.tables = tables or CaseTables(self.cases, self.catalogue)
        self._generators: list[np.random.Generator] = []

        systems = self.tables.systems.shape[1]
        self._over = np.zeros(num_envs, np.bool_)
        self._case = np.zeros(num_envs, np.int64)
        self._support = np.zeros((num_envs, len(self.catalogue.candidates)), np.int32)
        self._systems = np.zeros((num_envs, systems), np.int32)
        self._shut = np.zeros(num_envs, np.uint64)
        self._turns = np.zeros(num_envs, np.int64)
        self._tests = np.zeros(num_envs, np.int64)
        self._usd = np.zeros(num_envs)
        self._slots = np.zeros((num_envs, self.catalogue.slots), np.int64)
        self._out = np.zeros((num_envs, self.layout.size), np.float32)
        self._asked = self._out[:, self.layout.asked]  # a view

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start all episodes, or some.

        Args:
            seed: Seeds sub-environment i with ``seed + i``, or a list of seeds; None goes on with
                the streams.
            options: ``{"case": places}`` picks each episode's case by its place in the set;
                ``{"reset_mask": flags}`` starts only these.

        Raises:
            ValueError: If an option is unknown, or there are not as many seeds, cases or flags as
                sub-environments.
        """
        given = dict(options or {})
        cases, mask = given.pop("case", None), given.pop("reset_mask", None)
        if given:
            raise ValueError(f"unknown reset options {sorted(given)}; known: case, reset_mask")
        n = self.num_envs
        if cases is not None:
            cases = np.asarray(cases, dtype=np.int64)
            if cases.shape != (n,) or not ((cases >= 0) & (cases < len(self.cases))).all():
                raise ValueError(f"case: give {n} places in 0 ... {len(self.cases) - 1}")
        mask = np.ones(n, np.bool_) if mask is None else np.asarray(mask)
        if mask.shape != (n,) or mask.dtype != np.bool_ or not mask.any():
            raise ValueError(f"reset_mask: give {n} flags, one of them True at least")
        seeds = (
            seed
            if isinstance(seed, list)
            else [None if seed is None else seed + i for i in range(n)]
        )
        if len(seeds) != n:
            raise ValueError(f"{len(seeds)} seeds for {n} sub-environments")
        if not self._generators:
            self._generators = [gym.utils.seeding.np_random(one)[0] for one in seeds]
        for place in np.flatnonzero(mask).tolist():
            if seeds[place] is not None:
                self._generators[place] = gym.utils.seeding.np_random(seeds[place])[0]
        self._over[mask] = False
        which = np.flatnonzero(mask)
        self._begin(which, None if cases is None else cases[which])
        return self._out.copy(), self._info(np.zeros(n))

    def step(
        self, actions: Any
    ) -> tuple[Floats, NDArray[np.float64], Flags, Flags, dict[str, Any]]:
        """Take one action in each episode.

        Raises:
            RuntimeError: Before `reset`; with DISABLED also where an episode is over.
            ValueError: If an action does not exist; nothing has happened then.
        """
        chosen, again = self._checked(actions), self._over
        n, tests = self.num_envs, len(self.catalogue.tests)
        reward, grade = np.zeros(n), np.zeros(n)
        playing = ~again
        self._turns[playing] += 1
        commits = np.flatnonzero(playing & (chosen >= tests))
        if len(commits):
            candidates = self._slots[commits, chosen[commits] - tests]
            grade[commits] = self.tables.grades(self._case[commits], candidates)
            reward[commits] = grade[commits] - PER_TURN
        orders = np.flatnonzero(playing & (chosen < tests))
        if len(orders):
            reward[orders] = self._order(orders, chosen[orders])
        terminated = np.zeros(n, np.bool_)
        terminated[commits] = True
        truncated = playing & ~terminated & (self._turns >= self.rules.max_turns)
        over = terminated | truncated
        self._writer.counts(self._out, self._turns, self._tests, self._usd)
        if again.any():  # only ever with NEXT_STEP
            self._begin(np.flatnonzero(again))
        if self._mode is not AutoresetMode.SAME_STEP:
            self._over = over
            return self._out.copy(), reward, terminated, truncated, self._info(grade)
        if not over.any():
            return self._out.copy(), reward, terminated, truncated, self._info(grade)
        final, ended = self._out.copy(), self._info(grade)
        self._begin(np.flatnonzero(over))
        info = self._info(np.zeros(n))
        info |= {"final_obs": final, "_final_obs": over, "final_info": ended, "_final_info": over}
        return self._out.copy(), reward, terminated, truncated, info

    def action_masks(self) -> Flags:
        """Which actions make sense: [n, actions]."""
        mask = np.ones((self.num_envs, self.catalogue.actions), np.bool_)
        spent_up = self._writer.spent_up(self._tests, self._usd)
        mask[:, : self._asked.shape[1]] = (self._asked == 0.0) & ~spent_up[:, None]
        return mask

    def _checked(self, actions: Any) -> Numbers:
        """The actions as numbers, if they can be played now."""
        if not self._generators:
            raise RuntimeError("call reset() first")
        if self._mode is AutoresetMode.DISABLED and self._over.any():
            over = np.flatnonzero(self._over).tolist()
            raise RuntimeError(f"episodes {over} are over; reset them with options['reset_mask']")
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,) or not np.issubdtype(chosen.dtype, np.integer):
            raise ValueError(
                f"actions: {self.num_envs} whole numbers are needed, not an array of"
                f" {chosen.dtype} of shape {chosen.shape}"
            )
        if chosen.min() < 0 or chosen.max() >= self.catalogue.actions:
            raise ValueError(f"actions must be in 0 ... {self.catalogue.actions - 1}")
        return chosen.astype(np.int64)

    def _begin(self, which: Numbers, cases: Numbers | None = None) -> None:
        """New episodes, of drawn cases or of these."""
        if cases is None:
            size = len(self.cases)
            drawn = [int(self._generators[number].integers(size)) for number in which.tolist()]
            cases = np.array(drawn, dtype=np.int64)
        self.tables.need(cases)
        texts = self.tables.opening[cases]
        self._case[which], self._shut[which] = cases, 0
        self._support[which], self._systems[which] = (
            self.tables.support[texts],
            self.tables.systems[texts],
        )
        self._turns[which], self._tests[which], self._usd[which] = 0, 0, 0.0
        self._out[which] = 0.0
        self._believe(which)

    def _order(self, envs: Numbers, tests: Numbers) -> NDArray[np.float64]:
        """Answer orders; returns their rewards."""
        tables, cases = self.tables, self._case[envs]
        outcome, price = tables.outcome[cases, tests], tables.price[cases, tests]
        result = outcome == 1
        # A result that has been told whole is a repetition.
        news = result & ((tables.shut[cases, tests] & ~self._shut[envs]) != 0)
        given = news.copy()
        if self.rules.max_tests is not None:
            given &= self._tests[envs] < self.rules.max_tests
        if self.rules.budget is not None:
            given &= ~(self._usd[envs] + price > self.rules.budget)
        asked = self._asked[envs, tests]
        self._asked[envs, tests] = np.where(given, 1.0, np.where(asked == 0, -1.0, asked))
        spent = np.where(given, price, 0.0)
        told = np.flatnonzero(given)
        if len(told):
            self._tell(envs[told], tests[told])
            self._tests[envs] += given
            self._usd[envs] += spent
        misuse = (outcome == -1) | (result & ~news)
        reward: NDArray[np.float64] = -PER_TURN - spent * PER_USD
        return reward + np.where(misuse, -PER_MISUSE, 0.0)

    def _tell(self, envs: Numbers, tests: Numbers) -> None:
        """Hand out what is new of some tests."""
        tables, cases = self.tables, self._case[envs]
        first, count = tables.first[cases, tests], tables.count[cases, tests]
        for nth in range(int(count.max())):
            some = np.flatnonzero(count > nth)
            at = first[some] + nth
            new = (tables.piece[at] & self._shut[envs[some]]) == 0
            rows = tables.reading[at[new]]
            self._support[envs[some[new]]] += tables.support[rows]
            self._systems[envs[some[new]]] += tables.systems[rows]
        self._shut[envs] |= tables.shut[cases, tests]
        self._believe(envs)

    def _believe(self, envs: Numbers) -> None:
        """Write findings and belief of some episodes."""
        rows = self._out[envs]
        self._slots[envs] = self._writer.evidence(rows, self._support[envs], self._systems[envs])
        self._out[envs] = rows

    def _info(self, grade: NDArray[np.float64]) -> dict[str, Any]:
        every = np.ones(self.num_envs, np.bool_)
        info = {
            "action_mask": self.action_masks(),
            "slots": self._slots.copy(),
            "case": self._case.copy(),
            "turns": self._turns.copy(),
            "tests": self._tests.copy(),
            "usd": self._usd.copy(),
            "grade": grade,
            "right": grade >= RIGHT,
        }
        return info | {f"_{key}": every for key in info}
