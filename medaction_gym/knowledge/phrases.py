"""A diagnosis as clinicians write it, cut into the phrases that each name one thing.

"Peritonitis caused by Mycoplasma hominis" is a main phrase and a cause; "obturator hernia with
small bowel obstruction" a main phrase and a complication; what stands in brackets is an alias, an
abbreviation or a detail. What is denied ("without", "rather than") or only resembled ("mimicking")
is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from medaction_gym.knowledge.normalise import MAX_CHARS, fold
from medaction_gym.knowledge.vocabulary import rows

MAIN, CAUSE, COMPLICATION, COMPONENT, SITE = "main", "cause", "complication", "component", "site"
ROLES = (MAIN, CAUSE, COMPLICATION, COMPONENT, SITE)


class Phrase(NamedTuple):
    """Folded text and the part it plays.

    `alias` marks what stood in brackets; `capitals` are words in capitals, perhaps abbreviations.
    """

    text: str
    role: str
    alias: bool = False
    capitals: frozenset[str] = frozenset()


# Abbreviations that every clinician writes and that stand for one thing in a list of diagnoses.
ABBREVIATIONS = {row["abbreviation"]: row["words"] for row in rows("short_forms")}


def _one_line(pattern: str) -> str:
    return re.sub(r"\n\s*", "", pattern)


_CONNECTIVES = {
    CAUSE: """
        (?:likely |probably |possibly |presumably |most likely )?
        (?:(?:is |was |are )?(?:due|secondary|owing|attributable|attributed) to
        |caused by|resulting from
        |as a (?:result|consequence|complication|sequela) of|induced by|triggered by|because of
        |provoked by|precipitated by|following|after|in the (?:setting|context) of
        |on (?:a|the) background of|arising (?:from|in|within|out of)|originating (?:from|in)
        |from|complicating|superimposed on|infection by)""",
    COMPLICATION: """
        (?:causing|leading to|resulting in|complicated (?:by|with)|progressing to
        |evolving (?:in)?to|presenting (?:as|with)|(?:manifesting|manifested) (?:as|by|with)
        |manifesting|with (?:associated|secondary|subsequent|concomitant|coexisting|concurrent
        |resultant|consequent)|in association with|associated with|accompanied by
        |coexisting with|concurrent with|concomitant with|along with|as well as|together with
        |combined with|with)""",
    "drop": r"""
        (?:without|in the absence of|(?:with )?no evidence of|rather than|mimicking
        |masquerading as|simulating|resembling|not|versus|vs\.?|except|misdiagnosed as
        |confused with|excluding)""",
}
_CONNECTIVE = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(f"(?P<{role}>{_one_line(pattern)})" for role, pattern in _CONNECTIVES.items())
    + r")(?![\w-])"
)
_INDUCED = re.compile(
    r"\b(?P<cause>[\w, -]+?)[ -](?:induced|associated|related|triggered|mediated)\s+(?P<main>\S.*)"
)
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9-]{1,7}\b")
BRACKETED = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)|\[([^\[\]]*)\]")
_STATEMENT = re.compile(r"\s*(?:[;\n•]\s*(?:\d{1,2}[.)]\s)?|(?:^|\s)\d{1,2}[.)]\s+(?=[A-Z]))\s*")
_SENTENCE = re.compile(r"(?<=[a-z)\] ]{2}[a-z)\]])\.\s+(?=[A-Z])")
_PREAMBLE = re.compile(
    r"^.{0,60}?\bdiagnos(?:is|es)\b(?: (?:for|in) [\w ]{1,30}?)?"
    r" ?(?:is|are|was|of|would be|remains)?:? (?:of )?",
    re.I,
)
_SPREAD = re.compile(r"(\bmetastatic\b.*?) (?:to|involving|in) (?:the )?.*")
_DENIED = re.compile(
    r"^\W*(?:no|not|none|negative|absence|absent|excluded|ruled out|unknown|undetermined"
    r"|incorrect|without)\b(?! hodgkin)"
)
_VARIANT = re.compile(r"\bmutation|\bvariant|\b[cp]\.[\dA-Z(]")  # of a gene, not of a disease
_DETAIL = re.compile(
    r"\b(?:type|stage|grade|who|figo|tnm|positive|negative|variant|subtype|mutation|c\.|p\.|level|left|right)\b|\d"
)


def phrases(text: str, is_name: Callable[[str], bool] = lambda text: False) -> list[Phrase]:
    """Cut a diagnosis into phrases, the main ones first as they stand in the text.

    What `is_name` knows as one name is not cut.

    >>> [(p.text, p.role) for p in phrases("Peritonitis caused by *Mycoplasma hominis*.")]
    [('peritonitis', 'main'), ('mycoplasma hominis', 'cause')]
    >>> [(p.text, p.role) for p in phrases("Febuxostat-induced agranulocytosis (drug reaction)")]
    [('agranulocytosis', 'main'), ('drug reaction', 'main'), ('febuxostat', 'cause')]
    """
    found: list[Phrase] = []
    cleaned = re.sub(r"[*_#`\"“”]+", " ", text[:MAX_CHARS])
    for statement in _STATEMENT.split(cleaned)[:12]:
        first = _PREAMBLE.sub(
            "", _SENTENCE.split(statement, 1)[0]
        )  # what follows the first sentence explains it
        if first and not _DENIED.match(fold(first)):
            found += _statement(first.strip(" .:,-"), is_name)
    return [phrase for role in ROLES for phrase in found if phrase.role == role][:24]


def _statement(statement: str, is_name: Callable[[str], bool]) -> list[Phrase]:
    aliases: list[str] = []
    capitals: set[str] = set()
    if not statement.isupper() or len(statement) < 9:
        capitals = {fold(word.replace("-", "")) for word in _CAPITALS.findall(statement)}

    def take(match: re.Match[str]) -> str:
        inside = (match[1] or match[2] or "").strip()
        if re.fullmatch(r"[A-Z][A-Za-z]{0,3}[A-Z0-9/-]{1,8}s?", inside):
            return " "  # the abbreviation of what stands before it
        detail = _DETAIL.search(fold(inside)) and len(inside.split()) < 6
        if len(inside) > 3 and not detail and not _VARIANT.search(inside):
            aliases.append(inside)
        return " "

    bare = BRACKETED.sub(take, statement)
    if capitals:
        bare = _CAPITALS.sub(lambda match: ABBREVIATIONS.get(match[0], match[0]), bare)
    bare = fold(bare)
    pieces: list[tuple[int, str, str]] = []  # where each begins, its text, its role
    role, start = MAIN, 0
    for match in [*_CONNECTIVE.finditer(bare), None]:
        end = match.start() if match else len(bare)
        piece = bare[start:end].strip(" .,:-")
        if pieces and is_name(joined := bare[pieces[-1][0] : end].strip(" .,:-")):
            pieces[-1] = (
                pieces[-1][0],
                joined,
                pieces[-1][2],
            )  # "granulomatosis with polyangiitis"
        elif piece and role != "drop":
            pieces.append((start, piece, role))
        if match:
            role, start = match.lastgroup or MAIN, match.end()
            if not pieces and role in (CAUSE, COMPLICATION):
                role = MAIN  # nothing stood before the connective
    result = [phrase for _, piece, role in pieces for phrase in _induced(piece, role)]
    for alias in aliases:
        folded = fold(alias)
        if not _DENIED.match(folded):
            cut = _CONNECTIVE.search(folded)
            result.append(
                Phrase(folded[: cut.start()] if cut and cut.start() else folded, MAIN, alias=True)
            )
    shouted = frozenset(capitals)
    return [phrase._replace(capitals=shouted) for phrase in result] if shouted else result


def _induced(piece: str, role: str) -> list[Phrase]:
    """Take "X-induced Y" apart."""
    if spread := _SPREAD.fullmatch(piece):
        piece = spread[1]  # a metastasis to the pancreas is no disease that arose there
    match = _INDUCED.fullmatch(piece)
    if not match or len(match["main"]) < 4:
        return [Phrase(piece, role)]
    return [Phrase(match["main"], role), Phrase(match["cause"], CAUSE)]
