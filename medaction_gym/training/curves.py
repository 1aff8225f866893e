"""Curves: what a training run measured, step by step, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

# What is measured at play, in [0, 1]; the rest of a log entry is not drawn.
PLAYED = "play_"


def draw_curves(log: Sequence[dict[str, Any]], file: Path) -> bool:
    """Draw the loss, and what was measured at play.

    Args:
        log: Entries of `transformers.TrainerState.log_history`.
        file: Where to, as PNG.

    Returns:
        Whether it was drawn: not without matplotlib, and not of an empty log.
    """
    losses = [(e["step"], e["loss"]) for e in log if "loss" in e]
    played = [e for e in log if any(name.startswith(PLAYED) for name in e)]
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    if not losses:
        return False
    figure = Figure(figsize=(10 if played else 6, 3.6), layout="constrained")
    axes = figure.subplots(1, 2 if played else 1, squeeze=False)[0]
    axes[0].plot(*zip(*losses, strict=True), color="tab:gray", alpha=0.4, linewidth=1)
    axes[0].plot(*zip(*_smoothed(losses), strict=True), color="tab:blue", label="smoothed")
    axes[0].set(xlabel="step", ylabel="loss of the assistant's tokens", ylim=(0, None))
    axes[0].legend()
    if played:
        names = [name for name in played[0] if name.startswith(PLAYED)]
        for name, line in zip(names, cycle(("-", "--"))):  # one may lie upon another
            steps = [e["step"] for e in played]
            label = name.removeprefix(PLAYED).replace("_", " ")
            axes[1].plot(steps, [e[name] for e in played], line, marker="o", label=label)
        axes[1].set(xlabel="step", title="played on cases not trained on", ylim=(-0.02, 1.02))
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        axes[1].legend(fontsize="small", frameon=False, **beside)
    figure.savefig(file, dpi=120)
    return True


def _smoothed(points: Sequence[tuple[int, float]], keep: float = 0.8) -> list[tuple[int, float]]:
    smooth, found = points[0][1], []
    for step, value in points:
        smooth = keep * smooth + (1 - keep) * value
        found.append((step, smooth))
    return found
