"""Measure the knowledge graph: build, load, memory, similarity, linking.

    python scripts/bench_knowledge.py                 # graph and linker, on the graph's own names
    python scripts/bench_knowledge.py --data DIR      # adds linked rates on real diagnoses

``DIR`` holds ``medrbench/*.json``, ``agentclinic/*.jsonl`` and ``judge/judged_pairs.jsonl``. Cases
are split in halves by a hash of their id: the linker was tuned on "dev" only, so "held-out" is the
figure to quote.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from medaction_gym.cases.caseset import CaseSet, stable_fraction

_BUILD = "from medaction_gym.knowledge import build; print(build(show_progress=False)['seconds'])"
_LOAD = """
import resource, time, numpy
start = time.perf_counter()
from medaction_gym.knowledge import knowledge
graph = knowledge()
loaded = time.perf_counter() - start
graph.linker.link("gout")
linked = time.perf_counter() - start
print(loaded, linked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def is_dev(case: str) -> bool:
    """Whether a case belongs to the half the linker was tuned on."""
    return stable_fraction(case, "medaction") < 0.5


def diagnoses(data: Path) -> Iterable[tuple[str, str, str]]:
    """Set, half and text of every diagnosis string in the data directory."""
    for name, pattern in (
        ("MedR-Bench gold", "medrbench/*.json"),
        ("AgentClinic gold", "agentclinic/*.jsonl"),
    ):
        for path in sorted(data.glob(pattern)):
            for case in CaseSet.load(path, on_error="skip"):
                yield name, _half(case.id), case.diagnosis.name
    for line in (data / "judge" / "judged_pairs.jsonl").read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        yield "model predictions", _half(pair["case_id"]), pair["prediction"]


def _half(case: str) -> str:
    return "dev" if is_dev(case) else "held-out"


def measure_build() -> None:
    """Compile into an empty cache, then load it in fresh processes."""
    with tempfile.TemporaryDirectory() as directory:
        environment = os.environ | {"MEDACTION_CACHE": directory}
        run = [sys.executable, "-c", _BUILD]
        built = float(subprocess.run(run, env=environment, capture_output=True, check=True).stdout)
        run = [sys.executable, "-c", _LOAD]
        rows = [
            [
                float(x)
                for x in subprocess.run(
                    run, env=environment, capture_output=True, check=True
                ).stdout.split()
            ]
            for _ in range(5)
        ]
    graph, linker, memory = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"build {built:.1f} s; load {graph:.2f} s, with linker {linker:.2f} s; "
        f"{memory:.0f} MB resident"
    )


def measure_similarity() -> None:
    """Pairs a second, pair by pair and one against many."""
    from medaction_gym.knowledge import knowledge

    graph, chance = knowledge(), random.Random(0)
    diseases = [identifier for identifier in graph if identifier.startswith("MONDO:")]
    pairs = [(chance.choice(diseases), chance.choice(diseases)) for _ in range(50_000)]
    start = time.perf_counter()
    for one, other in pairs:
        graph.similarity(one, other)
    single = len(pairs) / (time.perf_counter() - start)
    start = time.perf_counter()
    graph.similarities(diseases[0], diseases)
    many = len(diseases) / (time.perf_counter() - start)
    print(f"Lin similarity: {single:,.0f} pairs/s one by one, {many:,.0f} pairs/s one against many")


def measure_links(sets: dict[str, list[str]]) -> None:
    """Linked rate and time per string never seen before."""
    from medaction_gym.knowledge import knowledge

    linker = knowledge().linker
    linker.link("warm up the spelling index: meningitys")
    print("| strings | n | linked | with a main concept | median ms | p95 ms |")
    print("|---|---|---|---|---|---|")
    for name, texts in sorted(sets.items()):
        times, linked, named = [], 0, 0
        for text in texts:
            start = time.perf_counter()
            found = linker.link.__wrapped__(text)  # not the cache of strings seen before
            times.append(1000 * (time.perf_counter() - start))
            linked += bool(found)
            named += any(link.role == "main" for link in found)
        n, times = len(times), sorted(times)
        print(
            f"| {name} | {n} | {linked / n:.1%} | {named / n:.1%} "
            f"| {statistics.median(times):.2f} | {times[int(0.95 * n)]:.2f} |"
        )


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    measure_build()
    measure_similarity()
    if args.data:
        sets: dict[str, list[str]] = {}
        for name, half, text in diagnoses(args.data):
            sets.setdefault(f"{name}, {half}", []).append(text)
        measure_links(sets)


if __name__ == "__main__":
    main()
