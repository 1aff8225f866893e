"""Analytes: the laboratory values that a text states, each with its own words only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medaction_gym.cases.case import MAX_NAME, Analyte
from medaction_gym.cases.prose import STATE, parts_of, sentences
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.term import ANTIBODY_CLASSES
from medaction_gym.catalogue.tokens import tokenize

# "Protein" alone is a measurement only with a value or a state beside it.
_PROTEIN = re.compile(
    r"(?:elevat|rais|high|low|normal|increas|decreas)\w*\s+proteins?\b|\bproteins?\W+[\d<>]|"
    r"\bproteins?\s+(?:level|content|was|were|of)",
    re.IGNORECASE,
)


def analytes_in(text: str, catalogue: Catalogue | None = None) -> tuple[Analyte, ...]:
    """The laboratory values a text states, each with its own words only.

    A state at the head of a list holds for the parts that state nothing themselves; a part with a
    figure of its own is never given a neighbour's state.

    Example:
        >>> for a in analytes_in("Elevated LDH, ferritin and CRP (50 mg/L), sodium 127 mmol/L"):
        ...     print(a.name, "|", a.result)
        LDH | Elevated LDH
        ferritin | ferritin (elevated)
        CRP | CRP (50 mg/L)
        sodium | sodium 127 mmol/L
    """
    catalogue = catalogue or Catalogue.load()
    found: dict[str, tuple[str, list[str]]] = {}
    for sentence in sentences(text):
        for part, result in with_states(parts_of(sentence), catalogue):
            for id, surface in measured(part, catalogue):
                found.setdefault(id, (surface, []))[1].append(result)
    return tuple(
        Analyte(name=name[:MAX_NAME], result="; ".join(dict.fromkeys(results)))
        for name, results in found.values()
    )


def measured(part: str, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """The analytes and panels a part of a sentence speaks of: id and the name to order it by."""
    tokens = tokenize(part)
    mentions = catalogue.find(tokens)
    for mention in mentions:
        if mention.term.id in ANTIBODY_CLASSES:
            # "Chlamydia IgG" is no immunoglobulin level.
            before = [m for m in mentions if m.term.kind == "organism" and m.last <= mention.first]
            if before:
                start = tokens[before[-1].first].start
                yield f"{before[-1].term.id} serology", part[start : tokens[mention.last - 1].end]
                continue
        start, end = tokens[mention.first].start, tokens[mention.last - 1].end
        # The mg of "5 mg/dL" is no magnesium.
        unit = end - start <= 3 and re.search(r"[\d/^]\s*$|\b(?:per)\s+$", part[:start])
        if mention.term.kind in ("analyte", "panel") and not unit:
            yield mention.term.id, part[start:end]
    if _PROTEIN.search(part) and not any("protein" in m.term.name.lower() for m in mentions):
        yield "total_protein", "Total protein"
    for i, token in enumerate(tokens):
        two = " ".join(t.text for t in tokens[i : i + 2])
        term = catalogue.findings.get(token.text) or catalogue.findings.get(two)
        if term is not None:
            yield term.id, term.name


def with_states(parts: list[str], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Each part with its words as a result, a list's shared state added where it has none.

    A state is shared forwards from the head of a list ("elevated LDH, ferritin") and backwards from
    its end ("ANA, ANCA and RF were negative"); one in brackets, one that belongs to a figure
    ("3 x normal") and a finding ("anemia") stay where they are.
    """
    bare = [re.sub(r"\([^()]*\)|[\d.]+\s*[x×]?\s*(?:times )?normal", "", part) for part in parts]
    states = [STATE.search(part) for part in bare]
    own = [
        bool(state) or any(t.text in catalogue.findings for t in tokenize(part))
        for part, state in zip(bare, states, strict=True)
    ]
    leading = [
        s is not None and not _words_before(part, s) for part, s in zip(bare, states, strict=True)
    ]
    stated = []
    for i, part in enumerate(parts):
        result = part.strip(" .,:;-")
        figures = any(c.isdigit() for c in _without_names(part, catalogue))
        if not own[i] and not figures:
            before = next((j for j in range(i - 1, -1, -1) if own[j]), None)
            shared = states[before] if before is not None and leading[before] else None
            if shared is None:
                after = next((j for j in range(i + 1, len(parts)) if own[j]), None)
                if after is not None and states[after] and not leading[after]:
                    shared = states[after]
            if shared:
                result = f"{result} ({shared.group().lower()})"
        stated.append((part, result))
    return stated


def _words_before(part: str, state: re.Match[str]) -> bool:
    """Whether anything but small words stands before a state."""
    before = re.sub(
        r"\b(?:the|a|an|all|other|both|with|of|had|showing)\b", "", part[: state.start()]
    )
    return any(c.isalnum() for c in before)


def _without_names(part: str, catalogue: Catalogue) -> str:
    """A part without the names it mentions, so that the 9 of "CA 19-9" is no figure."""
    tokens = tokenize(part)
    for mention in reversed(catalogue.find(tokens)):
        part = part[: tokens[mention.first].start] + part[tokens[mention.last - 1].end :]
    return part
