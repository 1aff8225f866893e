"""Headings: which lines of a summary name a test, and how the name is cleaned."""

from __future__ import annotations

import re

from medaction_gym.cases.case import MAX_NAME
from medaction_gym.cases.prose import STATE

# Headings that are no tests: what was concluded or done about it.
PSEUDO = re.compile(
    r"^(?:(?:final|working|provisional|definitive|clinical|confirmed|differential|primary|initial|"
    r"(?:post|pre)[\w-]*(?:\s+surgical)?|surgical|subsequent|further|ongoing|proposed|recommended)\s+)*"
    r"(?:diagnos[ie]s(?:\s+(?:after|from|based|by|on|upon|following)\b.*)?|"
    r"diagnostic (?:conclusion|impression|criteria)|treatments?|therap(?:y|ies)|"
    r"management|medications?|interventions?|prognosis|outcomes?|stag(?:e|ing)|complications?|"
    r"response(?: to .*)?|hospital course|clinical course|course|follow-?up(?: and .*| plan)?|"
    r"discharge.*|conclusions?|impression|discussion|notes?|summary|plan|considerations?|"
    r"exclusions?|excluded|not (?:performed|done).*|surgical (?:treatment|management))"
    r"(?:\s*(?:and|/|&)\s*(?:treatments?|management|outcomes?|follow-?up|course))*$",
    re.IGNORECASE,
)

# Headings that name a patient of several, not a test.
PATIENT = re.compile(
    r"^(?:case|patient|subject|sibling|p)\s*(?:no\.?\s*)?\d+\b.{0,30}$", re.IGNORECASE
)

_TIME = re.compile(
    r"\b(?:initial|first|second|third|repeat(?:ed)?|follow-?up|subsequent|post-?operative|"
    r"pre-?operative|intra-?operative|post-?treatment|serial|later|recent|previous|prior|"
    r"admission|baseline)\b",
    re.IGNORECASE,
)


def strip_time(name: str) -> str:
    """A name without when it was done."""
    return _TIME.sub(" ", name).strip(" ,-") or name


def clean_name(name: str) -> str:
    """A test's name without findings, markup or a trailing verb."""
    bare = name
    while (state := STATE.search(bare)) and state.start() == 0 and state.end() < len(bare):
        bare = bare[state.end() :].lstrip(" ,:-")
    states = list(STATE.finditer(bare))
    if states and states[-1].end() == len(bare.rstrip(" .")) and states[-1].start() > 0:
        bare = bare[: states[-1].start()]
    bare = re.sub(r"\(\s*\)", "", bare).strip(" ,;:.-*–")
    bare = re.sub(r"^(?:the|a|an|of|for|and|on|in|by)\s+", "", bare, flags=re.IGNORECASE)
    bare = bare if len(bare) >= 2 else name
    if bare.count("(") != bare.count(")"):
        bare = bare.replace("(", " ").replace(")", " ")
    bare = " ".join(bare.split())[:MAX_NAME]
    return bare[:1].upper() + bare[1:]
