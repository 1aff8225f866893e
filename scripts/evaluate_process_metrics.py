"""DTC and RAC of synthetic doctors on the development half of the real cases, as Markdown.

    python scripts/evaluate_process_metrics.py CASES [--skip N] [--limit N] [--no-graph]

Two tables: each family's mean DTC, RAC and sqrt(DTC * RAC) (with its 5th and 95th percentile), and
the AUROC of each honest family against each exploit family: the chance that an episode of the first
scores above an episode of the second, ties counting half, cases mixed. Last, RAC of the steady ramp
against the same beliefs set beside the results of the next case: whether RAC hears what the results
say, not only that they came. --no-graph makes the graph silent, to show what it adds.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.belief import Moment, moments
from medaction_gym.metrics.dtc import dtc_of
from medaction_gym.metrics.families import EXPLOITS, HONEST, LIMITS, play, situation
from medaction_gym.metrics.rac import NEUTRAL, Step, Support, rac_of, support


def development(cases: CaseSet) -> list[Case]:
    """The half of the cases that may be looked at."""
    return [
        case
        for case in cases
        if int.from_bytes(hashlib.sha256(f"medaction:{case.id}".encode()).digest()[:8], "big")
        < 2**63
    ]


def auroc(one: list[float], other: list[float]) -> float:
    a, b = np.array(one)[:, None], np.array(other)[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


def exchanged(found: Sequence[Moment], other: Case) -> list[Moment]:
    """The same beliefs, with the results of another case in place of each that came in."""
    results = cycle([(test.name, test.result, test.category) for test in other.tests])
    return [moment._replace(learnt=tuple(next(results) for _ in moment.learnt)) for moment in found]


def mute(graph: Support) -> None:
    """Make the graph say nothing of any disease."""
    graph.sigma = lambda concept, found, stated: 0.0  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--no-graph", action="store_true")
    arguments = parser.parse_args()
    cases = development(CaseSet.load(arguments.cases, on_error="skip"))
    diseases = [case.diagnosis.name for case in cases]
    cases = cases[arguments.skip :][: arguments.limit]
    scores: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    coverage = []
    updates: list[Step] = []
    own, foreign = list[float](), list[float]()
    if arguments.no_graph:
        mute(support())
    start = time.perf_counter()
    for number, case in enumerate(cases):
        for name, family in {**HONEST, **EXPLOITS, **LIMITS}.items():
            found = moments(play(case, family(situation(case, name, diseases))))
            truth, consistent = dtc_of(found, case.diagnosis).value, rac_of(found)
            scores[name].append((truth, consistent.value, math.sqrt(truth * consistent.value)))
            if name == "steady_ramp":
                coverage.append(consistent.coverage)
                updates += consistent.steps[1:]
                own.append(consistent.value)
                foreign.append(rac_of(exchanged(found, cases[(number + 1) % len(cases)])).value)
    took = time.perf_counter() - start
    told = [c for c in coverage if c is not None]
    print(
        f"{len(cases)} cases, {sum(map(len, scores.values()))} episodes in {took:.0f} s; "
        f"mean coverage {np.mean(told):.2f}\n"
    )
    print("| family | kind | DTC | RAC | √(DTC·RAC) | 5–95 % |\n|---|---|---|---|---|---|")
    for name, rows in scores.items():
        d, r, c = np.array(rows).T
        low, high = np.percentile(c, [5, 95])
        kind = "honest" if name in HONEST else "exploit" if name in EXPLOITS else "limit"
        print(
            f"| {name} | {kind} | {d.mean():.3f} | {r.mean():.3f} | {c.mean():.3f} | "
            f"{low:.2f}–{high:.2f} |"
        )
    print("\n| AUROC | " + " | ".join(HONEST) + " |\n" + "|---" * (1 + len(HONEST)) + "|")
    lowest = 1.0
    for bad in (*EXPLOITS, *LIMITS):
        row = [auroc([c for *_, c in scores[g]], [c for *_, c in scores[bad]]) for g in HONEST]
        if bad in EXPLOITS:
            lowest = min(lowest, *row)
        print(f"| {bad} | " + " | ".join(f"{a:.3f}" for a in row) + " |")
    print(f"\nLowest AUROC against an exploit: {lowest:.3f}")
    print(
        f"RAC, own results {np.mean(own):.3f}, another case's {np.mean(foreign):.3f}: "
        f"AUROC {auroc(own, foreign):.3f}"
    )
    judged = np.array([u.agreement for u in updates if u.agreement != NEUTRAL])
    unknown = sum("does not know" in u.why for u in updates) / len(updates)
    print(
        f"{len(updates)} updates of the steady ramp: {1 - len(judged) / len(updates):.2f} neutral "
        f"({unknown:.2f} for an unknown name)"
    )
    if len(judged):
        print(
            f"agreement of the others {judged.mean():.2f}, "
            f"below half {(judged < NEUTRAL).mean():.2f}"
        )


if __name__ == "__main__":
    main()
