"""Wording: how people phrase a request around the tests they want.

Pure text: what may be cut off before a request is read (courtesies, purposes, remarks in brackets),
and which words say nothing about the test that is meant.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from medaction_gym.catalogue.tokens import fold_word

_POLITE = re.compile(r"\b(?:let|give|tell|show|help|allow|for|to|with) us\b", re.IGNORECASE)

# When it is wanted: it names no test, and the clause goes on behind it.
_OCCASION = re.compile(
    r"\b(?:before|after|prior to|following|until|during) (?:the |any |her |his |this |that )?"
    r"(?:\w+ )?(?:surgery|operation|transplant(?:ation)?|delivery|treatment|therapy|procedure|"
    r"bypass(?: surgery)?|cabg|embolization|embolisation|stenting|coiling|clipping|repair|"
    r"antibiotics?|steroids?|admission|discharge|chemotherapy|resection|touching it|"
    r"anything else)\b(?: (?:dose|course|cycle|session|round)s?\b)?"
    r"|\b(?:when|while|once|as soon as|before|after) (?:you|we|they|he|she|i|the patient)\b"
    r"[^,;.\n]*",
    re.IGNORECASE,
)

# What the free part of a value is told as a share of.
_SHARE = re.compile(r"(?<=\bfree)\s*(?:/|:|[ -]to[ -])\s*total\b", re.IGNORECASE)

# Where a purpose ends: at a comma or stop, or where another order begins.
_CLAUSE = (
    r"(?:(?!\band (?:also |then |please )*(?:an?|order|get|check|do|obtain|perform|send|request|"
    r"arrange|run)\b)[^,;.\n])*"
)
_PURPOSE = re.compile(
    r"\b(?:(?:in order )?to (?:help |better |further |also )*(?:look|rule|evaluat|assess|exclude|"
    r"confirm|see|investigat|determin|characteri[sz]|visuali[sz]|find|establish|delineat|guide|"
    r"clarify|differentiat|understand|narrow|support|explain|search|stage|localize|judge|prove|"
    r"settle|name the|know|tell)\w*|"
    r"to (?!(?:order|get|do|obtain|perform|send|request|arrange|run|have|repeat|proceed|start|book|"
    r"schedule|review|take|draw|add|make|try|go|check|include)\b)[a-z]+ (?:the|an?|any|this|out|"
    r"his|her|their|its|possible|potential|underlying|suspected|how|what|which|where|whether)\b|"
    r"would (?!like|order|request|get|want|do|take|suggest|recommend|also|now|repeat|first|"
    r"perform|start|begin|send|check|proceed|obtain|arrange|ask|propose|choose|go|prefer)|"
    r"there (?:may|might|could|is|are)|"
    r"looking for|because|since|given|in view of|in light of|due to|suspect(?:ing|ed)|"
    r"concern(?:ed|ing|s)?|so that|which (?:may|might|could|would)|(?<=, )as\b|"
    r"for (?:suspected|possible|evaluation|further|assessment|diagnosis|better))\b" + _CLAUSE,
    re.IGNORECASE,
)

# A remark in brackets that tells when or where something was done, or what became of it.
_REMARK = re.compile(
    r"\(\s*(?:(?:performed|done|obtained|taken|repeated|sent|at|on|in|after|before|during|post|pre|"
    r"following|since|from|day|week|month|year|age|aged|outside|referring|initial|follow|baseline|"
    r"to|for|as|if|see|not|because|with a view)\b|\d{1,4}\b)[^()]*\)",
    re.IGNORECASE,
)

# What is done by hand, eye and ear.
EXAMINING = frozenset(
    fold_word(word)
    for word in "examine examination exam inspect inspection palpate palpation auscultate "
    "auscultation percuss percussion observe look looking listen feel touch touched tap "
    "press pressed palpated felt watch hear test measure check assess elicit".split()
)

# Of the words of asking, those that tell one test from another.
_TELLING = frozenset(
    "left right sided bilateral side two three x times pair set sets repeat repeated first then "
    "other another before after during prior following since without all both more most".split()
)
# What is asked for of a test, and when.
_REPORTED = frozenset(
    fold_word(word)
    for word in "result results report reports finding findings interpretation today tomorrow "
    "tonight now stat urgent urgently immediately available order test request action "
    "patient".split()
)


def without_courtesy(text: str) -> str:
    """A request without the "us" of "tell us", which is no ultrasound.

    Example:
        >>> without_courtesy("Can they tell us what it is?").split()
        ['Can', 'they', 'what', 'it', 'is?']
    """
    return _POLITE.sub(" ", text)


def without_manner(text: str) -> str:
    """A request without courtesies, occasions and remarks.

    Example:
        >>> without_manner("Before surgery I want a CT (performed elsewhere)").split()
        ['I', 'want', 'a', 'CT']
    """
    for pattern in (_POLITE, _OCCASION, _REMARK, _SHARE):
        text = pattern.sub(" ", text)
    return text


def without_purpose(text: str) -> str:
    """A request without what it is wanted for.

    Example:
        >>> without_purpose("CT chest to rule out embolism, CRP").split()
        ['CT', 'chest', ',', 'CRP']
    """
    return _PURPOSE.sub(" ", text)


@lru_cache(maxsize=1)
def asking() -> frozenset[str]:
    """Folded words that stand around an order and tell no test from another.

    "Could we obtain ... results for this patient, please", but not "repeat" or "left": those may
    tell two items of a menu apart.
    """
    return (_section("Asking") | _section("Small words")) - _TELLING | _REPORTED


@lru_cache(maxsize=1)
def filler() -> frozenset[str]:
    """Folded words that say nothing about which test is meant (``data/filler.txt``)."""
    return frozenset().union(*_sections().values())


def _section(name: str) -> frozenset[str]:
    return _sections()[name]


@lru_cache(maxsize=1)
def _sections() -> dict[str, frozenset[str]]:
    """The words of each part of ``data/filler.txt``, by the heading above it."""
    text = (files(__package__) / "data" / "filler.txt").read_text(encoding="utf-8")
    sections: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        else:
            sections.setdefault(heading, set()).update(fold_word(word) for word in line.split())
    return {heading: frozenset(found) for heading, found in sections.items()}
