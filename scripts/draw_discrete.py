"""Learning curves of the discrete view, beside those that need no training.

    python scripts/draw_discrete.py RESULTS CURVE [CURVE ...] --out FILE

RESULTS is the results.json of train_discrete.py, CURVE what docs/examples/ppo.py writes (a run
each). Needs matplotlib.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOUR, GREY = "#1f6f8b", "#777777"
STYLES = {"random": ":", "at once": "-", "list": "--", "protocol": "-.", "knowledge": (0, (1, 3))}


def panel(axis: Any, title: str, curves: list[list[tuple[float, float]]]) -> None:
    """Runs of one learner."""
    for curve in curves:
        axis.plot(*zip(*curve, strict=True), color=COLOUR, alpha=0.8)
    axis.set_title(title, fontsize=9)
    axis.set_xlabel("thousand steps", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("curves", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    results = json.loads(given.results.read_text())
    parts = list(results["ppo"])
    figure, axes = plt.subplots(1, len(parts) + 1, figsize=(11, 3.2), layout="constrained")
    for axis, part in zip(axes, parts, strict=False):
        panel(
            axis,
            f"MaskablePPO\n{results['cases'][part]} unseen {part} cases",
            [[(p["steps"] / 1e3, p[part]["reward"]) for p in r["curve"]] for r in results["runs"]],
        )
        for name, scores in results["view"].items():
            style = STYLES[name.partition(" (")[0]]
            axis.axhline(scores[part]["reward"], color=GREY, linestyle=style, lw=1, label=name)
    axes[0].set_ylabel("reward of an episode", fontsize=8)
    runs = [list(csv.DictReader(file.open())) for file in given.curves]
    panel(
        axes[-1],
        "examples/ppo.py\nunseen synthetic cases",
        [[(int(row["steps"]) / 1e3, float(row["reward"])) for row in run] for run in runs],
    )
    for run in runs:
        axes[-1].axhline(float(run[0]["at_once"]), color=GREY, lw=1)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    figure.savefig(given.out, dpi=110)


if __name__ == "__main__":
    main()
