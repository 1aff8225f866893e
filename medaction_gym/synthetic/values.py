"""Values: numbers for the panels of a patient, with units and reference ranges."""

from __future__ import annotations

from random import Random

from medaction_gym.cases.case import Analyte as CaseAnalyte
from medaction_gym.synthetic import tables
from medaction_gym.synthetic.patient import Patient
from medaction_gym.synthetic.tables import Analyte

BORDERLINE = 0.5  # how many records hold one value just outside its range that means nothing
# What rises and falls together: where one is abnormal and the other was not drawn, it is left out.
_TOGETHER = (
    {"crp", "esr"},
    {"bilirubin", "direct_bilirubin"},
    {"alt", "ast"},
    {"creatinine", "urea"},
    {"fasting_glucose", "hba1c"},
    {"total_cholesterol", "ldl"},
    {"lh", "fsh"},
    {"iron", "transferrin_saturation"},
)


def measure(
    rng: Random, patient: Patient, panels: list[str], unsure: set[str]
) -> dict[str, tuple[CaseAnalyte, ...]]:
    """The values of some panels.

    Args:
        rng: What draws them.
        patient: Whose findings they must show.
        panels: The tests.
        unsure: Analytes to leave out: the disease would have changed them, and nothing was drawn.

    Returns:
        The values by test; a panel of which nothing is left is missing.
    """
    states = {analyte: state for t in patient.findings for analyte, state in t.values}
    unsure = unsure.union(*(pair for pair in _TOGETHER if pair & states.keys()))
    wanted = [
        analyte
        for test in panels
        for analyte in tables.analytes().get(test, ())
        if patient.who in analyte.who and (analyte.id in states or analyte.id not in unsure)
    ]
    numbers = {a.id: _number(rng, a, states.get(a.id, "normal")) for a in wanted}
    plain = [a for a in wanted if a.id not in states]
    if rng.random() < BORDERLINE and plain:
        analyte = plain[rng.randrange(len(plain))]
        high = float(analyte.reference.partition("-")[2])
        numbers[analyte.id] = high * (1.03 + 0.06 * rng.random())
    _count_cells(numbers, states)
    found: dict[str, list[CaseAnalyte]] = {}
    for analyte in wanted:
        number = f"{numbers[analyte.id]:,.{analyte.decimals}f}"
        result = f"{number} {analyte.unit} ({analyte.reference})"
        found.setdefault(analyte.test, []).append(CaseAnalyte(name=analyte.label, result=result))
    return {test: tuple(of) for test, of in found.items()}


def _number(rng: Random, analyte: Analyte, state: str) -> float:
    low, high = analyte.drawn.get(state) or analyte.drawn["normal"]
    return low + rng.random() * (high - low)


def _count_cells(numbers: dict[str, float], states: dict[str, str]) -> None:
    """Make the white cells the sum of their kinds."""
    if "wbc_count" not in numbers:
        return
    kinds = [kind for kind in ("neutrophils", "lymphocytes", "eosinophils") if kind in numbers]
    if "wbc_count" in states:
        rest = numbers["wbc_count"] - sum(numbers[kind] for kind in kinds if kind in states)
        free = [kind for kind in kinds if kind not in states]
        whole = sum(numbers[kind] for kind in free) / 0.93 if free else 1.0
        if rest > 0:
            for kind in free:
                numbers[kind] *= rest / whole
    elif len(kinds) == 3:
        numbers["wbc_count"] = sum(numbers[kind] for kind in kinds) * 1.07
