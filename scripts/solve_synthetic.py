"""Do the findings of synthetic cases determine their disease?

    python scripts/solve_synthetic.py [--seed 12] [--cases 300]

Both measures of `knowledge.inference`, similarity and likelihood (naive Bayes), over three sources:
the findings that the generator drew (an upper bound: nobody reads better), those the extractor
reads in the first observation, and those in the whole record. Printed: how often
the gold disease is first and among the first ten of the diseases of the generator's roster, how
often first of all diseases of the graph, and its median rank among these.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from medaction_gym.cases.case import Case
from medaction_gym.knowledge.findings import evidence
from medaction_gym.knowledge.inference import Method, inference
from medaction_gym.synthetic import generator

METHODS: tuple[Method, ...] = ("similarity", "likelihood")


def read(case: Case, *, record: bool) -> dict[str, float]:
    """The evidence of a case's texts; the strongest word on each concept counts."""
    texts = [(text, "", "") for _, text in case.presentation]
    if record:
        texts += [(test.result, test.name, test.category) for test in case.tests]
    found: dict[str, float] = {}
    for text, test, category in texts:
        for concept, weight in evidence(text, test, category).items():
            if abs(weight) > abs(found.get(concept, 0.0)):
                found[concept] = weight
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--cases", type=int, default=300)
    arguments = parser.parse_args()
    made = generator()
    roster = np.array(made.roster.rows)
    ranks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number in range(arguments.cases):
        case = made.case(arguments.seed, number)
        gold = made.graph.row(case.metadata["disease"])
        for source, found in (
            ("findings drawn", dict.fromkeys(case.metadata["findings"], 1.0)),
            ("first observation, read", read(case, record=False)),
            ("whole record, read", read(case, record=True)),
        ):
            for method in METHODS:
                scores = inference(method).scores(found)
                near = int((scores[roster] > scores[gold]).sum()) + 1
                far = int((scores > scores[gold]).sum()) + 1
                ranks[f"{source}; {method}"].append((near, far))
    print(f"{arguments.cases} cases, {len(roster)} diseases in the roster")
    print("| source | first of roster | in ten of roster | first of all | median rank of all |")
    print("|---|---|---|---|---|")
    for source, pairs in ranks.items():
        near, far = np.array(pairs).T
        print(
            f"| {source} | {(near == 1).mean():.1%} | {(near <= 10).mean():.1%}"
            f" | {(far == 1).mean():.1%} | {np.median(far):.0f} |"
        )


if __name__ == "__main__":
    main()
