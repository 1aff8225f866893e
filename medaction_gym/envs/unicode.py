"""Unicode: a Gymnasium space of text as clinicians write it.

`gymnasium.spaces.Text` admits a fixed character set; clinical text has newlines, "β-hCG", "°C"
and "≥". This space bounds only the length, samples from a vocabulary, and works in every
vector environment, shared memory included.
"""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Space
from gymnasium.vector.utils.shared_memory import (
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)


class Unicode(Space[str]):
    r"""Strings of any characters up to a length.

    Args:
        max_length: Longest string, in characters (code points).
        vocabulary: What `sample` draws from, uniformly.
        seed: Seed of the sampling.

    Example:
        >>> space = Unicode(20, vocabulary=("β-hCG",))
        >>> space.sample(), "SpO₂ ≥ 94 %\n" in space, "x" * 21 in space
        ('β-hCG', True, False)
    """

    def __init__(
        self,
        max_length: int,
        vocabulary: Sequence[str] = ("",),
        seed: int | np.random.Generator | None = None,
    ):
        if not vocabulary or any(len(word) > max_length for word in vocabulary):
            raise ValueError(
                "vocabulary must be strings of at most max_length characters, not empty"
            )
        self.max_length = int(max_length)
        self.vocabulary = tuple(vocabulary)
        super().__init__(dtype=str, seed=seed)

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """Draw a string from the vocabulary.

        Args:
            mask: Optional int8 array over the vocabulary; 1 where a string may be drawn.
            probability: Optional float array over the vocabulary that sums to 1.

        Raises:
            ValueError: If both are given, or the mask allows nothing.
        """
        if mask is not None and probability is not None:
            raise ValueError("give mask or probability, not both")
        if mask is not None:
            allowed = np.flatnonzero(np.asarray(mask))
            if not len(allowed):
                raise ValueError("the mask allows no string")
            return self.vocabulary[int(self.np_random.choice(allowed))]
        if probability is not None:
            return self.vocabulary[int(self.np_random.choice(len(self.vocabulary), p=probability))]
        return self.vocabulary[int(self.np_random.integers(len(self.vocabulary)))]

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a string that is short enough."""
        return isinstance(x, str) and len(x) <= self.max_length

    @property
    def is_np_flattenable(self) -> bool:
        """Text has no fixed-size array form."""
        return False

    def __repr__(self) -> str:
        return f"Unicode({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Unicode)
            and self.max_length == other.max_length
            and self.vocabulary == other.vocabulary
        )


# Shared memory holds each string as its length in bytes, then its UTF-8 (at most 4 bytes a code
# point).
_HEADER = 4


def _slot(space: Unicode) -> int:
    return _HEADER + 4 * space.max_length


@create_shared_memory.register(Unicode)
def _create(space: Unicode, n: int = 1, ctx: Any = mp) -> Any:
    return ctx.Array("B", n * _slot(space))


class _Texts(Sequence[str]):
    """A live view of the texts in shared memory.

    `AsyncVectorEnv` reads shared memory once and then expects what it got to change with every
    step, as an array over the same memory does; it hands out deep copies, which are plain tuples.
    """

    def __init__(self, space: Unicode, shared_memory: Any, n: int):
        self._buffer = memoryview(shared_memory.get_obj()).cast("B")
        self._slot = _slot(space)
        self._n = n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return tuple(self[j] for j in range(*i.indices(self._n)))
        start = range(self._n)[i] * self._slot
        length = int.from_bytes(self._buffer[start : start + _HEADER], "little")
        start += _HEADER
        return bytes(self._buffer[start : start + length]).decode("utf-8", "surrogatepass")

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)


@read_from_shared_memory.register(Unicode)
def _read(space: Unicode, shared_memory: Any, n: int = 1) -> _Texts:
    return _Texts(space, shared_memory, n)


@write_to_shared_memory.register(Unicode)
def _write(space: Unicode, index: int, value: str, shared_memory: Any) -> None:
    data = value[: space.max_length].encode("utf-8", "surrogatepass")
    buffer, start = memoryview(shared_memory.get_obj()).cast("B"), index * _slot(space)
    buffer[start : start + _HEADER + len(data)] = len(data).to_bytes(_HEADER, "little") + data
