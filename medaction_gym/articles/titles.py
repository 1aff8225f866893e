"""Titles: the diseases that a title or a statement names, without the words around them.

"Silent but significant: a case report of appendiceal mucocele" is about a mucocele.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medaction_gym.articles.cues import cue
from medaction_gym.articles.patient import introduced
from medaction_gym.cases.case import MAX_NAME

MAX_WORDS = 22


def titled(title: str) -> Iterator[tuple[str, float]]:
    """The diseases a title names: its clauses without the words about the article.

    Example:
        >>> [n for n, _ in titled("Silent but Significant: A Case Report of Appendiceal Mucocele")]
        ['Appendiceal Mucocele', 'Silent']
        >>> [n for n, _ in titled("Exophthalmos as the initial presentation of prostate cancer")]
        ['prostate cancer', 'Exophthalmos']
    """
    title = " ".join(title.split())
    parts = [
        p for p in re.split(r"[:?!]\s|[—–]\s*(?=[A-Z])|\s[-–—]\s|\.\s|;\s", title) if p.strip()
    ]
    seen: list[tuple[str, float]] = []
    for place, part in enumerate(parts):
        # "X: a rare presentation of Y" is about Y, "X: a rare cause of Y" about X.
        said = cue("aside").match(part) if place else None
        signs = said and said[1].lower().startswith(("present", "manifest", "sign", "symptom"))
        shift = 0.0 if said is None else 0.9 if signs else -1.5
        told = cue("report").search(part)
        pieces = [part]
        if told:
            # "A case report of X": what follows "of" counts, and what precedes.
            after = re.match(r"\W*(?:of|on|about)\s+(.+)", part[told.end() :], re.IGNORECASE)
            pieces = [part[: told.start()]] + ([after[1]] if after else [])
        for piece in pieces:
            named = bool(told and piece is not part and piece is pieces[-1] and len(pieces) > 1)
            piece = cue("report").split(piece)[0]
            shown = cue("shows").split(piece, maxsplit=1)
            weights = (3.2, 2.0) if len(shown) > 1 else (3.0,)
            for clause, weight in zip(reversed(shown), weights, strict=False):
                for name in phrases(clause, titled=True):
                    seen.append((name, weight - 0.3 * place * (not named) + 1.6 * named + shift))
    seen.sort(key=lambda pair: -pair[1])
    yield from dict.fromkeys(seen)


def phrases(text: str, *, titled: bool = False) -> Iterator[str]:
    """A stretch as the name of a disease: framing words, circumstances and citations cut."""
    text = cue("cited").sub("", text) if "[" in text or "(" in text else text
    text = text.strip()
    if person := introduced(text[:120]):
        # "We report a case of a 50-year-old man with X".
        had = re.search(r"\b(?:with|having|suffering from)\s+", text[person.end() :])
        text = text[person.end() + had.end() :] if had else text
    text = re.sub(r"^.*\bto be (?=an?\s)", "", text)
    for _ in range(3):
        bare = cue("frame").sub("", text)
        if titled and (cue("person_first").match(bare) or not cue("by").match(bare)):
            bare = cue("gerund").sub("", bare)
        bare = cue("determiner").sub("", bare)
        if bare == text:
            break
        text = bare
    text = cue("circumstance").sub("", text)
    text = cue("trailing").sub("", text).strip(" ,;:.\"'“”‘’")
    if text.count("(") > text.count(")"):
        text = text.split("(")[0].strip()
    elif text.count("(") < text.count(")"):
        text = text.replace(")", "")
    if 2 < len(text) <= MAX_NAME and len(text.split()) <= MAX_WORDS and any(map(str.isalpha, text)):
        yield text
