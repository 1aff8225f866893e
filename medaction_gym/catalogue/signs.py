"""Signs: words for a finding, and the sites that they tell ("hydronephrosis": the kidney)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from medaction_gym.catalogue.term import read_table
from medaction_gym.catalogue.tokens import words

# So many letters of a stem are its place in the table.
_LETTERS = 4


def sites_of_finding(word: str) -> tuple[str, ...]:
    """The sites of a finding that is one folded word.

    Example:
        >>> sites_of_finding("hydrocephalus")
        ('brain',)
    """
    return tuple(site for sign, site in _names().get(word, ()) if sign == (word,))


def sites_of_sign(word: str) -> tuple[str, ...]:
    """The sites of a folded word, or of the stem that it begins with."""
    stems = _stems().get(word[:_LETTERS], ())
    return sites_of_finding(word) + tuple(site for stem, site in stems if word.startswith(stem))


def sites_of_phrases(said: Sequence[str]) -> Iterator[str]:
    """The sites of the signs that stand in a text of folded words, word for word."""
    for i, word in enumerate(said):
        for sign, site in _names().get(word, ()):
            if tuple(said[i : i + len(sign)]) == sign:
                yield site


@lru_cache(maxsize=1)
def _names() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """The signs that are whole words, by the first of them."""
    names: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for row in read_table("signs"):
        if not row["sign"].endswith("-"):
            sign = words(row["sign"])
            names.setdefault(sign[0], []).append((sign, row["site"]))
    return names


@lru_cache(maxsize=1)
def _stems() -> dict[str, list[tuple[str, str]]]:
    """The signs that are the beginnings of words, by their first letters."""
    stems: dict[str, list[tuple[str, str]]] = {}
    for row in read_table("signs"):
        stem = row["sign"].removesuffix("-")
        if stem != row["sign"]:
            stems.setdefault(stem[:_LETTERS], []).append((stem, row["site"]))
    return stems
