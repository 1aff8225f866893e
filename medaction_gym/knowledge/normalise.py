"""Text to tokens, the same way for the names in the graph and for what a doctor writes.

Two strings that a clinician reads as one should give the same tokens: "Tumours of the kidney" and
"renal neoplasm", "Takayasu's arteritis, type IIb" and "Takayasu arteritis 2b". Everything here is a
pure function of the text, so the result cannot depend on the process or on Python's hash seed.
"""

from __future__ import annotations

import re
import unicodedata

from medaction_gym.knowledge.lexicon import CANONICAL, STOP

MAX_CHARS = 2_000  # a diagnosis is a line; what follows cannot make linking slow

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_NON = re.compile(r"\bnon[ -](?=[a-z])")
_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
}
_GREEK_TABLE = str.maketrans(
    _GREEK
    | {
        "’": "'",
        "‘": "'",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
    }
)
_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xi": "11",
    "xii": "12",
    "xiii": "13",
    "xiv": "14",
}
_ROMAN_SINGLE = {"i": "1", "v": "5", "x": "10"}
NUMBERED = frozenset("type grade stage class group factor subtype mps gangliosidosis".split())
_LETTERED = frozenset(
    "hepatitis vitamin hemophilia haemophilia influenza type group immunoglobulin protein".split()
)
_ROMAN_LETTER = re.compile(r"(i{1,3}|iv|v)([abc])")
_SAME_IN_PLURAL = ("ss", "us", "is", "as", "os", "ps")
_KEEP_S = frozenset(
    "herpes diabetes rabies scabies tabes ascites pubes biceps triceps caries facies series".split()
)


def fold(text: str) -> str:
    r"""Lower case without accents, odd dashes, Greek letters or control characters.

    >>> fold("Sjögren’s  syndrome\x00")
    "sjogren's  syndrome "
    """
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = text.translate(_GREEK_TABLE)
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text.lower()


def singular(word: str) -> str:
    """Undo the plurals that medical English makes, Latin and Greek ones included.

    >>> [singular(word) for word in ("metastases", "biopsies", "abscesses", "fibromas", "pelvis")]
    ['metastasis', 'biopsy', 'abscess', 'fibroma', 'pelvis']
    """
    if len(word) < 4 or word in _KEEP_S:
        return word
    if word.endswith("omata"):
        return word[:-2]
    if word.endswith("omas"):
        return word[:-1]
    if word.endswith("mbi"):
        return word[:-1] + "us"
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("asses", "esses", "isses", "osses", "usses")):
        return word[:-2]
    if word.endswith(("ases", "oses", "eses", "yses", "ises")) and word not in (
        "diseases",
        "cases",
        "noses",
    ):
        return word[:-2] + "is"
    if word.endswith(("xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(_SAME_IN_PLURAL):
        return word[:-1]
    return word


def canonical(word: str) -> str:
    """One form for spelling variants, plurals and adjectives of organs; none for empty words.

    >>> [canonical(word) for word in ("haemorrhagic", "oesophageal", "tumours", "iii", "the")]
    ['hemorrhage', 'esophagus', 'neoplasm', '3', '']
    """
    known = _CACHE.get(word)
    if known is None:
        form = word.replace("ae", "e").replace("oe", "e")
        if form.endswith(("our", "ours")):
            form = form.replace("our", "or")
        form = CANONICAL.get(form) or singular(form)
        known = "" if word in STOP else _ROMAN.get(word) or CANONICAL.get(form, form)
        if len(_CACHE) < 200_000:
            _CACHE[word] = known
    return known


_CACHE: dict[str, str] = {}


def words(folded: str) -> list[str]:
    """Split folded text: hyphens part words, possessives go, "non" joins what it negates."""
    found = _WORD.findall(_NON.sub("non", folded) if "non" in folded else folded)
    if "'" not in folded:
        return found
    return [word.split("'")[0] if word.endswith("'s") else word.replace("'", "") for word in found]


def canonical_words(raw: list[str]) -> list[str]:
    """Canonical forms in order, Roman numerals as digits, words without meaning left out."""
    result: list[str] = []
    for place, word in enumerate(raw):
        form = _CACHE.get(word)
        if form is None:
            form = canonical(word)
        if len(word) <= 4 and (
            word in _ROMAN_SINGLE or word == "a" or _ROMAN_LETTER.fullmatch(word)
        ):
            form = _in_context(word, raw[place - 1] if place else "", place == len(raw) - 1)
        if form:
            result.append(form)
    return result


def _in_context(word: str, before: str, last: bool) -> str:
    """Letters that mean something only after certain words: "type i", "hepatitis a"."""
    if word == "a":
        return "a" if before and (last or before in _LETTERED) else ""
    if before not in NUMBERED:
        return word
    if match := _ROMAN_LETTER.fullmatch(word):
        return (_ROMAN | _ROMAN_SINGLE | {"i": "1"})[match[1]] + match[2]
    return _ROMAN_SINGLE[word]


def tokens(text: str) -> list[str]:
    """The canonical tokens of a string, in order.

    >>> tokens("Takayasu's arteritis (type IIb)")
    ['takayasu', 'arteritis', 'type', '2b']
    >>> tokens("Tumours of the kidney") == tokens("neoplasm, renal")
    True
    """
    return canonical_words(words(fold(text)))
