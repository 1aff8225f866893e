"""Halves: tests that a text names by the end of another's name.

The renal function tests of "renal and liver function tests", the total bilirubin of "total and
direct bilirubin".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from medaction_gym.catalogue.catalogue import Catalogue, Mention, Term
from medaction_gym.catalogue.tokens import Token, tokenize

_AND = frozenset({"and", "or"})
_JOINED = re.compile(r"\b(?:and|or)\b|/")
_MEASURED = frozenset({"analyte", "panel"})
_LONGEST = 2  # words of a first half


def halves(text: str) -> tuple[Term, ...]:
    """The tests whose names a text leaves to be completed from another's.

    Example:
        >>> [term.id for term in halves("Liver, renal and thyroid function tests were normal")]
        ['rft', 'lft']
        >>> [term.id for term in halves("Normal liver/kidney function")]
        ['lft']
        >>> halves("Iron and thyroid function tests were normal")
        ()
    """
    if not _JOINED.search(text):
        return ()
    tokens = tokenize(text)
    return tuple(first_halves(text, tokens, Catalogue.load().find(tokens)))


def first_halves(text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> Iterator[Term]:
    """The same of a text whose tests are found already."""
    taken = {i for m in mentions if m.term.kind in _MEASURED for i in range(m.first, m.last)}
    for mention in mentions:
        if mention.term.kind not in _MEASURED or mention.last - mention.first < _LONGEST:
            continue
        inside = [i for i in range(mention.first, mention.last) if tokens[i].text in _AND]
        # "Hematological and biochemical tests" are one name, of two halves.
        first = inside[-1] + 1 if inside else mention.first
        taken -= set(range(mention.first, first))
        whole = tuple(token.text for token in tokens[first : mention.last])
        stop = _joined(text, tokens, first)
        while stop:
            found = _half(tokens, stop, whole, taken)
            if found is None:
                break
            term, start = found
            yield term
            stop = start if tokens[start].after_break else _joined(text, tokens, start)


def _joined(text: str, tokens: Sequence[Token], first: int) -> int:
    """Where what is joined to a word by "and" or a slash ends; 0 if nothing is."""
    if first < 1:
        return 0
    if tokens[first - 1].text in _AND:
        return first - 1
    return first if text[tokens[first - 1].end : tokens[first].start].strip() == "/" else 0


def _half(
    tokens: Sequence[Token], stop: int, whole: tuple[str, ...], taken: set[int]
) -> tuple[Term, int] | None:
    """The test that the words before a place begin, and where they do."""
    named = Catalogue.load().named
    for start in range(max(0, stop - _LONGEST), stop):
        if not taken.isdisjoint(range(start, stop)):
            continue
        begun = tuple(token.text for token in tokens[start:stop])
        for cut in range(1, len(whole)):
            term = named(begun + whole[cut:])
            if term is not None and term.kind in _MEASURED:
                return term, start
    return None
