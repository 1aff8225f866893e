"""Behaviour metrics of synthetic doctors and of the agents that ship, as Markdown.

    python scripts/evaluate_behaviour.py CASES [--skip N] [--limit N]

Plays the development half of the cases: each family of `metrics.families`, each agent without a
language model, and three ways to order tests beside the case's own differential: those of the
record, those of another case's record, and random tests of the catalogue. Shares are pooled over
the cases; each cell gives part and whole. Then calibration by the index of the statement, and the
order-effect probe of the agents that are no exploits.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from medaction_gym.actions import Hypothesis, OrderTest, UpdateDifferential
from medaction_gym.agents.base import AGENTS, make_agent
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.vocabulary import test_vocabulary
from medaction_gym.episode import Episode
from medaction_gym.metrics.behaviour import Behaviour, behaviour
from medaction_gym.metrics.calibration import Calibration, Forecast, calibration, forecasts
from medaction_gym.metrics.families import EXPLOITS, HONEST, LIMITS, play, situation
from medaction_gym.metrics.share import Share
from medaction_gym.probe import probe
from medaction_gym.rollout import rollout

PLAYED = ("random", "protocol", "cheating-oracle", "knowledge", *list(AGENTS)[-6:])


def ordered(case: Case, tests: list[str]) -> Episode:
    """A doctor who states the case's own differential and orders some tests."""
    names = [case.diagnosis.name, *case.differential][:8]
    stated = tuple(Hypothesis(disease=n, probability=1 / len(names)) for n in names)
    return play(
        case, [UpdateDifferential(differential=stated), *(OrderTest(test=t) for t in tests)]
    )


def doctors(cases: list[Case]) -> Iterator[tuple[str, list[Episode]]]:
    diseases = [case.diagnosis.name for case in cases]
    for name, family in {**HONEST, **EXPLOITS, **LIMITS}.items():
        yield name, [play(case, family(situation(case, name, diseases))) for case in cases]
    env = DiagnosisEnv(CaseSet(cases))
    for name in PLAYED:
        agent, episodes = make_agent(name), list[Episode]()
        for case in cases:
            if rollout(env, agent, case, name=name).status != "errored":
                episodes.append(env.episode)
        yield name, episodes
    own = [[test.name for test in case.tests] for case in cases]
    yield "(orders the record's tests)", [ordered(c, t) for c, t in zip(cases, own, strict=True)]
    shifted = own[1:] + own[:1]
    yield "(another case's)", [ordered(c, t) for c, t in zip(cases, shifted, strict=True)]
    drawn = [random.Random(case.id).sample(test_vocabulary(), 10) for case in cases]
    yield "(ten at random)", [ordered(c, t) for c, t in zip(cases, drawn, strict=True)]


def row(name: str, scored: list[Behaviour]) -> str:
    shares = [s.shares() for s in scored]
    pooled = [Share.pooled(s[key] for s in shares) for key in shares[0]]
    slopes = [s.updates.slope for s in scored if s.updates.slope is not None]
    slope = f"{sum(slopes) / len(slopes):+.3f} ({len(slopes)})" if slopes else "– (0)"
    turns = sum(s.turns for s in scored) / len(scored)
    usd = sum(s.usd for s in scored) / len(scored)
    return (
        f"| {name} | "
        + " | ".join(map(str, pooled))
        + f" | {slope} | {turns:.1f} | {usd:.0f} | {len(scored)} |"
    )


def calibrated(name: str, table: dict[str, Calibration]) -> Iterator[str]:
    for index in ("1", "4", "final"):
        c = table.get(index)
        if c is not None and c.brier is not None and c.log is not None and c.ece is not None:
            yield (
                f"| {name} | {index} | {c.named}/{c.forecasts} | {c.brier:.3f} | {c.log:.3f} "
                f"| {c.ece:.3f} ({c.pairs}) |"
            )


def probed(name: str, cases: list[Case]) -> str:
    """The order effect of an agent: means over the cases that have both effect and floor."""
    agent = make_agent(name)
    found = [probe(agent, case, range(4)) for case in cases]
    both = [(f.effect, f.floor) for f in found if f.effect is not None and f.floor is not None]
    means = [f"{sum(column) / len(both):.3f}" for column in zip(*both, strict=True)] or ["–", "–"]
    plays = sum(f.permuted + f.again + f.incomplete for f in found)
    incomplete = sum(f.incomplete for f in found)
    return f"| {name} | {len(both)}/{len(cases)} | {' | '.join(means)} | {incomplete}/{plays} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    halves = CaseSet.load(arguments.cases, on_error="skip").split(development=0.5, held_out=0.5)
    cases = list(halves[0])
    cases = cases[arguments.skip :][: arguments.limit]
    tables: list[tuple[str, dict[str, Calibration]]] = []
    headed = False
    for name, episodes in doctors(cases):
        scored = [behaviour(episode) for episode in episodes]
        if not scored:
            print(f"| {name} (errored in every case) |")
            continue
        if not headed:
            keys = [*scored[0].shares(), "slope", "turns", "usd", "episodes"]
            print(f"{len(cases)} cases\n\n| doctor | " + " | ".join(keys) + " |")
            print("|---" * (len(keys) + 1) + "|")
            headed = True
        print(row(name, scored), flush=True)
        made: list[tuple[Forecast, ...]] = [forecasts(episode) for episode in episodes]
        tables.append((name, calibration(made)))
    print("\n| doctor | statement | named | Brier | log | ECE (pairs) |\n" + "|---" * 6 + "|")
    for name, table in tables:
        for line in calibrated(name, table):
            print(line)
    print("\n| agent | cases compared | effect | floor | incomplete plays |\n" + "|---" * 5 + "|")
    for name in PLAYED[:4]:
        print(probed(name, cases), flush=True)


if __name__ == "__main__":
    main()
