"""Inference: how well each disease of the graph explains a set of findings.

A finding may be what a disease is annotated with in HPO, or a narrower kind of it. Two ways to
weigh that, over the findings' broader classes a that the disease is annotated with:

- "similarity": max of IC(a)² · √frequency, the measure of `metrics.rac.Support`;
- "likelihood": naive Bayes. With n(x) the number of the N annotated diseases that show x,
  P(f | d) / P(f) = (1 - NOISE) · max of frequency(d, a) · N / n(a) + NOISE; its logarithm counts.

What is denied counts against a disease by how often it would have shown it. A broad disease is the
mean (of the logarithms: the mixture) of its annotated kinds; one that has none takes the value of
the nearest broader disease that has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Kind, Relation

Method = Literal["similarity", "likelihood"]
Vector = NDArray[np.float64]
Rows = NDArray[np.int64]

NOISE = 0.05  # what of a finding's probability no annotation explains
UNSTATED = 0.5  # the frequency of an annotation that states none
MOST_OFTEN = 0.9  # no phenotype is so certain that its absence excludes a disease
LEAST_SPREAD = 0.05  # standard deviations below this are those of findings that tell nothing apart


class Inference:
    """Scores every disease of one graph against findings.

    Example:
        >>> from medaction_gym.knowledge.shared import knowledge
        >>> graph = knowledge()
        >>> scores = inference().scores({"HP:0001083": 0.9, "HP:0002616": 0.9})
        >>> bool(scores[graph.row("MONDO:0007947")] > scores[graph.row("MONDO:0005393")])
        True
    """

    def __init__(
        self, graph: KnowledgeGraph, method: Method = "similarity", cache_size: int = 2_000
    ) -> None:
        self._graph = graph
        self._method = method
        arrays = graph.arrays
        self._at = arrays["ancestor.at"].astype(np.int64)
        self._ancestor = arrays["ancestor"].astype(np.int64)
        self._ic = arrays["ic"].astype(np.float64)
        self._is_disease = arrays["kind"] == Kind.DISEASE
        self._is_phenotype = arrays["kind"] == Kind.PHENOTYPE
        edges = np.flatnonzero(arrays["edge.relation"] == Relation.HAS_PHENOTYPE)
        often = arrays["edge.weight"][edges].astype(np.float64)
        often[np.isnan(often)] = UNSTATED
        self._annotated, disease = np.unique(
            arrays["edge.source"][edges].astype(np.int64), return_inverse=True
        )
        # What a disease shows it also shows under every broader name; the most frequent counts.
        edge, broader = self._climb(arrays["edge.target"][edges].astype(np.int64))
        disease, often = disease[edge], often[edge]
        order = np.lexsort((-often, disease, broader))
        disease, often, broader = disease[order], often[order], broader[order]
        first = np.ones(len(order), bool)
        first[1:] = (broader[1:] != broader[:-1]) | (disease[1:] != disease[:-1])
        self._shown, self._often = disease[first], often[first]
        self._shown_at = np.searchsorted(broader[first], np.arange(len(graph) + 1))

        kind, above = self._climb(self._annotated)
        kind, above = kind[self._is_disease[above]], above[self._is_disease[above]]
        order = np.lexsort((kind, above))
        self._kind = kind[order]
        self._mixed, self._mixed_at = np.unique(above[order], return_index=True)
        self._sizes = np.diff(np.append(self._mixed_at, len(self._kind)))
        self._nearest = self._find_nearest()
        self._one = lru_cache(cache_size)(self._match)

    def scores(self, found: Mapping[str, float]) -> Vector:
        """How well each disease explains some findings, as a z-score over all diseases.

        Args:
            found: Weights of concepts, as `findings.evidence` gives them: positive for what was
                found, negative for what was denied. Only phenotypes count.

        Returns:
            A vector over the rows of the graph, 0 for rows that are no disease.
        """
        known = self._nearest >= 0
        mixed = self.support(found)[known]
        scores = np.zeros(len(self._graph))
        scores[known] = (mixed - mixed.mean()) / max(float(mixed.std()), LEAST_SPREAD)
        return scores

    def support(self, found: Mapping[str, float]) -> Vector:
        """What findings say for each disease, before it is compared with the others.

        With "likelihood" it is the logarithm of a ratio of likelihoods.

        Args:
            found: As for `scores`.

        Returns:
            A vector over the rows of the graph, 0 for rows that are no disease.
        """
        total = np.zeros(len(self._annotated))
        for finding, weight in sorted(found.items()):
            if finding in self._graph:
                row = self._graph.row(finding)
                if self._is_phenotype[row]:
                    total += abs(weight) * self._one(row, weight > 0)
        known = self._nearest >= 0
        support = np.zeros(len(self._graph))
        support[known] = self._mix(total)[self._nearest[known]]
        return support

    @property
    def explained(self) -> NDArray[np.bool_]:
        """Which rows of the graph findings can speak for."""
        return self._nearest >= 0

    def _climb(self, rows: Rows) -> tuple[Rows, Rows]:
        """All that is broader than some rows: pairs of the place among them and what is broader."""
        start, length = self._at[rows], self._at[rows + 1] - self._at[rows]
        place = np.repeat(np.arange(len(rows)), length)
        inside = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        return place, self._ancestor[np.repeat(start, length) + inside]

    def _find_nearest(self) -> Rows:
        """For each disease the place in `_mixed` of the most specific broader one with kinds."""
        place = np.full(len(self._graph), -1)
        place[self._mixed] = np.arange(len(self._mixed))
        diseases = np.flatnonzero(self._is_disease)
        of, above = self._climb(diseases)
        of, above = of[place[above] >= 0], above[place[above] >= 0]
        # A disease with kinds of its own is its own nearest, whatever its information content.
        rank = self._ic[above] + 2.0 * (diseases[of] == above)
        order = np.lexsort((above, rank, of))
        nearest = np.full(len(self._graph), -1)
        nearest[diseases[of[order]]] = place[above[order]]  # the last written ranks highest
        return nearest

    def _match(self, finding: int, positive: bool) -> Vector:
        """What one finding says for each annotated disease."""
        match = np.zeros(len(self._annotated))
        classes = self._ancestor[self._at[finding] : self._at[finding + 1]] if positive else ()
        for above in classes if positive else (finding,):
            span = slice(self._shown_at[above], self._shown_at[above + 1])
            shown, often = self._shown[span], self._often[span]
            if not len(shown):
                continue
            if self._method == "similarity":
                value = (
                    self._ic[above] ** 2 * np.sqrt(often) if positive else -self._ic[above] * often
                )
            elif positive:
                value = often * (len(self._annotated) / len(shown))
            else:
                value = np.log1p(-np.minimum(often, MOST_OFTEN))
            match[shown] = np.maximum(match[shown], value) if positive else value
        if self._method == "likelihood" and positive and match.any():
            match = np.log((1 - NOISE) * match + NOISE)
        return match

    def _mix(self, total: Vector) -> Vector:
        """From the annotated diseases to those that have them as kinds."""
        kinds = total[self._kind]
        if self._method == "similarity":
            mean: Vector = np.add.reduceat(kinds, self._mixed_at) / self._sizes
            return mean
        peak = np.maximum.reduceat(kinds, self._mixed_at)
        shares = np.exp(kinds - np.repeat(peak, self._sizes))
        mixture: Vector = peak + np.log(np.add.reduceat(shares, self._mixed_at) / self._sizes)
        return mixture


@cache
def inference(method: Method = "similarity") -> Inference:
    """The inference that a process shares."""
    return Inference(knowledge(), method)
