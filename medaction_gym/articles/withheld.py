"""Withheld: the clauses that go with what is masked.

A mask alone says little, but the words around it may: "a history of incomplete [withheld]
immunization". So the clause goes too, with what follows it in the sentence. The mask stays where
the patient is introduced and complains, and in a list of what there was or was not, where it is one
item among others. What an author makes of a sign ("..., suggesting a lesion of the pyramidal
tract") is no finding, and is cut wherever it stands.
"""

from __future__ import annotations

import re

from medaction_gym.articles.cues import cue
from medaction_gym.articles.patient import introduced
from medaction_gym.articles.sentence import sentences
from medaction_gym.cases.leaks import MASK

_THOUGHT = re.compile(
    r",?\s*(?:\bwhich (?:was|were|is)\s+)?\b(?:indicating|suggesting|suggestive of|indicative of|"
    r"consistent with|compatible with|concerning for|characteristic of|pathognomonic (?:of|for)|"
    r"typical of|in keeping with|"
    r"raising (?:the |an? )?(?:\w+ )?(?:suspicion|possibility|concern)s?)\b"
    r"(?:(?!,\s(?:and|but|with|while)\b)[^.;])*",
    re.IGNORECASE,
)
_BARE = re.compile(r"\b(?:was|were|is|are|be|been|and|with|most|highly|more)\s*$", re.IGNORECASE)
_LISTED = re.compile(r"\b(?:den(?:y|ies|ied)|history|comorbid\w*|conditions)\b", re.IGNORECASE)
_SEVERAL = re.compile(r",| and | or ")
# What nobody would ask for who does not know the answer.
_POINTS = re.compile(
    r"\b(?:immuni\w+|vaccin\w+|expos\w+|contact|risk|famil\w+|relatives?|possib\w+|told|"
    r"diagnos\w+|like|such as|screen\w+)\b",
    re.IGNORECASE,
)
_GLUED = re.compile(rf"\w-{re.escape(MASK)}")  # "1,2-[withheld]"
_ENOUGH = 5  # words that a cut sentence must keep


def parts(text: str) -> list[str]:
    """The sentences of a masked text; a mask may begin one.

    Example:
        >>> parts("He coughed. [withheld] was feared.")
        ['He coughed.', '[withheld] was feared.']
    """
    found = sentences(text.replace(MASK, MASK.upper()))
    return [sentence.text.replace(MASK.upper(), MASK) for sentence in found]


def without_clauses(text: str) -> str:
    """History or examination without the clauses in which something is withheld.

    Example:
        >>> told = "His gait was slow and broad, and he wore a truss for [withheld]. He coughed."
        >>> without_clauses(told)
        'His gait was slow and broad … He coughed.'
        >>> without_clauses("He denied fever, [withheld], and pain.")
        'He denied fever, [withheld], and pain.'
        >>> without_clauses("Power was 4/5 in both legs, indicating a lesion of the cord.")
        'Power was 4/5 in both legs.'
    """
    return " ".join(filter(None, (_withheld(_seen(said)) for said in parts(text))))


def _seen(said: str) -> str:
    """A sentence without what its author makes of it; nothing, if that is all it says."""
    match = _THOUGHT.search(said)
    if match is None:
        return said
    before = said[: match.start()].rstrip(" ,")
    whole = not _BARE.search(before) and len(before.split()) >= _ENOUGH
    return before + said[match.end() :] if whole else ""


def _withheld(said: str) -> str:
    """A sentence up to the clause in which something is withheld."""
    if MASK not in said or introduced(said) or cue("complaint").search(said):
        return said
    if _LISTED.search(said) and _SEVERAL.search(said) and not _POINTS.search(said):
        return said
    if _GLUED.search(said):
        return ""
    before = (match.start() for match in cue("clause").finditer(said[: said.index(MASK)]))
    end = max((e for e in before if said[:e].count("(") <= said[:e].count(")")), default=0)
    kept = said[:end].rstrip(" ,;-–—")
    return f"{kept} …" if len(kept.split()) >= _ENOUGH else ""
