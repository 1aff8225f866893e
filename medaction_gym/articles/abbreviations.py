"""Abbreviations: what an article's short forms stand for, by its own definitions."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def abbreviations(text: str) -> dict[str, str]:
    """The abbreviations that a text defines, with what they stand for.

    Schwartz and Hearst (2003): the letters of the short form are found from the right in the words
    before the bracket, its first letter at the start of a word.

    Example:
        >>> abbreviations("a haemolytic-uraemic syndrome (HUS) and (see Figure 1)")
        {'HUS': 'haemolytic-uraemic syndrome'}
    """
    found: dict[str, str] = {}
    for match in re.finditer(r"\(([A-Za-z][\w/-]{1,9}s?)(?:[;,][^)]*)?\)", text):
        short = match[1]
        if sum(map(str.isupper, short)) < 2:
            continue
        letters = [c for c in short.lower().rstrip("s") if c.isalnum()]
        before = text[max(0, match.start() - 120) : match.start()].rstrip()
        before = re.split(r"[.;:()\n]", before)[-1]
        limit = min(len(letters) + 5, len(letters) * 2) + 1
        window = " ".join(before.split()[-limit:])
        place = len(window)
        for i in range(len(letters) - 1, -1, -1):
            place = window.lower().rfind(letters[i], 0, place)
            while i == 0 and place > 0 and window[place - 1].isalnum():
                place = window.lower().rfind(letters[0], 0, place)
            if place < 0:
                break
        if place >= 0 and len(window) - place > len(short):
            found.setdefault(short, window[place:].strip())
    return found


def spelt(text: str, name: str) -> tuple[tuple[str, str], ...]:
    """The abbreviations, with what they stand for, that a text defines for parts of a name.

    Example:
        >>> spelt("Pulmonary alveolar proteinosis (PAP) is rare.", "pulmonary alveolar proteinosis")
        (('PAP', 'Pulmonary alveolar proteinosis'),)
        >>> spelt("Gaucher disease (GD) is rare.", "GD type 3")
        (('GD', 'Gaucher disease'),)
    """
    lowered = name.casefold()
    said = set(re.findall(r"\w+", lowered))
    return tuple(
        (short, long)
        for short, long in abbreviations(text).items()
        if re.search(rf"\b{re.escape(long.casefold())}\b", lowered)
        or re.search(rf"(?<!\w){re.escape(short)}(?!\w)", name)
        or _longer_words(long) <= said
    )


def _longer_words(long: str) -> frozenset[str]:
    """Words of a long form but for single letters; a word that is in no name if all are short."""
    found = frozenset(word for word in re.findall(r"\w+", long.casefold()) if len(word) > 1)
    return found if any(len(word) > 6 for word in found) else frozenset({long})


def spelt_out(name: str, text: str) -> str:
    """A name with its abbreviations spelt out, as the text defines them.

    Example:
        >>> spelt_out("PAP secondary to infection", "Pulmonary alveolar proteinosis (PAP) is rare.")
        'Pulmonary alveolar proteinosis (PAP) secondary to infection'
    """
    for short, long in abbreviations(text).items():
        if (
            re.search(rf"(?<![\w-]){re.escape(short)}(?![\w-])", name)
            and long.lower() not in name.lower()
        ):
            name = re.sub(
                rf"(?<![\w-]){re.escape(short)}(?![\w-])", f"{long} ({short})", name, count=1
            )
    return name
