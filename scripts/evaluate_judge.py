"""How the offline judge agrees with language models, how it takes near misses, how fast it is.

    python scripts/evaluate_judge.py JUDGED_PAIRS.jsonl [--half held-out]

Figures are against each model's verdicts separately, "same" meaning p >= 1/2, with 95 % intervals
from a bootstrap that draws whole cases. Where two models judged the same pairs, their agreement
stands beside as the yardstick. The weights were fitted on the development half: only the held-out
half measures anything. The same holds for the pairs that we wrote and labelled ourselves: of the
adversarial ones the half by disease, of the near misses round 2, that trained nothing.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from train_judge import development, figures, kappa, read

from medaction_gym.knowledge import knowledge
from medaction_gym.metrics.judge import Judge

DATA = Path(__file__).parent.parent / "tests" / "data"
WRITTEN = ("judge_adversarial.jsonl", "judge_near_misses.jsonl")
JUDGES = ("judge_gpt4o", "judge_gemma9b", "judge_qwen")
DRAWS = 2000


def intervals(
    p: NDArray[np.float64], y: NDArray[np.bool_], case: NDArray[np.str_]
) -> dict[str, tuple[float, float]]:
    """95 % intervals of accuracy, kappa and so on, drawing cases with replacement."""
    draw = np.random.default_rng(0)
    rows_of = [np.flatnonzero(case == c) for c in np.unique(case)]
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(DRAWS):
        rows = np.concatenate([rows_of[i] for i in draw.integers(0, len(rows_of), len(rows_of))])
        if y[rows].all() or not y[rows].any():
            continue
        for name, value in figures(p[rows], y[rows]).items():
            drawn[name].append(value)
    return {
        name: (round(float(np.quantile(v, 0.025)), 3), round(float(np.quantile(v, 0.975)), 3))
        for name, v in drawn.items()
        if name != "n"
    }


def agreement(rows: list[dict[str, Any]], judge: Judge) -> None:
    for name in JUDGES:
        some = [row for row in rows if row.get(name) is not None]
        if not some:
            continue
        y = np.array([row[name] for row in some], bool)
        given = [judge(row["gold"], row["prediction"]) for row in some]
        p = np.array([judgement.p for judgement in given])
        case = np.array([row["case_id"] for row in some])
        print(f"\n{name}: {len(some)} pairs, {len(np.unique(case))} cases, {y.mean():.1%} same")
        spread = intervals(p, y, case)
        for figure, value in figures(p, y).items():
            print(f"  {figure:12s} {value:.3f}", spread.get(figure, ""))
        decided = np.array([judgement.verdict != "undecided" for judgement in given])
        right = ((p >= 0.5) == y)[decided].mean()
        print(f"  undecided {1 - decided.mean():.1%} of pairs, accuracy elsewhere {right:.3f}")
        for other in JUDGES:
            both = [row for row in some if row.get(other) is not None and other > name]
            if both:
                a, b = (np.array([row[j] for row in both], bool) for j in (name, other))
                print(
                    f"  yardstick {other}: accuracy {(a == b).mean():.3f} kappa {kappa(a, b):.3f}"
                )


def written(path: Path, judge: Judge) -> None:
    """How our own pairs are judged, by part and kind; the errors of the part that trained."""
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read(path):
        parts[row.get("half") or f"round {row['round']}"].append(row)
    for part, rows in sorted(parts.items()):
        given = [judge(row["gold"], row["prediction"]) for row in rows]
        p, same = np.array([j.p for j in given]), np.array([row["same"] for row in rows])
        group = np.array([row["gold"] for row in rows])
        undecided = np.mean([judgement.verdict == "undecided" for judgement in given])
        print(f"\n{path.name}, {part}: {len(np.unique(group))} golds, undecided {undecided:.1%}")
        spread = intervals(p, same, group)
        for figure, value in figures(p, same).items():
            print(f"  {figure:12s} {value:.3f}", spread.get(figure, ""))
        kinds: dict[str, list[bool]] = defaultdict(list)
        for row, right in zip(rows, (p >= 0.5) == same, strict=True):
            kinds[("same: " if row["same"] else "different: ") + row["kind"]].append(right)
        for kind, marks in sorted(kinds.items()):
            print(f"    {kind:25s} {sum(marks):3d}/{len(marks):3d}")
        if part in ("development", "round 1"):
            for row, judgement in zip(rows, given, strict=True):
                if (judgement.p >= 0.5) != row["same"]:
                    print(f"    {judgement.p:.2f} {row['gold']} | {row['prediction']}")


def speed(rows: list[dict[str, Any]]) -> None:
    """Milliseconds a pair: both strings new, the gold known, and the pair seen before."""
    judge = Judge.load()
    judge("An unknown eponym", "warms the indices")
    reader, link = judge.reader, knowledge().linker.link
    fresh, known, seen = [], [], []
    for gold, prediction in {row["gold"]: row["prediction"] for row in rows}.items():
        for times, keep_gold in ((fresh, False), (known, True)):
            judge.forget()
            reader.forget()
            link.cache_clear()
            if keep_gold:
                reader.profile(gold)
            start = time.perf_counter()
            judge(gold, prediction)
            times.append(1000 * (time.perf_counter() - start))
        start = time.perf_counter()
        judge(gold, prediction)
        seen.append(1000 * (time.perf_counter() - start))
    for name, times in (("both new", fresh), ("gold known", known), ("seen", seen)):
        print(f"  {name:11s} median {np.median(times):.4f} ms, 95 % {np.quantile(times, 0.95):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--half", choices=("development", "held-out"), default="held-out")
    options = parser.parse_args()
    rows = [
        row
        for row in read(options.pairs)
        if development(row["case_id"]) == (options.half == "development")
    ]
    print(f"{options.half} half")
    agreement(rows, Judge.load())
    for name in WRITTEN:
        written(DATA / name, Judge.load())
    print("\nspeed")
    speed([row for row in read(options.pairs) if development(row["case_id"])])


if __name__ == "__main__":
    main()
