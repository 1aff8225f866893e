"""Fire the blind policies of rl-envdoctor at the reward (`pip install rl-envdoctor`).

    python scripts/scan_reward.py [--cases FILE] [--limit N]

A completion is played as an episode of one case: after the first test of the record it is stated as
the only disease, with certainty, and then committed to. Scanned are the worth of the diagnosis, Φ,
`combined`, and all that "shaped" pays for it (without the costs, as a share of the most it can be).
Exits with 1 if any finding is above "low".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from envdoctor import Case as Question  # type: ignore[import-not-found]
from envdoctor import FunctionTarget, run_checks, scan

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode
from medaction_gym.metrics.process import Process
from medaction_gym.reward import DTC, RAC, final_worth
from medaction_gym.view import render_opening


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    arguments = parser.parse_args()
    cases = CaseSet.load(arguments.cases) if arguments.cases else CaseSet.teaching()
    chosen = list(cases)[: arguments.limit]
    by_answer = {case.diagnosis.name: case for case in chosen}

    def play(completion: str, answer: str) -> Episode:
        case = by_answer[answer]
        state = Episode.start(case).act({"action": "order_test", "test": case.tests[0].name})
        stated = [{"disease": completion, "probability": 1.0}]
        state = state.act({"action": "update_differential", "differential": stated})
        return state.act({"action": "commit", "diagnosis": completion})

    def worth(completion: str, answer: str) -> float:
        return final_worth(play(completion, answer))

    def potential(completion: str, answer: str) -> float:
        return Process.of(play(completion, answer)).potential

    def combined(completion: str, answer: str) -> float:
        return Process.of(play(completion, answer)).combined

    def shaped(completion: str, answer: str) -> float:
        episode = play(completion, answer)
        process = Process.of(episode)
        whole = final_worth(episode) + DTC * process.potential + RAC * process.rac
        return whole / (1 + DTC + RAC)

    questions = [
        Question(id=case.id, prompt=render_opening(case), answer=case.diagnosis.name)
        for case in chosen
    ]
    worst = 0
    for grader in (worth, potential, combined, shaped):
        report = run_checks(scan(FunctionTarget(grader, questions)))
        found = [f for f in report.findings if f.severity not in ("info", "low")]
        worst += len(found)
        print(f"{grader.__name__}: {len(report.findings)} findings, {len(found)} above low")
        for finding in report.findings:
            print(f"  [{finding.severity}] {json.dumps(finding.title, ensure_ascii=False)}")
    sys.exit(worst > 0)


if __name__ == "__main__":
    main()
