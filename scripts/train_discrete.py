"""Can the discrete view be learned? MaskablePPO on synthetic and shipped cases, against others.

    python scripts/train_discrete.py --out DIR [--steps N] [--seeds N] [--train N] [--test N]
        [--real FILE ...]

Trains on synthetic cases (seed 101) and two thirds of the teaching cases; tests on synthetic cases
of another seed (202), on the other third, and, with --real, on 100 cases drawn from files. Each run
leaves out the next third, so that three seeds have each teaching case unseen once. No test case is
played in training, and no real case at all; the list of candidates of the shipped cases is that of
all 46. Writes DIR/results.json and the policies; a policy that lies there is not trained again.
Needs the extra "rl". The contestants are those of discrete_contestants.py; draw_discrete.py draws
the curves.
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
from medaction_gym.cases.caseset import CaseSet, stable_fraction
from medaction_gym.envs.discrete import Played, discrete_catalogue
from medaction_gym.integrations.sb3 import DiscreteVecEnv
from medaction_gym.synthetic import SyntheticCases

ENVS, SHIPPED = 56, 8  # environments on synthetic and on shipped cases
REAL = 100  # real cases to test on
POINTS = 12  # of a curve
FOLDS = 3  # of the teaching cases


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
    """One training run; its policy is kept in a file, and not trained again."""
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
    points = file.with_suffix(".json")
    if points.exists():  # trained by a command that was stopped afterwards
        curve.model = MaskablePPO.load(file, device="cpu")
        curve.measure()
        curve.points = json.loads(points.read_text(encoding="utf-8"))
        return curve
    model.learn(steps, callback=curve)
    curve.measure()
    model.save(file)
    points.write_text(json.dumps(curve.points), encoding="utf-8")
    return curve


def ours(runs: list[Curve], thirds: list[list[int]], what: str) -> dict[str, Any]:
    """PPO on each case of each part: the mean of the runs that had not seen it."""
    found = {
        part: np.mean([getattr(run.last[part], what) for run in runs], axis=0)
        for part in runs[0].last
        if part != "teaching"
    }
    each = len(runs) // FOLDS  # runs that had not seen a teaching case
    teaching = np.zeros(sum(map(len, thirds)))
    for number, run in enumerate(runs):
        teaching[thirds[number % FOLDS]] += getattr(run.last["teaching"], what) / each
    return found | {"teaching": teaching}


def both(synthetic: Any, teaching: Any) -> dict[str, Any]:
    """The mean of the two sets' means, as much of one as of the other, each drawn by itself."""
    rng = np.random.default_rng(0)
    draws = [rng.choice(part, (10_000, len(part))).mean(axis=1) for part in (synthetic, teaching)]
    low, high = np.percentile(np.mean(draws, axis=0), [2.5, 97.5])
    mean = (np.mean(synthetic) + np.mean(teaching)) / 2
    return {"mean": float(mean), "ci": [float(low), float(high)]}


def against(
    mine: dict[str, dict[str, Any]], others: dict[str, dict[str, Played]]
) -> dict[str, Any]:
    """PPO minus each of the others, paired by case; intervals by case."""
    found: dict[str, Any] = {}
    for name, played in others.items():
        found[name] = {}
        for what in ("reward", "right"):
            less = {part: mine[what][part] - getattr(p, what) for part, p in played.items()}
            for part, values in less.items():
                found[name].setdefault(part, {})[what] = estimate(values.tolist()).model_dump()
            pooled = np.concatenate([less["synthetic"], less["teaching"]]).tolist()
            found[name].setdefault("pooled", {})[what] = estimate(pooled).model_dump()
            alike = both(less["synthetic"], less["teaching"])
            found[name].setdefault("alike", {})[what] = alike
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
    if given.seeds % FOLDS:
        parser.error(f"--seeds must be a multiple of {FOLDS}: each run leaves out another third")
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    teaching = CaseSet.teaching()
    # By a hash of the id, in thirds of one size.
    mixed = sorted(
        range(len(teaching)), key=lambda place: stable_fraction(teaching[place].id, "discrete")
    )
    thirds = [mixed[number::FOLDS] for number in range(FOLDS)]
    shipped, made = discrete_catalogue(teaching), discrete_catalogue()
    started = time.process_time()
    synthetic = Part(CaseSet([*SyntheticCases(101, given.train)]), made)
    tables_s = time.process_time() - started
    left_out = [Part(CaseSet([teaching[n] for n in third]), shipped) for third in thirds]
    kept = [
        Part(CaseSet([teaching[n] for n in mixed if n not in third]), shipped) for third in thirds
    ]
    test_on = {
        "synthetic": Part(CaseSet([*SyntheticCases(202, given.test)]), made),
        "teaching": Part(teaching, shipped),
    }
    if given.real:
        real = CaseSet([case for file in given.real for case in CaseSet.load(file)])
        drawn = real.sample(REAL, np.random.default_rng(0))
        test_on["real"] = Part(drawn, discrete_catalogue(real))
    seen = {"train": synthetic}
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
        # "list" is chosen on the teaching cases that it is tested on, too: to its favour.
        for name, policy in policies([synthetic, test_on["teaching"]]).items()
    }
    for name, scores in view.items():
        keep("view", name, scores)
    runs = []
    for seed in range(given.seeds):
        clock, cpu = time.perf_counter(), time.process_time()
        file = given.out / f"policy-{seed}.zip"
        fold = seed % FOLDS
        tested = test_on | {"teaching": left_out[fold]}
        runs.append(train([synthetic, kept[fold]], tested, seed, given.steps, file))
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
    scores = {w: ours(runs, thirds, w) for w in ("right", "reward", "turns", "tests", "usd")}
    results["ppo"] = {
        name: {what: estimate(mine[name].tolist()).model_dump() for what, mine in scores.items()}
        for name in test_on
    }
    in_the_view = {n: {p: s for p, s in got.items() if p in test_on} for n, got in view.items()}
    results["ppo_minus"] = {
        "view": against(scores, in_the_view),
        "free_text": against(scores, free),
    }
    text = json.dumps(results, indent=1) + "\n"
    (given.out / "results.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
