"""Speed of the environment, as ratios measured in one run.

    python scripts/bench_env.py [--cases FILE ...] [--steps N]

Prints steps a second of `MedAction-v0` with a random policy, beside a do-nothing `gym.Env` that
returns observations of the same size, each bare (`env.unwrapped`) and with Gymnasium's default
wrappers; "first time" with requests that this process has not matched against these menus before,
"again" as in every later epoch of a training run; then the reward "shaped" beside "outcome" on the
same actions (orders and differentials of four diseases in turn), with strings that recur and with
strings that this process has never seen. Steps are counted a second of the process's CPU time,
which on an idle machine is the clock's, and on a busy one is not slowed by others' work; the line
"by the clock" repeats "again" on the wall clock. Then the cost of importing the package beside
that of importing gymnasium, and the resident memory with all cases loaded.
"""

from __future__ import annotations

import argparse
import copy
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import medaction_gym  # noqa: F401
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.oracle import oracle_for
from medaction_gym.reward import Preset

CHUNKS = 7


class DoNothing(gym.Env[dict[str, Any], Any]):
    """Returns a ready-made observation: what Gymnasium's own machinery costs."""

    def __init__(self, like: DiagnosisEnv):
        self.observation_space = like.observation_space
        self.action_space = like.action_space
        self.observation, self.info = like.reset(seed=0)
        self.turns = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        self.turns = 0
        return copy.deepcopy(self.observation), copy.deepcopy(self.info)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        self.turns += 1
        observation, info = dict(self.observation), dict(self.info)
        observation["usd"] = np.array(0.0, dtype=np.float32)
        info["reward_terms"] = dict(info["reward_terms"])
        return observation, 0.0, False, self.turns >= 30, info


def steps_per_second(
    env: gym.Env[Any, Any],
    actions: list[Any],
    steps: int,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Median over chunks of steps a second, of CPU time unless told otherwise; resets included."""
    env.reset(seed=1)
    rates = []
    for _ in range(CHUNKS):
        start = clock()
        for i in range(steps // CHUNKS):
            _, _, terminated, truncated, _ = env.step(actions[i % len(actions)])
            if terminated or truncated:
                env.reset()
        rates.append((steps // CHUNKS) / (clock() - start))
    return statistics.median(rates)


def work_ups(cases: CaseSet, episodes: int, fresh: int, rng: random.Random) -> list[list[Any]]:
    """Actions by episode: a test of the record, then four diseases, `fresh` of them never seen."""
    diseases = [case.diagnosis.name for case in cases]
    plays = []
    for number in range(episodes):
        case, actions = cases[number % len(cases)], list[Any]()
        stated = rng.sample(diseases, 4)
        for turn, test in enumerate(case.tests[:10]):
            actions.append({"action": "order_test", "test": test.name})
            # A word before a name makes it a string that nobody has linked, judged or weighed.
            new = [f"Q{number}x{turn}x{i} {rng.choice(diseases)}" for i in range(fresh)]
            stated = [*new, *stated][:4]
            held = [{"disease": d, "probability": round(rng.random() / 4, 2)} for d in stated]
            actions.append({"action": "update_differential", "differential": held})
        plays.append(actions)
    return plays


def work_up_rate(cases: CaseSet, plays: list[list[Any]], preset: Preset) -> float:
    """Steps a second of CPU time over whole episodes, resets included."""
    env = DiagnosisEnv(cases, reward=preset, max_turns=100)
    start = time.process_time()
    for number, actions in enumerate(plays):
        env.reset(options={"case_id": cases[number % len(cases)].id})
        for action in actions:
            env.step(action)
    return sum(map(len, plays)) / (time.process_time() - start)


def print_shaped(cases: CaseSet) -> None:
    """The two rewards on the same actions."""
    rng = random.Random(0)
    few = CaseSet(list(cases)[:60])
    known = work_ups(few, 60, 0, rng)
    work_up_rate(few, known, "shaped")
    work_up_rate(few, known, "outcome")
    for name, plays, again in (
        ("strings that recur", known, 3),
        ("one never-seen disease an update", work_ups(few, 60, 1, rng), 1),
        ("four never-seen diseases an update", work_ups(few, 60, 4, rng), 1),
    ):
        shaped = statistics.median(work_up_rate(few, plays, "shaped") for _ in range(again))
        outcome = statistics.median(work_up_rate(few, plays, "outcome") for _ in range(again))
        print(f"{name:36s} shaped {shaped:8,.0f} steps/s, outcome {outcome:8,.0f}")


def import_seconds(module: str) -> float:
    """Median wall seconds of a fresh interpreter that imports a module, less an empty one's."""

    def run(code: str) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    return run(f"import {module}") - run("pass")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, nargs="*", default=[])
    parser.add_argument("--steps", type=int, default=70_000)
    arguments = parser.parse_args()

    cases = CaseSet.teaching()
    if arguments.cases:
        cases = CaseSet(case for path in arguments.cases for case in CaseSet.load(path))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(cases)} cases, {memory:.0f} MB resident with them loaded")

    env = DiagnosisEnv(cases, reward="outcome")
    env.action_space.seed(0)
    sampled = [env.action_space.sample() for _ in range(500)]
    # Without commitments, so that an episode is as long as it can be; then orders alone.
    working = [a for a in sampled if int(a[0]) != 2]
    rng = np.random.default_rng(0)
    names = [test.name for case in cases for test in case.tests]
    orders = [{"action": "order_test", "test": str(rng.choice(names))} for _ in range(500)]

    idle = DoNothing(env)
    wrapped = gym.make("MedAction-v0", cases=cases, reward="outcome")
    idle_id = gym.envs.registration.EnvSpec("DoNothing-v0", entry_point=lambda: DoNothing(env))
    idle_wrapped = gym.make(idle_id)

    print_shaped(cases)
    start = time.process_time()
    for case in cases:
        oracle_for(case)
    built = time.process_time() - start
    runs: list[tuple[str, gym.Env[Any, Any], list[Any], int]] = [
        ("MedAction-v0 bare, random policy, first time", env, working, 1),
        ("MedAction-v0 bare, random policy, again", env, working, 1),
        ("MedAction-v0 bare, names of tests, first time", env, orders, 1),
        ("MedAction-v0 bare, names of tests, again", env, orders, 1),
        ("do-nothing bare", idle, working, 1),
        ("MedAction-v0 wrapped, random policy", wrapped, working, 4),
        ("do-nothing wrapped", idle_wrapped, working, 4),
    ]
    rows = [(name, steps_per_second(e, a, arguments.steps // part)) for name, e, a, part in runs]
    for name, rate in rows:
        print(f"{name:48s} {rate:10,.0f} steps/s")
    clocked = steps_per_second(env, working, arguments.steps, time.perf_counter)
    print(f"{'MedAction-v0 bare, random policy, by the clock':48s} {clocked:10,.0f} steps/s")
    rate = dict(rows)
    idle_rate = rate["do-nothing bare"]
    for name in ("first time", "again"):
        ratio = idle_rate / rate[f"MedAction-v0 bare, random policy, {name}"]
        print(f"do-nothing / MedAction, bare, {name}: {ratio:.1f}")
    ratio = rate["do-nothing wrapped"] / rate["MedAction-v0 wrapped, random policy"]
    print(f"do-nothing / MedAction, wrapped: {ratio:.1f}")
    print(f"oracles built once a process: {1000 * built / len(cases):.2f} ms a case")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{memory:.0f} MB resident at the end")

    gymnasium, ours = import_seconds("gymnasium"), import_seconds("medaction_gym")
    print(f"import gymnasium {gymnasium:.3f} s, medaction_gym {ours:.3f} s: {ours / gymnasium:.2f}")


if __name__ == "__main__":
    main()
