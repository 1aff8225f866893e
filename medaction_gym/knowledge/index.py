"""The linker's index: every name as a set of words, filed under its rarest word.

Here is decided which names may be linked to at all (no "pituitary" for hypophysitis, no
abbreviation that stands for several diseases), and whose name it is when several concepts bear it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

from medaction_gym.knowledge.lexicon import ANATOMY, GENERIC, MODIFIER, WEAK
from medaction_gym.knowledge.normalise import tokens
from medaction_gym.knowledge.strings import Arrays, pack
from medaction_gym.knowledge.tables import Concept, Kind, Quality, Tables

MAX_NAME_TOKENS = 16
AMBIGUOUS = 4  # added to the quality of a name that several concepts bear
TOKEN_ANATOMY, TOKEN_GENERIC, TOKEN_MODIFIER, TOKEN_WEAK, TOKEN_NUMBER = 1, 2, 4, 8, 16

_ABBREVIATION = re.compile(r"(?=(?:.*[A-Z]){2})(?=.*[A-Z]{2}|.{1,5}$)[A-Za-z][A-Za-z0-9]{1,7}")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_LISTS = re.compile(
    r"ICD10CM:(T3[6-9]|T[45]\d|T6[0-5]|B9[5-7])"
)  # codes whose inclusion terms are drugs and organisms
# Who answers when several sources know the same name equally well; a user's own source comes after
# MONDO.
_RANK = {"MONDO": 0, "HPO": 3, "ICD-10-CM": 4, "OMIM": 5, "ORPHA": 5, "DECIPHER": 5}

Strings = list[tuple[str, Quality, tuple[str, ...]]]  # concept, how good a name, its words


def tokenised(tables: Tables) -> Strings:
    """Every name as its sorted token set; brackets inside a name may be left out."""
    rows: dict[tuple[str, tuple[str, ...]], Quality] = {}
    for identifier, text, quality in tables.names:
        if tables.concepts[identifier].kind == Kind.GENE:
            continue
        forms = [text]
        if "(" in text or "[" in text:
            forms.append(_BRACKETS.sub("", text))
            if identifier.startswith("ICD10CM:"):  # "Transfusion-related acute lung injury (TRALI)"
                inside = [form.strip(" ()[]") for form in _BRACKETS.findall(text)]
                forms += [form for form in inside if len(form) > 2 and abbreviation(form)]
        for form in forms:
            short = abbreviation(form)
            keys: list[tuple[str, ...]] = [(short,)] if short else []
            if not short or not form.isupper() or not form.isalpha():
                keys.append(tuple(sorted(set(tokens(form)))))  # "COVID-19" is words as well
            for key in keys:
                if key and len(key) <= MAX_NAME_TOKENS:
                    row = (identifier, key)
                    rows[row] = min(quality, rows.get(row, quality))
    return [(identifier, quality, key) for (identifier, key), quality in rows.items()]


class _Claim(NamedTuple):
    """A concept's claim to a name, the best first in order."""

    grade: tuple[int, int]  # how good a name, in how good a source
    unlike: int  # by how many words it differs from the concept's preferred name
    information: float
    identifier: str
    quality: int


def link_index(tables: Tables, strings: Strings, number: dict[str, int], arrays: Arrays) -> Arrays:
    """Token sets of all names, each filed under its rarest token, with the concept that owns it."""
    claims: dict[tuple[str, ...], list[_Claim]] = defaultdict(list)
    own = {identifier: set(key) for identifier, quality, key in strings if quality == Quality.NAME}
    vague = ANATOMY | MODIFIER | WEAK | GENERIC
    for identifier, quality, key in strings:
        concept = tables.concepts[identifier]
        if identifier in tables.hidden and quality != Quality.DRAWER:
            continue
        if len(key) == 1 and _useless(key[0], concept, quality):
            continue
        if quality >= Quality.LOOSE and all(token in vague or token.isdigit() for token in key):
            continue
        rank, level = _RANK.get(concept.source, 1), quality
        if concept.source == "ICD-10-CM" and quality == Quality.NAME:
            # A code's title yields to MONDO's synonyms, whose node knows more, but not to HPO's.
            rank, level = 2, Quality.SYNONYM
        unlike = len(own.get(identifier, set()).symmetric_difference(key))
        information = float(arrays["ic"][number[identifier]])
        claims[key].append(
            _Claim((int(level), rank), unlike, information, identifier, int(quality))
        )
    frequency = Counter(token for key in claims for token in key)
    vocabulary = {token: row for row, token in enumerate(sorted(frequency))}
    entries, concept_of, quality_of = [], [], []
    for key in sorted(claims):
        owner = _owner(key, claims[key], own, number, arrays)
        if owner is not None:
            entries.append(key)
            concept_of.append(number[owner[0]])
            quality_of.append(owner[1])
    rarity = {token: (token in WEAK, count, token) for token, count in frequency.items()}
    anchors = [vocabulary[min(key, key=rarity.__getitem__)] for key in entries]
    order = np.argsort(anchors, kind="stable").tolist()
    flat = [vocabulary[token] for row in order for token in sorted(entries[row])]
    anchor_rows = np.array(anchors, np.int64)[order]
    counts = np.array([frequency[token] for token in sorted(frequency)], np.float64)
    flags = [
        (token in ANATOMY) * TOKEN_ANATOMY
        | (token in GENERIC) * TOKEN_GENERIC
        | (token in MODIFIER) * TOKEN_MODIFIER
        | (token in WEAK) * TOKEN_WEAK
        | token[0].isdigit() * TOKEN_NUMBER
        for token in sorted(frequency)
    ]
    return pack("token", sorted(frequency)) | {
        "token.weight": np.log(1 + len(entries) / counts).astype(np.float32),
        "token.flags": np.array(flags, np.uint8),
        "entry.token": np.array(flat, np.int32),
        "entry.at": np.cumsum([0, *(len(entries[row]) for row in order)]).astype(np.uint32),
        "entry.concept": np.array([concept_of[row] for row in order], np.int32),
        "entry.quality": np.array([quality_of[row] for row in order], np.uint8),
        "anchor.at": np.searchsorted(anchor_rows, np.arange(len(vocabulary) + 1)).astype(np.uint32),
    }


def _owner(
    key: tuple[str, ...],
    claims: list[_Claim],
    own: dict[str, set[str]],
    number: dict[str, int],
    arrays: Arrays,
) -> tuple[str, int] | None:
    """Whose name it is and how good a name, with AMBIGUOUS where equals dispute it."""
    best = min(claims)
    if key[0].startswith("^"):  # an abbreviation of several diseases names none
        broadest = _broadest({number[c.identifier]: c.identifier for c in claims}, arrays)
        return (broadest, best.quality) if broadest else None
    rivals = {claim.identifier for claim in claims if claim.grade == best.grade}
    if len(rivals) == 1 or best.quality == Quality.NAME:
        return best.identifier, best.quality
    broadest = _broadest({number[rival]: rival for rival in rivals}, arrays)
    if not broadest and not own.get(best.identifier, set()).intersection(key):
        return None  # unscoped synonyms give names to the wrong disease, too
    return broadest or best.identifier, best.quality + AMBIGUOUS


def _broadest(rivals: dict[int, str], arrays: Arrays) -> str:
    """The one of several concepts that all the others are kinds of, or nothing."""
    at = arrays["ancestor.at"]
    above = [set(arrays["ancestor"][at[row] : at[row + 1]].tolist()) for row in rivals]
    common = set.intersection(*above) & rivals.keys()
    return rivals[min(common)] if common else ""


def _useless(token: str, concept: Concept, quality: Quality) -> bool:
    """One-word names that are no diagnosis: "pituitary" (for hypophysitis, in MONDO), "acute"."""
    if token in ANATOMY or token in MODIFIER or token in WEAK or token.isdigit() or len(token) < 3:
        return True
    if quality >= Quality.LOOSE and _LISTS.match(concept.id):
        return True
    return token in GENERIC and quality != Quality.NAME


def abbreviation(text: str) -> str | None:
    """The token an abbreviation is indexed under: "ALL" is not "all"."""
    if len(text) > 9:
        return None
    squeezed = text.replace("-", "").replace(".", "")
    return "^" + squeezed.lower() if _ABBREVIATION.fullmatch(squeezed) else None
