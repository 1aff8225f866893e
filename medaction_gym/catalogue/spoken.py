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
    "ASKED": r"\b(?:what|how|which) ",
    "DID": r"(?:did|does|do|has|have|had|was|were|is|are|would|will)",
    "SAY": r"(?:(?: to)? (?:say|said|report|reported|find|found|see|saw|seen|think|make|made|note|"
    r"noted|conclude|concluded|show|read|write|describe|tell(?: us)?))?",
    "ABOUT": r"(?: (?:about|of|on|in|from|for|at|during|when|over|upon))?",
}
# How something is looked at, where nothing else names the test.
_BY_ADVERB: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(trans\w{4,})al+y\b", re.IGNORECASE), r"\1al ultrasound"),
    (re.compile(r"\b(\w+(?:graph|scop|log))ically\b", re.IGNORECASE), r"\1y"),
)

# Most requests have none of these words, of which every row that is always read has one.
_CUES = frozenset(
    fold_word(word)
    for word in "ag antigen anything ask aspirate back bleed camera craniotomy dip dipstick "
    "discovered drain encountered excised factory farm finger flesh fluid found gall "
    "gallstones garage grew grow growing grown growth histology histopathologist "
    "histopathology home house image inside invasive invasively job keyhole lab "
    "colonoscopy gastroscopy bronchoscopy endoscopy ogd egd "
    "excise excising resect explore exploring surgically appear appeared opened "
    "estrogen oestrogen ultrastructurally hpf field sternotomy theatre shave "
    "laparoscopy laparotomy lining look looking magnets mic microscope microscopically "
    "mics much needle office pathologist pathology picture piece pressure pulse "
    "radiologist removed resected resistance resistant school scope scoped scoping seen "
    "sensitive sensitivity skeletal something stain stones stop surgeon susceptible swab "
    "tap thoracoscopy thoracotomy tissue triple up when work workplace workup".split()
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
        >>> as_meant("What did the pathologist say about the polyp?")
        'histopathology of the polyp?'
    """
    cues = _BEGINNING if unnamed else _CUES
    if cues.isdisjoint(words(text)) and not _adjectival(text):
        return text
    if not _any(unnamed).search(text):
        return text
    for pattern, meant in _rows(unnamed):
        text = pattern.sub(meant, text)
    return text


def by_adverb(text: str) -> str:
    """A request that names no test, with the test that an adverb implies.

    Example:
        >>> by_adverb("please image transesophageally")
        'please image transesophageal ultrasound'
        >>> by_adverb("have a look endoscopically")
        'have a look endoscopy'
    """
    for pattern, put in _BY_ADVERB:
        text = pattern.sub(put, text)
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
