"""Does anything but the findings tell the disease of a synthetic case?

    python scripts/probe_synthetic.py [--seed 21] [--cases 2000] [--permutations 100]

First the strings of the diagnosis are looked for in 2,000 cases. Then ridge classifiers on one
group of fields each are scored on held-out folds by the area under the curve (chance .5), twice:

1. 40 diseases with 40 patients each: which disease is it? Fields that follow the findings, such as
   the length of the text, tell it here, as they must.
2. The same patients twice: 30 pairs of a disease and one that shares findings with it, 60 patients
   each. Every patient, with findings, age, sex and rival diseases held fixed, is written up once as
   having the one and once as having the other. What tells the two apart does not come from the
   findings. A permutation test swaps the two labels of each patient.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.case import Case, Provenance
from medaction_gym.cases.leaks import gold_names
from medaction_gym.catalogue.tokens import tokenize
from medaction_gym.synthetic import generator
from medaction_gym.synthetic.patient import draw
from medaction_gym.synthetic.prose import FAMILY, JOBS, PAST_HISTORY, PLACES, ROOMS, RUNS, present
from medaction_gym.synthetic.workup import work_up
from medaction_gym.view import render_opening

Vector = NDArray[np.float64]
FOLDS, RIDGE = 5, 10.0
FRAMES = ("There is also", "also report", "On questioning", "too, the mother", "Birth history")


def age_and_sex(case: Case) -> list[float]:
    number, unit = re.match(r"(\d+)-(\w+)-old", case.presentation.patient).groups()  # type: ignore
    age = int(number) / {"day": 365, "month": 12, "year": 1}[unit]
    male = bool(re.search(r"\b(?:boy|man)\b", case.presentation.patient))
    return [age, np.sqrt(age), float(age < 2), float(age < 12), float(age >= 40), male]


def wording(case: Case) -> list[float]:
    """Place, room, job, and the sentences that carry no finding."""
    parts = [float(word in case.presentation.patient) for word in (*PLACES, *ROOMS, *JOBS)]
    return parts + [float(sentence in case.presentation.history) for sentence in PAST_HISTORY]


def frames(case: Case) -> list[float]:
    """How findings are put into sentences, and the unit of the duration."""
    parts = [float(case.presentation.history.count(frame)) for frame in FRAMES]
    units = ("day", "week", "month", "year")
    return parts + [float(f" {unit}" in case.presentation.chief_complaint) for unit in units]


def values(case: Case) -> list[float]:
    """How many values, and where in the order of the menu the panels stand."""
    counts = [len(test.analytes) for test in case.tests]
    third = max(1, len(counts) // 3)
    return [float(sum(counts)), float(sum(counts[:third])), float(sum(counts[-third:]))]


def lengths(case: Case, *, genes: bool = True) -> list[float]:
    """Characters and sentences of each section, and of the record; without the gene panel's."""
    texts = list(dict(case.presentation).values())
    record = [len(test.result) for test in case.tests if genes or test.category != "genetics"]
    sizes = [*map(len, texts), *(text.count(". ") for text in texts), sum(record), max(record)]
    return [float(size) for size in sizes]


def numbers(case: Case) -> list[float]:
    """Vital signs: they follow age, and the few findings that are vital signs."""
    found = re.findall(r"\d+(?:\.\d)?", case.presentation.examination.split("%")[0])
    return [float(n) for n in found[:6]]


def one_hot(sets: list[list[str]], least: int = 5) -> Vector:
    counts = Counter(item for items in sets for item in set(items))
    known = sorted(item for item, n in counts.items() if n >= least)
    return np.array([[float(item in items) for item in known] for items in sets])


def groups(cases: list[Case]) -> dict[str, Vector]:
    fields: dict[str, Callable[[Case], list[float]]] = {
        "age and sex": age_and_sex,
        "place, room, job, past history": wording,
        "family history": lambda c: [s in c.presentation.history for s in (*RUNS, *FAMILY)],
        "frames and duration": frames,
        "tests, gene panel": lambda c: [len(c.tests), "genetics" in [t.category for t in c.tests]],
        "values and their order": values,
        "lengths of text": lengths,
        "lengths but for the gene panel": partial(lengths, genes=False),
        "vital signs": numbers,
    }
    found = {name: np.array([field(c) for c in cases], float) for name, field in fields.items()}
    found["names of tests (menu)"] = one_hot([[t.name for t in c.tests] for c in cases])
    found["findings (control)"] = known(cases)
    return found


def known(cases: list[Case]) -> Vector:
    """The findings, as they are and as they are shown."""
    sets, how = [], generator().roster.how
    for case in cases:
        shown = [how(p)[0].shown for p in case.metadata["findings"]]  # type: ignore[index]
        sets.append([*case.metadata["findings"], *(f"{s}:{shown.count(s)}" for s in set(shown))])
    return one_hot(sets, least=2)


def scores(features: Vector, labels: NDArray[np.int64]) -> float:
    """Mean area under the curve of one class against the rest, on held-out folds."""
    spread = features.std(axis=0)
    if not spread.any():
        return 0.5
    x = (features[:, spread > 0] - features[:, spread > 0].mean(axis=0)) / spread[spread > 0]
    x = np.hstack([x, np.ones((len(x), 1))])
    classes = np.unique(labels)
    y = (labels[:, None] == classes).astype(float)
    fold = np.arange(len(x)) // 2 % FOLDS  # twins stay together
    predicted = np.zeros_like(y)
    for k in range(FOLDS):
        train = x[fold != k]
        gram = train.T @ train + RIDGE * np.eye(train.shape[1])
        predicted[fold == k] = x[fold == k] @ np.linalg.solve(gram, train.T @ y[fold != k])
    areas = [
        [area(predicted[fold == f, k], y[fold == f, k] == 1) for f in range(FOLDS)]
        for k in range(len(classes))
    ]
    return float(np.nanmean(np.nanmean(areas, axis=1)))


def area(guess: Vector, truth: NDArray[np.bool_]) -> float:
    _, place, count = np.unique(guess, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positive = truth.sum()
    if positive in (0, len(truth)):
        return np.nan
    least = positive * (positive + 1) / 2
    return float((rank[truth].sum() - least) / (positive * (len(truth) - positive)))


def twins(seed: int, pairs: int, patients: int) -> list[tuple[list[Case], Vector]]:
    """Patients written up as having one disease and as having another; the labels are 0 and 1."""
    made, found = generator(), []
    rng = Random(f"twins:{seed}")
    while len(found) < pairs:
        row = made.roster.rows[rng.randrange(len(made.roster.rows))]
        first, second = made.roster.disease(row), None
        cases: list[Case] = []
        for _ in range(3 * patients):
            patient = draw(rng, first)
            if patient is None:
                continue
            near = made.sharing(first, patient)
            second = second or (made.roster.disease(near[0][0]) if near else None)
            if second is None:
                break
            rivals = [made.roster.rival(r) for r, _ in near[:8] if r != second.row][:5]
            for disease in (first, second):
                cases.append(
                    Case(
                        id=str(len(cases)),
                        provenance=Provenance(source="probe", license="Apache-2.0"),
                        presentation=present(rng, patient, disease, rivals),
                        tests=work_up(rng, patient, disease, rivals).tests,
                        diagnosis=disease.diagnosis,
                        metadata={"findings": [t.phenotype for t in patient.findings]},
                    )
                )
            if len(cases) == 2 * patients:
                found.append((cases, np.arange(len(cases)) % 2))
                break
    return found


def tables(seed: int, permutations: int) -> None:
    made = generator()
    cases, labels = [], []
    for row in Random(seed).sample(made.roster.rows, 60):
        try:
            identifier = made.graph.identifier(row)
            of = [made.case(seed, i, disease=identifier) for i in range(40)]
        except ValueError:
            continue  # no patient with it can be made often enough
        cases += of
        labels += [row] * len(of)
        if len(cases) == 1600:
            break
    order = np.random.default_rng(0).permutation(len(cases))
    truth = np.array(labels)[order]
    which = {name: scores(fields[order], truth) for name, fields in groups(cases).items()}
    pairs = [(groups(of), truth) for of, truth in twins(seed, 30, 60)]
    rng = np.random.default_rng(0)
    print("\n## Fields\n")
    print(f"{len(cases)} cases of {len(set(labels))} diseases; {len(pairs)} pairs of 60 patients")
    print(
        "| fields | of 40 | of two, same findings | 95 % if by chance | p |\n|---|---|---|---|---|"
    )
    for name in which:
        seen = np.mean([scores(fields[name], truth) for fields, truth in pairs])
        drawn = []
        for _ in range(permutations):
            swap = [np.repeat(rng.integers(0, 2, len(truth) // 2), 2) for _, truth in pairs]
            drawn.append(
                np.mean([scores(f[name], t ^ s) for (f, t), s in zip(pairs, swap, strict=True)])
            )
        low, high = np.percentile(drawn, [2.5, 97.5])
        p = (1 + sum(d >= seen for d in drawn)) / (1 + len(drawn))
        print(f"| {name} | {which[name]:.3f} | {seen:.3f} | {low:.3f}-{high:.3f} | {p:.2f} |")


def scan(cases: list[Case]) -> None:
    """The strings of the gold diagnosis, looked for without the generator's own scanner."""
    rare = generator().roster.in_names
    hits: Counter[str] = Counter()
    print("## Strings of the diagnosis\n")
    for case in cases:
        first = render_opening(case).lower()
        record = " ".join(f"{test.name} {test.result}" for test in case.tests).lower()
        for name in (case.diagnosis.name, *case.diagnosis.synonyms):
            whole = re.compile(rf"(?<!\w){re.escape(name.lower())}(?!\w)")
            hits["names in the first observation"] += bool(whole.search(first))
            hits["names in the record"] += bool(whole.search(record))
        folded = {word for name in gold_names(case.diagnosis) for word in name}
        telling = {word for word in folded if len(word) > 4 and rare[word] <= 3}
        if said := telling & {token.text for token in tokenize(first)}:
            hits["first observations with a word that at most three names have"] += 1
            print("   ", case.id, case.diagnosis.name, sorted(said))
    for kind, number in sorted(hits.items()):
        print(f"{kind}: {number} ({len(cases)} cases)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--permutations", type=int, default=100)
    arguments = parser.parse_args()
    scan([generator().case(arguments.seed, i) for i in range(arguments.cases)])
    tables(arguments.seed, arguments.permutations)


if __name__ == "__main__":
    main()
