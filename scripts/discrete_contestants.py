"""Who plays the discrete view beside PPO, all under one set of rules; used by train_discrete.py.

In the view (a test a turn, the view's belief, the reward "outcome"):

- random: a random action that the mask allows, committing one time in ten;
- at once: commits to the leader of the first belief;
- list: tests in the order of how often training cases hold them, then the leader; how many, and
  the probability at which it stops, are chosen on the training cases;
- protocol: `ProtocolAgent`'s basics and images, without the sites, then the leader;
- knowledge: the catalogue's tests that `KnowledgeAgent` orders, then its diagnosis if that is
  among the slots, and the leader if not.

With free text (a turn may order twelve tests, any diagnosis may be named): the same random,
protocol and knowledge agents as everywhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from medaction_gym.agents.base import make_agent
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete import (
    CaseTables,
    DiscreteCatalogue,
    DiscreteEnv,
    DiscreteVectorEnv,
    Played,
    play_each,
)
from medaction_gym.envs.discrete.played import Policy
from medaction_gym.knowledge.shared import link
from medaction_gym.rollout import rollout
from medaction_gym.trajectory import Trajectory

MAX_TURNS = 30
COMMIT = 0.1  # how often the random policy commits
PROTOCOL = (
    "complete blood count", "comprehensive metabolic panel", "C-reactive protein", "urinalysis",
    "ultrasound", "X-ray", "CT", "MRI", "biopsy", "culture", "genetic testing",
)  # fmt: skip


class Part:
    """A set of cases with its tables."""

    def __init__(self, cases: CaseSet, catalogue: DiscreteCatalogue) -> None:
        self.cases, self.catalogue = cases, catalogue
        self.tables = CaseTables(cases, catalogue)
        self.tables.need(np.arange(len(cases)))

    def envs(self, number: int, mode: str) -> DiscreteVectorEnv:
        """Environments on these cases."""
        return DiscreteVectorEnv(
            number, self.cases, max_turns=MAX_TURNS, catalogue=self.catalogue,
            autoreset_mode=mode, tables=self.tables,
        )  # fmt: skip

    def play(self, policy: Policy) -> Played:
        """Every case once."""
        return play_each(
            policy, self.cases, max_turns=MAX_TURNS, catalogue=self.catalogue, tables=self.tables
        )


def policies(parts: list[Part]) -> dict[str, Policy]:
    """The policies that need no training; "list" is chosen on these cases, each set alike."""
    catalogue = parts[0].catalogue
    tests, first = len(catalogue.tests), parts[0].envs(1, "NextStep").layout.slots.start
    rng = np.random.default_rng(0)

    def listed(order: list[int], sure: float) -> Policy:
        def policy(observation: Any, mask: Any) -> Any:
            action = np.full(len(observation), tests)
            for test in reversed(order):
                action = np.where(mask[:, test], test, action)
            return np.where(observation[:, first] >= sure, tests, action)

        return policy

    def chance(observation: Any, mask: Any) -> Any:
        draw = rng.random(mask.shape) * mask
        ordered = draw[:, :tests].argmax(axis=1)
        committed = tests + draw[:, tests:].argmax(axis=1)
        return np.where(rng.random(len(mask)) < COMMIT, committed, ordered)

    often = np.argsort(-(parts[0].tables.outcome == 1).mean(axis=0), kind="stable").tolist()
    tried = {
        (number, sure): sum(p.play(listed(often[:number], sure)).reward.mean() for p in parts)
        for number in (1, 2, 4, 8, 16)
        for sure in (0.5, 0.8, 0.95, 1.1)
    }
    number, sure = max(tried, key=lambda key: tried[key])
    protocol = [catalogue.tests.index(name) for name in PROTOCOL]
    return {
        "random": chance,
        "at once": listed([], 1.1),
        f"list ({number}, sure at {sure})": listed(often[:number], sure),
        "protocol": listed(protocol, 1.1),
    }


def free_text(part: Part, agent: str) -> list[Trajectory]:
    """An agent with free text on the same cases, under the same rules."""
    env = DiagnosisEnv(part.cases, reward="outcome", max_turns=MAX_TURNS)
    return [rollout(env, make_agent(agent), case, seed=1) for case in part.cases]


def outcomes(played: list[Trajectory]) -> Played:
    """What came of trajectories."""
    rows = [(p.grade, p.reward, len(p.steps), p.tests, p.usd) for p in played]
    return Played(*np.array(rows, dtype=float).T)


def in_view(part: Part, played: list[Trajectory]) -> Played:
    """The tests of trajectories, one a turn, and their diagnoses where the view offers them."""
    env = DiscreteEnv(part.cases, max_turns=MAX_TURNS, catalogue=part.catalogue)
    numbers = {_title(name): number for number, name in enumerate(part.catalogue.tests)}
    rows = []
    for case, free in zip(part.cases, played, strict=True):
        titles = [
            order.title
            for step in free.steps
            for order in parse_orders(getattr(step.action, "test", ""))
        ]
        _, info = env.reset(options={"case_id": case.id})
        total, over = 0.0, False
        for number in dict.fromkeys(numbers[title] for title in titles if title in numbers):
            _, reward, _, over, info = env.step(number)
            total += reward
            if over:
                break
        if not over:
            concept = {found.id for found in link(free.prediction)[:1]}
            offered = [part.catalogue.candidates[place] for place in info["slots"]]
            slot = next(
                (n for n, name in enumerate(offered) if concept & {f.id for f in link(name)[:1]}), 0
            )
            _, reward, _, _, info = env.step(len(part.catalogue.tests) + slot)
            total += reward
        rows.append((info["grade"], total, env.game.episode.number, info["tests"], info["usd"]))
    return Played(*np.array(rows, dtype=float).T)


def _title(test: str) -> str:
    return parse_orders(test)[0].title
