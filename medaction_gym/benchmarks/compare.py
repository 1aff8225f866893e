"""Compare: two results on the same cases, case by case."""

from __future__ import annotations

from typing import NamedTuple

from medaction_gym.benchmarks.interval import Estimate, estimate, mcnemar
from medaction_gym.benchmarks.result import BenchError, Result
from medaction_gym.benchmarks.row import Row

# What is compared beside accuracy.
MEASURES = ("dtc", "rac", "reward", "usd", "hours", "tests", "turns")


class Comparison(NamedTuple):
    """The second result against the first.

    Attributes:
        both: Cases that both got right.
        only_first: Cases that only the first got right.
        only_second: Cases that only the second got right.
        neither: Cases that neither got right.
        left_out: Cases that errored or went unjudged in either.
        p: McNemar's exact two-sided p over the cases that one of the two got right.
        differences: Second minus first, by name, with the interval of the paired bootstrap.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    left_out: int
    p: float
    differences: dict[str, Estimate]


def compare(first: Result, second: Result) -> Comparison:
    """Compare two results pair by pair.

    Args:
        first: A result.
        second: Another on the same cases of the same file. The protocol may be another.

    Raises:
        BenchError: If they are not on the same cases, or not judged alike.
    """
    for field in ("sha256", "limit"):
        if getattr(first.data, field) != getattr(second.data, field):
            raise BenchError(f"the results are not on the same data (data.{field} differs)")
    if [row.case_id for row in first.rows] != [row.case_id for row in second.rows]:
        raise BenchError("the results do not hold the same cases")
    if first.judge != second.judge:
        raise BenchError(f"judged by {first.judge.name!r} and {second.judge.name!r}")
    whole = list(zip(first.rows, second.rows, strict=True))
    pairs = [(a, b) for a, b in whole if _counts(a) and _counts(b)]
    right = [(a.fate == "right", b.fate == "right") for a, b in pairs]
    only_first, only_second = right.count((True, False)), right.count((False, True))
    differences = {"accuracy": estimate([float(b) - float(a) for a, b in right])}
    for name in MEASURES:
        differences[name] = estimate([getattr(b, name) - getattr(a, name) for a, b in pairs])
    return Comparison(
        both=right.count((True, True)),
        only_first=only_first,
        only_second=only_second,
        neither=right.count((False, False)),
        left_out=len(whole) - len(pairs),
        p=mcnemar(only_first, only_second),
        differences=differences,
    )


def _counts(row: Row) -> bool:
    return row.fate not in ("errored", "unjudged")
