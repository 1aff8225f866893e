"""Compare: two results on the same cases, case by case."""

from __future__ import annotations

from typing import NamedTuple

from medaction_gym.benchmarks.interval import Estimate, estimate, mcnemar
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.row import Row

# What is compared beside accuracy.
MEASURES = ("dtc", "rac", "reward", "usd", "hours", "tests", "turns")


class Comparison(NamedTuple):
    """The second result against the first.

    Attributes:
        both: Cases that both got right; with several trials, episodes, paired trial by trial.
        only_first: Cases that only the first got right.
        only_second: Cases that only the second got right.
        neither: Cases that neither got right.
        left_out: Cases that errored or went unjudged in either.
        p: McNemar's exact two-sided p over the cases that one of the two got right; None with
            several trials, which are not independent.
        differences: Second minus first, by name, with the interval of the paired bootstrap.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    left_out: int
    p: float | None
    differences: dict[str, Estimate]


def compare(first: Result, second: Result) -> Comparison:
    """Compare two results pair by pair.

    Args:
        first: A result.
        second: Another on the same cases of the same file. The protocol may be another.

    Raises:
        BenchError: If they are not on the same cases, or not judged alike.
    """
    if _played(first) != _played(second):
        raise BenchError("the results are not on the same data: other files, ids or limit")
    if first.trials != second.trials:
        raise BenchError(f"{first.trials} and {second.trials} trials a case cannot be paired")
    if [row.case_id for row in first.rows] != [row.case_id for row in second.rows]:
        raise BenchError("the results do not hold the same cases")
    if first.judge.asked != second.judge.asked:
        raise BenchError(
            f"judged by {first.judge.name!r} and {second.judge.name!r}, or by versions of it that "
            "differ; judge one of them again with 'rejudge'"
        )
    whole = list(zip(first.rows, second.rows, strict=True))
    pairs = [(a, b) for a, b in whole if _counts(a) and _counts(b)]
    right = [(a.fate == "right", b.fate == "right") for a, b in pairs]
    only_first, only_second = right.count((True, False)), right.count((False, True))
    of = [a.case_id for a, _ in pairs]
    differences = {"accuracy": estimate([float(b) - float(a) for a, b in right], of)}
    for name in MEASURES:
        differences[name] = estimate([getattr(b, name) - getattr(a, name) for a, b in pairs], of)
    return Comparison(
        both=right.count((True, True)),
        only_first=only_first,
        only_second=only_second,
        neither=right.count((False, False)),
        left_out=len(whole) - len(pairs),
        p=mcnemar(only_first, only_second) if first.trials == 1 else None,
        differences=differences,
    )


def _played(result: Result) -> tuple[object, ...]:
    data = result.data
    return sorted(file.sha256 for file in data.files), data.ids_sha256, data.limit


def _counts(row: Row) -> bool:
    return row.fate not in ("errored", "unjudged")
