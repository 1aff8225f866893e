"""Sentence: a stretch of an article's text that ends in a full stop, with its place.

Served texts lose the space between paragraphs ("was normal.On examination") and glue a run-in
heading to its first sentence ("InvestigationsThe CT showed"); both are boundaries here. Nothing
is changed: a sentence is a span, and its text is the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# A full stop behind one of these ends no sentence.
_NO_END = (
    "".join(
        rf"(?<!\b{word}\.)"
        for word in (
            r"vs Dr Mr Ms Mrs St No Fig Figs fig figs ca cf i\.e e\.g approx sp spp resp Inc Co c p"
            " g"
        ).split()
    )
    + r"(?<!\bet al\.)(?<![\s(][A-Z]\.)"
)
_OPENER = (
    r"(?:The|An?|In|On|He|She|It|His|Her|Its|They|Our|We|At|After|Upon|This|These|There|Physical|"
    r"Laboratory|Blood|Computed|Magnetic|Patient|During|Based|Following|Due|With|Initial|Given|No|"
    r"All|Further|Serum|Chest|Abdominal|Histo\w+)"
)
# The mark comes first in each alternative, so that most characters are passed over quickly.
_END = re.compile(
    rf"[.!?]{_NO_END}(?:"
    r"[\"”’')\]]*(?=\s+[\"“‘(\[]?[A-Z0-9µαβγ])"  # the usual end
    r"|(?<=[a-z%)\]0-9].)(?=[A-Z][a-z]+[\s,-]|A\s|[A-Z]{2,}\s)"  # a lost space
    r"|(?<=[A-Z°][A-Z].)(?=[A-Z][a-z]+[\s,-]))"
    rf"|(?=[A-Z])(?<=[a-z]{{4}})(?={_OPENER}\s)"  # a run-in heading
    r"|\n\s*\n|;(?=\s)"
)


_MOST = 5_000  # characters; what has no full stop for so long is cut at a space


class Sentence(NamedTuple):
    """A sentence and the half-open span it was read from."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=256)
def sentences(text: str, start: int = 0, end: int | None = None) -> tuple[Sentence, ...]:
    """The sentences of a stretch of text, each with its place; never cut inside brackets.

    Example:
        >>> text = "CT (see Fig. 1) was normal.On examination she was pale; BP 90/60."
        >>> [s.text for s in sentences(text)]
        ['CT (see Fig. 1) was normal.', 'On examination she was pale;', 'BP 90/60.']
        >>> all(text[s.start : s.end] == s.text for s in sentences(text))
        True
    """
    return tuple(_sentences(text, start, len(text) if end is None else end))


def _sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    first = start
    for match in _END.finditer(text, start, end):
        piece = text[first : match.end()]
        hard = "\n" in match.group()
        # An open bracket holds a sentence together, unless it was never closed.
        if not hard and piece.count("(") > piece.count(")") and len(piece) < 600:
            continue
        yield from _trimmed(text, first, match.end())
        first = match.end()
    yield from _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _MOST:
        space = text.rfind(" ", start + 1, start + _MOST)
        cut = space if space > 0 else start + _MOST
        yield Sentence(text[start:cut], start, cut)
        start = cut + (space > 0)
    if any(c.isalnum() for c in text[start:end]):
        yield Sentence(text[start:end], start, end)
