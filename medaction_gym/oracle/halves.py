"""Halves: tests that a text names by the end of another's name.

The renal function tests of "renal and liver function tests", the total bilirubin of "total and
direct bilirubin", the CA 19-9 of "CA 125 and 19-9".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from medaction_gym.catalogue.catalogue import Catalogue, Mention, Term
from medaction_gym.catalogue.tokens import Token, tokenize
from medaction_gym.oracle.symbols import is_marker

_AND = frozenset({"and", "or"})
_JOINED = re.compile(r"\b(?:and|or)\b|/")
_MEASURED = frozenset({"analyte", "panel"})
_LONGEST = 2  # words of a half
_SHORT = 1  # letters of a last half: the G of "immunoglobulin A and G"


def halves(text: str) -> tuple[Term, ...]:
    """The tests whose names a text leaves to be completed from another's.

    Example:
        >>> [term.id for term in halves("Liver, renal and thyroid function tests were normal")]
        ['rft', 'lft']
        >>> [term.id for term in halves("Normal liver/kidney function")]
        ['lft']
        >>> [term.id for term in halves("Normal carbohydrate antigen 125 and 19-9 levels")]
        ['ca19_9']
        >>> [term.id for term in halves("Positive for estrogen and progesterone receptors")]
        ['er_status']
        >>> halves("Iron and thyroid function tests were normal")
        ()
    """
    if not _JOINED.search(text):
        return ()
    tokens = tokenize(text)
    return tuple(halves_in(text, tokens, Catalogue.load().find(tokens)))


def halves_in(text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> Iterator[Term]:
    """The same of a text whose tests are found already."""
    measured = [mention for mention in mentions if mention.term.kind in _MEASURED]
    taken = {i for mention in measured for i in range(mention.first, mention.last)}
    long = [mention for mention in measured if mention.last - mention.first >= _LONGEST]
    begins = {mention.last: mention.first for mention in measured}
    yield from _first_halves(text, tokens, long, set(taken), begins)
    yield from _last_halves(text, tokens, long, taken)
    markers = [mention for mention in mentions if is_marker(mention.term.id)]
    if markers:
        # "Estrogen and progesterone receptors" are two stains, and no hormone.
        taken = {i for mention in markers for i in range(mention.first, mention.last)}
        yield from _first_halves(text, tokens, markers, taken, {})


def further_germs(
    text: str, tokens: Sequence[Token], mentions: Sequence[Mention]
) -> tuple[Mention, ...]:
    """The germs that a text names by their letter alone.

    Example:
        >>> text = "Negative for HIV, hepatitis B, and C"
        >>> tokens = tokenize(text)
        >>> further, = further_germs(text, tokens, Catalogue.load().find(tokens))
        >>> further.term.id
        'hcv'
    """
    catalogue = Catalogue.load()
    further = []
    for mention in mentions:
        start = _after(text, tokens, mention.last) if mention.term.kind == "organism" else 0
        while 0 < start < len(tokens) and len(tokens[start].text) == _SHORT:
            whole = tuple(token.text for token in tokens[mention.first : mention.last])
            term = catalogue.called("organism", (*whole[:-1], tokens[start].text))
            if term is None or term.id == mention.term.id:
                break
            further.append(Mention(term, start, start + 1))
            start = _after(text, tokens, start + 1)
    return tuple(further)


def _last_halves(
    text: str, tokens: Sequence[Token], named: Sequence[Mention], taken: set[int]
) -> Iterator[Term]:
    """What begins as another test's name does, and ends in a number or letter of its own."""
    for mention in named:
        whole = tuple(token.text for token in tokens[mention.first : mention.last])
        start = _after(text, tokens, mention.last)
        while start:
            found = _ending(tokens, start, whole, taken)
            if found is None:
                break
            term, stop = found
            yield term
            start = _after(text, tokens, stop)


def _after(text: str, tokens: Sequence[Token], last: int) -> int:
    """Where what is joined to a word by "and", a comma or a slash begins; 0 if nothing is."""
    if last >= len(tokens):
        return 0
    if tokens[last].text in _AND:
        return last + 1
    return last if text[tokens[last - 1].end : tokens[last].start].strip() in {",", "/"} else 0


def _ending(
    tokens: Sequence[Token], start: int, whole: tuple[str, ...], taken: set[int]
) -> tuple[Term, int] | None:
    """The test that the words from a place on end, and where they do."""
    named = Catalogue.load().named
    for stop in range(min(len(tokens), start + _LONGEST), start, -1):
        ending = tuple(token.text for token in tokens[start:stop])
        if not taken.isdisjoint(range(start, stop)) or any(
            len(word) > _SHORT and not word.isdigit() for word in ending
        ):
            continue
        for cut in range(len(whole) - 1, 0, -1):
            term = named(whole[:cut] + ending)
            if term is not None and term.kind in _MEASURED:
                return term, stop
    return None


def _first_halves(
    text: str,
    tokens: Sequence[Token],
    named: Sequence[Mention],
    taken: set[int],
    begins: Mapping[int, int],
) -> Iterator[Term]:
    """What ends as another test's name does, and begins in words of its own."""
    for mention in named:
        inside = [i for i in range(mention.first, mention.last) if tokens[i].text in _AND]
        # "Hematological and biochemical tests" are one name, of two halves.
        first = inside[-1] + 1 if inside else mention.first
        taken -= set(range(mention.first, first))
        whole = tuple(token.text for token in tokens[first : mention.last])
        stop = _joined(text, tokens, first)
        while stop:
            found = _half(tokens, stop, whole, taken)
            if found is not None:
                term, start = found
                yield term
            elif stop in begins:
                # "Renal, electrolyte and coagulation profiles": electrolytes are whole.
                start = begins[stop]
            else:
                break
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
            if term is not None and (term.kind in _MEASURED or is_marker(term.id)):
                return term, start
    return None
