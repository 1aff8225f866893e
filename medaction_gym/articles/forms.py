"""Forms: sentences that give a case away by what they are for, whatever disease they name.

An author who tells a history knows how it ends. What was planned or done at this visit ("admitted
for thyroidectomy"), what became of the patient, and "we report a case of ..." are told with that
knowledge, so they are cut out of the first observation before any name is looked for. What was done
in earlier years, or elsewhere before the visit, is history and stays, unless the diagnosis is a
tumour: then it is the tumour's own ("the mass was resected", "chemotherapy", "recurrence").
"""

from __future__ import annotations

import re

from medaction_gym.articles.cues import cue
from medaction_gym.articles.diseases import DISEASE, says_little
from medaction_gym.articles.patient import introduced, person_at
from medaction_gym.articles.withheld import parts
from medaction_gym.catalogue.tokens import words

ENOUGH = 5  # words that a cut sentence must keep
_ELLIPSIS = " …"
# "A case of X in a 40-year-old man": what stands between is the title again.
_CASE_OF = re.compile(
    r"\b(?:case|instance|occurrence|presentation|example)s? (?:of|with)\s+", re.IGNORECASE
)
_REPORT = re.compile(
    r"\b(?:we|this|here(?:in)?|our|authors?)\b.{0,40}?\b(?:report|present|describe|discuss|"
    r"document|case)\w*\b",
    re.IGNORECASE,
)
_HAD = re.compile(r"\s(?:with|having|diagnosed with|suffering from)\s", re.IGNORECASE)
_GOES_ON = re.compile(
    r",?\s(?:who|and|that)\s(?=was|had|has|presented|came|complain|visited|is|suffer|consult|"
    r"attended|underwent|experienc|report|developed|sought)|\s(?=present(?:ed|ing|s)\b)",
    re.IGNORECASE,
)


def without_forms(text: str, *, tumor: bool = False) -> tuple[str, int]:
    """A text of the first observation without such clauses, and how many there were.

    Args:
        text: The text as the article has it.
        tumor: Whether the diagnosis is a tumour.

    Example:
        >>> without_forms("A 40-year-old man was admitted for elective thyroidectomy. He was well.")
        ('A 40-year-old man was admitted … He was well.', 1)
        >>> without_forms("He had a thyroidectomy ten years ago.")
        ('He had a thyroidectomy ten years ago.', 0)
        >>> without_forms("We report a case of scurvy in a 9-year-old boy. He limped.")
        ('We report a case of … a 9-year-old boy. He limped.', 1)
    """
    kept, cut = [], 0
    for sentence in parts(text):
        said = _untitled(sentence)
        start = _told_too_much(said, tumor=tumor)
        if start is not None:
            said = shortened(said, start)
        cut += said != sentence
        kept.append(said)
    return (" ".join(filter(None, kept)), cut) if cut else (text, 0)


def shortened(said: str, end: int) -> str:
    """A sentence up to a place, or nothing where too little is left."""
    kept = said[:end].rstrip(" ,;:-–—(")
    person = introduced(kept)
    return kept + _ELLIPSIS if person or len(kept.split()) >= ENOUGH else ""


def _untitled(said: str) -> str:
    """A sentence that speaks of its article, without the disease it names."""
    if not _REPORT.search(said[:120]):
        return said
    case, person = _CASE_OF.search(said), person_at(said)
    if person is None:
        return said[: case.end()].rstrip() + _ELLIPSIS if case else said
    if case and case.end() < person and _names(said[case.end() : person]):
        said = f"{said[: case.end()].rstrip()} … {said[person:].lstrip()}"
        person = case.end() + 2
    had = _HAD.search(said, person)
    if had is None or not _REPORT.search(said[:person]):
        return said
    on = _GOES_ON.search(said, had.end())
    end = on.start() if on else len(said)
    between = said[had.end() : end]
    if re.search(r"\bhistory\b|\bcomorbid", between, re.IGNORECASE) or not _names(between):
        return said
    return said[: had.start()] + _ELLIPSIS + said[end:]


def _names(text: str) -> bool:
    """Whether a stretch names a disease that says something."""
    return any(not says_little(words(match.group())) for match in DISEASE.finditer(text))


def _told_too_much(said: str, *, tumor: bool) -> int | None:
    """Where the clause begins that tells what only came later; None if there is none."""
    if cue("ending").search(said) and not cue("relative").search(said):
        return 0
    if cue("behind").search(said) and not introduced(said):
        return 0
    starts = []
    past = cue("done_before").search(said)
    if planned := cue("planned_operation").search(said):
        starts.append(planned.start("what"))
    if not past:
        for name in ("operated_now", "treated_now"):
            if done := cue(name).search(said):
                starts.append(_clause(said, done.start()))
    if helped := cue("helped").search(said):
        starts.append(_clause(said, helped.start()))
    if tumor and (known := cue("tumor_known").search(said)) and not _DENIED.search(said):
        starts.append(_clause(said, known.start()))
    return min(starts, default=None)


_DENIED = re.compile(
    r"\b(?:no|not|den(?:y|ies|ied)|without|negative|unremarkable|(?:family|mother|father|sister|"
    r"brother|aunt|uncle|grand\w+)\b.{0,60})\b",
    re.IGNORECASE,
)


def _clause(said: str, place: int) -> int:
    """Where the clause around a place begins, outside brackets."""
    before = [m.start() for m in cue("clause").finditer(said[:place])]
    return max((e for e in before if said[:e].count("(") <= said[:e].count(")")), default=0)
