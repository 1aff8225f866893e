"""Gene symbols beside a word for a variant, and the diseases that HPO's gene files give them."""

from __future__ import annotations

import re

import numpy as np

from medaction_gym.knowledge.signs import Sign
from medaction_gym.knowledge.strings import Arrays, unpack
from medaction_gym.knowledge.tables import Kind, Relation

MAX_DISEASES = 12  # of a gene with more, none is told from the others

_SYMBOL = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,9}(?:-[A-Z0-9]{1,4})?(?![\w])")
_VARIANT = re.compile(
    r"mutat|variant|delet|duplicat|pathogenic|[^a-z]c\.\s?\d|[^a-z]p\.\s?[A-Z(]|zygous|zygosity"
    r"|rearrange|fusion|transloc|missense|nonsense|frameshift|frame-shift|splice|polymorphism"
    r"|\bgene\b|allele|exon|amplif|expansion|repeat|genotyp",
    re.I,
)
_DENIED = re.compile(
    r"\b(?:no|without|negative for|not|absence of|wild[- ]type|excluded|ruled out)\b", re.I
)
_WILD = re.compile(
    r"^.{0,40}?\b(?:wild[- ]?type|negative|not (?:detected|found|identified)|absent)", re.I
)
_SENTENCE = re.compile(r"[;\n]|\.(?:\s|$)")
_NOT_GENES = frozenset(
    "CAT SET REST IMPACT MAX MICE ACE AR MET CT MS CP TH DES DM SI ALT AST".split()
)


class Genes:
    """The graph's genes by symbol."""

    def __init__(self, arrays: Arrays) -> None:
        ids, names = unpack(arrays, "id"), unpack(arrays, "name")
        rows = np.flatnonzero(arrays["kind"] == Kind.GENE).tolist()
        self._row = {names[row]: row for row in rows if names[row] not in _NOT_GENES}
        self._ids, self._arrays = ids, arrays

    def diseases(self, symbol: str) -> tuple[str, ...]:
        """The diseases of a gene, in the graph's order."""
        row = self._row[symbol]
        first, last = self._arrays["edge.out"][row : row + 2].tolist()
        relation, target = self._arrays["edge.relation"], self._arrays["edge.target"]
        return tuple(
            dict.fromkeys(
                self._ids[int(target[edge])]
                for edge in range(first, last)
                if relation[edge] == Relation.GENE_OF
            )
        )

    def find(self, text: str, *, genetics: bool = False) -> list[Sign]:
        """Genes of a text that stand beside a word for a variant: the gene, then its diseases."""
        found: list[Sign] = []
        if not (genetics or _VARIANT.search(text)):
            return found
        start = 0
        for stop in [*_SENTENCE.finditer(text), None]:
            end = stop.start() if stop else len(text)
            if genetics or _VARIANT.search(text, start, end):
                for match in _SYMBOL.finditer(text, start, end):
                    symbol = match[0]
                    if symbol not in self._row or len(symbol) < 3:
                        continue
                    denied = bool(
                        _DENIED.search(text, max(start, match.start() - 120), match.start())
                        or _WILD.match(text[match.end() : end])
                    )
                    diseases = self.diseases(symbol)
                    told = diseases if len(diseases) <= MAX_DISEASES else ()
                    concepts = (self._ids[self._row[symbol]], *told)
                    found.append(
                        Sign(concepts, match.start(), match.end(), "genetics", 0.8, denied)
                    )
            start = stop.end() if stop else end
        return found
