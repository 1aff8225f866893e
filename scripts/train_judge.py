"""Fit the offline judge to the verdicts of language models, on the development half of the cases.

    python scripts/train_judge.py JUDGED_PAIRS.jsonl [--out WEIGHTS.json]

A row holds ``case_id``, ``gold``, ``prediction`` and one or more of ``judge_gpt4o``,
``judge_gemma9b``, ``judge_qwen``. Only cases of the development half are read, so that the other
half can be used once, to measure (`scripts/evaluate_judge.py`).

The target is GPT-4o's verdict, softened by Gemma's where both judged, and Qwen's elsewhere. Judged
answers are all attempts at the same case, and five in six of them are right, so pairs are added:
diseases and their synonyms (same), diseases and their siblings in the graph (different), gold
diagnoses with the answers to other cases (different), and the pairs that we wrote and labelled
ourselves, equivalents and near misses over all specialties (tests/data; the development half of
the one set by disease, the first round of the other; their other parts only measure).

Everything is chosen by cross-validation over cases and diseases, with the judge's rules applied:
the regularisation and whether weights must keep the sign that their measure's meaning demands by
AUROC over the models' verdicts and our labels alike; where one half lies by agreement with GPT-4o
alone (our labels are hardly moved by it).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.caseset import stable_fraction
from medaction_gym.knowledge import Kind, KnowledgeGraph, Relation, knowledge
from medaction_gym.metrics.judge import Judge, no_answer

Array = NDArray[np.float64]
Model = Callable[[Array], Array]

DATA = Path(__file__).parent.parent / "tests" / "data"
OUT = Path(__file__).parent.parent / "medaction_gym" / "metrics" / "data" / "judge_weights.json"
GEMMA, QWEN = 0.3, 0.5  # share of Gemma's verdict in the target; weight of a row that Qwen judged
EXTRA = {"synonym": 0.2, "sibling": 0.2, "crossed": 0.1}  # weight of a row that no model judged
EXTRA_ROWS = 400
WRITTEN = 0.5  # weight of a row that we wrote
BAND = (0.3, 0.5)  # undecided
FOLDS, REPEATS = 8, 3

# What a measure must mean: 1 speaks for one disease, -1 against, 0 either way.
SIGN = {
    "nothing": -1, "replaced": -1, "swapped": -1, "conflicts": -1, "guesses": -1, "choice": -1,
    "apart": -1, "longer": -1, "silent": -1, "broader": 0, "narrower": 0,
}  # fmt: skip


def development(case_id: str) -> bool:
    """Whether a case belongs to the half that may be looked at."""
    return stable_fraction(case_id, "medaction") < 0.5


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def written() -> list[dict[str, Any]]:
    """Our own pairs that may be looked at."""
    rows = read(DATA / "judge_adversarial.jsonl") + read(DATA / "judge_near_misses.jsonl")
    return [row for row in rows if row.get("half") == "development" or row.get("round") == 1]


def target(row: dict[str, Any]) -> tuple[float, float]:
    """The label in [0, 1] and the weight of a row."""
    if row.get("judge_gpt4o") is None:
        return float(row["judge_qwen"]), QWEN
    gemma = row.get("judge_gemma9b")
    share = GEMMA if gemma is not None else 0.0
    return (1 - share) * row["judge_gpt4o"] + share * (gemma or False), 1.0


def extra_pairs(
    graph: KnowledgeGraph, rows: list[dict[str, Any]]
) -> list[tuple[str, str, float, float]]:
    """Pairs without a verdict: gold, prediction, label, weight."""
    draw = random.Random(7)
    diseases = [
        i for i in graph if i.startswith("MONDO:") and graph.concept(i).kind == Kind.DISEASE
    ]
    synonyms: list[tuple[str, str]] = []
    siblings: list[tuple[str, str]] = []
    for disease in draw.sample(diseases, 1500):
        name = graph.name(disease)
        others = [text for text in graph.synonyms(disease) if len(text) > 6]
        if others:
            synonyms.append((name, draw.choice(others)))
        parents = [p for p in graph.parents(disease) if p.startswith("MONDO:")]
        if parents:
            near = [
                edge.source
                for edge in graph.edges(draw.choice(parents), incoming=True)
                if edge.relation == Relation.IS_A and edge.source.startswith("MONDO:")
            ]
            near = [other for other in near if other != disease]
            if near:
                siblings.append((name, graph.name(draw.choice(near))))
    crossed = []
    for row in draw.sample(rows, min(len(rows), 300)):
        other = draw.choice([r for r in rows if r["case_id"] != row["case_id"]])
        crossed.append((row["gold"], other["prediction"]))
    groups = (("synonym", synonyms, 1.0), ("sibling", siblings, 0.0), ("crossed", crossed, 0.0))
    return [
        (gold, prediction, label, EXTRA[kind])
        for kind, pairs, label in groups
        for gold, prediction in pairs[:EXTRA_ROWS]
    ]


def standardise(x: Array, weight: Array) -> tuple[Array, Array]:
    mean = np.average(x, axis=0, weights=weight)
    return mean, np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight)) + 1e-6


def logistic(
    x: Array, y: Array, weight: Array, strength: float, signs: NDArray[np.int64] | None
) -> tuple[Array, float]:
    """Logistic regression with an L2 penalty, weights kept to their signs where these are given.

    Accelerated projected gradient; the labels may lie between 0 and 1.
    """
    n, k = x.shape
    design = np.column_stack([x, np.ones(n)])
    penalty = np.append(np.full(k, 1 / strength), 0.0)
    step = 1 / (0.25 * np.linalg.norm(design * np.sqrt(weight)[:, None], 2) ** 2 + penalty.max())
    current = np.zeros(k + 1)
    ahead, momentum = current.copy(), 1.0
    for _ in range(2000):
        p = 1 / (1 + np.exp(-np.clip(design @ ahead, -30, 30)))
        new = ahead - step * (design.T @ (weight * (p - y)) + penalty * ahead)
        if signs is not None:
            new[:k] = np.where(signs * new[:k] < 0, 0.0, new[:k])
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if np.dot(ahead - new, new - current) > 0:  # overshot: restart the momentum
            following = 1.0
        ahead = new + (momentum - 1) / following * (new - current) if following > 1 else new
        if np.abs(new - current).max() < 1e-5:
            break
        current, momentum = new, following
    return new[:k], float(new[k])


class Data:
    """Measures, targets and groups of all pairs: judged by models, ours, and the extra ones."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        judge = Judge.load()
        ours = written()
        self.rows = rows + ours
        measured = [judge.reader.measure(row["gold"], row["prediction"]) for row in self.rows]
        self.names = list(measured[0])
        self.x = np.array([[m[name] for name in self.names] for m in measured])
        targets = [*map(target, rows), *((float(row["same"]), WRITTEN) for row in ours)]
        self.y, self.weight = map(np.array, zip(*targets, strict=True))
        self.group = np.array([row.get("case_id") or row["gold"] for row in self.rows])
        self.limit = np.array([most(judge, row["gold"], row["prediction"]) for row in self.rows])
        extra = extra_pairs(knowledge(), rows)
        self.extra_x = np.array([list(judge.reader.measure(a, b).values()) for a, b, _, _ in extra])
        self.extra_y = np.array([label for _, _, label, _ in extra])
        self.extra_weight = np.array([weight for _, _, _, weight in extra])
        self.signs = np.array([SIGN.get(name, 1) for name in self.names])

    def training(self, mask: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        return (
            np.vstack([self.x[mask], self.extra_x]),
            np.concatenate([self.y[mask], self.extra_y]),
            np.concatenate([self.weight[mask], self.extra_weight]),
        )

    def fit(self, mask: NDArray[np.bool_], strength: float, signed: bool) -> dict[str, Any]:
        x, y, weight = self.training(mask)
        mean, scale = standardise(x, weight)
        signs = self.signs if signed else None
        coefficients, intercept = logistic((x - mean) / scale, y, weight, strength, signs)
        return {"mean": mean, "scale": scale, "weight": coefficients, "intercept": intercept}

    def out_of_fold(self, strength: float, signed: bool) -> Array:
        """Each pair's probability from models that saw no pair of its group, averaged."""
        groups = np.unique(self.group)
        total = np.zeros(len(self.rows))
        for seed in range(REPEATS):
            draw = np.random.default_rng(seed).integers(0, FOLDS, len(groups))
            fold_of = dict(zip(groups, draw, strict=True))
            folds = np.array([fold_of[group] for group in self.group])
            for fold in range(FOLDS):
                model = predict(self.fit(folds != fold, strength, signed))
                total[folds == fold] += model(self.x[folds == fold])
        return total / REPEATS


def most(judge: Judge, gold: str, prediction: str) -> float:
    """What the judge's rules leave of the probability at most."""
    a, b = judge.reader.profile(gold), judge.reader.profile(prediction)
    if a.everything and a.everything == b.everything:
        return 1.0
    limits = [limit for limit, _ in judge.rules(a, b)]
    return min([1.0, *limits, *(no_answer(a, b) or ())[:1]])


def predict(model: dict[str, Any]) -> Model:
    def apply(x: Array) -> Array:
        logit = (x - model["mean"]) / model["scale"] @ model["weight"] + model["intercept"]
        return np.asarray(1 / (1 + np.exp(-logit)))

    return apply


def auroc(p: Array, y: NDArray[np.bool_]) -> float:
    better = p[y][:, None] - p[~y][None, :]
    return float(((better > 0) + 0.5 * (better == 0)).mean())


def kappa(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return float(((a == b).mean() - chance) / (1 - chance)) if chance < 1 else 0.0


def agreed(p: Array, y: NDArray[np.bool_]) -> float:
    """Accuracy and kappa, their sum."""
    return float(((p >= BAND[1]) == y).mean()) + kappa(p >= BAND[1], y)


def figures(p: Array, y: NDArray[np.bool_], at: float = 0.5) -> dict[str, float]:
    same = p >= at
    result = {
        "n": len(y),
        "auroc": auroc(p, y),
        "accuracy": (same == y).mean(),
        "kappa": kappa(same, y),
        "sensitivity": same[y].mean(),
        "specificity": (~same)[~y].mean(),
    }
    return {name: round(float(value), 4) for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()

    rows = [row for row in read(options.pairs) if development(row["case_id"])]
    data = Data(rows)
    verdict = [row.get("judge_gpt4o") if row.get("case_id") else row["same"] for row in data.rows]
    told = np.array([v is not None for v in verdict])
    ours = np.arange(len(data.rows)) >= len(rows)
    truth = np.array([bool(v) for v in verdict])
    by_qwen = np.array([row.get("judge_qwen") is not None for row in data.rows])
    truth |= np.array([bool(row.get("judge_qwen")) for row in data.rows])
    parts = (told & ~ours, by_qwen, ours)  # counted alike, however many pairs each has

    tried = []
    for signed in (True, False):
        for strength in (0.03, 0.1, 0.3, 1.0):
            p = data.out_of_fold(strength, signed)
            area = sum(auroc(p[part], truth[part]) for part in parts) / len(parts)
            tried.append((area, strength, signed, p))
            print(f"{strength=} {signed=}", *(figures(p[part], truth[part]) for part in parts))
    _, strength, signed, p = max(tried, key=lambda row: row[:3])

    # One half goes where the agreement with GPT-4o is best, averaged over near cuts, as few pairs
    # lie close to one.
    shifts = np.arange(-2.5, 2.51, 0.1)
    logit = np.log(p / (1 - p))
    moved = [np.minimum(1 / (1 + np.exp(shift - logit)), data.limit) for shift in shifts]
    worth = np.array([agreed(m[parts[0]], truth[parts[0]]) for m in moved])
    best = int(np.argmax(np.convolve(np.pad(worth, 3, mode="edge"), np.full(7, 1 / 7), "valid")))
    shift = float(shifts[best])
    final = data.fit(np.ones(len(data.rows), bool), strength, signed)
    validated = [
        figures(moved[best][part], truth[part])
        | {
            "undecided": round(
                float(((moved[best] >= BAND[0]) & (moved[best] < BAND[1]))[part].mean()), 4
            )
        }
        for part in parts
    ]
    print(f"kept {strength=} {signed=} {shift=:.1f}", *validated, sep="\n")
    fitted = zip(data.names, final["mean"], final["scale"], final["weight"], strict=True)
    weights = {
        "provenance": {
            "script": "scripts/train_judge.py",
            "data": "judged_pairs.jsonl: verdicts of GPT-4o, Gemma-9B and Qwen on models' answers"
            " to MedR-Bench cases, from a public re-run of MedR-Bench (CC BY-SA)",
            "data_sha256": hashlib.sha256(options.pairs.read_bytes()).hexdigest(),
            "split": "development half of the cases, sha256('medaction:' + case_id) < 1/2",
            "cases": len({row["case_id"] for row in rows}),
            "pairs": len(rows),
            "our_pairs": int(ours.sum()),
            "extra_pairs": len(data.extra_y),
            "graph": knowledge().versions,
            "model": "logistic regression, L2" + (", weights kept to their sign" if signed else ""),
            "strength": strength,
            "shift": round(shift, 1),
            "cross_validated_against_gpt4o": validated[0],
            "cross_validated_against_qwen": validated[1],
            "cross_validated_against_our_labels": validated[2],
        },
        "intercept": round(final["intercept"] - shift, 5),
        "band": BAND,
        "features": [
            {"name": n, "mean": round(m, 5), "scale": round(s, 5), "weight": round(w, 5)}
            for n, m, s, w in fitted
        ],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
