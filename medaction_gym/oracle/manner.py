"""Manner: how and when a test is done, where that alone tells two items of a menu apart.

"Unenhanced CT" and "contrast-enhanced CT" are one test to the catalogue. Where a record holds both,
or an initial and a follow-up one, such a word of the request decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.entry import Entry

# Ways that exclude one another, group by group; of a group the first that is found counts.
_WAYS = (
    {
        "doppler": r"doppler|duplex|colou?r flow|cdfi",
        "transvaginal": r"trans-? ?vaginal|tvus|tvs|endovaginal",
        "transrectal": r"trans-? ?rectal|trus|endorectal",
    },
    {
        "film": r"x-? ?rays?|radiograph|film|roentgen",
        "scan": r"scan|ct|mri?|tomogra|magnetic|pet|ultraso|sono|scintigra",
    },
    {
        "excised": r"excis|resect|surgical|operative|\w*ectomy|final",
        "by needle": r"needle|core|punch|tru-? ?cut|fna|incision",
    },
    {
        "without contrast": r"non ?-?(?:contrast|enhanced)|unenhanced|plain|native|ncct"
        r"|without (?:\w+ )?(?:contrast|gadolinium)",
        "with contrast": r"contrast|enhanced|cect|ceus|gadolinium|microbubble|sonovue",
    },
    {
        "angiographic": r"\w*angio|mra|cta|mrv|ctv|(?:\w+ )?vessels|arter(?:y|ies)\b|veins?\b",
    },
    {
        "after surgery": r"post-? ?(?:op|surg)",
        "after treatment": r"post-? ?treat",
    },
    {
        "before": r"(?:pre-? ?|before (?:the )?)(?:op|surg|treat|transplant|procedur)",
        "after": r"(?:post-? ?|after (?:the )?)(?:op|surg|treat|transplant|procedur)",
        "during": r"(?:intra-? ?|during (?:the )?)(?:op|surg)",
        "again": r"follow-? ?up|repeat|control|subsequent|later|second|another|new",
        "first": r"initial|first|baseline|admission|original",
    },
)


def told_apart(request: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that are done as a request says; none if it does not tell them apart.

    Args:
        request: The words of the request.
        entries: Whole items that fit it equally well.
    """
    left = list(entries)
    numbers = set(re.findall(r"\d+", request))
    same = [e for e in left if numbers & {w for name in e.names for w in name if w.isdigit()}]
    left = same or left
    for ways in _WAYS:
        asked = _only_way(request.casefold(), ways)
        fitting = [entry for entry in left if asked and asked in _named(entry, ways)]
        # "Before treatment" is none of the one after it.
        others = [entry for entry in left if asked and not any(_named(entry, ways))]
        left = fitting or others or left
    if len(left) == len(entries) and not any(_way(request.casefold(), ways) for ways in _WAYS):
        # "CT" beside "follow-up CT".
        plain = [entry for entry in left if not _dated(entry)]
        left = plain if len(plain) == 1 else left
    return left if len(left) < len(entries) else _with_its_words(request, entries)


def _with_its_words(request: str, entries: Sequence[Entry]) -> list[Entry]:
    """The one whose name is the others' and words of the request: "whole-body PET", "PET"."""
    asked = frozenset(words(request))
    for entry in entries:
        others = frozenset().union(*(other.words for other in entries if other is not entry))
        if others < entry.words and entry.words - others <= asked:
            return [entry]
    return []


def _dated(entry: Entry) -> bool:
    """Whether a name says when: "follow-up CT", "CT (2015)"."""
    year = any(word.isdigit() and len(word) == 4 for name in entry.names for word in name)
    return year or any(_named(entry, _WAYS[-1]))


def _named(entry: Entry, ways: dict[str, str]) -> set[str]:
    return {_way(" ".join(name), ways) for name in entry.names}


def _only_way(text: str, ways: dict[str, str]) -> str:
    """The way a request names; none if two ("plain CT is unclear, now with contrast")."""
    first = _way(text, ways)
    rest = re.sub(rf"\b(?:{ways[first]})\w*", " ", text) if first else ""
    return "" if _way(rest, ways) else first


def _way(text: str, ways: dict[str, str]) -> str:
    found = (way for way, words in ways.items() if re.search(rf"\b(?:{words})", text))
    return next(found, "")
