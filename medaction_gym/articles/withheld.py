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
from medaction_gym.catalogue.tokens import fold_word, words

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
# What nobody would ask for who does not know the answer.
_POINTS = re.compile(
    r"\b(?:immuni\w+|vaccin\w+|expos\w+|contact|risk|famil\w+|relatives?|possib\w+|told|"
    r"diagnos\w+|like|such as|screen\w+)\b",
    re.IGNORECASE,
)
_GLUED = re.compile(rf"\w-{re.escape(MASK)}")  # "1,2-[withheld]"
# A list goes on before and behind what stands in it.
_ITEM_BEFORE = re.compile(
    r"(?:,\s(?:(?:and|or)\s)?|\s(?:and|or)\s|\b(?:history|complain\w*|complaints?) of\s)"
    r"(?:an?\s|the\s)?$",
    re.IGNORECASE,
)
_ITEM_AFTER = re.compile(r",\s(?!which|who|as\b|with\b|for\b)|\s(?:and|or)\s", re.IGNORECASE)
_FIRST = re.compile(
    r"\b(?:den(?:y|ies|ied)|included?|includes|were|was|conditions|comorbidities|for|no|any|known)"
    r"[\s:]+(?:an?\s|the\s|any\s)?$",
    re.IGNORECASE,
)
_LAST = re.compile(r"\s*[.;)]")
_SHORT = re.compile(r"\s*\([\w\s-]{1,20}\)")  # an abbreviation of what is withheld
# Where the phrase around a mask begins, and where it ends.
_OPENS = re.compile(
    r"[,;]\s|\s(?:with|without|for|due to|because of|owing to|secondary to|following|after|who|"
    r"whose|which|on|in|from|by|having|diagnosed|suspected|known|undergoing|receiving|taking|as|"
    r"to (?:treat|exclude|rule out|undergo|evaluate|assess))\s",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"[,;.](?=\s|$)|\)|\s(?:(?:and|but|who|which|that|as|while|when|due to|after)\s|"
    r"(?=(?:present|was|were|is|had|has|complain|visit|came|consult|report|attend|sought|"
    r"underwent|develop|experienc)))",
    re.IGNORECASE,
)
_HANGING = re.compile(r"^…\s*(?:(?:and|or|as (?:s?he|they|it)|who|which)\s)?(?:present\w+ with\s)?")
_NO_COMPLAINT = frozenset(
    map(
        fold_word,
        "a an the of for to with and his her its in on this first time further suspected possible "
        "known newly recurrent management treatment evaluation assessment investigation work-up "
        "referral admission event events case history diagnosis therapy care surgery".split(),
    )
)
_ENOUGH = 5  # words that a cut sentence must keep


def parts(text: str) -> list[str]:
    """The sentences of a masked text; a mask may begin one, and a cut end one.

    Example:
        >>> parts("He coughed. [withheld] was feared. He … He left.")
        ['He coughed.', '[withheld] was feared.', 'He …', 'He left.']
    """
    found = sentences(text.replace(MASK, MASK.upper()))
    return [
        part.replace(MASK.upper(), MASK)
        for sentence in found
        for part in re.split(r"(?<=…)\s+(?=[A-Z])", sentence.text)
    ]


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


def without_phrases(said: str) -> str:
    """A sentence that introduces the patient, without the phrases in which something is withheld.

    Example:
        >>> without_phrases("A 40-year-old man was admitted for repair of his [withheld].")
        'A 40-year-old man was admitted …'
        >>> without_phrases("A 9-year-old girl with known [withheld] presented with a rash.")
        'A 9-year-old girl … presented with a rash.'
        >>> without_phrases("A 40-year-old man with fever, [withheld], and cough was seen.")
        'A 40-year-old man with fever, [withheld], and cough was seen.'
    """
    place = 0
    while (first := said.find(MASK, place)) >= 0:
        last = first + len(MASK)
        if _listed(said, first, last):
            place = last
            continue
        if said[:first].endswith("(") and said.startswith(")", last):
            first, last = first - 1, last + 1  # a name in brackets stands beside another
        elif short := _SHORT.match(said, last):
            last = short.end()
        start = max((m.start() for m in _OPENS.finditer(said, 0, first)), default=0)
        close = _CLOSES.search(said, last)
        kept, rest = (
            said[:start].rstrip(" ,(-–—"),
            said[close.start() if close else last :].lstrip(" ,"),
        )
        rest = rest if close else ""
        said = f"{kept} … {rest}".replace("… )", "…)").replace("… .", "…").strip()
        place = len(kept)
    return said


def complaint(text: str) -> str:
    """A complaint without what is withheld; nothing, if that was the complaint, or an operation.

    Example:
        >>> complaint("Pain and swelling due to a [withheld]"), complaint("Treatment of [withheld]")
        ('Pain and swelling', '')
        >>> complaint("Elective thyroidectomy"), complaint("Pain after a thyroidectomy")
        ('', 'Pain after a thyroidectomy')
    """
    if cue("complaint_cure").match(text):
        return ""
    left = text
    if MASK in text:
        left = _HANGING.sub("", without_phrases(text)).removesuffix("…").strip()
        left = left[:1].upper() + left[1:]
    return left if set(words(left)) - _NO_COMPLAINT else ""


def _listed(said: str, first: int, last: int) -> bool:
    """Whether a mask is one item among others of a list, which does not tell what it is."""
    before, after = _ITEM_BEFORE.search(said[:first]), _ITEM_AFTER.match(said, last)
    return bool(before and after) and not _POINTS.search(said[max(0, first - 60) : first])


def _all_listed(said: str) -> bool:
    """Whether each mask of a sentence is an item of a list, the first and the last included."""
    items = [(m.start(), m.end()) for m in re.finditer(re.escape(MASK), said)]
    return all(
        (_ITEM_BEFORE.search(said[:first]) or _FIRST.search(said[:first]))
        and (_ITEM_AFTER.match(said, last) or _LAST.match(said, last))
        for first, last in items
    ) and any(mark in said for mark in (",", " and ", " or "))


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
    if MASK not in said:
        return said
    if introduced(said) or cue("complaint").search(said):
        return without_phrases(said)
    if _LISTED.search(said) and _all_listed(said) and not _POINTS.search(said):
        return said
    if _GLUED.search(said):
        return ""
    before = (match.start() for match in cue("clause").finditer(said[: said.index(MASK)]))
    end = max((e for e in before if said[:e].count("(") <= said[:e].count(")")), default=0)
    kept = said[:end].rstrip(" ,;-–—")
    return f"{kept} …" if len(kept.split()) >= _ENOUGH else ""
