from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medaction_gym.knowledge.compiler import compile_tables
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.tables import Concept, Edge, Kind, Relation, Tables


def test_the_same_tables_give_the_same_arrays(small_tables: Callable[[], Tables]) -> None:
    one, other = compile_tables(small_tables()), compile_tables(small_tables())
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[k], other[k], equal_nan=one[k].dtype.kind == "f") for k in one)


def test_annotated_diseases_join_their_mondo_term(toy: KnowledgeGraph) -> None:
    assert "OMIM:5" not in toy
    [annotation] = toy.annotations("MONDO:5")
    assert (annotation.phenotype, annotation.frequency) == ("HP:1", 0.5)
    assert [edge.source for edge in toy.edges("MONDO:5", incoming=True)] == ["NCBIGene:1"]


def test_vocabularies_are_tied_by_cross_reference(toy: KnowledgeGraph) -> None:
    assert "MONDO:6" in toy.ancestors("HP:2")
    assert toy.similarity("HP:2", "MONDO:6") > 0.5


def test_a_cycle_in_a_users_table_does_no_harm() -> None:
    tables = Tables()
    for name in "abc":
        tables.add(Concept(name, f"disease {name}x", Kind.DISEASE, "user"))
    tables.edges = [Edge(x, Relation.IS_A, y, "user") for x, y in ("ab", "bc", "ca")]
    graph = KnowledgeGraph(compile_tables(tables))
    assert all(name in graph.ancestors(name) for name in "abc")
    assert all(0 <= graph.information_content(name) <= 1 for name in "abc")


def test_an_empty_graph_compiles() -> None:
    graph = KnowledgeGraph(compile_tables(Tables()))
    assert len(graph) == 0
    assert graph.linker.link("gout") == ()
