"""A text as sentences of words, each word with its place in the original.

The words have the canonical forms that the linker's index is made of; what is dropped between them
(prepositions, commas, brackets) is kept as a mark, since it decides whether two words belong
together: "pain in the abdomen" is one finding, "pain, abdominal distension" is two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.knowledge.index import abbreviation
from medaction_gym.knowledge.normalise import canonical, fold

MAX_CHARS = 50_000  # no field of a case is longer; what follows is not read
MAX_SENTENCE = 160  # words; a longer run without a full stop is cut

COMMA, AND, PREPOSITION, WITH, BRACKET = 1, 2, 4, 8, 16

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_HARD = re.compile(r"[;:!?\n•]|\.\s|\s[-–—]\s|\.\)")
_DROPPED = {
    "and": AND,
    "or": AND,
    "nor": AND,
    "with": WITH,
    "due": WITH,
    "by": WITH,
    "from": WITH,
    "was": WITH,
    "were": WITH,
    "is": WITH,
    "are": WITH,
    "has": WITH,
    "for": WITH,
    "at": PREPOSITION,
    "in": PREPOSITION,
    "into": PREPOSITION,
    "of": PREPOSITION,
    "on": PREPOSITION,
    "to": PREPOSITION,
    "within": PREPOSITION,
    "over": PREPOSITION,
    "involving": PREPOSITION,
    "around": PREPOSITION,
    "throughout": PREPOSITION,
    "across": PREPOSITION,
    "along": PREPOSITION,
    "near": PREPOSITION,
    "both": 0,
    "s": 0,
}
_LETTERED = frozenset("hepatitis vitamin hemophilia influenza group immunoglobulin".split())


class Word(NamedTuple):
    """A canonical word, the span it was read from, and the marks of what stands before it."""

    text: str
    start: int
    end: int
    marks: int
    short: str = ""  # the index's token of an abbreviation, where the word could be one


class Sentence(NamedTuple):
    """A run of words that no full stop, colon, semicolon or line end parts."""

    start: int
    end: int
    words: tuple[Word, ...]


@lru_cache(50_000)
def _forms(raw: str) -> tuple[str, str, str]:
    """Folded word, its canonical form (none where it says nothing), and its abbreviation."""
    folded = fold(raw).strip()
    if "'" in folded:
        folded = folded.split("'")[0]
    capitals = sum(char.isupper() for char in raw)
    return folded, canonical(folded), abbreviation(raw) or "" if capitals > 1 else ""


def read(text: str) -> list[Sentence]:
    """Cut a text into sentences of words.

    >>> [[word.text for word in s.words] for s in read("No swelling of the knees. Haematuria")]
    [['no', 'swelling', 'knee'], ['hematuria']]
    """
    text = text[:MAX_CHARS]
    sentences: list[Sentence] = []
    words: list[Word] = []
    marks, end, first, before = 0, 0, 0, ""
    for match in _WORD.finditer(text):
        start = match.start()
        gap = text[end:start]
        if gap != " ":
            hard = _HARD.search(gap) if gap else None
            if hard or len(words) >= MAX_SENTENCE:
                if words:
                    sentences.append(Sentence(first, words[-1].end, tuple(words)))
                words, marks, first = [], 0, start
            elif "," in gap or "/" in gap:
                marks |= COMMA
            if "(" in gap or ")" in gap or "[" in gap or "]" in gap:
                marks |= BRACKET
        elif not words:
            first = min(first, start) if first else start
        end = match.end()
        last = end - 2 if match[0][-2:] in ("'s", "’s") else end
        folded, form, short = _forms(match[0])
        if folded in _DROPPED:
            marks |= _DROPPED[folded]
        elif form or short or (folded == "a" and before in _LETTERED):
            if not words:
                first = start
            words.append(Word(form or folded, start, last, marks, short))
            marks = 0
        before = folded
    if words:
        sentences.append(Sentence(first, words[-1].end, tuple(words)))
    return sentences
