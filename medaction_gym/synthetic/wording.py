"""Wording: findings as words in a sentence."""

from __future__ import annotations

import re

_ARTICLE = re.compile(r"^(?:an?|the) (?=\w)")
_IN_BRACKETS = re.compile(r"\((.+)\)")
_PREFIX = re.compile(r"^(?:(?:EMG|EEG|EKG|ECG|NCS|CSF|MRI|X-ray): ?|EEG with )", re.I)
_AS_WRITTEN = re.compile(
    r"^(?:[A-Z][A-Za-z]*[A-Z0-9]|[A-Z]\b|Babinski|Gowers|Raynaud|Dandy|Arnold|Chiari|Ebstein"
    r"|Hirschsprung|Lewy|Kayser|Lisch|Mees|Tetralogy of F|Wolff|Brushfield|Howell|Heinz|Hashimoto"
    r"|Pierre|Sprengel|Madelung|Chvostek|Trousseau|Romberg|Russell|Schistosoma|Staphyl|Candida"
    r"|Epstein|Barrett|Marcus|Duane|Horner|Perthes|Schatz|Wilms|Burkitt|Hodgkin|Kaposi|Merkel"
    r"|Parkinson|Addison|Cushing|Crohn|Graves|Sjogren|Coombs|Beau|Terry|Morgagni|Bitot|Haab"
    r"|Lhermitte|Todd|Rett|Turner|Bence|Mobitz|Purkinje|Rathke|Scheuermann|Legg|Osgood|Gottron)"
)


def capital(text: str) -> str:
    """A text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def listed(items: list[str], joint: str = "and") -> str:
    """Items as a sentence lists them.

    >>> listed(["a rash", "fever", "cough"], "or")
    'a rash, fever or cough'
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joint} {items[-1]}"


def noun(words: tuple[str, ...]) -> str:
    """Of the ways to say a finding, the first that is no sentence."""
    return next(word for word in words if not word.endswith("."))


def denied(words: tuple[str, ...]) -> str:
    """A finding as it follows "no": without article, by its term where one is given.

    >>> denied(("a single kidney (unilateral renal agenesis)",)), denied(("a rash",))
    ('unilateral renal agenesis', 'rash')
    """
    word = noun(words)
    term = _IN_BRACKETS.search(word)
    return _ARTICLE.sub("", term[1] if term else word)


def as_words(name: str) -> str:
    """An HPO name as it stands in a sentence.

    >>> as_words("EMG: neuropathic changes"), as_words("Webbed neck"), as_words("Gowers sign")
    ('neuropathic changes', 'webbed neck', 'Gowers sign')
    """
    name = _PREFIX.sub("", name)
    return name if _AS_WRITTEN.match(name) else name[:1].lower() + name[1:]
