"""Medical knowledge: a graph of diseases, phenotypes and genes, and a linker from text to it.

Nothing is read on import. The graph is compiled once from the installed sources, cached, and mapped
into memory from then on (`KnowledgeGraph.load`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medaction_gym.knowledge.commands import build, info, link_file
    from medaction_gym.knowledge.findings import evidence, findings_file
    from medaction_gym.knowledge.graph import Annotation, KnowledgeGraph
    from medaction_gym.knowledge.linker import Link, Linker
    from medaction_gym.knowledge.loaders import read_csv, read_primekg, read_umls
    from medaction_gym.knowledge.shared import knowledge, link
    from medaction_gym.knowledge.tables import Concept, Edge, Kind, Quality, Relation, Tables

_PUBLIC = {
    "Annotation": "graph",
    "Concept": "tables",
    "Edge": "tables",
    "Kind": "tables",
    "KnowledgeGraph": "graph",
    "Link": "linker",
    "Linker": "linker",
    "Quality": "tables",
    "Relation": "tables",
    "Tables": "tables",
    "build": "commands",
    "evidence": "findings",
    "findings_file": "findings",
    "info": "commands",
    "knowledge": "shared",
    "link": "shared",
    "link_file": "commands",
    "read_csv": "loaders",
    "read_primekg": "loaders",
    "read_umls": "loaders",
}

__all__ = [
    "Annotation",
    "Concept",
    "Edge",
    "Kind",
    "KnowledgeGraph",
    "Link",
    "Linker",
    "Quality",
    "Relation",
    "Tables",
    "build",
    "evidence",
    "findings_file",
    "info",
    "knowledge",
    "link",
    "link_file",
    "read_csv",
    "read_primekg",
    "read_umls",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
