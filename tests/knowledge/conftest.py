"""One compiled graph for the session, and one small enough to reason about by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from medaction_gym.knowledge.compiler import compile_tables
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.linker import Linker
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Concept, Edge, Kind, Quality, Relation, Tables


@pytest.fixture(scope="session")
def graph() -> KnowledgeGraph:
    return knowledge()


@pytest.fixture(scope="session")
def linker(graph: KnowledgeGraph) -> Linker:
    return graph.linker


def small_tables() -> Tables:
    """A root, two organs' diseases, their children, two phenotypes and a gene."""
    tables = Tables(versions={"toy": "1"})
    diseases = {
        "MONDO:1": ("disorder of everything", []),
        "MONDO:2": ("kidney disease", ["MONDO:1"]),
        "MONDO:3": ("heart disease", ["MONDO:1"]),
        "MONDO:4": ("nephritis", ["MONDO:2"]),
        "MONDO:5": ("lupus nephritis", ["MONDO:4"]),
        "MONDO:6": ("carditis", ["MONDO:3"]),
    }
    for identifier, (name, parents) in diseases.items():
        tables.add(Concept(identifier, name, Kind.DISEASE, "MONDO"))
        tables.edges += [Edge(identifier, Relation.IS_A, parent, "toy") for parent in parents]
    tables.names.append(("MONDO:5", "glomerulonephritis of lupus", Quality.SYNONYM))
    tables.xrefs += [("MONDO:5", "OMIM:5"), ("MONDO:6", "HP:2")]
    tables.add(Concept("OMIM:5", "LUPUS NEPHRITIS, FAMILIAL", Kind.DISEASE, "OMIM"))
    tables.add(Concept("HP:1", "Proteinuria", Kind.PHENOTYPE, "HPO"))
    tables.add(Concept("HP:2", "Cardiac inflammation", Kind.PHENOTYPE, "HPO"))
    tables.edges.append(Edge("OMIM:5", Relation.HAS_PHENOTYPE, "HP:1", "toy|PMID:1", 0.5))
    tables.add(Concept("NCBIGene:1", "LUP1", Kind.GENE, "HPO genes"))
    tables.edges.append(Edge("NCBIGene:1", Relation.GENE_OF, "OMIM:5", "toy"))
    return tables


@pytest.fixture(name="small_tables")
def small_tables_fixture() -> Callable[[], Tables]:
    return small_tables


@pytest.fixture
def toy() -> KnowledgeGraph:
    return KnowledgeGraph(compile_tables(small_tables()))
