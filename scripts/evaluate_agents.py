"""Agents on the development half of the real cases, as a Markdown table.

    python scripts/evaluate_agents.py CASES... [--agents A,B] [--part all|tune|check] [--limit N]
        [--max-turns N] [--belief]

- same: the committed diagnosis is the gold one by the offline judge; in brackets, without those
  that are merely a broader class of it in the graph ("neoplasm" for a sarcoma). string: by the
  string grade.
- five: one of the five likeliest of the last stated differential is the same, by the judge.
- recall: the share of a case's tests that were obtained; precision: the share of the ordered tests
  that gave a result. tests, USD, turns: means.

The intervals are bootstrapped over cases. ``--belief`` prints how far the knowledge agent's beliefs
can go: how often the gold diagnosis is in the graph, is a candidate, and where it ranks. The tuning
part is the one that `scripts/fit_hypotheses.py` reads.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fit_hypotheses import KIN, part
from numpy.typing import NDArray

from medaction_gym.actions import OrderTest
from medaction_gym.agents.base import make_agent
from medaction_gym.agents.hypotheses import Hypotheses, probabilities, weights
from medaction_gym.agents.traits import traits
from medaction_gym.agents.workup import NO_RESULT
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.metrics.judge import judge
from medaction_gym.oracle import oracle_for
from medaction_gym.rollout import rollout
from medaction_gym.view import render_opening

COLUMNS = "same narrow string five recall precision tests usd turns".split()


class Play(NamedTuple):
    """What an agent did on a case, in the order of `COLUMNS`, and how long it took."""

    values: tuple[float, ...]
    seconds: float
    error: str


def same(gold: str, prediction: str) -> bool:
    return judge()(gold, prediction).verdict == "same"


def broader(gold: str, prediction: str) -> bool:
    """Whether a prediction is merely a class that the gold diagnosis belongs to."""
    graph = knowledge()
    pairs = [(g.id, p.id) for g in link(gold)[:1] for p in link(prediction)[:1]]
    return any(
        p != g and p in graph.ancestors(g) and graph.similarity(p, g) < KIN for g, p in pairs
    )


def play(name: str, env: DiagnosisEnv, case: Case) -> Play:
    start = time.perf_counter()
    trajectory = rollout(env, make_agent(name), case, name=name)
    seconds = time.perf_counter() - start
    gold, committed = case.diagnosis.name, trajectory.prediction
    episode = env.episode
    ranked = sorted(episode.differential, key=lambda h: -h.probability)
    asked = given = 0
    for step in trajectory.steps:
        if isinstance(step.action, OrderTest):
            parts = len(oracle_for(case).answer(step.action.test))
            asked += parts
            given += parts - len(NO_RESULT.findall(step.message))
    right = same(gold, committed)
    values = (
        right,
        right and not broader(gold, committed),
        trajectory.right,
        any(same(gold, h.disease) for h in ranked[:5]),
        len({release.item for release in episode.seen}) / max(1, len(case.tests)),
        given / asked if asked else np.nan,
        trajectory.tests,
        trajectory.usd,
        len(trajectory.steps),
    )
    return Play(tuple(map(float, values)), seconds, trajectory.error)


def interval(values: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (2_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f}–{high:.3f})"


def belief(cases: list[Case]) -> None:
    """Print where the gold diagnosis stands in the belief, before and after all results."""
    graph, ranks = knowledge(), {"presentation": [], "all results": []}
    in_graph = annotated = 0
    for case in cases:
        gold = [int(traits().same[graph.row(found.id)]) for found in link(case.diagnosis.name)[:1]]
        in_graph += bool(gold)
        annotated += any(graph.annotations(graph.identifier(g)) for g in gold)
        state = Hypotheses()
        state.read_presentation(render_opening(case))
        for moment in ranks:
            if moment == "all results":
                for test in case.tests:
                    state.read_result(test.result, test.name)
            rows, measures = state.measured()
            p = probabilities(measures @ weights().measures, float(state.rest() @ weights().rest))
            order = rows[np.argsort(-p[:-1], kind="stable")].tolist()
            found = [order.index(g) + 1 for g in gold if g in order]
            if gold:
                ranks[moment].append(min(found, default=np.inf))
    print(f"gold linked to the graph {in_graph} of {len(cases)}; annotated in HPO {annotated}")
    for moment, values in ranks.items():
        rank = np.array(values, float)
        shares = "  ".join(f"≤{n} {np.mean(rank <= n):.3f}" for n in (1, 5, 8, 20))
        print(
            f"rank of the very concept, {moment}: {shares}  candidate {np.mean(rank < np.inf):.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--agents", default="random,protocol,knowledge")
    parser.add_argument("--part", choices=("all", "tune", "check"), default="all")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--max-turns", type=int, default=30)
    parser.add_argument("--belief", action="store_true")
    options = parser.parse_args()
    wanted = ("tune", "check") if options.part == "all" else (options.part,)
    cases = [c for file in options.cases for c in CaseSet.load(file) if part(c.id) in wanted]
    cases = cases[: options.limit]
    print(f"{len(cases)} cases of the development half, part {options.part}\n")
    if options.belief:
        belief(cases)
        return
    env = DiagnosisEnv(CaseSet(cases), max_turns=options.max_turns, reward="outcome")
    print("| agent | same | string | five | recall | precision | tests | USD | turns | ms a case |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in options.agents.split(","):
        plays = [play(name, env, case) for case in cases]
        table = np.array([p.values for p in plays])
        of = dict(zip(COLUMNS, np.nanmean(table, axis=0), strict=True))
        print(
            f"| {name} | {interval(table[:, 0])} [{of['narrow']:.3f}] | {of['string']:.3f} "
            f"| {of['five']:.3f} | {of['recall']:.3f} | {of['precision']:.3f} | {of['tests']:.1f} "
            f"| {of['usd']:,.0f} | {of['turns']:.1f} "
            f"| {1000 * float(np.median([p.seconds for p in plays])):.0f} |",
            flush=True,
        )
        for error in {p.error for p in plays if p.error}:
            print(f"errored: {error}")


if __name__ == "__main__":
    main()
