"""Lists of strings packed into two arrays: one block of UTF-8 and the offsets into it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def pack(name: str, strings: list[str]) -> Arrays:
    """Pack strings under two array names that begin with `name`.

    >>> unpack(pack("id", ["a", "", "é"]), "id")
    ['a', '', 'é']
    """
    encoded = [text.encode() for text in strings]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return {
        f"{name}.text": np.frombuffer(b"".join(encoded), np.uint8),
        f"{name}.at": ends.astype(np.uint32),
    }


def unpack(arrays: Arrays, name: str) -> list[str]:
    """All strings packed under `name`."""
    block = bytes(arrays[f"{name}.text"])
    at = arrays[f"{name}.at"].tolist()
    return [block[start:end].decode() for start, end in pairwise(at)]


def string_at(arrays: Arrays, name: str, row: int) -> str:
    """One of the strings packed under `name`."""
    at = arrays[f"{name}.at"]
    return bytes(arrays[f"{name}.text"][at[row] : at[row + 1]]).decode()
