"""What ``medaction-gym knowledge build|info|link`` do, free of any command-line library."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from medaction_gym.knowledge import cache
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Kind, Relation
from medaction_gym.whole import whole_file


def build(*, force: bool = False, show_progress: bool = True) -> dict[str, Any]:
    """Compile the graph into the cache, unless a sound one is there; returns what `info` does."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not show_progress, transient=True) as bar:
        task = bar.add_task("loading the knowledge graph", total=cache.BUILD_STEPS)
        started = time.perf_counter()
        arrays = cache.load_or_build(
            lambda step: bar.update(task, advance=1, description=step), rebuild=force
        )
        seconds = time.perf_counter() - started
    return _describe(KnowledgeGraph(arrays)) | {"seconds": round(seconds, 2)}


def info() -> dict[str, Any]:
    """The cache file, the sources' releases and the graph's size; compiles it where need be."""
    return _describe(knowledge())


def link_file(source: str | Path, target: str | Path) -> dict[str, int]:
    """Link every line of a text file; one JSON row a line, in order, written whole or not at all.

    Each row holds ``text`` and ``concepts``: best first, each with ``id``, ``name``, ``role`` and
    ``confidence``.
    """
    linker = knowledge().linker
    lines = linked = 0
    with (
        Path(source).open(encoding="utf-8", errors="replace", newline="\n") as texts,
        whole_file(target) as out,
    ):
        for line in texts:
            text = line.rstrip("\r\n")
            concepts = [concept._asdict() for concept in linker.link(text)]
            out.write(json.dumps({"text": text, "concepts": concepts}, ensure_ascii=False) + "\n")
            lines += 1
            linked += bool(concepts)
    return {"lines": lines, "linked": linked}


def _describe(graph: KnowledgeGraph) -> dict[str, Any]:
    kinds, relations, path = graph.arrays["kind"], graph.arrays["edge.relation"], cache.cache_file()
    return {
        "cache": str(path),
        "megabytes": round(path.stat().st_size / 1e6, 1) if path.is_file() else None,
        "versions": graph.versions,
        "concepts": {kind.name.lower(): int((kinds == kind).sum()) for kind in Kind},
        "edges": {
            relation.name.lower(): int((relations == relation).sum()) for relation in Relation
        },
        "names": len(graph) + len(graph.arrays["synonym.mark"]),
    }
