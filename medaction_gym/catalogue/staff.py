"""Staff: who looks and where it is done, put as the test that a request means by it.

"Can a psychologist see him?" asks for a mental state examination, "send her to the cath lab" for
a coronary angiogram, unless another test is named. Requests alone are read so.
"""

from __future__ import annotations

import re
from functools import lru_cache

from medaction_gym.catalogue.catalogue import HEADS, Catalogue
from medaction_gym.catalogue.term import cell_list, read_table
from medaction_gym.catalogue.tokens import words

_WHOM = (
    r"(?:him|her|them|me|(?:the|this|our) (?:patient|child|boy|girl|man|woman|baby|infant|lady|"
    r"gentleman))"
)
_SEES = (
    r"(?: please)? (?:(?:to|should|could|can) )?(?:have a look at|look at|talk to|speak to|"
    r"see|sees|saw|assess|review|evaluate|examine|check|test|interview)(?:ed|es|s|d)?"
)
_SAID = (
    r"(?:say|said|report|find|found|see|saw|think|thought|make|note|conclude|grow|grew|show|write)"
)
_OPINION = (
    r"(?:opinion|review|assessment|evaluation|consult(?:ation)?|input|verdict|view|findings?|"
    r"report|referral)"
)

_CLAUSE = re.compile(r"[,;.?]|\band\b", re.IGNORECASE)


def by_staff(text: str) -> str:
    """A request with the test that a person or a room stands for.

    Example:
        >>> by_staff("Can a psychologist see him?")
        'Can mental state examination?'
        >>> by_staff("cath lab, please"), by_staff("an ECG in the cath lab")
        ('coronary angiography, please', 'an ECG')
    """
    said = words(text)
    if _cues().isdisjoint(said):
        return text
    for pattern, test in _persons():
        text = pattern.sub(test, text)
    for pattern, test in _places():
        found = pattern.search(text)
        if found is not None:
            rest = text[: found.start()] + text[found.end() :]
            # "To the cath lab and a CRP" asks for both.
            clause = (
                _CLAUSE.split(text[: found.start()])[-1] + _CLAUSE.split(text[found.end() :])[0]
            )
            named = any(mention.term.kind in HEADS for mention in Catalogue.load().find(clause))
            text = (rest if named else pattern.sub(f" {test}", text, count=1)).strip()
    return text


def _rows(kind: str) -> list[tuple[str, str]]:
    """What is said, as an alternative of a pattern, and the test meant by it."""
    return [
        ("|".join(re.escape(name) for name in cell_list(row["said"])), row["test"])
        for row in read_table("staff")
        if row["kind"] == kind
    ]


@lru_cache(maxsize=1)
def _cues() -> frozenset[str]:
    """The last words of all names: most requests have none, and are left alone."""
    return frozenset(
        words(name)[-1] for row in read_table("staff") for name in cell_list(row["said"])
    )


@lru_cache(maxsize=1)
def _persons() -> list[tuple[re.Pattern[str], str]]:
    return [
        (
            re.compile(
                rf"\bwhat (?:did|does|has|have|do) (?:the |an? |our )?(?:{who})s? {_SAID}\b"
                rf"|\b(?:(?:an?|the|our) )?(?:{who}){_SEES} {_WHOM}\b"
                rf"|\b(?:(?:an?|the|our) )?(?:{who})(?:'?s)? {_OPINION}\b"
                rf"|\b(?:refer|referral|send)(?: {_WHOM})? to (?:an?|the|our) (?:{who})\b",
                re.IGNORECASE,
            ),
            test,
        )
        for who, test in _rows("person")
    ]


@lru_cache(maxsize=1)
def _places() -> list[tuple[re.Pattern[str], str]]:
    return [
        (
            re.compile(
                r"(?:\b(?:to|in|at|from|via|through|by))?(?: ?\b(?:the|our|an?))? ?"
                rf"\b(?:{where})\b(?! (?:study|coronary))",
                re.IGNORECASE,
            ),
            test,
        )
        for where, test in _rows("place")
    ]
