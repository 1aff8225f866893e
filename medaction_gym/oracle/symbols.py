"""Symbols: genes and markers, which a text names by letters and numbers."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.term import STAIN, STAINING
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import filler

# Words that a gene's name may stand among.
OF_GENES = frozenset("gene mutation variant sequencing sequence genotype polymorphism".split())
# Written in capitals, with a number.
_CODE = re.compile(r"\b(?=[A-Z0-9-]*\d)[A-Z][A-Z0-9]*(?:-\d+)?\b")
# What is said of a symbol in one word with it: "CD20-positive".
_STATED = re.compile(r"-(?=(?:positive|negative|express|mutant|mutat|deficien|rearrang|driven)\w*)")
# Letters with a figure among them, as genes and antigens are called.
_SYMBOL = re.compile(r"(?<![\w-])(?=[A-Za-z])(?=[\w-]*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)?(?![\w-])")


@lru_cache(maxsize=20_000)
def codes(text: str) -> frozenset[str]:
    """Capitals and numbers in one, as genes are written.

    Example:
        >>> sorted(codes("SLC2A1 and NKX2-1 (p.Arg153Cys), not CFTR"))
        ['NKX2-1', 'SLC2A1']
    """
    return frozenset(_CODE.findall(text))


def symbols_in(text: str) -> frozenset[str]:
    """The symbols of genes and markers in a text, without case and hyphens.

    Example:
        >>> sorted(symbols_in("P53 and PD-L1 were negative, STK11 mutated, CD20-positive cells"))
        ['cd20', 'p53', 'pdl1', 'stk11']
    """
    text = _STATED.sub(" ", text)
    return frozenset(match.group().replace("-", "").casefold() for match in _SYMBOL.finditer(text))


def spells(asked: Order, symbols: frozenset[str]) -> bool:
    """Whether a gene's name is the long form of a symbol in the report: "cathepsin K", CTSK."""
    if asked.head is None or asked.head.category != "genetics" or codes(asked.text):
        return False
    text = "".join(w for w in words(asked.text) if w not in filler() and w not in OF_GENES)
    return len(text) >= 9 and any(
        text.startswith(symbol[0]) and all(letter in rest for letter in symbol[1:])
        for symbol in symbols
        for rest in [iter(text[1:])]
    )


def coded(asked: Order, held: frozenset[str], running: str) -> bool:
    """Whether a marker or gene stands in a report with its number: CD88, not CD20.

    Args:
        asked: The order.
        held: The report's `codes`.
        running: Its words in their order, between blanks.
    """
    if asked.head is not None and asked.head.category == "genetics":
        # ATP1A3 is not ATP7B.
        return not codes(asked.text) or not codes(asked.text).isdisjoint(held)
    if asked.head is None or asked.head.id != "ihc":
        return True
    return all(
        f" {letters} {number} " in running
        for letters, number in pairwise(words(asked.text))
        if letters in asked.words and number.isdigit()
    )


@cache
def is_marker(id: str) -> bool:
    """Whether a test is one stain, by antibody or by dye, or a group of them."""
    return id not in STAINING and not STAINING.isdisjoint(Catalogue.load().ancestors(id))


@cache
def by_antibody(id: str) -> bool:
    """Whether a test is one marker, by antibody."""
    return id != "ihc" and "ihc" in Catalogue.load().ancestors(id)


@cache
def marker_phrases(id: str) -> frozenset[str]:
    """How a report names a marker, or one of a group of markers, between blanks."""
    catalogue = Catalogue.load()
    names = (
        STAIN.sub("", name)
        for term in catalogue.terms.values()
        if catalogue.within(term.id, id)
        for name in (term.name, *term.synonyms)
    )
    return frozenset(f" {' '.join(words(name))} " for name in names)


@cache
def gene_names(term: Term) -> frozenset[frozenset[str]]:
    """A gene's names, each as the words that a report would have of it."""
    # "Stat" is urgent, and a gene with its number.
    plain = filler() - {"stat"} | OF_GENES
    names = (frozenset(words(name)) - plain for name in (term.name, *term.synonyms))
    return frozenset(name for name in names if any(map(str.isalpha, name)))
