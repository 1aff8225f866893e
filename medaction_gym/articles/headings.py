"""Headings: what a section is about, by the names that journals give it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Topic = Literal[
    "introduction",
    "case",
    "history",
    "examination",
    "tests",
    "differential",
    "diagnosis",
    "treatment",
    "outcome",
    "discussion",
    "methods",
    "back",
    "",
]

# A case may be told in all of these.
CASE: frozenset[Topic] = frozenset(
    ("case", "history", "examination", "tests", "differential", "diagnosis", "treatment", "outcome")
)

_NUMBER = re.compile(r"^\W*(?:(?:\d+|[IVX]+)(?:\.\d+)*(?:[.):]\s*|\s+))?")
# In order: the first that fits.
_NAMES: tuple[tuple[Topic, str], ...] = (
    (
        "back",
        r"^(?:.*\b(?:consent|ethic\w*|fund(?:ing|s)\b|acknowledg\w*|guarantor|conflicts?|"
        r"competing|"
        r"availability|registration|contribut\w*|provenance|supplement\w*|abbreviations?|"
        r"references|disclosures?|declarations?|footnotes?|grant|author'?s'?)\b.*|"
        r"highlights|key ?words|keypoints?|key points.*|patient'?s? perspective)$",
    ),
    (
        "discussion",
        r"\bdiscussion\b|^conclusions?\b|\bconcluding\b|literature|^review\b|learning points|"
        r"^limitations?|take-?home|key (?:clinical )?message|clinical (?:message|significance|"
        r"implication)|^lessons?\b|^summary\b|^comments?$|teaching point",
    ),
    ("methods", r"^(?:materials?|patients?) and methods?|^methods?\b|statistical|^results?\b"),
    ("introduction", r"^(?:introduction|background)\b"),
    (
        "outcome",
        r"outcomes?\b|follow-?\s?up|post-?operative|clinical course|hospital course|prognosis",
    ),
    ("differential", r"differential"),
    (
        "case",
        r"\bcases?\b|^(?:the )?patients?(?: \w+)?(?:\s\d+)?$|clinical (?:history|presentation|"
        r"description|summary|vignette)|patient (?:information|presentation|description|"
        r"demographics)|^presentation\b|^timeline|anamnesis|signalment",
    ),
    (
        "examination",
        r"(?:physical|clinical|neurologic\w*|general|oral|extra-?oral|intra-?oral|local|systemic|"
        r"ophthalm\w+|dermatolog\w+) (?:\w+ )?(?:examinations?|findings?|evaluation|assessment)|"
        r"^examinations?$|vital signs",
    ),
    (
        "history",
        r"\bhistory\b|chief complaint|complaints?$|presenting|^symptoms?\b",
    ),
    (
        "treatment",
        r"treat|therap|manag(?:e|ing)|intervention|surg(?:ery|ical)|operati(?:on|ve)|medication|"
        r"anesthe|anaesthe",
    ),
    (
        "tests",
        r"investigation|imaging|laborator|radiolog|radiograph|diagnostic|histolog|patholog|genetic|"
        r"molecular|findings?\b|\btests?\b|examination|work-?up|biops|assessment|"
        r"\b(?:ct|mri|pet|ecg|eeg)\b|tomograph|magnetic|ultraso|echocardio|microbiolog|analysis|"
        r"immunohisto|sequencing|blood|autopsy|post-?mortem|study$",
    ),
    ("diagnosis", r"\bdiagnos[ie]s\b"),
)
_TOPICS = tuple((topic, re.compile(names, re.IGNORECASE)) for topic, names in _NAMES)


@lru_cache(maxsize=4_096)
def topic_of(title: str) -> Topic:
    """The topic of one heading, or ``""``.

    Example:
        >>> [topic_of(t) for t in ("2. Case report", "Laboratory findings", "Funding", "Vienna")]
        ['case', 'tests', 'back', '']
    """
    bare = _NUMBER.sub("", title).strip(" .:")[:200]
    return next((topic for topic, pattern in _TOPICS if pattern.search(bare)), "")


def topic_under(titles: tuple[str, ...]) -> Topic:
    """The topic of a section by all headings above it.

    What stands under "Discussion" is discussion, whatever it is called; a case's subsections keep
    their own topic.

    Example:
        >>> topic_under(("Discussion", "Imaging")), topic_under(("Case", "Imaging"))
        ('discussion', 'tests')
    """
    topic: Topic = ""
    for title in titles:
        own = topic_of(title)
        if topic in ("introduction", "discussion", "methods", "back"):
            return topic
        topic = own or topic
    return topic
