"""Profile: one written diagnosis as it is read for comparison.

Its affirmed words, its main phrases, the abbreviations and numbers in it, the concepts it links to;
the same for all spellings and capitals (Oesophageal TUMOUR, esophageal neoplasm).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.linker import Link
from medaction_gym.knowledge.normalise import fold, tokens
from medaction_gym.knowledge.normalise import words as raw_words
from medaction_gym.knowledge.phrases import BRACKETED, MAIN, SITE, Phrase, phrases

MAX_CHARS = 4_000  # read of one string; a diagnosis is a line
MANY_ANDS = 4  # in one diagnosis, more than which string guesses together
MAX_TOKENS = 90  # different words compared of one string

# A diagnosis announced at the end of an explanation: what stands before it is argument.
_ANNOUNCED = re.compile(
    r"\b(?:final|most likely|likeliest|principal|primary|working|definitive|leading)\s+diagnos[ie]s"
    r"(?:\s+(?:is|was|are|remains|would be)\b|\s*:)[\s*:]*",
    re.I,
)
_CLAUSE = re.compile(
    r"[,;:\n]+|(?<=[a-z)\]])\.\s+|(?<!anything)(?<!everything)\s+but\s+"
    r"|\s+(?:however|although|whereas|instead)\s+"
)
# "Excluded: gout, sepsis" denies all that the list holds.
_DENIED_LIST = re.compile(
    r"\b(?:excluded|ruled[ -]out|unlikely|refuted|rejected|discounted|negative)\b[^:;.\n]{0,30}:"
    r"[^;.\n]*"
)
_DENIED_AFTER = re.compile(
    r"\b(?:excluded|ruled[ -]out|unlikely|refuted|rejected|discounted|disproven|disproved"
    r"|(?:is|was|were|are|been|being)\s+(?:absent|negative|incorrect|wrong|false)"
    r"|(?:is|was|are|were|has|have|had|did|does|do|could|can|would|should)\s*(?:not|n't|never)\b"
    r"|(?:isn't|wasn't|aren't|cannot|can't|doesn't|didn't)\b"
    r"|not\s+(?:present|confirmed|likely|found|seen|supported|identified|the\s+diagnosis))"
)
_AUXILIARY = re.compile(r"^\W*(?:(?:is|was|are|were|has|have|been|being)\s+)*")
_DENIED_BEFORE = re.compile(
    r"\b(?:no\s+(?!light)|none\b|nil\b|neither\s|nor\s|never\s|not\s|non-diagnostic|without\s"
    r"|absence\s+of|lack\s+of|free\s+of|free\s+from|negative\s+for|nothing\s+to\s+suggest"
    r"|exclud(?:es?|ing|ed)\b|rul(?:es?|ing|ed)[\s-]+out\b|rules?\s+against|evidence\s+against"
    r"|argues?\s+against|anything\s+but|anything\s+other\s+than|other\s+than|rather\s+than"
    r"|instead\s+of|incorrect|wrong\b|false(?:ly)?\b|unlikely|fails?\s+to\s+show|denie[ds]"
    r"|mimicking|mimics?\b|resembling|misdiagnosed\s+as|except\b"
    # Not this patient's disease.
    r"|family\s+history\s+of|fear\s+of|screening\s+for|screened\s+for|at\s+risk\s+(?:of|for)"
    r"|(?:vaccinat\w+|immuni[sz]ation|prophylaxis)\s+(?:of|for|against))"
)
_REFUSAL = re.compile(
    r"^\W*(?:incorrect|correct|true|false|yes|no|none|unknown|unclear|undetermined|n/?a|null|nil"
    r"|(?:same|see|as)\b.{0,20}\b(?:above|gold|reference)|the (?:gold|reference|correct|right)\b.*"
    r"|diagnosis|disease|syndrome|disorder|illness|condition)\W*$",
    re.I,
)
_GUESS = re.compile(
    r"\s*(?:[,;\n|]|\s/\s|\bor\b|\bvs\b\.?|\bversus\b|\bpossibly\b|\s[+&]\s|(?:^|\s)\d{1,2}[.)]\s)\s*"
)
_LINE = re.compile(r"\s*[\n\r\t\u2022\u00b7]+\s*|(?<=[A-Za-z)]{2})\.\s+(?=[A-Z])")
_CHOICE = re.compile(r"\bor\b|\bvs\b|\bversus\b|\bdifferentials?\b|\bpossibly\b|\beither\b")
_FOLLOWS = re.compile(
    r"^(?:and\s+)?(?:with|without|due|secondary|caused|causing|leading|resulting|complicat\w+|likely|"
    r"associated|including|presenting|following|involving|consistent|most|in|on|at|of|for|after|"
    r"which|status|post|stage|grade|who|type|left|right|bilateral|a|an|the|suspected)\b"
)
_DEFINED = re.compile(r"\(([A-Z][A-Za-z]{0,3}[A-Z0-9][A-Za-z0-9]{0,5})\)")
_ACRONYM = re.compile(r"\b(?:[A-Z][A-Za-z]{0,2}[A-Z0-9]|[a-z]{1,2}[A-Z]{2})[A-Za-z0-9]{0,6}\b")
_STORY = re.compile(r"^\W*(?:an?|the|this)?\W*\d+[ -]?(?:year|month|week|day)s?[ -]old\b")
_DENIED_WHOLE = re.compile(r":\s*(?:no|negative|absent|false)\W*$")
_ROMAN = {"i": "1", "v": "5", "x": "10"}
HEDGE = frozenset("possible possibly likely probable suspected presumed potential maybe".split())
_LETTER_NUMBER = re.compile(r"([a-z]+)(\d+[a-d]?)")
_NUMBER = re.compile(r"\d+[a-d]?")
# The kinds of a thing that come numbered or lettered. A number after any other word is a detail.
_SERIES = frozenset(
    """
    type grade stage class group factor subtype hepatitis influenza trisomy monosomy chromosome
    category level degree figo who nyha herpesvirus papillomavirus coxsackievirus adenovirus
    gangliosidosis mucopolysaccharidosis mps neoplasia men vitamin complement glycogenosis
    neurofibromatosis nf porphyria tyrosinemia serotype genotype bipolar schwannomatosis
    """.split()
)
_LETTERED = frozenset(
    "hepatitis influenza type group hemophilia vitamin stage subtype immunoglobulin class".split()
)


class Profile(NamedTuple):
    """What one string says, read once."""

    everything: tuple[str, ...]  # all canonical words as they stand, denied ones included
    words: tuple[str, ...]  # all affirmed words, once each
    denied: frozenset[str]  # canonical words that stand only in what is denied
    main: tuple[str, ...]  # those of the main phrases
    core: tuple[str, ...]  # those of the first main phrase
    spoken: tuple[str, ...]  # the words of all phrases as they are written, in lower case
    names: tuple[tuple[str, ...], ...]  # the first phrase and what stood in brackets
    acronyms: frozenset[str]  # words in capitals
    stands_for: frozenset[str]  # abbreviations of the first phrase: in brackets, or its initials
    series: Mapping[str, frozenset[str]]  # {"type": {"2"}}
    guesses: int  # diagnoses strung together
    story: bool  # begins as a case report does
    choices: int  # how often "or", "versus"
    withs: int  # how often "with"
    main_links: tuple[tuple[int, float], ...]  # rows in the graph, and confidence
    other_links: tuple[tuple[int, float], ...]


def affirmed(text: str) -> str:
    """A text without the clauses that deny something.

    >>> affirmed("Gout, no evidence of sepsis"), affirmed("Gout was excluded")
    ('Gout', '')
    """
    lower = text.lower()
    if _DENIED_WHOLE.search(lower):
        return ""
    if not (_DENIED_AFTER.search(lower) or _DENIED_BEFORE.search(lower)):
        return text
    for denied in reversed(list(_DENIED_LIST.finditer(lower))):
        text = text[: denied.start()] + text[denied.end() :]
    kept: list[str] = []
    start = 0
    for cut in [*_CLAUSE.finditer(text), None]:
        clause = text[start : cut.start() if cut else len(text)]
        low = clause.lower()
        if kept and _DENIED_AFTER.match(_AUXILIARY.sub("", low)):  # "Gout. Was ruled out"
            kept.pop()
        if not _DENIED_AFTER.search(low):
            denial = _DENIED_BEFORE.search(low)
            clause = clause[: denial.start()] if denial else clause
            if clause.strip(" .*-"):
                kept.append(clause.strip())
        if cut:
            start = cut.end()
    return ", ".join(kept)


def _announced(text: str) -> str:
    """The part after "the final diagnosis is", where an explanation comes first."""
    found = None
    for found in _ANNOUNCED.finditer(text):  # noqa: B007  # the last one counts
        pass
    said = text[found.end() :].strip(" .*:\n") if found else ""
    return said.split("\n\n", 1)[0] if said else text


def read_profile(text: str, graph: KnowledgeGraph | None) -> Profile:
    """Read a string; without a graph, only its words."""
    text = _announced(text[:MAX_CHARS])
    whole = tokens(text)
    said = affirmed(text)
    refused = bool(_REFUSAL.match(text))
    parts: list[Phrase] = []
    found: tuple[Link, ...] = ()
    if graph is not None and not refused:
        parts, found = graph.linker.read(said)
    elif not refused:
        parts = phrases(said)
    pieces = {part: tokens(part.text) for part in parts}
    words = unique(word for piece in pieces.values() for word in piece)
    plain = [p for part, p in pieces.items() if part.role == MAIN and not part.alias and p]
    names = [*plain[:1], *(p for part, p in pieces.items() if part.alias and p)]
    main = unique(word for piece in plain for word in piece)
    core = tuple(dict.fromkeys(plain[0])) if plain else ()
    bare = BRACKETED.sub(" ", said)
    shouting = bare.isupper() and len(bare) > 9
    capitals = [] if shouting else _ACRONYM.findall(said)
    acronyms = {short for word in capitals for short in tokens(word)[:1]}
    stands_for = {tokens(short)[0] for short in _DEFINED.findall(said) if tokens(short)}
    initials = "".join(word[0] for word in plain[0]) if plain else ""
    if 3 <= len(initials) <= 7:
        stands_for.add(initials)
    links: list[tuple[int, float]] = []
    others: list[tuple[int, float]] = []
    for link in found if words else ():
        place = (graph.row(link.id) if graph else -1, link.confidence)
        if link.role == MAIN and link.confidence > 0.5:
            links.append(place)
        elif link.role != SITE:
            others.append(place)
    folded = fold(_LINE.sub("; ", bare))
    pieces_said = _GUESS.split(folded)
    if folded.count(" and ") > MANY_ANDS:
        pieces_said = [part for piece in pieces_said for part in piece.split(" and ")]
    guesses = [g for g in pieces_said if len(g) > 3 and not _FOLLOWS.match(g)]
    return Profile(
        everything=tuple(whole),
        words=words,
        denied=frozenset(whole) - frozenset(tokens(said)),
        main=main,
        core=core,
        spoken=tuple(raw_words(fold(bare))),
        names=tuple(tuple(dict.fromkeys(name)) for name in names),
        acronyms=frozenset(acronyms),
        stands_for=frozenset(stands_for),
        series=_series(whole if words else []),
        guesses=len(guesses),
        story=bool(_STORY.match(folded)),
        choices=len(_CHOICE.findall(folded)),
        withs=folded.split().count("with"),
        main_links=tuple(links),
        other_links=tuple(others),
    )


def _series(words: Sequence[str]) -> dict[str, frozenset[str]]:
    """Numbers and letters that tell one of a kind from another: {"type": {"2"}}."""
    found: dict[str, set[str]] = {}
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if _NUMBER.fullmatch(word):
            if (
                before in _SERIES
                or after in _SERIES
                or (before.isalpha() and 2 <= len(before) <= 5)
            ):
                found.setdefault(
                    before if before in _SERIES else after if after in _SERIES else before, set()
                ).add(word)
        elif word in _ROMAN and before in _SERIES and before not in _LETTERED:
            found.setdefault(before, set()).add(_ROMAN[word])
        elif before in _LETTERED and (len(word) == 1 or _LETTER_NUMBER.fullmatch(word)):
            found.setdefault(before, set()).add(word)
        elif len(word) == 1 and after == "cell":
            found.setdefault(after, set()).add(word)
        elif match := _LETTER_NUMBER.fullmatch(word):
            found.setdefault(match[1], set()).add(match[2])
    return {key: frozenset(values) for key, values in found.items()}


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """Words without repeats, in order, at most `MAX_TOKENS`."""
    return tuple(dict.fromkeys(words))[:MAX_TOKENS]
