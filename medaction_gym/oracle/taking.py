"""Taking: how a piece of tissue was taken, and when a test was done.

A fine needle's cells are no core biopsy, and a postoperative scan is no preoperative one.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.entry import Entry

_PIECE = r"(?:biops|bx|specimen|sampl|histolog|patholog)"
# Ways to take a piece, in words as `tokens.words` makes them. A "necrotic core" is none.
_WAYS = {
    "cells": rf"fine needle|fna\w?\b|(?:needle )?aspirat\w+ (?:cytolog|{_PIECE})|marrow aspirat"
    r"|brush\w* cytolog|cytolog\w* brush|(?:touch )?imprint",
    "core": rf"core (?:needle )?{_PIECE}|tru ?cut|cnb\b|vacuum assisted|needle core|trephine",
    "punch": r"(?:punch|shave)\b",
    "scope": r"(?:endoscop|colonoscop|gastroscop|bronchoscop|transbronch|cystoscop|hysteroscop"
    r"|forceps|(?:col|rect|gastr|duoden|ile|intestin|esophag|bronch)\w+ mucosal)"
    rf"\w* (?:\w+ )?{_PIECE}"
    r"|emr\b|polypectomy",
    "curette": r"pipelle|(?:endometri|uter)\w+ (?:biops|sampl|aspirat|curett)",
    "knife": r"(?:excision|incision|resect)\w*|excised|lumpectomy|(?!polyp)\w+ectomy"
    r"|post ?operati\w+|post ?surg\w+|postop\b|polypectomy|emr\b|surgically",
    # Through an endoscope, and with a needle.
    "sound": r"eus\b|ebus|endosonogra|endobronchial ultras|endoscopic ultras",
    # With a needle, but which?
    "needle": rf"(?:needle|perc(?:utaneous)?)\w* (?:\w+ )?{_PIECE}"
    rf"|(?:ct|us|mri?|image|ultrasound|fluoroscopy|stereotactic\w*) guided (?:\w+ )?{_PIECE}",
}
# What a punch reaches, and what an endoscope; a tissue may be anywhere.
_ANYWHERE = frozenset("soft_tissue muscle vessel mucosa".split())
_REACH = {
    "punch": _ANYWHERE
    | frozenset(
        "skin mouth nose ear eyelid genitalia vulva vagina cervix penis anus perineum breast "
        "limb head face neck trunk conjunctiva back chest_wall abdominal_wall".split()
    ),
    "scope": _ANYWHERE
    | frozenset(
        "gastrointestinal_tract abdomen chest mouth pharynx larynx trachea bronchus lung nose "
        "sinuses biliary_tract pancreas urinary_tract uterus pelvis peritoneum mediastinum "
        "joint lymph_node".split()
    ),
}
_OPERATION = (
    r"(?:(?:the|her|his|their) )?(?:operati|surg|bypass|cabg|resect|excision|embol|stent|coiling|"
    r"clipping|repair|\w+ectomy|\w+plasty)"
)
# Times, and ways, that exclude one another.
_TIMES = (
    {
        "before": rf"pre ?op\w*|pre ?surg\w+|(?:before|prior to) {_OPERATION}",
        "during": r"intra ?op\w*",
        "after": rf"post ?op\w*|post ?surg\w+|(?:after|following) {_OPERATION}",
    },
    {"again": r"follow ?up|repeat", "first": r"initial|baseline"},
    {"bedside": r"pocus|point of care|bedside|hand ?held", "formal": r"formal|departmental"},
)
_BY_NEEDLE = frozenset({"cells", "core"})


@lru_cache(maxsize=20_000)
def ways_of(text: str) -> frozenset[str]:
    """The ways of taking a piece that a text names.

    Example:
        >>> sorted(ways_of("core needle biopsy")), sorted(ways_of("FNA cytology"))
        (['core'], ['cells'])
        >>> sorted(ways_of("pathology of the lumpectomy")), sorted(ways_of("needle biopsy"))
        (['knife'], ['cells', 'core'])
    """
    said = " ".join(words(text))
    found = {way for way, pattern in _WAYS.items() if re.search(rf"\b(?:{pattern})", said)}
    if "needle" in found:
        found.remove("needle")
        found |= set() if found & _BY_NEEDLE else _BY_NEEDLE
    if found & {"sound", "curette"}:
        found.add("scope")
    return frozenset(found)


def taken_otherwise(asked: AbstractSet[str], entry: Entry, lead: frozenset[str]) -> bool:
    """Whether an entry's name, or else its report, says that a piece was taken in other ways.

    Args:
        asked: The ways asked for.
        entry: What is on the menu.
        lead: What the case is about: where the piece is from, if neither name nor report says so.
    """
    if not asked or not any(o.head and o.head.category == "pathology" for o in entry.orders):
        return False
    if asked <= _REACH.keys():
        where = frozenset().union(*(o.sites for o in entry.orders)) or entry.content.sites or lead
        within = Catalogue.load().within
        outer = frozenset().union(*(_REACH[way] for way in asked))
        if where and not any(within(site, part) for site in where for part in outer):
            # Nobody punches a lymph node.
            return True
    told = frozenset().union(*(ways_of(" ".join(name)) for name in entry.names))
    told = told or ways_of(entry.content.running)
    told |= _BY_NEEDLE if "sound" in told else frozenset()
    return bool(told) and told.isdisjoint(asked)


@lru_cache(maxsize=20_000)
def times_of(text: str) -> frozenset[str]:
    """When a text says that a test is done, or was.

    Example:
        >>> sorted(times_of("Post-operative CT")), sorted(times_of("initial and repeat CT"))
        (['after'], ['again', 'first'])
    """
    said = " ".join(words(text))
    found = ((t, p) for times in _TIMES for t, p in times.items())
    return frozenset(time for time, pattern in found if re.search(rf"\b(?:{pattern})", said))


def done_at_another_time(asked: AbstractSet[str], entry: Entry) -> bool:
    """Whether an entry's name says that it was done when the request says it was not."""
    if not asked:
        return False
    told = frozenset().union(*(times_of(" ".join(name)) for name in entry.names))
    return any(
        told & times.keys() and asked & times.keys() and told.isdisjoint(asked & times.keys())
        for times in _TIMES
    )
