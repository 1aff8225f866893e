"""What a tree gives beside chains, and what selection keeps, at the same number of nodes.

    python scripts/evaluate_distillation.py [CASES] [--nodes 500] [--limit N]

One row for each way to grow: forks where informed, forks everywhere, level by level, and no tree at
all (independent chains until the budget is spent). Then what is refused of the first. Means over
paths; "orders" and "pairs" are counts a case; distinct-2 and -3 are the shares of different word
pairs and triples in the rationales of a case's paths, averaged over cases; s is processor time. The
last rows compare trees and chains at the same number of paths: of each case the best N of both by
DTC and RAC combined, where N is what the poorer of the two kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.grounding import grounds_of
from medaction_gym.distill.node import Node
from medaction_gym.distill.preferences import pairs
from medaction_gym.distill.selection import Thresholds, measures, select, wrongs
from medaction_gym.distill.teachers import make_teacher
from medaction_gym.distill.tree import Growth, Tree, TreeDistiller

HEAD = "| | paths | DTC | RAC | recall | tests | orders | distinct-2 | distinct-3 | pairs | s |"
COLUMNS = ("dtc", "rac", "examination_recall", "tests")


def distinct(paths: Sequence[Node], n: int) -> float:
    """Share of different word n-grams in the rationales of some paths."""
    grams = [
        tuple(words[i : i + n])
        for path in paths
        for node in path.path
        if node.candidate
        for words in (node.candidate.rationale.split(),)
        for i in range(len(words) - n + 1)
    ]
    return len(set(grams)) / len(grams) if grams else 0.0


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def line(name: str, cases: list[list[Node]], found: float, seconds: float) -> str:
    """One row of the table."""
    paths = [path for case in cases for path in case]
    numbers = [measures(path) for path in paths]
    some = [case for case in cases if case]
    cells = [f"{len(paths):,}", *(f"{mean(m[c] for m in numbers):.3f}" for c in COLUMNS)]
    cells.append(f"{mean(len({p.order for p in case}) for case in cases):.1f}")
    cells += [f"{mean(distinct(case, n) for case in some):.3f}" for n in (2, 3)]
    cells += [f"{found:.1f}", f"{seconds:.0f}"]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="?")
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    cases = CaseSet.load(options.cases) if options.cases else CaseSet.teaching()
    cases = cases[: options.limit]
    teacher = make_teacher("privileged", tuple(cases))
    limits = Thresholds()
    ways: dict[str, Growth | None] = {
        "tree, informed": Growth(nodes=options.nodes),
        "tree, everywhere": Growth(nodes=options.nodes, branching="everywhere"),
        "tree, breadth-first": Growth(nodes=options.nodes, order="breadth-first"),
        "chains": None,
    }
    print(HEAD)
    print("|" + " --- |" * 11)
    extra: list[str] = []
    by_way: dict[str, list[list[Node]]] = {}
    for name, growth in ways.items():
        begun = time.process_time()
        kept: list[list[Node]] = []
        refused: list[list[Node]] = []
        found = 0
        for case in cases:
            distiller = TreeDistiller([teacher], growth or Growth(nodes=options.nodes))
            tree: Tree = distiller.grow(case) if growth else distiller.chains(case)
            grounds = grounds_of(case)
            ends = [n for n in tree.nodes if n.parent is not None and (n.over or n.fault)]
            verdicts = select(ends, grounds, limits)
            kept.append([v.leaf for v in verdicts if v.fate == "retained"])
            bad = {n.id: wrongs(n, grounds, limits) for n in ends}
            refused.append([v.leaf for v in verdicts if bad[v.leaf.id]])
            roots = [n for n in tree.nodes if n.parent is None]
            found += sum(len(pairs(root, bad, 16)) for root in roots)
        seconds = time.process_time() - begun
        print(line(name, kept, found / len(cases), seconds), flush=True)
        by_way[name] = kept
        if name == "tree, informed":
            extra = [line("its refused paths", refused, 0, 0)]
    print(*extra, sep="\n")
    for tree_name in ("tree, informed", "tree, everywhere"):
        few = [
            min(map(len, both)) for both in zip(by_way[tree_name], by_way["chains"], strict=True)
        ]
        for name in (tree_name, "chains"):
            best = [
                sorted(case, key=lambda n: -n.score.combined)[:most]
                for case, most in zip(by_way[name], few, strict=True)
            ]
            print(line(f"{name}: best as many", best, 0, 0))


if __name__ == "__main__":
    main()
