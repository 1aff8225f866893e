"""Tally: the counts and means of a result, each from its rows alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import get_args

from medaction_gym.benchmarks.groups import BY
from medaction_gym.benchmarks.interval import Estimate, estimate
from medaction_gym.benchmarks.protocol import Protocol
from medaction_gym.benchmarks.row import Fate, Row

_MEANS = ("dtc", "rac", "reward", "usd", "hours", "tests", "turns")
_NOT_JUDGED = ("errored", "unjudged")


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Episodes by fate, all of `Fate`, which add up to all.

    ``truncated_right``: truncated episodes whose leading hypothesis was right.
    """
    fates = [row.fate for row in rows]
    truncated = [row for row in rows if row.fate == "truncated"]
    return {
        **{fate: fates.count(fate) for fate in get_args(Fate)},
        "truncated_right": sum(row.verdict == "same" for row in truncated),
    }


def metrics(rows: Sequence[Row], protocol: Protocol) -> dict[str, Estimate]:
    """Means over episodes, each with an interval clustered by case, and its denominator.

    - ``accuracy``: committed to the gold diagnosis; of the episodes neither errored nor unjudged.
      Undecided, refused and truncated ones are not right.
    - ``accuracy_of_all``: the same of all: what an agent that fails on hard cases loses.
    - ``accuracy_undecided_right``: as ``accuracy``, if every undecided one were right.
    - ``examination_recall``, ``examination_precision``: see `Row`; not of "oracle", which shows
      everything. Precision is of the episodes in which something was ordered.
    - ``examination_recall_judged``, ``examination_precision_judged``: the same as a language model
      sees it, of the episodes in which it gave an answer; only where one was asked.
    - ``dtc``, ``rac``, ``reward``, ``usd``, ``hours``, ``tests``, ``turns``: of the episodes that
      did not error.
    - ``pass^1``, ``pass^2``, ...: with several trials, the chance that so many trials of a case,
      drawn without replacement, are all right (`pass_hat`); of the cases judged in every trial.
    """
    played = [row for row in rows if row.fate != "errored"]
    judged = [row for row in played if row.fate != "unjudged"]
    asked = [] if protocol == "oracle" else played
    ordered = [row for row in asked if row.precision[1]]
    found = {
        "accuracy": _mean(judged, _right),
        "accuracy_of_all": _mean(rows, _right),
        "accuracy_undecided_right": _mean(judged, lambda r: r.fate in ("right", "undecided")),
        "examination_recall": _mean(asked, lambda r: r.recall[0] / r.recall[1]),
        "examination_precision": _mean(ordered, lambda r: r.precision[0] / r.precision[1]),
    }
    found |= _judged(asked)
    for name in _MEANS:
        found[name] = _mean(played, lambda r, name=name: getattr(r, name))  # type: ignore[misc]
    return found | _reliability(rows)


def _judged(rows: Sequence[Row]) -> dict[str, Estimate]:
    shares = {
        "examination_recall_judged": [(row, row.recall_judged) for row in rows],
        "examination_precision_judged": [(row, row.precision_judged) for row in rows],
    }
    found = {}
    for name, pairs in shares.items():
        counted = [(row, share) for row, share in pairs if share]
        if counted:  # there was a judge
            whole = [(row.case_id, a / b) for row, (a, b) in counted if b]
            found[name] = estimate([value for _, value in whole], [of for of, _ in whole])
    return found


def pass_hat(right: int, trials: int, k: int) -> float:
    """The chance that k trials, drawn without replacement, are all right.

    After Yao et al. 2024, "τ-bench", arXiv:2406.12045.

    Example:
        >>> pass_hat(3, 4, 1), pass_hat(3, 4, 2), pass_hat(3, 4, 4)
        (0.75, 0.5, 0.0)
    """
    return math.comb(right, k) / math.comb(trials, k)


def breakdowns(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Accuracy, accuracy of all, DTC and RAC by `groups`: breakdown, group, measure."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {}
    for by in BY:
        found[by] = {}
        for group in sorted({row.groups[by] for row in rows}):
            means = metrics([row for row in rows if row.groups[by] == group], "free-turn")
            shown = ("accuracy", "accuracy_of_all", "dtc", "rac")
            found[by][group] = {name: means[name] for name in shown}
    return found


def _right(row: Row) -> bool:
    return row.fate == "right"


def _mean(rows: Sequence[Row], value: Callable[[Row], float]) -> Estimate:
    return estimate([float(value(row)) for row in rows], [row.case_id for row in rows])


def _reliability(rows: Sequence[Row]) -> dict[str, Estimate]:
    by_case: dict[str, list[Row]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, []).append(row)
    trials = max(map(len, by_case.values()), default=0)
    if trials < 2:
        return {}
    judged = [of for of in by_case.values() if not any(row.fate in _NOT_JUDGED for row in of)]
    right = [sum(map(_right, of)) for of in judged]
    return {
        f"pass^{k}": estimate([pass_hat(count, trials, k) for count in right])
        for k in range(1, trials + 1)
    }
