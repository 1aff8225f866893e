"""Tokens: clinical text as comparable words, each with its place in the original.

`CA-125`, `CA125` and `ca 125` give the same tokens; so do `haemoglobin` and `hemoglobin`,
`β-hCG` and `beta hCG`, `X-rays` and `xray`'s parts. Everything that matches names in this package
matches these tokens, so that spelling is settled in one place.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "π": "pi", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip

# Marks that end a name; not those within one: "1,25-dihydroxyvitamin D", "t(9;22)", "VWF:RCo".
BREAK = r"\n|(?<!\d),|(?<![\dXY]);|[,;](?!\d)"
_COLON = r"(?<!\w):|:(?!\w)"
# A word, a number, or a mark that ends a name.
_PIECE = re.compile(rf"[^\W\d_]+|\d+|{BREAK}|{_COLON}")
_BREAKS = frozenset(",;:\n")

# One word or two: its letter is parted from the ray, as the hyphen would.
_XRAY = frozenset({"xray", "xrays"})

# British to American, and the few irregular plurals a list of tests contains.
_SPELLING = (
    (re.compile("ae|oe"), "e"),
    (re.compile("our"), "or"),
    (re.compile("sulph"), "sulf"),
    (re.compile("leuco"), "leuko"),
    (re.compile("yses$"), "ysis"),
    (re.compile("(?<=.)copies$"), "copy"),
    (re.compile("isation"), "ization"),
    (re.compile("functional$"), "function"),
)


class Token(NamedTuple):
    """A normalised word and the half-open character span it was read from.

    ``after_break`` tells that a comma, semicolon, colon or line end stands before it, across which
    no name extends; ``capital`` that it was written in capitals, as abbreviations are.
    """

    text: str
    start: int
    end: int
    after_break: bool = False
    capital: bool = False


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """Normalise one alphabetic or numeric word.

    Example:
        >>> [fold_word(w) for w in ("Haemoglobin", "Tumours", "biopsies", "β", "CSF", "pus")]
        ['hemoglobin', 'tumor', 'biopsy', 'beta', 'csf', 'pus']
    """
    word = _GREEK.get(word.lower(), word)
    if not word.isascii():
        word = unicodedata.normalize("NFKD", word)
        word = "".join(_GREEK.get(c.lower(), c) for c in word if not unicodedata.combining(c))
    word = word.casefold()
    if len(word) > 3:
        for pattern, replacement in _SPELLING:
            word = pattern.sub(replacement, word)
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith("s") and word != "trans" and not word.endswith(("ss", "is", "us")):
            word = word[:-1]
    return word


def tokenize(text: str) -> list[Token]:
    """Split text into folded words; letters and digits part company, punctuation vanishes.

    Example:
        >>> [t.text for t in tokenize("CA-125, anti-GAD65 & β-hCG")]
        ['ca', '125', 'anti', 'gad', '65', 'beta', 'hcg']
    """
    tokens, broken = [], False
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in _BREAKS:
            broken = True
            continue
        start, end = match.span()
        if piece.lower() in _XRAY:
            tokens.append(Token("x", start, start + 1, broken, piece.isupper()))
            piece, start, broken = piece[1:], start + 1, False
        tokens.append(Token(fold_word(piece), start, end, broken, piece.isupper()))
        broken = False
    return tokens


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, without their places."""
    return tuple(t.text for t in tokenize(text))
