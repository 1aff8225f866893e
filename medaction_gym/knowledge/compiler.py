"""Tables to arrays: the compiled form that `KnowledgeGraph` and `Linker` read.

Four steps: diseases that two sources name by cross-reference become one concept; names that
normalise to the same words tie the vocabularies together; ancestors and information content are
computed once; the linker's index is built. The result is a dictionary of NumPy arrays and nothing
else, so it can be written to disk and mapped back without unpickling anything.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.index import Strings, link_index, tokenised
from medaction_gym.knowledge.normalise import tokens
from medaction_gym.knowledge.strings import Arrays, pack
from medaction_gym.knowledge.tables import Edge, Kind, Quality, Relation, Tables

Progress = Callable[[str], None]


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the cyclic collector: a million small rows, and no cycles among them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@uncollected()
def compile_tables(tables: Tables, progress: Progress = lambda step: None) -> Arrays:
    """Compile tables into arrays; the same tables always give the same arrays."""
    progress("joining vocabularies")
    tables = _join_by_xref(tables)
    identifiers = list(tables.concepts)
    number = {identifier: row for row, identifier in enumerate(identifiers)}
    concepts = list(tables.concepts.values())
    progress("normalising names")
    strings = tokenised(tables)
    edges = [
        edge
        for edge in tables.edges
        if edge.source in number and edge.target in number and edge.source != edge.target
    ]
    edges += _equivalences(tables, strings)
    arrays: Arrays = {}
    arrays |= pack("id", identifiers)
    arrays |= pack("name", [concept.name for concept in concepts])
    arrays["kind"] = np.array([concept.kind for concept in concepts], np.uint8)
    sources = sorted({concept.source for concept in concepts})
    arrays |= pack("source_name", sources)
    arrays["source"] = np.array([sources.index(concept.source) for concept in concepts], np.uint8)
    arrays |= pack(
        "version", [f"{name}\t{release}" for name, release in sorted(tables.versions.items())]
    )
    arrays["hidden"] = np.array([i in tables.hidden for i in identifiers], np.uint8)
    arrays |= _grouped_strings(
        "synonym", number, [(i, t, int(q)) for i, t, q in tables.names if q != Quality.NAME]
    )
    arrays |= _grouped_strings("xref", number, [(i, x, 0) for i, x in tables.xrefs])
    progress("sorting edges")
    arrays |= _edge_arrays(edges, number)
    progress("closing the hierarchy")
    arrays |= _ancestors(edges, number)
    progress("measuring information content")
    arrays["ic"] = _information_content(arrays)
    progress("indexing names")
    arrays |= link_index(tables, strings, number, arrays)
    return arrays


def _join_by_xref(tables: Tables) -> Tables:
    """Give annotated diseases the id of the MONDO term that cross-references them."""
    candidates: dict[str, list[str]] = defaultdict(list)
    for identifier, xref in tables.xrefs:
        if identifier.startswith("MONDO:") and xref in tables.concepts:
            candidates[xref].append(identifier)
    same: dict[str, str] = {}
    equivalent: list[Edge] = []
    stated = {
        (edge.source, edge.target) for edge in tables.edges if edge.relation == Relation.EQUIVALENT
    }
    for xref, found in candidates.items():
        target = min(
            found,
            key=lambda i: (
                i in tables.hidden,
                set(tokens(tables.concepts[i].name)) != set(tokens(tables.concepts[xref].name)),
                i,
            ),
        )
        if xref.startswith(("OMIM:", "ORPHA:", "DECIPHER:")):
            same[xref] = target
        elif (
            xref,
            target,
        ) not in stated:  # HPO and ICD keep their own place in their own hierarchy
            equivalent.append(
                Edge(
                    xref,
                    Relation.EQUIVALENT,
                    target,
                    f"MONDO {tables.versions.get('MONDO', '')} xref",
                )
            )
    joined = Tables(versions=tables.versions, hidden=tables.hidden)
    joined.concepts = {i: concept for i, concept in tables.concepts.items() if i not in same}
    joined.names = [row for row in tables.names if row[0] not in same]
    joined.xrefs = [row for row in tables.xrefs if row[0] not in same]
    joined.edges = [
        e._replace(source=same.get(e.source, e.source), target=same.get(e.target, e.target))
        if e.source in same or e.target in same
        else e
        for e in tables.edges
    ] + equivalent
    return joined


def _equivalences(tables: Tables, strings: Strings) -> list[Edge]:
    """HPO and ICD concepts whose own name is a name of a MONDO disease."""
    mondo: dict[tuple[str, ...], tuple[Quality, str]] = {}
    for identifier, quality, key in strings:
        if (
            identifier.startswith("MONDO:")
            and identifier not in tables.hidden
            and quality != Quality.LOOSE
        ):
            mondo[key] = min(mondo.get(key, (quality, identifier)), (quality, identifier))
    known = {e.source for e in tables.edges if e.relation == Relation.EQUIVALENT}
    found = []
    for identifier, quality, key in strings:
        if (
            quality == Quality.NAME
            and key in mondo
            and identifier not in known
            and not identifier.startswith("MONDO:")
        ):
            found.append(
                Edge(identifier, Relation.EQUIVALENT, mondo[key][1], "same normalised name")
            )
            known.add(identifier)
    return found


def _grouped_strings(name: str, number: dict[str, int], rows: list[tuple[str, str, int]]) -> Arrays:
    ordered = sorted({(number[identifier], mark, text) for identifier, text, mark in rows})
    counts = (
        np.bincount([row for row, _, _ in ordered], minlength=len(number))
        if ordered
        else np.zeros(len(number), np.int64)
    )
    return pack(name, [text for _, _, text in ordered]) | {
        f"{name}.mark": np.array([mark for _, mark, _ in ordered], np.uint8),
        f"{name}.of": np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
    }


def _edge_arrays(edges: list[Edge], number: dict[str, int]) -> Arrays:
    provenance = {text: row for row, text in enumerate(sorted({edge.provenance for edge in edges}))}
    columns = np.array(
        [(number[e.source], number[e.target], e.relation, provenance[e.provenance]) for e in edges],
        np.int32,
    ).reshape(-1, 4)
    weight = np.array([edge.weight for edge in edges], np.float32)
    order = np.lexsort((columns[:, 3], columns[:, 1], columns[:, 2], columns[:, 0]))
    columns, weight = columns[order], weight[order]
    return pack("provenance", list(provenance)) | {
        "edge.source": columns[:, 0].copy(),
        "edge.target": columns[:, 1].copy(),
        "edge.relation": columns[:, 2].astype(np.uint8),
        "edge.provenance": columns[:, 3].copy(),
        "edge.weight": weight,
        "edge.out": np.searchsorted(columns[:, 0], np.arange(len(number) + 1)).astype(np.uint32),
        "edge.in": np.argsort(columns[:, 1], kind="stable").astype(np.int32),
        "edge.in_at": np.searchsorted(np.sort(columns[:, 1]), np.arange(len(number) + 1)).astype(
            np.uint32
        ),
    }


def _ancestors(edges: list[Edge], number: dict[str, int]) -> Arrays:
    """Each concept's ancestors, itself included, sorted; cycles in a user's table do no harm."""
    parents: list[list[int]] = [[] for _ in number]
    for edge in edges:
        if edge.relation in (Relation.IS_A, Relation.EQUIVALENT):
            parents[number[edge.source]].append(number[edge.target])
    closed: dict[int, frozenset[int]] = {}
    for start in range(len(parents)):
        stack, open_now = [start], {start}
        while stack:
            node = stack[-1]
            waiting = [p for p in parents[node] if p not in closed and p not in open_now]
            if waiting:
                stack.append(waiting[0])
                open_now.add(waiting[0])
                continue
            stack.pop()
            open_now.discard(node)
            closed[node] = frozenset((node, *parents[node])).union(
                *(closed[p] for p in parents[node] if p in closed)
            )
    lists = [sorted(closed[row]) for row in range(len(parents))]
    flat = np.fromiter((item for row in lists for item in row), np.int32)
    return {"ancestor": flat, "ancestor.at": np.cumsum([0, *map(len, lists)]).astype(np.uint32)}


def _information_content(arrays: Arrays) -> NDArray[np.float32]:
    """Information content in [0, 1]: 1 - log(1 + n) / log(1 + N).

    For a disease n counts the narrower diseases (Seco, Veale and Hayes 2004); for a phenotype it
    counts the diseases annotated with it or with something narrower (Resnik 1995), since that is
    how rare it is.
    """
    kind = arrays["kind"]
    owner = np.repeat(np.arange(len(kind)), np.diff(arrays["ancestor.at"]).astype(np.int64))
    same = (kind[owner] == kind[arrays["ancestor"]]) & (owner != arrays["ancestor"])
    source = arrays["source"]
    same &= source[owner] == source[arrays["ancestor"]]
    count = np.bincount(arrays["ancestor"][same], minlength=len(kind)).astype(np.float64)
    sizes = np.bincount(source, minlength=int(source.max(initial=0)) + 1)
    total = sizes[source].astype(np.float64)
    annotated = arrays["edge.relation"] == Relation.HAS_PHENOTYPE
    if annotated.any():
        pairs = _distinct(
            arrays["edge.source"][annotated].astype(np.int64) * len(kind)
            + arrays["edge.target"][annotated]
        )
        disease, phenotype = np.divmod(pairs, len(kind))
        at = arrays["ancestor.at"].astype(np.int64)
        spans = at[phenotype + 1] - at[phenotype]
        within = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
        broader = arrays["ancestor"][np.repeat(at[phenotype], spans) + within]
        reached = _distinct(np.repeat(disease, spans) * len(kind) + broader) % len(kind)
        uses = np.bincount(reached, minlength=len(kind))
        phenotypes = kind == Kind.PHENOTYPE
        count[phenotypes], total[phenotypes] = uses[phenotypes], len(_distinct(disease))
    return np.clip(1 - np.log1p(count) / np.log1p(np.maximum(total, 1)), 0, 1).astype(np.float32)


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted distinct values; by sorting, since hashing millions of them takes seconds."""
    ordered = np.sort(values)
    return (
        ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
    )
