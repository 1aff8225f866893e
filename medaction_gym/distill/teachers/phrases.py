"""Phrases: the pieces that reasons are made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from medaction_gym.distill.grounding import brief
from medaction_gym.distill.teachers.evidence import Point
from medaction_gym.knowledge.shared import knowledge

PURPOSE = {
    "examination": (
        "a closer examination costs nothing",
        "I look before I send anything off",
        "the bedside comes first",
        "hands and eyes first",
    ),
    "laboratory": (
        "a blood or fluid test is quick and cheap",
        "the laboratory can narrow this with little burden",
        "a value from the laboratory would help",
        "this is a small sample for a good question",
    ),
    "physiology": (
        "a measurement of function is safe",
        "I want function measured, not guessed",
        "how it works matters as much as how it looks",
    ),
    "imaging": (
        "I want to see the structure",
        "a picture should localise this",
        "imaging can separate these",
        "what lies beneath has to be seen",
    ),
    "microbiology": (
        "if a microbe is behind this, it should be named before treatment",
        "I look for an organism",
        "an organism, found or not found, would change the plan",
    ),
    "endoscopy": (
        "a direct look is worth the burden now",
        "I want to look at it directly",
    ),
    "procedure": (
        "the simpler tests leave it open, so I go further",
        "this goes further than I would like, but the question is still open",
    ),
    "genetics": (
        "an inherited cause would change everything for this patient",
        "a genetic test answers with a yes or a no",
    ),
    "pathology": (
        "tissue decides where pictures cannot",
        "tissue should decide",
        "only cells under the microscope will tell",
    ),
    "other": (
        "this may add a piece",
        "one more piece of the record may help",
    ),
}


_WORD = re.compile(r"[^\W\d_]{3,}")


def percent(p: float) -> str:
    """A probability in words of the ward.

    Example:
        >>> percent(0.35)
        '35%'
    """
    return f"{round(100 * p)}%"


def listed(names: Sequence[str]) -> str:
    """Names in a row.

    Example:
        >>> listed(["gout", "lupus", "sepsis"])
        'gout, lupus and sepsis'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def spoken(name: str) -> str:
    """A disease's name inside a sentence: in short, and only proper names keep their capital.

    Example:
        >>> spoken("Nephrotic Syndrome"), spoken("Wilson disease"), spoken("IgG4 disease (IgG4-RD)")
        ('nephrotic syndrome', 'Wilson disease', 'IgG4 disease')
    """
    return _WORD.sub(lambda m: m[0].lower() if _plain(m[0]) else m[0], brief(name))


def _plain(word: str) -> bool:
    return word[1:].islower() and word.lower() in _plain_words()


@cache
def _plain_words() -> frozenset[str]:
    """Words that MONDO, which keeps capitals for proper names, writes small."""
    graph = knowledge()
    count: Counter[str] = Counter()
    for identifier in graph:
        if identifier.startswith("MONDO:"):
            for name in (graph.name(identifier), *graph.synonyms(identifier)):
                count.update(_WORD.findall(name))
    return frozenset(w for w, n in count.items() if w.islower() and n > count[w.capitalize()])


def quoted(point: Point) -> str:
    """A citation with where it stands.

    Example:
        >>> quoted(Point("1.8 mIU/L (0.4-4.0)", "TSH", "laboratory", True, 0.0, True))
        'TSH “1.8 mIU/L (0.4-4.0)”'
        >>> quoted(Point("Fever", "presentation", "", True, 0.0, False))
        '“Fever”'
    """
    if point.source == "presentation":
        return f"“{point.words}”"
    if point.words[:1].isalpha():
        return f"“{point.words}” ({point.source})"
    return f"{point.source} “{point.words}”"


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]
