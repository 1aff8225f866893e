"""The knowledge graph: diseases, phenotypes and genes, and the edges between them.

`KnowledgeGraph` is the public view of the compiled arrays. Concepts are addressed by id
("MONDO:0007947", "HP:0001250"); every edge says where it comes from. Proximity is computed on
ancestor sets and information content; `KnowledgeGraph.networkx` gives the same graph to whoever
wants to look at it with other tools.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.strings import Arrays, string_at, unpack
from medaction_gym.knowledge.tables import Concept, Edge, Kind, Relation, Tables

if TYPE_CHECKING:
    import networkx

    from medaction_gym.knowledge.linker import Linker

_BROADER = (Relation.IS_A, Relation.EQUIVALENT)


class Annotation(NamedTuple):
    """A disease's phenotype, how often it is seen (None if unknown), and where that is written."""

    phenotype: str
    name: str
    frequency: float | None
    provenance: str
    excluded: bool


class KnowledgeGraph:
    """Medical concepts and the edges between them.

    Example:
        >>> graph = KnowledgeGraph.load()
        >>> graph.concept("MONDO:0007947").name
        'Marfan syndrome'
        >>> 0 < graph.similarity("MONDO:0007947", "MONDO:0017310") < 1
        True
    """

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self._ids = unpack(arrays, "id")
        self._row = {identifier: row for row, identifier in enumerate(self._ids)}
        self._ancestor_at: list[int] = arrays["ancestor.at"].tolist()
        self._ancestor = arrays["ancestor"]
        self._ic: list[float] = arrays["ic"].tolist()
        self._ancestor_set = lru_cache(20_000)(self._read_ancestors)

    @classmethod
    def load(cls) -> KnowledgeGraph:
        """The graph of the installed sources: compiled on first use, then mapped from the cache."""
        from medaction_gym.knowledge.cache import (
            load_or_build,
        )  # brings in the compiler's dependencies

        return cls(load_or_build())

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._row

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    @property
    def versions(self) -> dict[str, str]:
        """The release of every source."""
        lines = unpack(self.arrays, "version")
        return {name: release for name, _, release in (line.partition("\t") for line in lines)}

    # --- concepts
    # ---------------------------------------------------------------------------------------

    def row(self, identifier: str) -> int:
        """The row of a concept in the arrays; raises KeyError where there is none."""
        return self._row[identifier]

    def identifier(self, row: int) -> str:
        """The id of the concept in a row of the arrays."""
        return self._ids[row]

    def concept(self, identifier: str) -> Concept:
        """Name, kind and source of a concept."""
        row = self._row[identifier]
        source = string_at(self.arrays, "source_name", int(self.arrays["source"][row]))
        return Concept(
            identifier, self.name(identifier), Kind(int(self.arrays["kind"][row])), source
        )

    def name(self, identifier: str) -> str:
        """The preferred name of a concept."""
        return string_at(self.arrays, "name", self._row[identifier])

    def synonyms(self, identifier: str) -> list[str]:
        """Other names of a concept."""
        return self._group("synonym", identifier)

    def xrefs(self, identifier: str) -> list[str]:
        """What other vocabularies call a concept, such as "OMIM:154700"."""
        return self._group("xref", identifier)

    @cached_property
    def _by_xref(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for identifier in self._ids:
            for xref in self.xrefs(identifier):
                index.setdefault(xref, []).append(identifier)
        return index

    def find_xref(self, xref: str) -> list[str]:
        """The concepts that another vocabulary's id refers to; itself too, where it is one."""
        return ([xref] if xref in self._row else []) + self._by_xref.get(xref, [])

    # --- hierarchy and similarity
    # -----------------------------------------------------------------------

    def ancestors(self, identifier: str) -> frozenset[str]:
        """All broader concepts, the concept itself included."""
        return frozenset(self._ids[row] for row in self._ancestor_set(self._row[identifier]))

    def descendants(self, identifier: str) -> frozenset[str]:
        """All narrower concepts, the concept itself included."""
        found, queue = {self._row[identifier]}, [self._row[identifier]]
        sources, relations = self.arrays["edge.source"], self.arrays["edge.relation"]
        while queue:
            for edge in self._incoming(queue.pop()):
                child = int(sources[edge])
                if relations[edge] in _BROADER and child not in found:
                    found.add(child)
                    queue.append(child)
        return frozenset(self._ids[row] for row in found)

    def parents(self, identifier: str) -> list[str]:
        """The concepts directly above this one."""
        return [edge.target for edge in self.edges(identifier) if edge.relation in _BROADER]

    def information_content(self, identifier: str) -> float:
        """How specific a concept is, from 0 (the root) to 1 (a leaf)."""
        return self._ic[self._row[identifier]]

    def similarity(self, first: str, second: str) -> float:
        """Lin's similarity in [0, 1]: what two concepts share, relative to how specific they are.

        2 * IC(most informative common ancestor) / (IC(first) + IC(second)), and 1 for a concept and
        itself.
        """
        return self.lin(self._row[first], self._row[second])

    def lin(self, first: int, second: int) -> float:
        """`similarity` by rows, for hot paths."""
        if first == second:
            return 1.0
        whole = self._ic[first] + self._ic[second]
        shared = self._ancestor_set(first) & self._ancestor_set(second)
        if not shared or whole <= 0:
            return 0.0
        ic = self._ic
        return min(1.0, 2 * max(ic[row] for row in shared) / whole)

    def similarities(self, identifier: str, others: Sequence[str]) -> NDArray[np.float64]:
        """Lin's similarity of one concept to many, in one pass over the arrays."""
        return self.lin_many(
            self._row[identifier], np.array([self._row[other] for other in others], np.int64)
        )

    def lin_many(self, row: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
        """`similarities` by rows, for hot paths."""
        if not len(others):
            return np.zeros(0)
        ic = self.arrays["ic"].astype(np.float64)
        shared = np.zeros(len(ic))
        mine = self._ancestor[self._ancestor_at[row] : self._ancestor_at[row + 1]]
        shared[mine] = ic[mine]
        at = self.arrays["ancestor.at"].astype(np.int64)
        start, length = at[others], at[others + 1] - at[others]
        first = np.cumsum(length) - length
        theirs = self._ancestor[np.arange(length.sum()) + np.repeat(start - first, length)]
        best = np.maximum.reduceat(shared[theirs], first)
        whole = ic[row] + ic[others]
        result = np.divide(2 * best, whole, out=np.zeros(len(others)), where=whole > 0)
        return np.where(others == row, 1.0, np.minimum(result, 1.0))

    def set_similarity(self, first: Iterable[str], second: Iterable[str]) -> float:
        """Best-match average of two sets of concepts, in [0, 1]; 0 if either is empty."""
        left, right = sorted(set(first)), sorted(set(second))
        if not left or not right:
            return 0.0
        matrix = np.array([self.similarities(one, right) for one in left])
        return float(
            (matrix.max(axis=1).sum() + matrix.max(axis=0).sum()) / (len(left) + len(right))
        )

    # --- edges
    # ------------------------------------------------------------------------------------------

    def edges(self, identifier: str, *, incoming: bool = False) -> list[Edge]:
        """The edges that leave a concept, or reach it."""
        row = self._row[identifier]
        if incoming:
            return [self.edge(int(edge)) for edge in self._incoming(row)]
        start, end = self.arrays["edge.out"][row : row + 2].tolist()
        return [self.edge(edge) for edge in range(start, end)]

    def annotations(self, identifier: str) -> list[Annotation]:
        """A disease's phenotypes with frequency and reference, as its annotation states them."""
        wanted = (Relation.HAS_PHENOTYPE, Relation.LACKS_PHENOTYPE)
        return [
            Annotation(
                edge.target,
                self.name(edge.target),
                None if math.isnan(edge.weight) else round(edge.weight, 4),
                edge.provenance,
                edge.relation == Relation.LACKS_PHENOTYPE,
            )
            for edge in self.edges(identifier)
            if edge.relation in wanted
        ]

    def networkx(self) -> networkx.MultiDiGraph[str]:
        """The whole graph for inspection.

        Nodes carry name, kind and source; edges relation, provenance and, where known, weight.
        """
        from medaction_gym.knowledge.export import to_networkx

        return to_networkx(self)

    # --- linking and extending
    # --------------------------------------------------------------------------

    @cached_property
    def linker(self) -> Linker:
        """Links free text to this graph's concepts."""
        from medaction_gym.knowledge.linker import Linker

        return Linker(self.arrays)

    def extend(self, table: Tables) -> KnowledgeGraph:
        """A new graph with a user's own rows added; this one stays as it is.

        The whole is compiled again in memory, which takes about as long as the first build.

        `table` comes from `medaction_gym.knowledge.loaders` (CSV, PrimeKG, UMLS) or is built by
        hand. Rows about concepts that the graph already has add names and edges to them.
        """
        from medaction_gym.knowledge.compiler import compile_tables

        tables = self.tables()
        tables.merge(table)
        return KnowledgeGraph(compile_tables(tables))

    def tables(self) -> Tables:
        """The graph as plain rows again."""
        from medaction_gym.knowledge.export import to_tables

        return to_tables(self)

    # --- reading the arrays
    # -----------------------------------------------------------------------------

    def edge(self, edge: int) -> Edge:
        """The edge in a row of the edge arrays."""
        arrays = self.arrays
        return Edge(
            self._ids[arrays["edge.source"][edge]],
            Relation(int(arrays["edge.relation"][edge])),
            self._ids[arrays["edge.target"][edge]],
            string_at(arrays, "provenance", int(arrays["edge.provenance"][edge])),
            float(arrays["edge.weight"][edge]),
        )

    def _incoming(self, row: int) -> list[int]:
        start, end = self.arrays["edge.in_at"][row : row + 2].tolist()
        found: list[int] = self.arrays["edge.in"][start:end].tolist()
        return found

    def _group(self, column: str, identifier: str) -> list[str]:
        row = self._row[identifier]
        start, end = self.arrays[f"{column}.of"][row : row + 2].tolist()
        return [string_at(self.arrays, column, item) for item in range(start, end)]

    def _read_ancestors(self, row: int) -> frozenset[int]:
        return frozenset(
            self._ancestor[self._ancestor_at[row] : self._ancestor_at[row + 1]].tolist()
        )
