from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medaction_gym.actions import OrderTest
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app
from medaction_gym.distill.audit import audit, audit_row
from medaction_gym.distill.engine import distill, tree_file
from medaction_gym.distill.executors import POOL, _Lines
from medaction_gym.distill.export import FILES, read_rows
from medaction_gym.distill.node import Candidate, Node
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.teachers.privileged import PrivilegedTeacher
from medaction_gym.distill.tree import Growth
from medaction_gym.episode import Episode, Rules
from medaction_gym.rollout import RunError
from medaction_gym.trajectory import Trajectory

SMALL = Settings(growth=Growth(nodes=120))
OUTPUT = (*(f"{name}.jsonl" for name in FILES), "report.json", "README.md")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUT}


@pytest.fixture(scope="module")
def done(cases: CaseSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("distilled")
    distill(cases, folder, settings=SMALL)
    return folder


def test_rows_have_what_trainers_read(done: Path) -> None:
    rows = list(read_rows(done / "sft.jsonl"))
    assert rows
    for row in rows:
        assert {"messages", "tools", "case_id", "metrics", "reward"} <= row.keys()
        roles = [m["role"] for m in row["messages"]]
        assert roles[:2] == ["system", "user"]
        assert set(roles[2::2]) == {"assistant"}
        assert set(roles[3::2]) == {"tool"}
        assert all(m["content"] for m in row["messages"])
        assert row["messages"][-2]["tool_calls"][0]["function"]["name"] == "commit"
        for name in ("dtc", "rac"):
            assert 0 <= row["metrics"][name] <= 1


def test_rows_replay_to_the_same_words(done: Path, cases: CaseSet) -> None:
    for row in list(read_rows(done / "sft.jsonl"))[::7]:
        episode = Episode.start(cases.get(row["case_id"]), Rules())
        for message in row["messages"][2::2]:
            call = message["tool_calls"][0]["function"]
            episode = episode.act({"action": call["name"], **call["arguments"]})
        record = Trajectory.of(episode)
        plain = [dict(m, content="") if m["role"] == "assistant" else m for m in row["messages"]]
        assert plain == record.messages()
        assert row["reward"] == pytest.approx(record.reward)


def test_every_exported_row_is_grounded(done: Path) -> None:
    found = audit(done)
    assert found.faults == ()
    assert found.rows > 10
    assert found.moves > 100


def test_the_audit_sees_faults(done: Path, cases: CaseSet) -> None:
    row = next(read_rows(done / "sft.jsonl"))
    case = cases.get(row["case_id"])
    row["messages"][2]["content"] = "“Purple nails” and jaundice: gout."
    row["messages"][-1]["content"] = "Nothing."
    faults = [fault for _, fault in audit_row(row, case)]
    assert "cites what was not revealed" in faults[0]
    assert faults[-1] == "the record gives another answer"


def test_preference_pairs_differ_in_the_move_alone(done: Path) -> None:
    found = list(read_rows(done / "preferences.jsonl"))
    for row in found:
        assert row["prompt"][0]["role"] == "system"
        assert row["prompt"][-1]["role"] in ("user", "tool")
        (chosen,), (rejected,) = row["chosen"], row["rejected"]
        assert chosen["role"] == rejected["role"] == "assistant"
        assert chosen["tool_calls"] != rejected["tool_calls"]


def test_report_counts_what_lies_there(done: Path) -> None:
    report = json.loads((done / "report.json").read_text())
    for fate, file in (("retained", "sft"), ("truncated", "truncated"), ("pruned", "refused")):
        assert report["fates"][fate]["paths"] == len(list(read_rows(done / f"{file}.jsonl")))
    assert report["pairs"] == len(list(read_rows(done / "preferences.jsonl")))
    assert sum(report["balance"]["tests"].values()) == report["fates"]["retained"]["paths"]


def test_processes_write_the_same_bytes(done: Path, cases: CaseSet, tmp_path: Path) -> None:
    distill(cases, tmp_path, settings=SMALL, executor="process", jobs=2)
    assert contents(tmp_path) == contents(done)


def command(cases: Path, out: Path, *more: str) -> list[str]:
    program = [sys.executable, "-m", "medaction_gym", "distill", "--cases", str(cases)]
    return [*program, "--out", str(out), "--teacher", "privileged", "--nodes", "120", *more]


def ended(group: int) -> bool:
    """Whether a group of processes is gone, or goes within half a minute."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_killed_run_goes_on(cases: CaseSet, tmp_path: Path, done: Path) -> None:
    """SIGKILL at random points: nothing is lost, nothing is there twice, the bytes are the same."""
    source, out = tmp_path / "cases.jsonl", tmp_path / "out"
    cases.save(source)
    rng = random.Random(5)
    kills = 0
    for attempt in range(3):
        run = command(source, out, "--resume", "--executor", "process", "--jobs", "2")
        environment = os.environ | {"PYTHONHASHSEED": str(attempt)}
        process = subprocess.Popen(
            run,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if len(list((out / "trees").glob("*.json"))) > attempt:
                time.sleep(rng.uniform(0, 0.5))
                break
            time.sleep(0.05)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        assert ended(process.pid), "its workers outlive it"
    assert kills
    subprocess.run(
        command(source, out, "--resume"),
        env=os.environ | {"PYTHONHASHSEED": "9"},
        check=True,
        capture_output=True,
    )
    assert contents(out) == contents(done)


def test_what_a_killed_writer_left_goes(done: Path, cases: CaseSet) -> None:
    before = contents(done)
    left = [done / ".sft.jsonl.x1", done / "trees" / ".a.json.x2", done / ".README.md.x3"]
    for file in left:
        file.write_text("half")
    distill(cases, done, settings=SMALL, resume=True)
    assert not any(file.exists() for file in left)
    assert contents(done) == before


def test_a_full_disk_names_the_file(
    cases: CaseSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was whole before stays, nothing half is there, and the run goes on."""
    distill(cases[:2], tmp_path / "whole", settings=SMALL)
    replace, full = Path.replace, OSError(errno.ENOSPC, "No space left on device")

    def fill(self: Path, target: Path) -> Path:
        if Path(target).name == tree_file(tmp_path, cases[1].id).name:
            raise full
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fill)
        with pytest.raises(OSError, match=r"No space left.*trees/teaching"):
            distill(cases[:2], tmp_path / "full", settings=SMALL)
    assert [f.name for f in (tmp_path / "full" / "trees").iterdir()] == [
        tree_file(tmp_path, cases[0].id).name
    ]
    distill(cases[:2], tmp_path / "full", settings=SMALL, resume=True)
    assert contents(tmp_path / "full") == contents(tmp_path / "whole")


def test_a_worker_that_dies_is_an_error_and_not_the_end(cases: CaseSet, tmp_path: Path) -> None:
    dying = SMALL.model_copy(update={"teachers": ("tests.distill.test_engine:Dying",)})
    with pytest.raises(RunError, match=r"a worker died.*--resume"):
        distill(cases, tmp_path, settings=dying, executor="process", jobs=2)


class Dying(PrivilegedTeacher):
    """A teacher that kills a worker at its first question."""

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def test_a_teacher_takes_others_from_a_bounded_pool(cases: CaseSet, tmp_path: Path) -> None:
    many = CaseSet(cases[0].model_copy(update={"id": f"{n}"}) for n in range(2 * POOL + 1))
    many.save(tmp_path / "cases.jsonl")
    lines = _Lines(tmp_path / "cases.jsonl")
    assert 1 < len(lines.pool()) <= POOL
    assert json.loads(lines.line("1234"))["id"] == "1234"


def test_a_run_is_not_overwritten_nor_mixed(done: Path, cases: CaseSet) -> None:
    with pytest.raises(RunError, match="--resume"):
        distill(cases, done, settings=SMALL)
    other = SMALL.model_copy(update={"growth": Growth(nodes=121)})
    with pytest.raises(RunError, match="different growth"):
        distill(cases, done, settings=other, resume=True)


def test_a_missing_extra_is_said_before_anything_is_written(
    cases: CaseSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medaction_gym.distill.engine.find_spec", lambda name: None)
    monkeypatch.setattr("medaction_gym.distill.parquet.find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"medaction-gym\[ray\]"):
        distill(cases, tmp_path / "new", settings=SMALL, executor="ray")
    command = ["distill", "--parquet", "--out", str(tmp_path / "new"), "--limit", "1"]
    called = CliRunner().invoke(app, command)
    assert called.exit_code == 1
    assert "medaction-gym[distill]" in called.output
    assert not (tmp_path / "new").exists()


def test_a_damaged_tree_is_named(cases: CaseSet, tmp_path: Path) -> None:
    distill(cases[:1], tmp_path, settings=SMALL)
    file = tree_file(tmp_path, cases[0].id)
    file.write_text("{")
    with pytest.raises(RunError, match="damaged"):
        distill(cases[:1], tmp_path, settings=SMALL, resume=True)


def test_benchmark_cases_stay_out(cases: CaseSet, tmp_path: Path) -> None:
    report = distill(cases, tmp_path, settings=SMALL, benchmark=cases[:1])
    assert [m["case_id"] for m in report["excluded"]] == [cases[0].id]
    assert all(r["case_id"] != cases[0].id for r in read_rows(tmp_path / "sft.jsonl"))
    with pytest.raises(ValueError, match="nothing is left"):
        distill(cases[:1], tmp_path / "none", settings=SMALL, benchmark=cases)


def test_unknown_teacher_and_executor(cases: CaseSet, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no teacher"):
        distill(cases, tmp_path, settings=Settings(teachers=("nobody",)))
    with pytest.raises(ValueError, match="unknown executor"):
        distill(cases, tmp_path, executor="cloud")  # type: ignore[arg-type]


def test_requests_are_answered_by_the_record(done: Path) -> None:
    """An order that the teacher plans as in the record gets a result."""
    for row in read_rows(done / "sft.jsonl"):
        plans = row["provenance"]["plans"]
        for plan, message, answer in zip(
            plans, row["messages"][2::2], row["messages"][3::2], strict=True
        ):
            call = message["tool_calls"][0]["function"]
            if call["name"] == OrderTest(test="x").action and plan != "missing":
                assert "not available" not in answer["content"]
