"""Can the discrete view be learned? MaskablePPO on synthetic and shipped cases, against others.

    python scripts/train_discrete.py --out DIR [--steps N] [--seeds N] [--train N] [--test N]

Trains on synthetic cases (seed 101) and half of the teaching cases; tests on synthetic cases of
another seed (202) and on the other half. No test case is played in training; the list of
candidates of the shipped cases is that of all 46 (every disease of any differential). Writes
DIR/results.json and DIR/curves.png. Needs the extra "rl".

Contestants in the same view, with the same reward:
- random: a random action that the mask allows, committing one time in ten;
- at once: commits to the leader of the first belief;
- protocol: `ProtocolAgent`'s basics and images, then the leader;
- list: tests in the order of how often training cases hold them, then the leader; how many, and
  the probability at which it stops, is chosen on the training cases;
- knowledge: the tests that `KnowledgeAgent` orders, one a turn, then its diagnosis if that is among
  the slots, and the leader if not.
And with free text, where a turn may order twelve tests: random, protocol and knowledge.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback

from medaction_gym.agents.base import make_agent
from medaction_gym.agents.protocol import BASICS
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete import (
    CaseTables,
    DiscreteCatalogue,
    DiscreteEnv,
    DiscreteVectorEnv,
    discrete_catalogue,
)
from medaction_gym.episode import Rules
from medaction_gym.integrations.sb3 import DiscreteVecEnv
from medaction_gym.knowledge.shared import link
from medaction_gym.metrics.outcome import RIGHT
from medaction_gym.rollout import rollout
from medaction_gym.synthetic import SyntheticCases

MAX_TURNS = 30
ENVS, SHIPPED = 96, 32  # environments on synthetic and on shipped cases
Policy = Callable[[Any, Any], Any]


class Score(NamedTuple):
    """Means over cases."""

    cases: int
    right: float
    grade: float
    reward: float
    turns: float
    tests: float


class Part:
    """A set of cases with its tables."""

    def __init__(self, cases: CaseSet, catalogue: DiscreteCatalogue) -> None:
        self.cases, self.catalogue = cases, catalogue
        self.tables = CaseTables(cases, catalogue)
        self.tables.need(np.arange(len(cases)))

    def envs(self, number: int, mode: str = "NextStep") -> DiscreteVectorEnv:
        """Environments on these cases."""
        return DiscreteVectorEnv(
            number, self.cases, max_turns=MAX_TURNS, catalogue=self.catalogue,
            autoreset_mode=mode, tables=self.tables,
        )  # fmt: skip

    def play(self, policy: Policy) -> Score:
        """Every case once."""
        count = len(self.cases)
        envs = self.envs(count)
        observation, info = envs.reset(seed=7, options={"case": np.arange(count)})
        open_, reward = np.ones(count, bool), np.zeros(count)
        grade, turns, tests = np.zeros(count), np.zeros(count), np.zeros(count)
        while open_.any():
            observation, got, terminated, truncated, info = envs.step(
                policy(observation, info["action_mask"])
            )
            reward += np.where(open_, got, 0.0)
            ended = open_ & (terminated | truncated)
            for total, name in ((grade, "grade"), (turns, "turns"), (tests, "tests")):
                total[ended] = info[name][ended]
            open_ &= ~ended
        return Score(
            count, float((grade >= RIGHT).mean()), float(grade.mean()), float(reward.mean()),
            float(turns.mean()), float(tests.mean()),
        )  # fmt: skip


def scripts(part: Part, shipped: Part) -> dict[str, Policy]:
    """The policies that need no training; "list" is chosen on these cases."""
    tests = len(part.catalogue.tests)
    layout = part.envs(1).layout
    rng = np.random.default_rng(0)

    def leader(observation: Any) -> Any:
        return np.full(len(observation), tests)

    def listed(order: list[int], sure: float) -> Policy:
        def policy(observation: Any, mask: Any) -> Any:
            action = leader(observation)
            for test in reversed(order):
                action = np.where(mask[:, test], test, action)
            return np.where(observation[:, layout.slots.start] >= sure, tests, action)

        return policy

    def chance(observation: Any, mask: Any) -> Any:
        draw = rng.random(mask.shape) * mask
        ordered = draw[:, :tests].argmax(axis=1)
        committed = tests + draw[:, tests:].argmax(axis=1)
        return np.where(rng.random(len(mask)) < 0.1, committed, ordered)

    images = ("ultrasound", "X-ray", "CT", "MRI", "biopsy", "culture", "genetic testing")
    protocol = [part.catalogue.tests.index(name) for name in ("complete blood count",
        "comprehensive metabolic panel", "C-reactive protein", "urinalysis", *images)]  # fmt: skip
    assert len(BASICS) == 4
    often = np.argsort(-(part.tables.outcome == 1).mean(axis=0), kind="stable").tolist()
    tried = {
        (number, sure): sum(p.play(listed(often[:number], sure)).reward for p in (part, shipped))
        for number in (0, 1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25)
        for sure in (0.6, 0.8, 0.9, 0.95, 0.99, 1.1)
    }
    number, sure = max(tried, key=lambda key: tried[key])
    return {
        "random": chance,
        "at once": listed([], 1.1),
        "protocol": listed(protocol, 1.1),
        f"list of {number}, sure at {sure}": listed(often[:number], sure),
    }


def knowledge_in_view(part: Part) -> Score:
    """The knowledge agent's tests, one a turn, and its diagnosis where the view offers it."""
    free = DiagnosisEnv(part.cases, reward="outcome", max_turns=MAX_TURNS)
    env = DiscreteEnv(part.cases, max_turns=MAX_TURNS, catalogue=part.catalogue)
    tests = {name: number for number, name in enumerate(part.catalogue.tests)}
    rows = []
    for case in part.cases:
        played = rollout(free, make_agent("knowledge"), case)
        wanted = [
            name
            for step in played.steps
            for name in getattr(step.action, "test", "").split("; ")
            if name in tests
        ]
        _, info = env.reset(options={"case_id": case.id})
        total, over = 0.0, False
        for name in dict.fromkeys(wanted):
            _, reward, terminated, truncated, info = env.step(tests[name])
            total, over = total + reward, terminated or truncated
            if over:
                break
        if not over:
            concept = {found.id for found in link(played.prediction)[:1]}
            slots = env.view.slots()
            slot = next(
                (n for n, s in enumerate(slots) if concept & {f.id for f in link(s)[:1]}), 0
            )
            _, reward, _, _, info = env.step(len(tests) + slot)
            total += reward
        rows.append((info["grade"] >= RIGHT, info["grade"], total,
                     env.game.episode.number, info["tests"]))  # fmt: skip
    return Score(len(rows), *(float(v) for v in np.array(rows, dtype=float).mean(axis=0)))


def free_text(part: Part, agent: str) -> Score:
    """An agent with free text on the same cases, rewarded alike."""
    env = DiagnosisEnv(part.cases, reward="outcome", max_turns=MAX_TURNS)
    rows = []
    for case in part.cases:
        played = rollout(env, make_agent(agent), case, seed=1)
        rows.append((played.grade >= RIGHT, played.grade, played.reward,
                     len(played.steps), played.tests))  # fmt: skip
    return Score(len(rows), *(float(v) for v in np.array(rows, dtype=float).mean(axis=0)))


class Curve(BaseCallback):
    """Plays the test cases every so often."""

    def __init__(self, parts: dict[str, Part], every: int) -> None:
        super().__init__()
        self.parts, self.every, self.next = parts, every, 0
        self.points: list[dict[str, Any]] = []

    def policy(self, observation: Any, mask: Any) -> Any:
        """The likeliest action."""
        return self.model.predict(observation, action_masks=mask, deterministic=True)[0]

    def measure(self) -> None:
        """Add a point."""
        scores = {name: part.play(self.policy)._asdict() for name, part in self.parts.items()}
        self.points.append({"steps": self.num_timesteps, **scores})

    def _on_step(self) -> bool:
        if self.num_timesteps >= self.next:
            self.next += self.every
            self.measure()
        return True


def train(parts: dict[str, Part], seed: int, steps: int) -> tuple[list[dict[str, Any]], float]:
    """One training run; returns its curve and its seconds."""
    envs = DiscreteVecEnv(
        parts["train"].envs(ENVS, "SameStep"), parts["train_teaching"].envs(SHIPPED, "SameStep")
    )
    envs.seed(1_000 * seed)
    model = MaskablePPO(
        "MlpPolicy", envs, seed=seed, n_steps=64, batch_size=2_048, n_epochs=5, gamma=0.995,
        gae_lambda=0.95, ent_coef=0.005, device="cpu",
        learning_rate=lambda left: 1e-3 * max(left, 0.05),
        policy_kwargs={"net_arch": [256, 256]},
    )  # fmt: skip
    curve = Curve(
        {n: p for n, p in parts.items() if not n.startswith("train")}, max(steps // 20, ENVS)
    )
    started = time.perf_counter()
    model.learn(steps, callback=curve)
    curve.measure()
    return curve.points, time.perf_counter() - started


def draw(results: dict[str, Any], file: Path) -> None:
    """Learning curves beside the best that needs no training."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for axis, part in zip(axes, ("synthetic", "teaching"), strict=True):
        for number, run in enumerate(results["runs"]):
            points = run["curve"]
            axis.plot(
                [p["steps"] / 1e6 for p in points], [p[part]["reward"] for p in points],
                color="#1f6f8b", alpha=0.8, label="MaskablePPO" if number == 0 else None,
            )  # fmt: skip
        for style, (name, scores) in zip(
            ("-", "--", "-.", ":", (0, (1, 3))), results["view"].items(), strict=True
        ):
            axis.axhline(scores[part]["reward"], color="#8a8a8a", linestyle=style, label=name)
        axis.set_title(f"unseen {part} cases")
        axis.set_xlabel("million steps")
        axis.set_ylabel("reward an episode")
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(file, dpi=110)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train", type=int, default=2_000)
    parser.add_argument("--test", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-agents", action="store_true", help="leave the agents out")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    teaching = CaseSet.teaching()
    ours, others = teaching.split(train=0.5, test=0.5)
    shipped, made = discrete_catalogue(teaching), discrete_catalogue()
    started = time.perf_counter()
    parts = {
        "train": Part(CaseSet([*SyntheticCases(101, given.train)]), made),
        "train_teaching": Part(ours, shipped),
        "synthetic": Part(CaseSet([*SyntheticCases(202, given.test)]), made),
        "teaching": Part(others, shipped),
    }
    tables = time.perf_counter() - started
    print(f"tables: {tables:.0f} s", flush=True)
    assert Rules().max_turns == MAX_TURNS
    results: dict[str, Any] = {"cases": {n: len(p.cases) for n, p in parts.items()},
        "tables_s": tables, "view": {}, "free_text": {}, "runs": []}  # fmt: skip
    for name, policy in scripts(parts["train"], parts["train_teaching"]).items():
        results["view"][name] = {n: p.play(policy)._asdict() for n, p in parts.items()}
        print(name, results["view"][name], flush=True)
    unseen = {n: p for n, p in parts.items() if not n.startswith("train")}
    if not given.no_agents:
        results["view"]["knowledge"] = {
            n: knowledge_in_view(p)._asdict() for n, p in unseen.items()
        }
        print("knowledge", results["view"]["knowledge"], flush=True)
        for agent in ("random", "protocol", "knowledge"):
            results["free_text"][agent] = {
                n: free_text(p, agent)._asdict() for n, p in unseen.items()
            }
            print("free text", agent, results["free_text"][agent], flush=True)
    for seed in range(given.seeds):
        curve, seconds = train(parts, seed, given.steps)
        results["runs"].append({"seed": seed, "seconds": seconds, "curve": curve})
        print("PPO", seed, round(seconds), curve[-1], flush=True)
    (given.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if not given.no_agents:
        draw(results, given.out / "curves.png")


if __name__ == "__main__":
    main()
