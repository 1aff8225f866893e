"""Short forms: which words of one written diagnosis an abbreviation in another stands for.

After Schwartz and Hearst (2003), stricter: the letters must occur in order, each word of the run
must give its first letter, and the words between them that give none are only small ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from medaction_gym.knowledge.normalise import canonical_words
from medaction_gym.metrics.profile import Profile, unique

MIN_LETTERS, MAX_LETTERS = 3, 7
MAX_WORDS = 40  # of a text that are looked through

_SMALL = frozenset("a an and by due for from in of on or the to with".split())
_SHAPE = re.compile(r"[a-z]+\d{0,2}")


@lru_cache(20_000)
def spelt_out(short: str, text: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a text that an abbreviation stands for; none if it stands for none of them.

    Args:
        short: An abbreviation in lower case; numbers at its end must occur after the words.
        text: The words of the other text in order, in lower case, as they are written.

    >>> spelt_out("pdac", ("pancreatic", "ductal", "adenocarcinoma"))
    ('pancreatic', 'ductal', 'adenocarcinoma')
    >>> spelt_out("men1", ("multiple", "endocrine", "neoplasia", "type", "1"))
    ('multiple', 'endocrine', 'neoplasia', 'type', '1')
    >>> spelt_out("nash", ("nonalcoholic", "fatty", "liver"))
    ()
    """
    if not _SHAPE.fullmatch(short):
        return ()
    letters = short.rstrip("0123456789")
    digits = short[len(letters) :]
    if not MIN_LETTERS - bool(digits) <= len(letters) <= MAX_LETTERS:
        return ()
    for start, word in enumerate(text[:MAX_WORDS]):
        if word[0] != letters[0]:
            continue
        end = _run(letters, text, start)
        if end - start < 2:
            continue
        if not digits:
            return text[start:end]
        if digits in text[end : end + 2]:
            return text[start : text.index(digits, end) + 1]
    return ()


def both_spelt_out(a: Profile, b: Profile) -> tuple[Profile, Profile]:
    """Both profiles, an abbreviation in one read as the words of the other.

    "PRES" stands for the phrase it follows in brackets, or whose first letters it is.
    """
    return _with(a, b), _with(b, a)


def _with(a: Profile, b: Profile) -> Profile:
    meant = {
        short: b.core if short in b.stands_for else canonical_words(list(run))
        for short in a.acronyms.intersection(a.words).difference(b.words)
        if (run := spelt_out(short, b.spoken)) or short in b.stands_for
    }
    if not meant:
        return a

    def spell(words: tuple[str, ...]) -> tuple[str, ...]:
        return unique(word for short in words for word in meant.get(short, (short,)))

    return a._replace(
        words=spell(a.words),
        main=spell(a.main),
        core=spell(a.core),
        names=tuple(map(spell, a.names)),
    )


def _run(letters: str, text: Sequence[str], at: int) -> int:
    """Where the words end that give the letters, each its first and then any; 0 if none do."""
    if not letters:
        return at
    if at >= len(text):
        return 0
    word = text[at]
    if word[0] == letters[0]:
        taken, place = 1, 1
        ends = [1]
        while taken < len(letters):
            place = word.find(letters[taken], place) + 1
            if not place:
                break
            taken += 1
            ends.append(taken)
        for count in ends:  # as few letters of this word as leave a way for the rest
            if end := _run(letters[count:], text, at + 1):
                return end
    return _run(letters, text, at + 1) if word in _SMALL else 0
