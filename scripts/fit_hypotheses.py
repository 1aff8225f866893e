"""Fit the knowledge agent's hypotheses to real cases of the development half.

    python scripts/fit_hypotheses.py CASES... [--method similarity|likelihood|none] [--out FILE]

Three moments of each case are read: the presentation, half of the results (drawn by the case's
id), and all of them. A candidate is right if the offline judge says "same" and it is not merely a
broader class of the gold diagnosis; it then counts with the square of the judge's probability. Only
the tuning part is read: 60 % of the development half. Printed is a cross-validation over its cases,
in five parts: how often the likeliest candidate, and one of the five likeliest, is right.

``--method`` chooses how findings speak for diseases; "none" leaves that measure out. The weights
are written only with ``--out``.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.agents.hypotheses import MEASURES, REST, Hypotheses, probabilities
from medaction_gym.agents.traits import traits, written
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet, stable_fraction
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.metrics.judge import judge
from medaction_gym.view import render_opening

Vector = NDArray[np.float64]

RIDGE, STEPS, RATE, FOLDS = 0.003, 400, 0.03, 5
KIN = 0.8  # Lin's similarity from which a broader class still counts as the disease


class Group(NamedTuple):
    """The candidates at one moment of one case."""

    case: str
    moment: int
    measures: Vector
    rest: Vector
    right: Vector


def part(case_id: str) -> str:
    """Which part of the cases it belongs to: "tune", "check" or "held-out"."""
    if stable_fraction(case_id, "medaction") >= 0.5:
        return "held-out"
    return "tune" if stable_fraction(case_id, "kagent") < 0.6 else "check"


def right(case: Case, rows: NDArray[np.int64]) -> Vector:
    """How right each candidate is; 0 for what is wrong or merely a broader class."""
    graph, same, verdicts = knowledge(), traits().same, judge()
    gold = [int(same[graph.row(found.id)]) for found in link(case.diagnosis.name)[:1]]
    marks = np.zeros(len(rows))
    for place, row in enumerate(rows.tolist()):
        name = graph.identifier(row)
        broader = any(
            row != g and name in graph.ancestors(graph.identifier(g)) and graph.lin(g, row) < KIN
            for g in gold
        )
        verdict = verdicts(case.diagnosis.name, written(graph.name(name)))
        if verdict.verdict == "same" and not broader:
            marks[place] = verdict.p**2
    return marks


def moments(case: Case, method: str) -> list[Group]:
    """The presentation, half of the results, all of them."""
    state = Hypotheses("likelihood" if method == "likelihood" else "similarity")
    state.read_presentation(render_opening(case))
    tests = list(case.tests)
    random.Random(case.id).shuffle(tests)
    half = len(tests) // 2
    groups = []
    for moment, new in enumerate(([], tests[:half], tests[half:])):
        for test in new:
            state.read_result(test.result, test.name)
        rows, measures = state.measured()
        if method == "none":
            measures[:, MEASURES.index("explains")] = 0.0
        groups.append(Group(case.id, moment, measures, state.rest(), right(case, rows)))
    return groups


def fit(groups: Sequence[Group]) -> tuple[Vector, Vector]:
    """Weights by gradient descent (Adam) on the conditional likelihood, with a ridge."""
    count = len(MEASURES)
    both = np.zeros(count + len(REST))
    first, second = np.zeros_like(both), np.zeros_like(both)
    for step in range(1, STEPS + 1):
        slope = np.append(2 * RIDGE * both[:count], np.zeros(len(REST)))
        for group in groups:
            p = probabilities(group.measures @ both[:count], float(group.rest @ both[count:]))
            wanted = p * np.append(group.right, 0.0 if group.right.any() else 1.0)
            error = p - wanted / wanted.sum()
            slope[:count] += group.measures.T @ error[:-1] / len(groups)
            slope[count:] += group.rest * error[-1] / len(groups)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        both -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return both[:count], both[count:]


def validate(groups: Sequence[Group]) -> None:
    """Print how weights do on cases that they were not fitted to."""
    fold = {case: int(FOLDS * stable_fraction(case, "fold")) for case in {g.case for g in groups}}
    rows = []
    for number in range(FOLDS):
        measures, rest = fit([g for g in groups if fold[g.case] != number])
        for group in groups:
            if fold[group.case] == number:
                p = probabilities(group.measures @ measures, float(group.rest @ rest))
                order = np.argsort(-p[:-1], kind="stable")
                hits = group.right[order] > 0
                mass = p[:-1][group.right > 0].sum() if hits.any() else p[-1]
                rows.append((group.moment, hits[0], hits[:5].any(), p[order[0]], -np.log(mass)))
    table = np.array(rows, float)
    for moment, name in enumerate(("presentation", "half of the results", "all results")):
        first, five, p, loss = table[table[:, 0] == moment, 1:].mean(axis=0)
        print(f"{name:20} first {first:.3f}  five {five:.3f}  p {p:.3f}  log loss {loss:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--method", default="similarity")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chosen = [c for file in options.cases for c in CaseSet.load(file) if part(c.id) == "tune"]
    groups = [group for case in chosen for group in moments(case, options.method)]
    print(f"{len(chosen)} cases, {options.method}")
    validate(groups)
    if options.out:
        measures, rest = fit(groups)
        fitted = {
            "provenance": {
                "script": "scripts/fit_hypotheses.py",
                "cases": len(chosen),
                "files": [file.name for file in options.cases],
                "method": options.method,
                "graph": knowledge().versions,
            },
            "measures": dict(zip(MEASURES, np.round(measures, 4).tolist(), strict=True)),
            "rest": dict(zip(REST, np.round(rest, 4).tolist(), strict=True)),
        }
        options.out.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
