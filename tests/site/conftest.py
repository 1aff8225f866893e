"""A small site with everything in it: results, a hostile run, trees small, large and hostile."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from medaction_gym.benchmarks.bench import Entrant, bench
from medaction_gym.benchmarks.data import Choice
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.engine import distill
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.tree import Growth
from medaction_gym.episode import Episode
from medaction_gym.site.site import write_site
from medaction_gym.trajectory import Trajectory, write_trajectories

HOSTILE = (
    '<img src=x onerror="window.pwned=1"></script><script>window.pwned=1</script>'
    "\u2028'\"]]>--><b>&amp; ${window.pwned=1} {{ 7*7 }} [/x] javascript:alert(1)"
)
AGENTS = ("knowledge", "protocol", "cheating-oracle", "dump-fifty")
LARGE = 10_000


def hostile_case() -> Case:
    return Case.model_validate(
        {
            "id": f"hostile {HOSTILE}",
            "provenance": {
                "source": HOSTILE,
                "license": HOSTILE,
                "url": "javascript:window.pwned=1",
                "note": HOSTILE,
            },
            "presentation": {"patient": HOSTILE, "chief_complaint": HOSTILE, "history": HOSTILE},
            "tests": [{"name": HOSTILE, "category": "other", "result": HOSTILE}],
            "diagnosis": {"name": HOSTILE, "synonyms": [HOSTILE + "x"]},
        }
    )


def hostile_run(folder: Path) -> None:
    case = hostile_case()
    belief = [
        {"disease": HOSTILE, "probability": 0.6},
        {"disease": f"{HOSTILE} 2", "probability": 0.2},
    ]
    episode = Episode.start(case)
    for action in (
        {"action": "order_test", "test": HOSTILE},
        {"action": "update_differential", "differential": belief},
        {HOSTILE: HOSTILE},
        {"action": "commit", "diagnosis": HOSTILE},
    ):
        episode = episode.act(action)
    folder.mkdir(parents=True)
    CaseSet([case]).save(folder / "cases.jsonl")
    record = Trajectory.of(episode, agent=HOSTILE, error=HOSTILE)
    write_trajectories(folder / "trajectories.jsonl", [record])


def tree_record(case: Case, size: int, *, said: str = "") -> dict[str, Any]:
    """A tree of a given size, with every fate in it."""
    rng = random.Random(0)
    nodes: list[dict[str, Any]] = []
    leaves = set(range(1, size + 1))
    for n in range(1, size + 1):
        parent = max(0, n - rng.randint(1, 40))
        leaves.discard(parent)
        action = (
            {"action": "order_test", "test": f"{said}test {n}"},
            {
                "action": "update_differential",
                "differential": [{"disease": f"{said}disease {n}", "probability": 0.5}],
            },
        )[n % 2]
        nodes.append(
            {"id": n, "parent": parent, "action": action, "rationale": f"{said}because {n}"}
            | {"teacher": f"{said}t", "plan": f"{said}p", "outcome": "RESULT"}
            | {"message": f"{said}answer {n}", "fault": said, "same_as": -1}
            | {"dtc": 0.5, "rac": 0.25, "potential": 0.75}
        )
    for n in leaves:
        nodes[n - 1]["action"] = {"action": "commit", "diagnosis": f"{said}disease {n}"}
    fates = ("retained", "truncated", "pruned")
    paths = []
    for i, n in enumerate(sorted(leaves)):
        fate = fates[i % 3]
        end = {"retained": n, "truncated": nodes[n - 1]["parent"], "pruned": -1}[fate]
        paths.append(
            {"leaf": n, "fate": fate, "end": end, "reason": f"{said}reason {n}"}
            | {"metrics": {"dtc": 0.5}, "reward": 0.5, "order": [], "grounds": "graph"}
        )
    return {
        "schema_version": "medaction-tree/1",
        "case_id": case.id,
        "case_hash": case.hash,
        "opening": said + "opening",
        "nodes": nodes,
        "paths": paths,
        "pairs": [{"chosen": 1, "rejected": 2, "gap": 0.5, "reason": said}],
    }


def save_trees(folder: Path, *trees: tuple[Case, dict[str, Any]]) -> None:
    (folder / "trees").mkdir(parents=True)
    (folder / "distill.json").write_text("{}", encoding="utf-8")
    CaseSet([case for case, _ in trees]).save(folder / "cases.jsonl")
    for n, (_, record) in enumerate(trees):
        text = json.dumps(record)
        (folder / "trees" / f"{n}.json").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, teaching: CaseSet) -> Path:
    """A folder of runs and trees."""
    folder = tmp_path_factory.mktemp("runs")
    cases = teaching[:4]
    cases.save(folder / "data.jsonl")
    data = Choice((folder / "data.jsonl",))
    for agent in AGENTS:
        bench("medr-bench", data, "free-turn", Entrant(agent), folder / "free" / agent)
    for agent in AGENTS[:2]:
        twice = Entrant(agent, trials=2)
        bench("agentclinic", data, "1-turn", twice, folder / "one" / agent)
    hostile_run(folder / "hostile")
    distill(cases[:1], folder / "grown", settings=Settings(growth=Growth(nodes=60)))
    hostile = hostile_case()
    save_trees(
        folder / "made",
        (hostile, tree_record(hostile, 20, said=HOSTILE)),
        (cases[1], tree_record(cases[1], LARGE)),
    )
    return folder


@pytest.fixture(scope="session")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of `runs`."""
    out = tmp_path_factory.mktemp("site") / "site"
    write_site([runs], out)
    return out
