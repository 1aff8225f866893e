"""SyntheticCases: a CaseSet whose cases are made when they are asked for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast, overload

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet, stable_fraction
from medaction_gym.synthetic.generator import generator

if TYPE_CHECKING:
    import numpy as np

_ID = re.compile(r"synthetic-(-?\d+)-(\d+)")
KEPT = 256  # cases that are remembered


class _Made(Sequence[Case]):
    """The cases of some numbers of a seed; the latest few are remembered."""

    def __init__(self, seed: int, numbers: Sequence[int]) -> None:
        self.seed, self.numbers = seed, numbers
        self._case = lru_cache(KEPT)(self._make)

    def _make(self, number: int) -> Case:
        return generator().case(self.seed, number)

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> _Made: ...
    def __getitem__(self, index: int | slice) -> Case | _Made:
        if isinstance(index, slice):
            return _Made(self.seed, self.numbers[index])
        return self._case(self.numbers[index])

    def __len__(self) -> int:
        return len(self.numbers)


class SyntheticCases(CaseSet):
    """Fictional cases, made when they are asked for; a `CaseSet` in all else.

    Case i of a seed is the same in every process and whatever the size of the set.

    Args:
        seed: The seed of the set.
        size: The number of cases.
        numbers: The cases' numbers, for a part of a set; None for ``range(size)``.

    Raises:
        ValueError: If the set would be empty, or a number is negative.

    Example:
        >>> cases = SyntheticCases(seed=3, size=1_000_000)
        >>> cases[12].id
        'synthetic-3-12'
        >>> train, test = SyntheticCases(seed=3, size=100).split(train=0.8, test=0.2)
        >>> len(train) + len(test)
        100
    """

    def __init__(
        self, seed: int = 0, size: int = 10_000, *, numbers: Sequence[int] | None = None
    ) -> None:
        chosen = range(size) if numbers is None else numbers
        if not len(chosen) or min(chosen[0], chosen[-1]) < 0:
            raise ValueError(f"a set of synthetic cases needs a size of at least 1, got {size}")
        self.seed, self.numbers = seed, chosen
        self.problems = ()
        self._cases = cast("tuple[Case, ...]", _Made(seed, chosen))

    @cached_property
    def _members(self) -> frozenset[int] | range:
        return self.numbers if isinstance(self.numbers, range) else frozenset(self.numbers)

    def get(self, case_id: str) -> Case:
        """The case with this id.

        Raises:
            KeyError: If there is none.
        """
        match = _ID.fullmatch(str(case_id))
        if not match or int(match[1]) != self.seed or int(match[2]) not in self._members:
            raise KeyError(
                f"no case {str(case_id)[:100]!r}: the ids of this set are"
                f" synthetic-{self.seed}-N, N from {min(self.numbers)} to {max(self.numbers)}"
            )
        return generator().case(self.seed, int(match[2]))

    def split(self, *, salt: str = "medaction", **fractions: float) -> tuple[CaseSet, ...]:
        """Split by the hash of the id, as `CaseSet.split` does; makes no case."""
        if not fractions or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-9:
            raise ValueError(f"fractions must be in [0, 1] and sum to 1, got {fractions}")
        bounds = list(accumulate(fractions.values()))
        parts: list[list[int]] = [[] for _ in bounds]
        for number in self.numbers:
            place = stable_fraction(f"synthetic-{self.seed}-{number}", salt)
            parts[min(bisect_right(bounds, place), len(bounds) - 1)].append(number)
        return tuple(self._part(part) for part in parts)

    def sample(self, n: int, rng: np.random.Generator) -> CaseSet:
        """Draw ``n`` different cases; makes none.

        Raises:
            ValueError: If ``n`` is larger than the set.
        """
        if not 0 <= n <= len(self):
            raise ValueError(f"cannot draw {n} different cases from {len(self)}")
        chosen = rng.choice(len(self), size=n, replace=False)
        return self._part([self.numbers[int(i)] for i in chosen])

    def _part(self, numbers: Sequence[int]) -> CaseSet:
        return SyntheticCases(self.seed, numbers=numbers) if numbers else CaseSet(())

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> CaseSet: ...
    def __getitem__(self, index: int | slice) -> Case | CaseSet:
        return self._part(self.numbers[index]) if isinstance(index, slice) else self._cases[index]

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.seed, self.numbers)

    def __repr__(self) -> str:
        return f"SyntheticCases(seed={self.seed}, {len(self)} cases)"


def _again(seed: int, numbers: Sequence[int]) -> SyntheticCases:
    return SyntheticCases(seed, numbers=numbers)
