"""Spoken: plain speech, put as the test that is meant by it (``data/spoken.tsv``).

"How well is the heart pumping?" asks for an echocardiogram. Requests alone are read so, and for
most rows only those that name no test.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.catalogue.term import read_table
from medaction_gym.catalogue.tokens import fold_word, words

# What stands for classes of words in the table.
_CLASSES = {
    "THE": r"(?:(?:the|his|her|their|this|that|these|those|any|an?|some|our) )?",
    "ART": r"(?:(?:the|his|her|their|this|that|these|those|any|an?|some|our) )",
    "WHO": r"(?:he|she|they|it|the (?:patient|child|boy|girl|baby|man|woman))",
}

# Most requests have none of these words, of which every row that is always read has one.
_CUES = frozenset(
    fold_word(word)
    for word in "look looking tap stain tissue flesh magnets ask much gallstones gall stones swab "
    "needle keyhole pathologist histopathologist microscope microscopically "
    "invasively invasive scope camera dip dipstick finger "
    "laparotomy laparoscopy thoracotomy craniotomy thoracoscopy seen found excised resected "
    "removed factory workplace home house job office farm garage school skeletal triple workup "
    "work up mic mics sensitive susceptible resistant resistance sensitivity".split()
)
# The same of all rows.
_BEGINNING = _CUES | frozenset(
    fold_word(word)
    for word in "have peer shine is are can rash rashes spots lesions check checking how has does "
    "do did blow blowing puff record recording scan test testing screen screening assess assessing "
    "could might scrape scraping sample spit camera take get obtain snip cut remove collect what "
    "run sweep pass put probe monitor tilt balance parents where occupation deaf drink "
    "alcohol".split()
)


class _Row(NamedTuple):
    pattern: re.Pattern[str]
    meant: str


def as_meant(text: str, *, unnamed: bool = False) -> str:
    """A request with plain speech put as tests.

    Args:
        text: The request.
        unnamed: It names no test, so that every row is tried.

    Example:
        >>> as_meant("How well is his heart pumping?", unnamed=True)
        'echocardiography?'
        >>> as_meant("look at the back of her eyes")
        'fundoscopy'
    """
    cues = _BEGINNING if unnamed else _CUES
    if cues.isdisjoint(words(text)) and not _adjectival(text):
        return text
    if not _any(unnamed).search(text):
        return text
    for pattern, meant in _rows(unnamed):
        text = pattern.sub(meant, text)
    return text


def _adjectival(text: str) -> bool:
    """Whether a test may be named by an adjective: "bronchoscopic look"."""
    return "scopic" in text or "graphic" in text or "metric" in text


@lru_cache(maxsize=2)
def _rows(unnamed: bool) -> list[_Row]:
    return [
        _Row(re.compile(_whole(row["said"]), re.IGNORECASE), row["meant"])
        for row in read_table("spoken")
        if unnamed or row["when"] == "always"
    ]


@lru_cache(maxsize=2)
def _any(unnamed: bool) -> re.Pattern[str]:
    """Whether any row stands in a request: in most none does."""
    rows = _rows(unnamed)
    return re.compile("|".join(row.pattern.pattern for row in rows), re.IGNORECASE)


def _whole(said: str) -> str:
    for name, words_of in _CLASSES.items():
        said = said.replace(name, words_of)
    # A row may end within a phrase: "examine the".
    return rf"\b(?:{said})(?:\b|(?<= ))"
