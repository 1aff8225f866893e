"""Passing: tests that an article mentions in one sentence, beside a report of their kind.

"A chest radiograph was normal" and "a CT of the head showed no bleeding" are lines in the report of
a department. They become components of it, as analytes are of a panel: each can be ordered alone.
"""

from __future__ import annotations

import re

from medaction_gym.articles.recorded import Recorded
from medaction_gym.articles.timeline import ORDERED
from medaction_gym.cases.case import MAX_NAME, MAX_TEXT, Analyte
from medaction_gym.cases.prose import VERB
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.orders import parse_orders

_SHORT, _NORMAL_SHORT = 20, 25  # words of a sentence that is no report of its own
_DEPARTMENTS = ("imaging", "endoscopy", "physiology")
_NORMAL = re.compile(
    r"\b(?:normal|unremarkable|negative|non-?contributory|within (?:the )?normal|no|not|neither|"
    r"nor|without|ruled out|excluded|free of|absen\w+)\b",
    re.IGNORECASE,
)
# A finding after all: an exception, a degree, a direction, a figure.
_FINDING = re.compile(
    r"\b(?:but|however|except\w*|although|though|apart from|other than|only|besides|mild\w*|"
    r"minimal\w*|slight\w*|moderate\w*|severe\w*|elevat\w+|increas\w+|decreas\w+|reduc\w+|"
    r"enlarg\w+|dilat\w+|thicken\w+|positive|further)\b|(?<![\w-])\d+(?:[.,/]\d+)*(?![\w-])",
    re.IGNORECASE,
)
_PIECES = re.compile(r"[,;]\s(?:and\s)?|\s(?:and|with|while|whereas|which)\s", re.IGNORECASE)


def with_passing(found: list[Recorded]) -> list[Recorded]:
    """The tests, those told in passing as components of the report next to them."""
    kept = list(found)
    for item in found:
        if item.category not in _DEPARTMENTS or item.analytes or len(item.pieces) > 1:
            continue
        (said,) = item.pieces
        place = kept.index(item)
        around = [
            other
            for other in (*reversed(kept[:place]), *kept[place + 1 :])
            if other.category == item.category
        ]
        kin = [other for other in around if _one_modality(item.name, other.name)]
        beside = kin if len(said.split()) <= _SHORT else []
        if not beside and only_normal(said):
            beside = kin or around
        if beside:
            alone = Analyte(name=item.name[:MAX_NAME], result=said[:MAX_TEXT])
            beside[0].take(said, item.spans[0], [alone])
            kept.remove(item)
    return kept


def only_normal(text: str) -> bool:
    """Whether a report is one clause that says that there was nothing to see.

    Example:
        >>> only_normal("A chest radiograph was normal.")
        True
        >>> only_normal("Echocardiography showed no effusion, normal valves and no thrombus.")
        True
        >>> only_normal("Ultrasound showed a normal gland and a nodule of the left lobe.")
        False
    """
    if len(text.split()) > _NORMAL_SHORT or _FINDING.search(text):
        return False
    listed = " or " in text  # "no fracture, erosion, or other lesion"
    said = False
    for piece in filter(str.strip, _PIECES.split(text)):
        shown = any(not ORDERED.fullmatch(verb.group()) for verb in VERB.finditer(piece))
        if _NORMAL.search(piece):
            said = True
        elif shown or (said and not listed):
            return False
    return said


def _one_modality(one: str, other: str) -> bool:
    """Whether two names are of one kind of test, or of a test and a kind of it."""
    within = Catalogue.load().within
    heads, others = ([o.head.id for o in parse_orders(name) if o.head] for name in (one, other))
    return any(within(a, b) or within(b, a) for a in heads for b in others)
