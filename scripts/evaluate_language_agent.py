"""What a language model does with cases: valid actions, commitments, tokens a second.

    python scripts/evaluate_language_agent.py AGENT CASES --limit 20 --max-turns 15 --seats 4

AGENT is a name such as smollm2, sft:FOLDER or chat:MODEL; CASES a file of cases. Valid is the share
of turns that are no malformed input; committed the share of episodes that end with a commitment.
Tokens a second are of this machine at this time; two agents compare only if run side by side.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

from medaction_gym.actions import Outcome
from medaction_gym.agents.base import make_agent
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Rules
from medaction_gym.lockstep import lockstep
from medaction_gym.rollout import make_env
from medaction_gym.trajectory import Settings, Trajectory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agent")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--max-turns", type=int, default=15)
    parser.add_argument("--seats", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the trajectories here")
    given = parser.parse_args()
    cases = CaseSet.load(given.cases, on_error="skip")[: given.limit]
    settings = Settings(rules=Rules(max_turns=given.max_turns))
    agent = cast(Any, make_agent(given.agent))
    begun, processor = time.monotonic(), time.process_time()
    played = []
    for trajectory in lockstep(
        cases,
        agent,
        lambda: make_env(cases, settings),
        seats=given.seats,
        name=given.agent,
        settings=settings,
    ):
        played.append(trajectory)
        if given.out:
            with given.out.open("a", encoding="utf-8") as file:
                file.write(trajectory.to_json() + "\n")
        print(json.dumps(figures(played)), flush=True)
    wall, used = time.monotonic() - begun, time.process_time() - processor
    tokens = agent.usage.completion
    print(
        f"{tokens} tokens in {wall:.0f} s: {tokens / wall:.1f} a second, "
        f"{tokens / used:.1f} a second of processor time"
    )


def figures(played: list[Trajectory]) -> dict[str, Any]:
    outcomes = Counter(step.outcome for t in played for step in t.steps)
    turns = sum(outcomes.values())
    states = Counter(t.status for t in played)
    return {
        "cases": len(played),
        "valid": round(1 - outcomes[Outcome.MALFORMED] / max(turns, 1), 3),
        "committed": round(states["committed"] / len(played), 3),
        "errored": states["errored"],
        "right": sum(t.right for t in played),
        "turns": round(turns / len(played), 1),
        "tests": round(sum(t.tests for t in played) / len(played), 2),
        "outcomes": {outcome.value: count for outcome, count in outcomes.most_common()},
    }


if __name__ == "__main__":
    main()
