"""The graph in other shapes: networkx, and plain rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import networkx
import numpy as np

from medaction_gym.knowledge.strings import unpack
from medaction_gym.knowledge.tables import Concept, Kind, Quality, Relation, Tables

if TYPE_CHECKING:
    from medaction_gym.knowledge.graph import KnowledgeGraph


def to_networkx(graph: KnowledgeGraph) -> networkx.MultiDiGraph[str]:
    """Every concept and edge as a networkx multigraph."""
    arrays, ids = graph.arrays, list(graph)
    result: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(versions=graph.versions)
    sources = unpack(arrays, "source_name")
    for row, (identifier, name) in enumerate(zip(ids, unpack(arrays, "name"), strict=True)):
        kind = Kind(int(arrays["kind"][row])).name.lower()
        result.add_node(
            identifier, name=name, kind=kind, source=sources[int(arrays["source"][row])]
        )
    provenance = unpack(arrays, "provenance")
    columns = [
        arrays[f"edge.{column}"].tolist()
        for column in ("source", "target", "relation", "provenance", "weight")
    ]
    for source, target, relation, where, weight in zip(*columns, strict=True):
        attributes: dict[str, Any] = {
            "relation": Relation(relation).name.lower(),
            "provenance": provenance[where],
        }
        if not math.isnan(weight):
            attributes["weight"] = round(weight, 4)
        result.add_edge(ids[source], ids[target], **attributes)
    return result


def to_tables(graph: KnowledgeGraph) -> Tables:
    """Every concept, name, cross-reference and edge as rows, which compile to the same graph."""
    arrays, ids = graph.arrays, list(graph)
    names, sources = unpack(arrays, "name"), unpack(arrays, "source_name")
    tables = Tables(versions=graph.versions)
    for row, identifier in enumerate(ids):
        kind, source = Kind(int(arrays["kind"][row])), sources[int(arrays["source"][row])]
        tables.concepts[identifier] = Concept(identifier, names[row], kind, source)
        tables.names.append((identifier, names[row], Quality.NAME))
        if arrays["hidden"][row]:
            tables.hidden.add(identifier)

    def owners(column: str) -> list[str]:
        counts = np.diff(arrays[f"{column}.of"]).astype(np.int64)
        return [ids[row] for row in np.repeat(np.arange(len(ids)), counts).tolist()]

    marks = arrays["synonym.mark"].tolist()
    rows = zip(owners("synonym"), unpack(arrays, "synonym"), marks, strict=True)
    tables.names += [(identifier, text, Quality(mark)) for identifier, text, mark in rows]
    tables.xrefs = list(zip(owners("xref"), unpack(arrays, "xref"), strict=True))
    tables.edges = [graph.edge(row) for row in range(len(arrays["edge.source"]))]
    return tables
