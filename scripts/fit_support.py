"""Fit the three weights of `metrics.support` on the development half of real cases, as Markdown.

    python scripts/fit_support.py CASES... [--seed N]

For each test of each case: does the gold diagnosis get more support from the patient's own result
than from another patient's result of the same kind of test? A logistic regression without intercept
on the three scores is fitted to one half of these cases and tested on the other, whole and with
each score left out; AUROC by result, and by case (supports summed over its results).
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.support import Result, support

MAX_TESTS = 8
NAMES = ("findings", "names", "description")
RIDGE = 1.0

Rows = list[tuple[str, tuple[float, float, float], tuple[float, float, float]]]


def measure(cases: list[Case], rng: random.Random) -> Rows:
    """Of each test: its case, the scores of its own result, and of another patient's."""
    results: dict[str, list[tuple[str, Result]]] = defaultdict(list)
    for case in cases:
        for test in case.tests:
            result = Result(test.name, test.result, test.category)
            results[test.category].append((case.id, result))
    rows: Rows = []
    for case in cases:
        for test in case.tests[:MAX_TESTS]:
            others = [result for owner, result in results[test.category] if owner != case.id]
            if not others:
                continue
            own = Result(test.name, test.result, test.category)
            name = case.diagnosis.name
            scores = support().scores
            rows.append((case.id, scores(name, own), scores(name, rng.choice(others))))
    return rows


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        weights -= np.linalg.solve(hessian, x.T @ (p - y) + RIDGE * weights)
    return weights


def auroc(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    a, b = one[:, None], other[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


def by_case(rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums: dict[str, float] = defaultdict(float)
    for (case, *_), value in zip(rows, values, strict=True):
        sums[case] += float(value)
    return np.array(list(sums.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    read = (case for path in arguments.cases for case in CaseSet.load(path, on_error="skip"))
    cases = list(CaseSet(read).split(development=0.5, held_out=0.5)[0])
    rng = random.Random(arguments.seed)
    order = sorted(case.id for case in cases)
    rng.shuffle(order)
    fitted = set(order[: len(order) // 2])
    rows = measure(cases, rng)
    seen = [row for row in rows if row[0] in fitted]
    unseen = [row for row in rows if row[0] not in fitted]
    print(f"{len(cases)} cases, {len(seen)} results to fit, {len(unseen)} to test\n")
    print("| scores | weights | AUROC by result | AUROC by case |")
    print("|---|---|---|---|")
    for kept in ((0, 1, 2), (1, 2), (0, 2), (0, 1), (0,), (1,), (2,)):
        own, other = (np.array([row[side] for row in seen])[:, kept] for side in (1, 2))
        labels = np.r_[np.ones(len(own)), np.zeros(len(other))]
        weights = fit(np.vstack([own, other]), labels)
        here, there = (np.array([r[side] for r in unseen])[:, kept] @ weights for side in (1, 2))
        print(
            f"| {', '.join(NAMES[k] for k in kept)} | {', '.join(f'{w:.2f}' for w in weights)} "
            f"| {auroc(here, there):.3f} "
            f"| {auroc(by_case(unseen, here), by_case(unseen, there)):.3f} |"
        )


if __name__ == "__main__":
    main()
