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
from medaction_gym.envs.discrete import DiscreteEnv, reader_of
from medaction_gym.envs.discrete_catalogue import DiscreteCatalogue
from medaction_gym.envs.discrete_evidence import Floats
from medaction_gym.envs.discrete_observation import (
    layout_of,
    ranked,
    write_belief,
    write_counts,
    write_findings,
)
from medaction_gym.envs.discrete_tables import MOST_PIECES, CaseTables
from medaction_gym.metrics.outcome import RIGHT
from medaction_gym.reward import PER_MISUSE, PER_TURN, PER_USD

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class DiscreteVectorEnv(VectorEnv[Floats, Any, Any]):
    """`DiscreteEnv`, vectorised: the same cases, actions, observations and rewards, to the bit.

    What each test answers in each case is looked up in tables (`discrete_tables`), which are made
    when a case is first played (some 40 ms). Sub-environment i is seeded with ``seed + i``, as
    Gymnasium's own vector environments do.

    Args:
        num_envs: Episodes at once.
        cases: As for `DiagnosisEnv`.
        max_turns, max_tests, budget: As for `DiagnosisEnv`.
        reward: ``"outcome"``; the others are no sums that can be looked up.
        catalogue: Tests and candidates; those of the cases if None.
        autoreset_mode: NEXT_STEP (as Gymnasium's default: the step after an end resets, whatever
            the action) or SAME_STEP (the observation is the next episode's; ``info["final_obs"]``
            has the last one).
        tables: Tables of the same cases and catalogue, to share them.

    `info` at every step: ``action_mask`` [n, actions]; ``case`` (place in the set); ``tests``,
    ``usd``, ``turns``; ``grade`` and ``right`` of episodes that end with this step, else 0. With
    SAME_STEP also ``final_obs`` and ``final_info``, which hold where ``_final_obs`` is True.

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
        mode = AutoresetMode(autoreset_mode)
        if mode is AutoresetMode.DISABLED:
            raise ValueError("autoreset_mode must be NEXT_STEP or SAME_STEP")
        one = DiscreteEnv(
            cases, max_turns=max_turns, max_tests=max_tests, budget=budget, catalogue=catalogue
        )
        self.metadata = {"render_modes": [], "autoreset_mode": mode}
        self.num_envs, self._mode, self.rules = num_envs, mode, one.game.rules
        self.cases, self.catalogue = one.game.cases, one.catalogue
        self.reader = reader_of(self.catalogue)
        self.layout = layout_of(self.reader)
        self.single_action_space = one.action_space
        self.single_observation_space = one.observation_space
        self.action_space = batch_space(one.action_space, num_envs)
        self.observation_space = batch_space(one.observation_space, num_envs)
        self.tables = tables or CaseTables(self.cases, self.reader)
        self._generators: list[np.random.Generator] = []
        self._start_state()

    def _start_state(self) -> None:
        n, tests = self.num_envs, len(self.catalogue.tests)
        self._over = np.zeros(n, np.bool_)
        self._case = np.zeros(n, np.int64)
        self._support = np.zeros((n, len(self.catalogue.candidates)), np.int32)
        self._systems = np.zeros((n, 2 * len(self.reader.systems)), np.int32)
        self._blocked = np.zeros((n, MOST_PIECES), np.bool_)
        self._mask = np.ones((n, self.catalogue.actions), np.bool_)
        self._turns = np.zeros(n, np.int64)
        self._tests = np.zeros(n, np.int64)
        self._usd = np.zeros(n)
        self._slots = np.zeros((n, self.catalogue.slots), np.int64)
        self._out = np.zeros((n, self.layout.size), np.float32)
        self._asked = self._out[:, self.layout.asked]  # a view
        assert self._asked.shape[1] == tests

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start all episodes.

        Args:
            seed: Seeds sub-environment i with ``seed + i``, or a list of seeds; None goes on with
                the streams.
            options: ``{"case": numbers}`` picks each first episode's case by its place in the set.

        Raises:
            ValueError: If an option is unknown, or there are not as many seeds or cases as
                sub-environments.
        """
        chosen = dict(options or {})
        picked = chosen.pop("case", None)
        if chosen:
            raise ValueError(f"unknown reset options {sorted(chosen)}; known: ['case']")
        cases = None if picked is None else np.asarray(picked, dtype=np.int64)
        if cases is not None and (
            cases.shape != (self.num_envs,) or not ((cases >= 0) & (cases < len(self.cases))).all()
        ):
            raise ValueError(f"case: give {self.num_envs} places in 0 ... {len(self.cases) - 1}")
        if seed is None:
            seeds: list[int | None] = [None] * self.num_envs
        elif isinstance(seed, int):
            seeds = [seed + number for number in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} sub-environments")
        old: list[np.random.Generator | None] = [*self._generators] or [None] * self.num_envs
        self._generators = [
            before if before is not None and new is None else gym.utils.seeding.np_random(new)[0]
            for before, new in zip(old, seeds, strict=True)
        ]
        self._over[:] = False
        self._begin(np.arange(self.num_envs), cases)
        return self._out.copy(), self._info()

    def step(
        self, actions: Any
    ) -> tuple[Floats, NDArray[np.float64], Flags, Flags, dict[str, Any]]:
        """Take one action in each episode.

        Raises:
            RuntimeError: Before `reset`.
            ValueError: If an action does not exist.
        """
        if not self._generators:
            raise RuntimeError("call reset() first")
        chosen = np.asarray(actions, dtype=np.int64)
        if chosen.shape != (self.num_envs,):
            raise ValueError(f"actions of shape {chosen.shape}, expected ({self.num_envs},)")
        if chosen.min() < 0 or chosen.max() >= self.catalogue.actions:
            raise ValueError(f"actions must be in 0 ... {self.catalogue.actions - 1}")
        reward = np.zeros(self.num_envs)
        grade = np.zeros(self.num_envs)
        again = self._over  # only ever set in NEXT_STEP
        playing = ~again
        self._turns[playing] += 1
        tests = len(self.catalogue.tests)
        commits = np.flatnonzero(playing & (chosen >= tests))
        if len(commits):
            candidates = self._slots[commits, chosen[commits] - tests]
            grade[commits] = self.tables.grades(self._case[commits], candidates)
            reward[commits] = grade[commits] - PER_TURN
        orders = np.flatnonzero(playing & (chosen < tests))
        if len(orders):
            reward[orders] = self._order(orders, chosen[orders])
        terminated = np.zeros(self.num_envs, np.bool_)
        terminated[commits] = True
        truncated = playing & ~terminated & (self._turns >= self.rules.max_turns)
        if again.any():
            self._begin(np.flatnonzero(again))
        over = terminated | truncated
        write_counts(
            self._out, self.layout, self._turns / self.rules.max_turns, self._tests, self._usd
        )
        if self._mode is AutoresetMode.NEXT_STEP:
            self._over = over
            return self._out.copy(), reward, terminated, truncated, self._info(grade)
        ended = self._info(grade)
        if not over.any():
            return self._out.copy(), reward, terminated, truncated, ended
        final = self._out.copy()
        self._begin(np.flatnonzero(over))
        info = self._info(grade)
        info |= {"final_obs": final, "_final_obs": over, "final_info": ended, "_final_info": over}
        return self._out.copy(), reward, terminated, truncated, info

    def action_masks(self) -> Flags:
        """Which actions make sense: [n, actions]."""
        return self._mask.copy()

    def _begin(self, which: Numbers, cases: Numbers | None = None) -> None:
        """New episodes, of drawn cases or of these."""
        if cases is None:
            size = len(self.cases)
            drawn = [int(self._generators[number].integers(size)) for number in which.tolist()]
            cases = np.array(drawn, dtype=np.int64)
        self.tables.need(cases)
        opening = self.tables.opening(cases)
        self._case[which] = cases
        self._support[which], self._systems[which] = opening
        self._blocked[which] = False
        self._mask[which] = True
        self._turns[which] = self._tests[which] = 0
        self._usd[which] = 0.0
        rows = np.zeros((len(which), self.layout.size), np.float32)
        self._slots[which] = slots = ranked(opening.support, self.catalogue.slots)
        write_findings(rows, self.layout, opening.systems)
        write_belief(rows, self.layout, self.reader, opening.support, slots)
        self._out[which] = rows

    def _order(self, envs: Numbers, tests: Numbers) -> NDArray[np.float64]:
        """Answer orders; returns their rewards."""
        tables, cases = self.tables, self._case[envs]
        outcome, price = tables.outcome[cases, tests], tables.price[cases, tests]
        first, count = tables.first[cases, tests], tables.count[cases, tests]
        news = np.zeros(len(envs), np.bool_)
        for nth in range(int(count.max())):
            some = np.flatnonzero(count > nth)
            news[some] |= ~self._blocked[envs[some], tables.piece[first[some] + nth]]
        result = outcome == 1
        misuse = (outcome == -1) | (result & ~news)
        given = result & news
        if self.rules.max_tests is not None:
            given &= self._tests[envs] < self.rules.max_tests
        if self.rules.budget is not None:
            given &= ~(self._usd[envs] + price > self.rules.budget)
        asked = self._asked[envs, tests]
        self._asked[envs, tests] = np.where(given, 1.0, np.where(asked == 0, -1.0, asked))
        self._mask[envs, tests] = False
        spent = np.where(given, price, 0.0)
        told = np.flatnonzero(given)
        if len(told):
            self._tell(envs[told], tests[told], first[told], count[told])
            self._tests[envs] += given
            self._usd[envs] += spent
        cost = -PER_TURN - spent * PER_USD
        reward: NDArray[np.float64] = cost + np.where(misuse, -PER_MISUSE, 0.0)
        return reward

    def _tell(self, envs: Numbers, tests: Numbers, first: Numbers, count: Numbers) -> None:
        """Hand out what is new of some tests, and read it."""
        tables = self.tables
        for nth in range(int(count.max())):
            some = np.flatnonzero(count > nth)
            new = some[~self._blocked[envs[some], tables.piece[first[some] + nth]]]
            rows = tables.reading[first[new] + nth]
            self._support[envs[new]] += tables.support[rows]
            self._systems[envs[new]] += tables.systems[rows]
        self._blocked[envs] |= tables.blocks[self._case[envs], tests]
        support = self._support[envs]
        rows_out = self._out[envs]
        self._slots[envs] = slots = ranked(support, self.catalogue.slots)
        write_findings(rows_out, self.layout, self._systems[envs])
        write_belief(rows_out, self.layout, self.reader, support, slots)
        self._out[envs] = rows_out

    def _info(self, grade: NDArray[np.float64] | None = None) -> dict[str, Any]:
        every = np.ones(self.num_envs, np.bool_)
        grade = np.zeros(self.num_envs) if grade is None else grade
        info = {
            "action_mask": self._mask.copy(),
            "case": self._case.copy(),
            "turns": self._turns.copy(),
            "tests": self._tests.copy(),
            "usd": self._usd.copy(),
            "grade": grade,
            "right": grade >= RIGHT,
        }
        return info | {f"_{key}": every for key in info}
