"""Naming: how much of each concept's names a sentence holds, for all names of the graph at once.

The linker and the findings look for a name as a phrase; reports also spread it ("a chondrosarcoma
... with a dedifferentiated component") or leave out a word of it. The coverage of a name by a
sentence is the share of the name's weight, rare words weighing most, whose words the sentence
affirms.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.assertions import Assertions
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.index import (
    AMBIGUOUS,
    TOKEN_ANATOMY,
    TOKEN_GENERIC,
    TOKEN_MODIFIER,
    TOKEN_NUMBER,
    TOKEN_WEAK,
)
from medaction_gym.knowledge.passages import read
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.strings import unpack
from medaction_gym.knowledge.tables import Quality, Relation

Vector = NDArray[np.float64]
Rows = NDArray[np.int64]

# What words of a kind weigh beside others as rare: they narrow a disease, and do not name it.
_SCALE = (
    (TOKEN_WEAK, 0.1),
    (TOKEN_MODIFIER, 0.25),
    (TOKEN_GENERIC, 0.25),
    (TOKEN_NUMBER, 0.5),
    (TOKEN_ANATOMY, 0.6),
)
# How far a name is trusted: the concept's own, a synonym, a loose one, one filed under "other".
_TRUST = {Quality.NAME: 1.0, Quality.SYNONYM: 0.97, Quality.LOOSE: 0.7, Quality.DRAWER: 0.5}
LEAST = 0.5
_DOUBTFUL = 0.7  # a name of several concepts, or an abbreviation: it may stand for much else


class Said(NamedTuple):
    """A word that a text affirms: where it begins, and the forms it is indexed under."""

    start: int
    forms: tuple[str, ...]


class Naming:
    """All names of one graph, filed under every one of their words.

    Example:
        >>> names = naming()
        >>> sentence = affirmed("No gout, but pulmonary fibrosis.")[0]
        >>> best = names.by_concept(names.coverage(f for word in sentence for f in word.forms))
        >>> graph = knowledge()
        >>> [float(best[graph.row(id)]) for id in ("MONDO:0002771", "MONDO:0005393")]
        [1.0, 0.0]
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        arrays = graph.arrays
        words = unpack(arrays, "token")
        self._number = {word: row for row, word in enumerate(words)}
        scale = np.ones(len(words))
        for flag, factor in _SCALE:
            flagged = (arrays["token.flags"] & flag) > 0
            scale[flagged] = np.minimum(scale[flagged], factor)
        self._weight = arrays["token.weight"] * scale
        token = arrays["entry.token"].astype(np.int64)
        at = arrays["entry.at"].astype(np.int64)
        order = np.argsort(token, kind="stable")
        self._name = np.repeat(np.arange(len(at) - 1), np.diff(at))[order]
        self._name_at = np.searchsorted(token[order], np.arange(len(words) + 1))
        self.weight: Vector = np.add.reduceat(self._weight[token], at[:-1])
        quality = arrays["entry.quality"]
        trust = np.array([_TRUST[Quality(q % AMBIGUOUS)] for q in range(2 * AMBIGUOUS)])
        short = np.array([word.startswith("^") for word in words])
        doubtful = (quality >= AMBIGUOUS) | ((np.diff(at) == 1) & short[token[at[:-1]]])
        self._trust = trust[quality] * np.where(doubtful, _DOUBTFUL, 1.0)
        self._concept = same(graph)[arrays["entry.concept"]]
        self._count = len(graph)

    def coverage(self, words: Iterable[str]) -> Vector:
        """The share of each name that some words hold, times how far the name is trusted.

        Shares below `LEAST` are nothing: half a name is no name.
        """
        numbers = sorted({self._number[word] for word in words if word in self._number})
        if not numbers:
            return np.zeros(len(self.weight))
        spans = [self._name[self._name_at[n] : self._name_at[n + 1]] for n in numbers]
        weights = np.repeat(self._weight[numbers], [len(span) for span in spans])
        held = np.bincount(np.concatenate(spans), weights, minlength=len(self.weight))
        share: Vector = np.minimum(held / self.weight, 1.0) * self._trust
        share[share < LEAST] = 0.0
        return share

    def by_concept(self, values: Vector) -> Vector:
        """The best of each concept's names, over the rows of the graph."""
        best = np.zeros(self._count)
        some = np.flatnonzero(values)
        np.maximum.at(best, self._concept[some], values[some])
        return best


def affirmed(text: str) -> list[tuple[Said, ...]]:
    """A text's sentences as the words they affirm: not denied, of a relative, or only considered.

    Example:
        >>> [[word.forms for word in sentence] for sentence in affirmed("Fever. No rash")]
        [[('fever',)], [('no',)]]
    """
    sentences = []
    for sentence in read(text):
        scopes = Assertions(text[sentence.start : sentence.end])
        said = []
        for word in sentence.words:
            meant = scopes.at(word.start - sentence.start)
            if not (meant.negated or meant.family or meant.hypothetical):
                said.append(Said(word.start, tuple(filter(None, (word.text, word.short)))))
        sentences.append(tuple(said))
    return sentences


def same(graph: KnowledgeGraph) -> Rows:
    """For each row the row of the concept that it is another vocabulary's name of, or itself."""
    arrays = graph.arrays
    row = np.arange(len(graph))
    edges = np.flatnonzero(arrays["edge.relation"] == Relation.EQUIVALENT)
    row[arrays["edge.source"][edges]] = arrays["edge.target"][edges]
    return row


@cache
def naming() -> Naming:
    """The names that a process shares."""
    return Naming(knowledge())
