"""Presentation: what the doctor knows at first, from the sentences that tell it.

Whole sentences of the article, in its order. Where a sentence goes on to a test or a diagnosis, it
is cut at the clause; a sentence that speaks of either throughout is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from medaction_gym.articles.article import Span
from medaction_gym.articles.cues import cue
from medaction_gym.articles.patient import introduced, patient_of
from medaction_gym.articles.timeline import Told, tests_named
from medaction_gym.cases.case import Presentation
from medaction_gym.cases.prose import VERB
from medaction_gym.catalogue.tokens import tokenize

_DIAGNOSED = re.compile(
    r"\b(?:diagnos(?:is|es|ed|tic hypothes\w+)|confirm\w*|suspicion|hypothes\w+|"
    r"h[iy]sto(?:log|path)\w*|cytolog\w*|patholog(?:y|ist)\w*)\b",
    re.IGNORECASE,
)
_AT_BEDSIDE = re.compile(
    r"\b(?:physical|clinical|general) exam|\bvital|\bon (?:arrival|admission|presentation|exam)|"
    r"\bblood pressure|\bheart rate",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|nor|never|without|den\w+)\b(?:\s[\w/()-]+){0,2}\s*\w?$", re.IGNORECASE
)
_SAID = frozenset("laboratory microbiology pathology genetics imaging endoscopy physiology".split())


class First(NamedTuple):
    """The first observation, and where its sentences stand."""

    presentation: Presentation | None
    spans: dict[str, list[Span]]
    species: str
    age: float | None
    sex: str


def first_observation(told: Iterable[Told]) -> First:
    """Put the first observation together; its presentation is None if nothing was told."""
    told = list(told)
    history: list[str] = []
    examination: list[str] = []
    spans: dict[str, list[Span]] = {"history": [], "examination": []}
    operating = False
    for line in told:
        if line.role not in ("history", "examination"):
            operating = bool(cue("operated").search(line.sentence.text))
            continue
        if operating and line.role == "examination" and not _AT_BEDSIDE.search(line.sentence.text):
            continue  # what a surgeon inspects
        operating = False
        if cue("behind").search(line.sentence.text) and not introduced(line.sentence.text):
            continue
        if line.role == "examination" and not line.early and line.topic != "examination":
            continue
        text = line.sentence.text[: shown_until(line)]
        if not text:
            continue
        cut = "" if len(text) == len(line.sentence.text) else " …"
        (history if line.role == "history" else examination).append(text + cut)
        start = line.sentence.start
        spans[line.role].append(Span(start, start + len(text)))
    opening = [line.sentence.text for line in told if line.role == "history"][:6]
    patient = patient_of(opening or [line.sentence.text for line in told[:4]])
    complaint = _complaint(history[:5])
    if not (history or examination):
        return First(None, spans, patient.species, patient.age, patient.sex)
    presentation = Presentation(
        patient=patient.phrase or (f"{patient.sex} patient" if patient.sex else ""),
        chief_complaint=complaint,
        history=_joined(history),
        examination=_joined(examination),
    )
    return First(presentation, spans, patient.species, patient.age, patient.sex)


def _joined(texts: list[str]) -> str:
    return " ".join(cue("pointer").sub("", text) for text in texts)


def _complaint(history: list[str]) -> str:
    """The words after "presented with" and the like, in the first sentence that has them."""
    for pattern in (cue("complaint"), cue("weak_complaint")):
        for text in history:
            said = cue("pointer").sub("", text)
            match = pattern.search(said)
            if match and _DENIED.search(said[max(0, match.start() - 20) : match.start() + 1]):
                continue
            words = cue("complaint_end").split(match[1])[0].strip(" ,…") if match else ""
            words = cue("complaint_start").sub("", words)
            if 3 <= len(words) <= 400 and not re.match(r"(?:no|any|further) ", words, re.I):
                return words[0].upper() + words[1:]
    return ""


def shown_until(line: Told) -> int:
    """How many characters of a sentence the doctor sees: up to a test's result or a conclusion."""
    text = line.sentence.text
    reports = line.reports and any(m.term.category in _SAID for m in line.heads)
    conclusion = cue("concluded") if line.role == "history" else _DIAGNOSED
    concluded = conclusion.search(text) and not (
        cue("presented_past").search(text) and not cue("presented_firm").search(text)
    )
    if not reports and not concluded:
        return len(text)
    kept = 0
    for match in [*cue("clause").finditer(text), None]:
        end = match.start() if match else len(text)
        clause = text[kept:end]
        if (reports and _tells_result(clause)) or (concluded and conclusion.search(clause)):
            break
        kept = end
    start = text[:kept].rstrip(" ,;-–—")
    return len(start) if len(start.split()) >= 4 else 0


def _tells_result(clause: str) -> bool:
    tokens = tokenize(clause)
    named = any(m.term.category in _SAID for m in tests_named(clause, tokens, frozenset()))
    return named and bool(VERB.search(clause) or re.search(r"\d\s*(?:mg|g|mm|U|×|/)", clause))
