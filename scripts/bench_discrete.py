"""Speed of the discrete view, as ratios measured in one run.

    python scripts/bench_discrete.py [--envs N] [--steps N] [--processes N] [--cases FILE]
        [--cpu]

Steps a second of a random policy that heeds the mask (drawn beforehand: drawing is no part of
the environment): `MedAction-Discrete-v0` vectorised on the teaching cases (or FILE) and on
synthetic ones, beside Gymnasium's vectorised CartPole-v1 and a vectorised environment that does
nothing but copy an observation of the same size. With several processes each runs its own
environments at the same time, and their steps are added up. Then one environment at a time, not
vectorised: the discrete view and the text environment on the same cases, and CartPole-v1. Resets
that a vectorised environment makes by itself are not counted as steps. --cpu counts processor time
in place of wall time, for a machine that has other work to do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

import medaction_gym
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete import DiscreteVectorEnv
from medaction_gym.synthetic import SyntheticCases

CHUNKS = 5
SYNTHETIC = 60


class DoNothing(VectorEnv[Any, Any, Any]):
    """Copies an observation."""

    def __init__(self, num_envs: int, size: int) -> None:
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_observation_space = gym.spaces.Box(0, 1, (size,), np.float32)
        self.single_action_space = gym.spaces.Discrete(2)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._out = np.zeros((num_envs, size), np.float32)
        self._no = np.zeros(num_envs, np.bool_)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self._out.copy(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        return self._out.copy(), np.zeros(self.num_envs), self._no, self._no, {}


def discrete(envs: int, cases: CaseSet | str | None) -> Callable[[int], int]:
    """Plays the discrete view; masked actions are replaced by the next that is allowed."""
    env = DiscreteVectorEnv(envs, cases)
    env.tables.need(np.arange(len(env.cases)))
    rng = np.random.default_rng(1)
    # Orders only nine times in ten, so that episodes are as long as those of a doctor.
    tests = len(env.catalogue.tests)
    drawn = rng.integers(tests, size=(64, envs))
    commits = rng.random((64, envs)) < 0.1
    drawn[commits] = tests + rng.integers(env.catalogue.slots, size=int(commits.sum()))
    _, first = env.reset(seed=1)
    mask = [first["action_mask"]]
    rows = np.arange(envs)

    def play(steps: int) -> int:
        resets = 0
        for number in range(steps):
            actions = drawn[number % 64]
            actions = np.where(mask[0][rows, actions], actions, (actions * 7 + number) % tests)
            _, _, terminated, truncated, info = env.step(actions)
            mask[0] = info["action_mask"]
            resets += np.count_nonzero(terminated | truncated)
        return steps * envs - resets

    return play


def plain(env: VectorEnv[Any, Any, Any]) -> Callable[[int], int]:
    """Plays any vectorised environment."""
    env.reset(seed=1)
    env.action_space.seed(1)
    drawn = [env.action_space.sample() for _ in range(64)]

    def play(steps: int) -> int:
        resets = 0
        for number in range(steps):
            _, _, terminated, truncated, _ = env.step(drawn[number % 64])
            resets += np.count_nonzero(terminated | truncated)
        return steps * env.num_envs - resets

    return play


def scalar(env: gym.Env[Any, Any]) -> Callable[[int], int]:
    """Plays one environment."""
    env.reset(seed=1)
    env.action_space.seed(1)
    drawn = [env.action_space.sample() for _ in range(997)]

    def play(steps: int) -> int:
        for number in range(steps):
            _, _, terminated, truncated, _ = env.step(drawn[number % 997])
            if terminated or truncated:
                env.reset()
        return steps

    return play


def measure(play: Callable[[int], int], steps: int, cpu: bool) -> float:
    """Median steps a second over some chunks, after one to warm up."""
    clock = time.process_time if cpu else time.perf_counter
    play(max(1, steps // 4))
    speeds = []
    for _ in range(CHUNKS):
        start = clock()
        speeds.append(play(steps) / (clock() - start))
    return statistics.median(speeds)


def contestants(envs: int, cases: str | None) -> dict[str, Callable[[], Callable[[int], int]]]:
    """What is measured, by name."""
    size = DiscreteVectorEnv(1).layout.size
    return {
        "MedAction-Discrete-v0, cases": lambda: discrete(envs, cases),
        "MedAction-Discrete-v0, synthetic": lambda: discrete(
            envs, SyntheticCases(seed=1, size=SYNTHETIC)
        ),
        "CartPole-v1": lambda: plain(
            gym.make_vec("CartPole-v1", num_envs=envs, vectorization_mode="vector_entry_point")
        ),
        "do-nothing": lambda: plain(DoNothing(envs, size)),
    }


def one_process(arguments: tuple[str, int, int, str | None, bool]) -> float:
    """Steps a second of one contestant in this process; all start together."""
    name, envs, steps, cases, cpu = arguments
    play = contestants(envs, cases)[name]()
    _ready.wait()
    return measure(play, steps, cpu)


_ready: Any = None


def _take(barrier: Any) -> None:
    global _ready
    _ready = barrier


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, default=512)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cases", default=None)
    parser.add_argument("--cpu", action="store_true", help="processor time, not wall time")
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    names = list(contestants(given.envs, given.cases))
    print(f"medaction-gym {medaction_gym.__version__}, gymnasium {gym.__version__}")
    print(f"{given.processes} processes of {given.envs} environments")
    speed = {}
    for name in names:
        barrier = context.Barrier(given.processes)
        with context.Pool(given.processes, _take, (barrier,)) as pool:
            task = (name, given.envs, given.steps, given.cases, given.cpu)
            speed[name] = sum(pool.map(one_process, [task] * given.processes, chunksize=1))
        print(f"{name:36}{speed[name]:14,.0f} steps/s")
    ours = speed[names[0]]
    for other in names[2:]:
        print(f"{other} / {names[0]}: {speed[other] / ours:.2f}")
    print("one environment, not vectorised, one process")
    single = {
        "MedAction-Discrete-v0": gym.make("MedAction-Discrete-v0", cases=given.cases),
        "MedAction-v0 (text)": gym.make("MedAction-v0", cases=given.cases, reward="outcome"),
        "CartPole-v1": gym.make("CartPole-v1"),
    }
    for name, env in single.items():
        print(f"{name:36}{measure(scalar(env.unwrapped), 5_000, given.cpu):14,.0f} steps/s")


if __name__ == "__main__":
    main()
