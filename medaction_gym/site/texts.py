"""Texts: strings that a page repeats, written once and referred to by number."""

from __future__ import annotations


class Texts:
    """A table of strings.

    Example:
        >>> texts = Texts()
        >>> texts.put("Gout"), texts.put("Lupus"), texts.put("Gout"), texts.table
        (0, 1, 0, ['Gout', 'Lupus'])
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def put(self, text: str) -> int:
        """The number of a text, which is new or known."""
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def table(self) -> list[str]:
        """The texts by number."""
        return list(self._numbers)
