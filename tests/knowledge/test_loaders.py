from __future__ import annotations

from pathlib import Path

import pytest

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.loaders import read_csv, read_primekg, read_umls
from medaction_gym.knowledge.tables import Edge, Kind, Relation


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_tables_extend_a_graph(tmp_path: Path, toy: KnowledgeGraph) -> None:
    nodes = write(
        tmp_path / "nodes.csv",
        "id,name,kind,synonyms,xrefs\n"
        "X:1,zebra nephritis,disease,stripes of kidney|ZN disease,OMIM:9\n"
        "X:2,Stripes,phenotype,,\n",
    )
    edges = write(
        tmp_path / "edges.csv",
        "source,relation,target,weight,provenance\n"
        "X:1,is_a,MONDO:4,,\nX:1,has_phenotype,X:2,0.25,PMID:7\n",
    )
    graph = toy.extend(read_csv(nodes, edges, source="zoo"))
    assert graph.concept("X:2").kind == Kind.PHENOTYPE
    assert graph.annotations("X:1")[0].frequency == 0.25
    assert graph.annotations("X:1")[0].provenance == "PMID:7"
    assert {edge.provenance for edge in graph.edges("X:1")} == {"PMID:7", "zoo: edges.csv line 2"}
    assert graph.find_xref("OMIM:9") == ["X:1"]
    assert graph.versions["zoo"] == "nodes.csv"


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ("id,label\n", None, r"nodes.csv has no column name"),
        ("id,name,kind\nX:1,x,animal\n", None, r"nodes.csv line 2: kind is 'animal'"),
        ("id,name\nX:1,x\n", "source,relation,target\nX:1,likes,X:1\n", r"edges.csv line 2"),
        ("id,name\nX:1,x\n", "source,relation,target,weight\nX:1,is_a,X:1,much\n", r"line 2"),
    ],
)
def test_csv_errors_name_the_line(
    tmp_path: Path, nodes: str, edges: str | None, message: str
) -> None:
    paths = [write(tmp_path / "nodes.csv", nodes)]
    paths += [write(tmp_path / "edges.csv", edges)] if edges else []
    with pytest.raises(ValueError, match=message):
        read_csv(*paths)


def test_primekg(tmp_path: Path) -> None:
    side = "{0}_index {0}_id {0}_type {0}_name {0}_source"
    columns = " ".join(["relation display_relation", side.format("x"), side.format("y")])
    marfan, tall = "0,7947,disease,Marfan syndrome,MONDO", "1,1519,effect/phenotype,Tall,HPO"
    rows = [
        columns.replace(" ", ","),
        f"disease_phenotype_positive,phenotype present,{marfan},{tall}",
        f"disease_phenotype_positive,phenotype present,{tall},{marfan}",
        f"disease_protein,associated with,2,2200,gene/protein,FBN1,NCBI,{marfan}",
        f"disease_disease,parent-child,{marfan},3,19600_19601,disease,x group,MONDO_grouped",
        "drug_drug,synergy,9,DB1,drug,a,DrugBank,8,DB2,drug,b,DrugBank",
    ]
    path = write(tmp_path / "kg.csv", "\n".join(rows) + "\n")
    tables = read_primekg(path)
    assert set(tables.concepts) == {"MONDO:0007947", "HP:0001519", "NCBIGene:2200", "MONDO:0019600"}
    assert [(e.source, e.relation, e.target) for e in tables.edges] == [
        ("MONDO:0007947", Relation.HAS_PHENOTYPE, "HP:0001519"),
        ("NCBIGene:2200", Relation.GENE_OF, "MONDO:0007947"),
    ]
    assert {edge.provenance for edge in tables.edges} == {
        "PrimeKG disease_phenotype_positive",
        "PrimeKG disease_protein",
    }


def conso(cui: str, text: str, **cells: str) -> str:
    """One line of MRCONSO.RRF."""
    row = {"language": "ENG", "status": "P", "preferred": "Y", "suppressed": "N"}
    row |= {"vocabulary": "SNOMEDCT_US", "code": "1"} | cells
    return (
        f"{cui}|{row['language']}|{row['status']}|L1|PF|S1|{row['preferred']}|A1||||"
        f"{row['vocabulary']}|PT|{row['code']}|{text}|0|{row['suppressed']}||\n"
    )


def test_umls(tmp_path: Path) -> None:
    rows = [
        conso("C1", "Nephritis"),
        conso("C1", "Inflammation of kidney", status="S", preferred="N"),
        conso("C1", "Nephritis", vocabulary="MONDO", code="MONDO:4"),
        conso("C1", "Nierenentzündung", language="GER"),
        conso("C2", "Old nephritis", suppressed="O"),
        conso("C3", "Lupus nephritis"),
        conso("C4", "Aspirin"),
    ]
    mrconso = write(tmp_path / "MRCONSO.RRF", "".join(rows))
    relation = "{0}|A|AUI|{1}|{2}|A|AUI|isa|R||SNOMEDCT_US|SNOMEDCT_US||Y|N||\n"
    mrrel = write(
        tmp_path / "MRREL.RRF",
        relation.format("C3", "PAR", "C1")
        + relation.format("C1", "CHD", "C3")
        + relation.format("C1", "RO", "C3"),
    )
    mrsty = write(
        tmp_path / "MRSTY.RRF",
        "C1|T047|B|Disease|AT||\nC3|T047|B|Disease|AT||\nC4|T121|A|Drug|AT||\n",
    )
    tables = read_umls(mrconso, mrrel, mrsty)
    assert list(tables.concepts) == ["UMLS:C1", "UMLS:C3"]
    assert [name for _, name, _ in tables.names] == [
        "Nephritis",
        "Inflammation of kidney",
        "Lupus nephritis",
    ]
    assert [edge[:4] for edge in tables.edges] == [
        ("UMLS:C1", Relation.EQUIVALENT, "MONDO:4", "MRCONSO"),
        ("UMLS:C3", Relation.IS_A, "UMLS:C1", "MRREL SNOMEDCT_US"),
    ]
    assert isinstance(tables.edges[0], Edge)
