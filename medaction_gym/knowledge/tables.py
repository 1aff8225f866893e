"""Plain rows of knowledge: what every source is read into and the compiler is fed with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

NAN = math.nan


class Kind(IntEnum):
    """What a concept is."""

    DISEASE = 0
    PHENOTYPE = 1
    GENE = 2


class Relation(IntEnum):
    """What an edge says; it reads from its source to its target."""

    IS_A = 0  # narrower -> broader
    EQUIVALENT = 1  # a name in a second vocabulary -> the concept in the first
    HAS_PHENOTYPE = 2  # disease -> phenotype, weighted by frequency
    LACKS_PHENOTYPE = 3  # disease -> phenotype that its annotation excludes
    GENE_OF = 4  # gene -> disease


class Quality(IntEnum):
    """How well a string names its concept; lower is better."""

    NAME = 0
    SYNONYM = 1
    LOOSE = 2  # broad, narrow or related
    DRAWER = 3  # filed under a code for "other": named only where nothing else fits


class Concept(NamedTuple):
    """A node of the graph."""

    id: str
    name: str
    kind: Kind
    source: str


class Edge(NamedTuple):
    """An edge and where it comes from."""

    source: str
    relation: Relation
    target: str
    provenance: str
    weight: float = NAN


@dataclass(slots=True)
class Tables:
    """Rows of one or more sources, in the order they were read."""

    concepts: dict[str, Concept] = field(default_factory=dict)
    names: list[tuple[str, str, Quality]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    xrefs: list[tuple[str, str]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # concepts the linker must not answer with

    def add(self, concept: Concept, synonyms: list[tuple[str, Quality]] | None = None) -> None:
        """Add a concept, once, with its names; a concept already known only gains names."""
        if concept.id not in self.concepts:
            self.concepts[concept.id] = concept
            self.names.append((concept.id, concept.name, Quality.NAME))
        elif concept.name != self.concepts[concept.id].name:
            self.names.append((concept.id, concept.name, Quality.SYNONYM))
        self.names.extend((concept.id, text, quality) for text, quality in synonyms or ())

    def merge(self, other: Tables) -> None:
        """Append another source's rows."""
        for concept in other.concepts.values():
            self.concepts.setdefault(concept.id, concept)
        self.names += other.names
        self.edges += other.edges
        self.xrefs += other.xrefs
        self.versions |= other.versions
        self.hidden |= other.hidden
