"""Organisms found, or looked for and not found, and the infections they speak for."""

from __future__ import annotations

import re
from functools import cache

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.signs import Sign, Span, mentions_of

_FOUND = re.compile(
    r"\b(?:grew|grown|growth|growing|yield\w*|isolat\w+|positiv\w*|detect\w+|identif\w+|confirm\w*"
    r"|reveal\w*|show\w*|demonstrat\w+|infect\w+|present|presence|found|evidence|consistent|with"
    r"|dna|rna|reads?|sequenc\w+|reactive|high|elevated|due to|caused by|colon\w+|load|copies)\b",
    re.I,
)
_NOT_FOUND = re.compile(
    r"\b(?:negative|not detected|undetectable|non-?reactive|no growth|sterile|no|without|absen\w+"
    r"|ruled out|excluded|neither|nor|not)\b",
    re.I,
)
_STATEMENT = re.compile(r"[;\n]|\.(?:\s|$)|\bbut\b|\bwhile\b|\bwhereas\b", re.I)
_BINOMIAL = re.compile(
    r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]{4,} (?:spp?\.|[a-z]{4,}(?:ae|is|us|um|i|a|ii|ens|ans|es)\b)"
)
_TUBERCULIN = re.compile(r"tuberculin|quantiferon|\bigra\b|mantoux|t-spot", re.I)
_SOME_ORGANISM = ("MONDO:0005550",)  # infectious disease
_NOT_PATHOGENS = frozenset(
    "bacteria viruses respiratory_viruses torch_agents parasites fungi enteric_pathogens sti_agents"
    " tick_borne_agents".split()
)


@cache
def _infections() -> dict[str, tuple[str, ...]]:
    return vocabulary.concepts("organisms", "organism")


def organisms(
    text: str, spans: list[Span] | None = None, *, microbiology: bool = False, test: str = ""
) -> list[Sign]:
    """Organisms with what was found of them.

    >>> [s.negated for s in organisms("Blood cultures grew Listeria; PCR for HSV was negative")]
    [False, True]
    """
    mentions = [
        (span.start, span.end, organism)
        for span in (mentions_of(text) if spans is None else spans)
        for organism in _organisms_of(span.term.id)
        if organism in _infections()
    ]
    if not (mentions or microbiology or test):
        return []
    found, start = [], 0
    for stop in [*_STATEMENT.finditer(text), None]:
        end = stop.start() if stop else len(text)
        here = [mention for mention in mentions if start <= mention[0] < end]
        for first, last, organism in here:
            positive = _polarity(text, first, last, start, end, microbiology=microbiology)
            if positive is None or (organism in _NOT_PATHOGENS and positive):
                continue
            concepts = _infections()[organism]
            confidence = 0.8 if positive else 0.75
            found.append(Sign(concepts, first, last, "microbiology", confidence, not positive))
        if microbiology and not here:
            for match in _BINOMIAL.finditer(text, start, end):
                if not _NOT_FOUND.search(text, start, match.start()):
                    found.append(
                        Sign(_SOME_ORGANISM, match.start(), match.end(), "microbiology", 0.5, False)
                    )
        start = stop.end() if stop else end
    if not found and test and not mentions and len(text) < 120:
        found = _named_by_test(text, test)
    return found


def _named_by_test(text: str, test: str) -> list[Sign]:
    """What "positive" means under the name of a test for one organism."""
    named = [o for m in Catalogue.load().find(test) for o in _organisms_of(m.term.id)]
    if _TUBERCULIN.search(test):
        named = ["tuberculosis"]
    base = {o for o in named if o in _infections() and o not in _NOT_PATHOGENS}
    if len(base) != 1:
        return []
    denied, said = _NOT_FOUND.search(text), re.search(r"positiv|detected|reactive", text, re.I)
    if not (denied or said):
        return []
    concepts = _infections()[base.pop()]
    return [Sign(concepts, 0, len(text.rstrip()), "microbiology", 0.7, bool(denied))]


@cache
def _organisms_of(term: str) -> tuple[str, ...]:
    """The organism that a term is, or that it is a test for."""
    catalogue = Catalogue.load()
    if catalogue.terms[term].kind == "organism":
        return (term,)
    return tuple(sorted(catalogue.base(term).organisms))


def _polarity(
    text: str, first: int, last: int, start: int, end: int, *, microbiology: bool
) -> bool | None:
    before, after = text[start:first], text[last:end]
    denied = max((m.start() for m in _NOT_FOUND.finditer(before)), default=-1)
    said = max((m.start() for m in _FOUND.finditer(before)), default=-1)
    later = _NOT_FOUND.search(after)
    confirmed = _FOUND.search(after)
    if denied >= 0 and (denied > said or text[start:first].lower().rfind("evidence") == said):
        return False
    if later and (not confirmed or later.start() < confirmed.start()) and later.start() < 90:
        return False
    if said >= 0 or (confirmed and confirmed.start() < 60):
        return True
    return True if microbiology and not before.strip() and len(after.strip()) < 40 else None
