"""The executor ray: the same bytes as serial, even when a worker is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.engine import distill
from medaction_gym.distill.executors import grow
from medaction_gym.distill.export import FILES
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.tree import Growth
from medaction_gym.rollout import RunError

pytest.importorskip("ray", reason="needs the extra: pip install 'medaction-gym[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # ray's own

SMALL = Settings(growth=Growth(nodes=120))
OUTPUT = (*(f"{name}.jsonl" for name in FILES), "report.json", "README.md")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUT}


def busy_workers() -> list[int]:
    """The process ids of Ray's workers that are growing a tree."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(b"ray::_grow"):
            found.append(int(folder.name))
    return found


def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    cases = CaseSet.teaching()[:8]
    distill(cases, tmp_path / "serial", settings=SMALL)
    killed = list[int]()
    told = list[str]()

    def kill_one(done: object) -> None:
        told.append(done.case_id)  # type: ignore[attr-defined]
        if not killed and (workers := busy_workers()):
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])

    distill(cases, tmp_path / "ray", settings=SMALL, executor="ray", jobs=2, on_case=kill_one)
    assert killed, "no worker was at work"
    assert sorted(told) == sorted(case.id for case in cases)
    assert contents(tmp_path / "ray") == contents(tmp_path / "serial")


def test_a_case_that_kills_every_worker_is_named(tmp_path: Path) -> None:
    cases = CaseSet.teaching()[:1]
    cases.save(tmp_path / "cases.jsonl")
    deadly = Settings(teachers=("tests.extras.test_ray:Deadly",))
    with pytest.raises(RunError, match=f"case {cases[0].id}: its worker died 4 times"):
        list(grow([cases[0].id], deadly, tmp_path / "cases.jsonl", "ray", 2))


class Deadly:
    """A teacher whose process does not survive it."""

    def __init__(self, cases: object = ()) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
