from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Concept, Edge, Kind, Relation, Tables

MARFAN, LOEYS_DIETZ, GOUT = "MONDO:0007947", "MONDO:0018954", "MONDO:0005393"


def test_a_concept_can_be_looked_up(graph: KnowledgeGraph) -> None:
    assert graph.concept(MARFAN) == Concept(MARFAN, "Marfan syndrome", Kind.DISEASE, "MONDO")
    assert graph.concept("HP:0001250").kind == Kind.PHENOTYPE
    assert "Marfan's syndrome" in graph.synonyms(MARFAN)
    assert "OMIM:154700" in graph.xrefs(MARFAN)
    assert graph.find_xref("OMIM:154700") == [MARFAN]
    assert "nothing" not in graph
    with pytest.raises(KeyError):
        graph.concept("nothing")


def test_every_edge_says_where_it_comes_from(graph: KnowledgeGraph) -> None:
    assert graph.arrays["edge.provenance"].min() >= 0
    lengths = np.diff(graph.arrays["provenance.at"].astype(np.int64))
    assert lengths.min() > 0
    assert all(
        "MONDO" in edge.provenance for edge in graph.edges(MARFAN) if edge.relation == Relation.IS_A
    )


def test_sources_are_all_there(graph: KnowledgeGraph) -> None:
    assert set(graph.versions) == {"MONDO", "HPO", "HPO annotations", "ICD-10-CM"}
    assert len(graph) > 60_000
    annotated = graph.arrays["edge.relation"] == Relation.HAS_PHENOTYPE
    assert annotated.sum() > 200_000
    assert len(np.unique(graph.arrays["edge.source"][annotated])) > 10_000


def test_annotations_have_frequencies_and_references(graph: KnowledgeGraph) -> None:
    tall = [a for a in graph.annotations(MARFAN) if a.name == "Ectopia lentis"]
    assert any(a.frequency is not None and 0 < a.frequency <= 1 for a in tall)
    assert all("OMIM:154700" in a.provenance or "ORPHA:" in a.provenance for a in tall)


def test_hierarchy_runs_both_ways(toy: KnowledgeGraph) -> None:
    assert toy.ancestors("MONDO:5") == {"MONDO:5", "MONDO:4", "MONDO:2", "MONDO:1"}
    assert toy.descendants("MONDO:2") == {"MONDO:2", "MONDO:4", "MONDO:5"}
    assert toy.parents("MONDO:5") == ["MONDO:4"]


def test_the_closer_the_more_alike(toy: KnowledgeGraph) -> None:
    near, far = toy.similarity("MONDO:5", "MONDO:4"), toy.similarity("MONDO:5", "MONDO:6")
    assert 0 <= far < near < 1 == toy.similarity("MONDO:5", "MONDO:5")


@settings(deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_lin_is_a_similarity(first: int, others: list[int]) -> None:
    graph = knowledge()
    row = first % len(graph)
    rows = np.array([other % len(graph) for other in others])
    many = graph.lin_many(row, rows)
    assert ((many >= 0) & (many <= 1)).all()
    assert many == pytest.approx([graph.lin(row, int(other)) for other in rows], abs=1e-6)
    assert many == pytest.approx([graph.lin(int(other), row) for other in rows], abs=1e-6)
    assert graph.lin(row, row) == 1


def test_sets_are_compared_by_best_match(graph: KnowledgeGraph) -> None:
    assert graph.set_similarity([MARFAN, GOUT], [GOUT, MARFAN]) == pytest.approx(1)
    assert graph.set_similarity([MARFAN], []) == 0
    related = graph.set_similarity([MARFAN], [LOEYS_DIETZ])
    assert graph.set_similarity([MARFAN], [GOUT]) < related < 1


def test_networkx_shows_the_same_graph(toy: KnowledgeGraph) -> None:
    view = toy.networkx()
    assert set(view) == set(toy)
    assert view.nodes["HP:1"] == {"name": "Proteinuria", "kind": "phenotype", "source": "HPO"}
    [edge] = [data for *_, data in view.edges(data=True) if data["relation"] == "has_phenotype"]
    assert edge == {"relation": "has_phenotype", "provenance": "toy|PMID:1", "weight": 0.5}
    assert all(data["provenance"] for *_, data in view.edges(data=True))


def test_rows_compile_to_the_same_graph_again(toy: KnowledgeGraph) -> None:
    again = toy.extend(Tables())
    for name, array in toy.arrays.items():
        assert np.array_equal(again.arrays[name], array, equal_nan=array.dtype.kind == "f"), name


def test_extending_adds_and_leaves_the_original_alone(toy: KnowledgeGraph) -> None:
    table = Tables(versions={"ours": "1"})
    table.add(Concept("ours:1", "zebra nephritis", Kind.DISEASE, "ours"))
    table.edges.append(Edge("ours:1", Relation.IS_A, "MONDO:4", "ward round"))
    wider = toy.extend(table)
    assert "ours:1" not in toy
    assert "MONDO:2" in wider.ancestors("ours:1")
    assert wider.edges("ours:1")[0].provenance == "ward round"
    assert wider.linker.link("Zebra nephritis")[0].id == "ours:1"
    assert toy.linker.link("Zebra nephritis")[0].id == "MONDO:4"
