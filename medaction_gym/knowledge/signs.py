"""A finding before it is asserted, and the catalogue's terms in a text: what the ears share."""

from __future__ import annotations

import re
from typing import NamedTuple

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.tokens import tokenize

# A "heart-shaped" infarct is not in the heart, nor a foot process in the foot.
_LIKENED = re.compile(r"[- ](?:shaped|like|process(?:es)?|sounds?)\b", re.I)


class Sign(NamedTuple):
    """Concepts that a stretch of text speaks for.

    `negated` is None where the clause decides. The first concept names the finding; the others are
    said by the same words.
    """

    concepts: tuple[str, ...]
    start: int
    end: int
    kind: str
    confidence: float
    negated: bool | None = None


class Span(NamedTuple):
    """A term of the test catalogue and the characters that name it."""

    term: Term
    start: int
    end: int


def mentions_of(text: str) -> list[Span]:
    """The tests, analytes, organisms and sites that a text names, in order."""
    tokens = tokenize(text)
    spans = [
        Span(mention.term, tokens[mention.first].start, tokens[mention.last - 1].end)
        for mention in Catalogue.load().find(tokens)
    ]
    return [span for span in spans if not _LIKENED.match(text, span.end)]
