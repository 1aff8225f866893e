"""Rollout: every case accounted for, resumable, the same bytes for any number of jobs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from medaction_gym.agents.base import AGENTS, Start, make_agent
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Rules
from medaction_gym.rollout import RunError, run
from medaction_gym.summary import summarise
from medaction_gym.trajectory import Settings, read_trajectories


class Failing:
    """Fails on some cases, as an endpoint that is down would."""

    privileged = False

    def begin(self, start: Start) -> None:
        self.id = start.info["case_id"]

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> object:
        if "cardiology" in self.id:
            raise ConnectionError("endpoint is down")
        return (2, "Gout")


@pytest.mark.parametrize("name", AGENTS)
def test_every_agent_finishes(name: str, teaching: CaseSet, tmp_path: Path) -> None:
    trajectories = run(teaching[:4], name, tmp_path)
    assert [t.case_id for t in trajectories] == [c.id for c in teaching[:4]]
    assert all(t.status != "errored" for t in trajectories)
    if name == "cheating-oracle":
        assert all(t.right for t in trajectories)
    else:
        assert make_agent(name).privileged is False


def test_exploits_do_not_pay(teaching: CaseSet, tmp_path: Path) -> None:
    means = {
        name: summarise(run(teaching, name, tmp_path / name)).reward
        for name in AGENTS
        if name not in ("protocol", "knowledge")
    }
    best = means.pop("cheating-oracle")
    assert best > 0.5
    assert max(means.values()) < 0.1


def test_files_do_not_depend_on_jobs(teaching: CaseSet, tmp_path: Path) -> None:
    run(teaching[:10], "random", tmp_path / "one", seed=3)
    run(teaching[:10], "random", tmp_path / "two", seed=3, jobs=2)
    for name in ("run.json", "cases.jsonl", "trajectories.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_case_plays_the_same_alone(teaching: CaseSet, tmp_path: Path) -> None:
    among = run(teaching[:5], "random", tmp_path / "a")[3]
    alone = run(teaching[3:4], "random", tmp_path / "b")[0]
    assert among == alone


def test_resume_after_a_torn_line(teaching: CaseSet, tmp_path: Path) -> None:
    run(teaching[:8], "random", tmp_path)
    file = tmp_path / "trajectories.jsonl"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4]) + lines[4][:50])
    told: list[str] = []
    run(teaching[:8], "random", tmp_path, on_case=lambda t: told.append(t.case_id))
    assert file.read_bytes() == whole
    assert told == [c.id for c in teaching[:8]]


def test_kill_and_resume(teaching: CaseSet, tmp_path: Path) -> None:
    run(teaching, "order-everything", tmp_path / "whole")
    command = [
        sys.executable, "-m", "medaction_gym", "run",
        "--agent", "order-everything", "--out", str(tmp_path / "killed"),
    ]  # fmt: skip
    rng = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = tmp_path / "killed" / "trajectories.jsonl"
        before = file.stat().st_size if file.exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if file.exists() and file.stat().st_size > before + rng.randrange(1, 60_000):
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert (tmp_path / "killed" / "trajectories.jsonl").read_bytes() == (
        tmp_path / "whole" / "trajectories.jsonl"
    ).read_bytes()


def test_errors_are_neither_wrong_nor_lost(teaching: CaseSet, tmp_path: Path) -> None:
    trajectories = run(teaching[:6], "tests.test_rollout:Failing", tmp_path)
    summary = summarise(trajectories)
    assert summary.errored == sum("cardiology" in c.id for c in teaching[:6]) > 0
    assert summary.cases == 6
    assert summary.right + summary.wrong + summary.truncated + summary.errored == 6
    failed = next(t for t in trajectories if t.status == "errored")
    assert failed.error == "ConnectionError: endpoint is down"
    assert failed.grade == 0.0


def test_two_runs_do_not_mix(teaching: CaseSet, tmp_path: Path) -> None:
    run(teaching[:2], "random", tmp_path)
    with pytest.raises(RunError, match="different seed"):
        run(teaching[:2], "random", tmp_path, seed=1)
    with pytest.raises(RunError, match="different cases"):
        run(teaching[:3], "random", tmp_path)
    with pytest.raises(RunError, match="different settings"):
        run(teaching[:2], "random", tmp_path, settings=Settings(rules=Rules(max_turns=3)))


def test_two_at_once_are_refused(teaching: CaseSet, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"), pytest.raises(RunError, match="another run"):
        run(teaching[:2], "random", tmp_path)


def test_a_damaged_folder_is_named(teaching: CaseSet, tmp_path: Path) -> None:
    run(teaching[:2], "random", tmp_path)
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"run\.json: is damaged"):
        run(teaching[:2], "random", tmp_path)
    (tmp_path / "run.json").unlink()
    with pytest.raises(RunError, match=r"no run\.json"):
        run(teaching[:2], "random", tmp_path)


def test_unknown_agents(teaching: CaseSet, tmp_path: Path) -> None:
    for name, words in (
        ("nobody", "known: random"),
        ("json:Nobody", "cannot be loaded"),
        ("json:JSONDecoder", "no privileged, no begin, no act"),
    ):
        with pytest.raises(ValueError, match=words):
            run(teaching[:1], name, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_all_real_cases(real_cases: CaseSet, tmp_path: Path) -> None:
    for agent in ("cheating-oracle", "protocol"):
        trajectories = run(real_cases, agent, tmp_path / agent)
        summary = summarise(trajectories)
        assert summary.cases == 595
        assert summary.errored == 0
        known = {c.id: c for c in real_cases}
        for t in list(read_trajectories(tmp_path / agent / "trajectories.jsonl"))[::20]:
            assert t.replay(known[t.case_id]).to_json() == t.to_json()
        if agent == "cheating-oracle":
            assert summary.right == 595
            assert all(t.tests >= 1 for t in trajectories)


def test_trajectories_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        subprocess.run(
            [
                sys.executable, "-m", "medaction_gym", "run",
                "--agent", "protocol", "--limit", "6", "--out", str(tmp_path / seed),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )  # fmt: skip
    one, two = ((tmp_path / s / "trajectories.jsonl").read_bytes() for s in ("1", "2"))
    assert one == two
    assert json.loads(one.splitlines()[0])["agent"] == "protocol"
