"""A user's own knowledge, read into `Tables` for `KnowledgeGraph.extend`.

Three formats: a pair of plain CSV files, PrimeKG's ``kg.csv`` (MIT; it carries HPO, MONDO and
DrugBank content under their own terms), and the UMLS Metathesaurus' RRF files, for those who hold
its licence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from medaction_gym.knowledge.tables import NAN, Concept, Edge, Kind, Quality, Relation, Tables

Source = str | Path

_KINDS = {
    "disease": Kind.DISEASE,
    "phenotype": Kind.PHENOTYPE,
    "effect/phenotype": Kind.PHENOTYPE,
    "gene": Kind.GENE,
    "gene/protein": Kind.GENE,
}

# UMLS semantic types (MRSTY.RRF) that are a disease, and those that are a finding.
_UMLS_DISEASE = frozenset("T019 T020 T037 T046 T047 T048 T049 T050 T190 T191".split())
_UMLS_PHENOTYPE = frozenset("T033 T034 T184".split())


def read_csv(nodes: Source, edges: Source | None = None, *, source: str = "user") -> Tables:
    """Read tables of nodes and edges.

    Args:
        nodes: CSV with the columns ``id``, ``name`` and, if wanted, ``kind`` (disease, phenotype or
        gene; disease
            if empty), ``synonyms`` and ``xrefs``, each a list separated by ``|``.
        edges: CSV with the columns ``source``, ``relation`` (is_a, equivalent, has_phenotype,
        lacks_phenotype,
            gene_of), ``target`` and, if wanted, ``weight`` and ``provenance``.
        source: what the rows are called where they state no provenance.

    Raises:
        ValueError: if a column is missing or a cell cannot be read; the message names file and
        line.
    """
    tables = Tables(versions={source: Path(nodes).name})
    for place, row in _rows(nodes, ("id", "name")):
        kind = _KINDS.get((row.get("kind") or "disease").strip().lower())
        if kind is None:
            raise ValueError(f"{place}: kind is {row['kind']!r}, not one of {', '.join(_KINDS)}")
        tables.add(
            Concept(row["id"].strip(), row["name"].strip(), kind, source),
            [(text, Quality.SYNONYM) for text in _cells(row.get("synonyms"))],
        )
        tables.xrefs += [(row["id"].strip(), xref) for xref in _cells(row.get("xrefs"))]
    for place, row in _rows(edges, ("source", "relation", "target")) if edges else ():
        try:
            relation = Relation[row["relation"].strip().upper()]
            weight = float(row["weight"]) if row.get("weight") else NAN
        except (KeyError, ValueError) as error:
            raise ValueError(f"{place}: {error} cannot be read") from error
        tables.edges.append(
            Edge(
                row["source"].strip(),
                relation,
                row["target"].strip(),
                row.get("provenance") or f"{source}: {place}",
                weight,
            )
        )
    return tables


def read_primekg(path: Source) -> Tables:
    """Read PrimeKG's ``kg.csv``: diseases, phenotypes and genes; other node types are left out."""
    tables = Tables(versions={"PrimeKG": Path(path).name})
    relations = {
        "disease_disease": Relation.IS_A,
        "phenotype_phenotype": Relation.IS_A,
        "disease_phenotype_positive": Relation.HAS_PHENOTYPE,
        "disease_phenotype_negative": Relation.LACKS_PHENOTYPE,
        "disease_protein": Relation.GENE_OF,
    }
    seen: set[tuple[str, str, Relation]] = set()
    for _, row in _rows(
        path,
        (
            "relation",
            "x_id",
            "x_type",
            "x_name",
            "x_source",
            "y_id",
            "y_type",
            "y_name",
            "y_source",
        ),
    ):
        relation = relations.get(row["relation"])
        if relation is None:
            continue
        for side in ("x", "y"):
            concept = Concept(
                _primekg_id(row, side), row[f"{side}_name"], _KINDS[row[f"{side}_type"]], "PrimeKG"
            )
            tables.add(concept)
        first, second = _primekg_id(row, "x"), _primekg_id(row, "y")
        if (
            relation in (Relation.HAS_PHENOTYPE, Relation.LACKS_PHENOTYPE)
            and row["x_type"] != "disease"
        ):
            first, second = second, first
        if relation == Relation.GENE_OF and row["x_type"] == "disease":
            first, second = second, first
        # PrimeKG writes each parent-child pair in both directions, so it cannot say which one is
        # broader
        if relation == Relation.IS_A or (first, second, relation) in seen:
            continue
        seen.add((first, second, relation))
        tables.edges.append(Edge(first, relation, second, f"PrimeKG {row['relation']}"))
    return tables


def read_umls(
    mrconso: Source,
    mrrel: Source | None = None,
    mrsty: Source | None = None,
    *,
    language: str = "ENG",
) -> Tables:
    """Read MRCONSO.RRF and, if given, the hierarchy from MRREL.RRF and kinds from MRSTY.RRF.

    Without MRSTY every concept is taken for a disease; with it, only diseases and findings are
    read. Codes of vocabularies the graph knows (MONDO, HPO, OMIM, ICD10CM) become equivalences, so
    nothing is doubled.
    """
    kinds = _umls_kinds(mrsty) if mrsty else None
    preferred: dict[str, tuple[bool, str]] = {}
    names: dict[str, dict[str, None]] = {}
    known: dict[tuple[str, str], None] = {}
    for cells in _rrf(mrconso, 18):
        cui, lang, status, is_preferred, vocabulary, code, text, suppressed = (
            cells[i] for i in (0, 1, 2, 6, 11, 13, 14, 16)
        )
        if (
            lang != language
            or suppressed in ("O", "Y", "E")
            or (kinds is not None and cui not in kinds)
        ):
            continue
        rank = (not (status == "P" and is_preferred == "Y"), text)
        preferred[cui] = min(preferred.get(cui, rank), rank)
        names.setdefault(cui, {})[text] = None
        if vocabulary in ("HPO", "MONDO", "ICD10CM"):
            known[cui, code if ":" in code else f"{vocabulary}:{code}"] = None
    tables = Tables(versions={"UMLS": Path(mrconso).name})
    for cui, (_, name) in preferred.items():
        kind = kinds[cui] if kinds else Kind.DISEASE
        tables.add(
            Concept(f"UMLS:{cui}", name, kind, "UMLS"),
            [(text, Quality.SYNONYM) for text in names[cui] if text != name],
        )
    tables.edges += [
        Edge(f"UMLS:{cui}", Relation.EQUIVALENT, code, "MRCONSO") for cui, code in known
    ]
    for cells in _rrf(mrrel, 16) if mrrel else ():
        first, relation, second, vocabulary = cells[0], cells[3], cells[4], cells[10]
        if relation == "CHD":  # the second concept is a child of the first
            first, second = second, first
        elif relation != "PAR":
            continue
        if first in preferred and second in preferred and first != second:
            tables.edges.append(
                Edge(f"UMLS:{first}", Relation.IS_A, f"UMLS:{second}", f"MRREL {vocabulary}")
            )
    tables.edges = list(dict.fromkeys(tables.edges))
    return tables


def _umls_kinds(path: Source) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for cells in _rrf(path, 4):
        if cells[1] in _UMLS_DISEASE:
            kinds[cells[0]] = Kind.DISEASE
        elif cells[1] in _UMLS_PHENOTYPE:
            kinds.setdefault(cells[0], Kind.PHENOTYPE)
    return kinds


def _primekg_id(row: dict[str, str], side: str) -> str:
    number, source = row[f"{side}_id"].split("_")[0], row[f"{side}_source"]
    if source.startswith(
        "MONDO"
    ):  # "MONDO_grouped" joins several ids with "_"; the first stands for them
        return f"MONDO:{int(number):07d}"
    return f"HP:{int(number):07d}" if source == "HPO" else f"NCBIGene:{number}"


def _rows(path: Source, needed: tuple[str, ...]) -> Iterable[tuple[str, dict[str, str]]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [column for column in needed if column not in (reader.fieldnames or ())]:
            raise ValueError(f"{Path(path).name} has no column {', '.join(missing)}")
        for row in reader:
            yield f"{Path(path).name} line {reader.line_num}", row


def _rrf(path: Source, columns: int) -> Iterable[list[str]]:
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("|")
            if len(cells) >= columns:
                yield cells


def _cells(text: str | None) -> list[str]:
    return [cell.strip() for cell in (text or "").split("|") if cell.strip()]
