"""Can the discrete view be learned? MaskablePPO on synthetic and shipped cases, against others.

    python scripts/train_discrete.py --out DIR [--steps N] [--seeds N] [--train N] [--test N]
        [--real FILE ...]

Trains on synthetic cases (seed 101) and half of the teaching cases; tests on synthetic cases of
another seed (202), on the other half, and, with --real, on 100 cases drawn from files. No test case
is played in training, and no real case at all; the list of candidates of the shipped cases is that
of all 46. Writes DIR/results.json and the policies. Needs the extra "rl". The contestants are those
of discrete_contestants.py; draw_discrete.py draws the curves.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from discrete_contestants import Part, free_text, in_view, outcomes, policies
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback

from medaction_gym.benchmarks.interval import estimate
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete import Played, discrete_catalogue
from medaction_gym.integrations.sb3 import DiscreteVecEnv
from medaction_gym.synthetic import SyntheticCases

ENVS, SHIPPED = 56, 8  # environments on synthetic and on shipped cases
REAL = 100  # real cases to test on
POINTS = 12  # of a curve


class Curve(BaseCallback):
    """Plays the test cases every so often."""

    def __init__(self, parts: dict[str, Part], every: int) -> None:
        super().__init__()
        self.parts, self.every, self.next = parts, every, 0
        self.points: list[dict[str, Any]] = []
        self.last: dict[str, Played] = {}

    def policy(self, observation: Any, mask: Any) -> Any:
        """The likeliest action."""
        return self.model.predict(observation, action_masks=mask, deterministic=True)[0]

    def measure(self) -> None:
        """Add a point."""
        self.last = {name: part.play(self.policy) for name, part in self.parts.items()}
        scores = {name: played.means() for name, played in self.last.items()}
        self.points.append({"steps": self.num_timesteps, **scores})
        print(
            "  ",
            self.num_timesteps,
            {n: (s["reward"], s["right"]) for n, s in scores.items()},
            flush=True,
        )

    def _on_step(self) -> bool:
        if self.num_timesteps >= self.next:
            self.next += self.every
            self.measure()
        return True


def train(
    train_on: list[Part], test_on: dict[str, Part], seed: int, steps: int, file: Path
) -> Curve:
    """One training run; its policy is kept in a file."""
    envs = DiscreteVecEnv(
        *(
            part.envs(number, "SameStep")
            for part, number in zip(train_on, (ENVS, SHIPPED), strict=True)
        )
    )
    envs.seed(1_000 * seed)
    model = MaskablePPO(
        "MlpPolicy", envs, seed=seed, n_steps=64, batch_size=1_024, n_epochs=4, gamma=1.0,
        gae_lambda=0.95, ent_coef=0.005, learning_rate=lambda left: 1e-3 * left, device="cpu",
        policy_kwargs={"net_arch": [128, 128]},
    )  # fmt: skip
    curve = Curve(test_on, max(steps // POINTS, 1))
    model.learn(steps, callback=curve)
    curve.measure()
    model.save(file)
    return curve


def against(runs: list[Curve], others: dict[str, dict[str, Played]]) -> dict[str, Any]:
    """PPO, the mean of its seeds on each case, minus each of the others; intervals by case."""
    found: dict[str, Any] = {}
    for name, played in others.items():
        found[name] = {}
        for part, theirs in played.items():
            reward = np.mean([run.last[part].reward for run in runs], axis=0)
            right = np.mean([run.last[part].right for run in runs], axis=0)
            found[name][part] = {
                "reward": estimate((reward - theirs.reward).tolist()).model_dump(),
                "right": estimate((right - theirs.right).tolist()).model_dump(),
            }
    return found


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train", type=int, default=1_200)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--real", nargs="*", default=[], help="files of cases to test on as well")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    teaching = CaseSet.teaching()
    ours, others = teaching.split(train=0.5, test=0.5)
    shipped, made = discrete_catalogue(teaching), discrete_catalogue()
    started = time.process_time()
    train_on = [Part(CaseSet([*SyntheticCases(101, given.train)]), made), Part(ours, shipped)]
    tables_s = time.process_time() - started
    test_on = {
        "synthetic": Part(CaseSet([*SyntheticCases(202, given.test)]), made),
        "teaching": Part(others, shipped),
    }
    if given.real:
        real = CaseSet([case for file in given.real for case in CaseSet.load(file)])
        drawn = real.sample(REAL, np.random.default_rng(0))
        test_on["real"] = Part(drawn, discrete_catalogue(real))
    seen = dict(zip(("train", "train_teaching"), train_on, strict=True))
    results: dict[str, Any] = {
        "cases": {name: len(part.cases) for name, part in (seen | test_on).items()},
        "tables_cpu_s": round(tables_s), "runs": [], "view": {}, "free_text": {},
    }  # fmt: skip

    def keep(group: str, name: str, played: dict[str, Played]) -> None:
        results[group][name] = {part: p.means() for part, p in played.items()}
        print(group, name, results[group][name], flush=True)
        text = json.dumps(results, indent=1) + "\n"
        (given.out / "results.json").write_text(text, encoding="utf-8")

    view = {
        name: {part: p.play(policy) for part, p in (seen | test_on).items()}
        for name, policy in policies(train_on).items()
    }
    for name, scores in view.items():
        keep("view", name, scores)
    runs = []
    for seed in range(given.seeds):
        clock, cpu = time.perf_counter(), time.process_time()
        file = given.out / f"policy-{seed}.zip"
        runs.append(train(train_on, test_on, seed, given.steps, file))
        wall, used = time.perf_counter() - clock, time.process_time() - cpu
        run = {"seed": seed, "wall_s": round(wall), "cpu_s": round(used)}
        results["runs"].append(run | {"curve": runs[-1].points})
        print("PPO", run, flush=True)
    free: dict[str, dict[str, Played]] = {}
    for agent in ("random", "protocol", "knowledge"):
        played = {name: free_text(part, agent) for name, part in test_on.items()}
        free[agent] = {name: outcomes(trajectories) for name, trajectories in played.items()}
        keep("free_text", agent, free[agent])
    # The last of them, the knowledge agent, in the view.
    view["knowledge"] = {name: in_view(part, played[name]) for name, part in test_on.items()}
    keep("view", "knowledge", view["knowledge"])
    unseen = {n: {p: s for p, s in scores.items() if p in test_on} for n, scores in view.items()}
    results["ppo"] = {
        name: {
            what: estimate(np.mean([getattr(r.last[name], what) for r in runs], axis=0).tolist())
            .model_dump()
            for what in ("right", "reward", "turns", "tests", "usd")
        }
        for name in test_on
    }  # fmt: skip
    results["ppo_minus"] = {"view": against(runs, unseen), "free_text": against(runs, free)}
    text = json.dumps(results, indent=1) + "\n"
    (given.out / "results.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
