"""The chat teacher, end to end against a scripted endpoint that also fails as told."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medaction_gym.actions import Commit, Malformed
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app
from medaction_gym.distill.engine import distill, tree_file
from medaction_gym.distill.export import FILES, read_rows
from medaction_gym.distill.messages import REASONS
from medaction_gym.distill.node import Node
from medaction_gym.distill.scoring import Score
from medaction_gym.distill.selection import Thresholds
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.teachers import Endpoint, TeacherError, make_teacher
from medaction_gym.distill.tree import Growth
from medaction_gym.episode import Episode
from medaction_gym.prompt import read_text
from medaction_gym.rollout import RunError
from tests.chat_server import ChatServer, Step, drops, fails, says

GROWTH = Growth(width=2, nodes=14, depth=8, branching="everywhere")
LENIENT = Thresholds(dtc=0, rac=0)
SAID = "“{}” makes me ask."
Call = tuple[str, Any]


def answers(*moves: tuple[str, Call | None]) -> Step:
    """A completion with a candidate for each pair of text and call."""
    choices = [
        json.loads(says(text, calls=[call] if call else ()).body)["choices"][0]
        for text, call in moves
    ]
    usage = {"prompt_tokens": 100, "completion_tokens": 10 * len(moves)}
    body = {"choices": choices, "model": "scripted-1", "usage": usage}
    return Step(json.dumps(body).encode())


def doctor(body: dict[str, Any]) -> Step:
    """States, orders, states again, commits; each candidate a little different."""
    turn = sum(m["role"] == "assistant" for m in body["messages"])
    complaint = body["messages"][1]["content"].split("Chief complaint: ")[1].splitlines()[0]
    said = SAID.format(complaint)

    def move(i: int) -> Call:
        sure = [{"disease": "Gout", "probability": 0.2 + 0.1 * turn + 0.05 * i}]
        return (
            ("update_differential", {"differential": sure})
            if turn in (0, 2)
            else ("order_test", {"test": ("complete blood count", "urinalysis")[i % 2]})
            if turn == 1
            else ("commit", {"diagnosis": ("Gout", "Lupus")[i % 2]})
        )

    return answers(*((said, move(i)) for i in range(body.get("n", 1))))


def settings(server: ChatServer, **given: Any) -> Settings:
    endpoint = {"model": "scripted", "base_url": server.url, "retries": 4} | given
    return Settings(
        teachers=("chat",), growth=GROWTH, limits=LENIENT, chat=Endpoint.model_validate(endpoint)
    )


def contents(folder: Path) -> dict[str, bytes]:
    names = [*(f"{name}.jsonl" for name in FILES), "report.json", "distill.json"]
    trees = sorted(str(p.relative_to(folder)) for p in (folder / "trees").iterdir())
    return {name: (folder / name).read_bytes() for name in (*names, *trees)}


@pytest.fixture
def two(cases: CaseSet) -> CaseSet:
    return CaseSet([cases[0], cases[1]])


def test_a_run(chat_server: ChatServer, two: CaseSet, tmp_path: Path) -> None:
    chat_server.default = doctor
    report = distill(two, tmp_path, settings=settings(chat_server))
    assert report["fates"]["retained"]["paths"] == 0, "gout it is not"
    sent = len(chat_server.requests)
    assert report["usage"]["requests"] == sent == report["calls"]
    assert report["usage"]["prompt"] == 100 * sent
    assert report["errored"] == []
    record = json.loads(tree_file(tmp_path, two[0].id).read_text())
    assert {n["teacher"] for n in record["nodes"]} == {"chat"}
    # The model sees what a row holds, and is asked to give reasons besides.
    asked = chat_server.requests[3]["messages"]
    nodes = {n["id"]: n for n in record["nodes"]}
    assert asked[0]["content"].endswith(REASONS)
    assert [t["function"]["name"] for t in chat_server.requests[0]["tools"]] == [
        "order_test",
        "update_differential",
        "commit",
    ]
    told = [m for m in asked if m["role"] == "tool"]
    assert all(any(m["content"] == n["message"] for n in nodes.values()) for m in told)
    assert isinstance(asked[2]["tool_calls"][0]["function"]["arguments"], str)


def test_retained_rows_name_their_teacher(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    case = two[0]

    def knows(body: dict[str, Any]) -> Step:
        turn = sum(m["role"] == "assistant" for m in body["messages"])
        gold = case.diagnosis.name
        moves: list[Call] = [("order_test", {"test": t.name}) for t in case.tests]
        sure = [{"disease": gold, "probability": 0.9}]
        moves += [("update_differential", {"differential": sure}), ("commit", {"diagnosis": gold})]
        return answers((SAID.format(case.presentation.chief_complaint), moves[turn]))

    chat_server.default = knows
    run = settings(chat_server)
    growth = Growth(width=1, nodes=40, depth=40)
    report = distill(CaseSet([case]), tmp_path, settings=run.model_copy(update={"growth": growth}))
    (row,) = read_rows(tmp_path / "sft.jsonl")
    assert row["provenance"]["teacher"] == "chat"
    assert report["balance"]["teacher"] == {"chat": 1}
    assert (
        row["messages"][0]["content"] + REASONS == chat_server.requests[0]["messages"][0]["content"]
    )
    assert row["messages"][1] == chat_server.requests[0]["messages"][1]


def test_json_for_models_without_tools(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.script = [
        answers(('{"rationale": "A start.", "action": "order_test", "test": "urinalysis"}', None)),
        answers(('```json\n{"action": "commit", "diagnosis": "Gout"}\n```', None)),
    ]
    run = settings(chat_server, form="json")
    run = run.model_copy(update={"growth": Growth(width=1, nodes=9, branching="never")})
    distill(CaseSet([two[0]]), tmp_path, settings=run)
    record = json.loads(tree_file(tmp_path, two[0].id).read_text())
    assert [n["action"]["action"] for n in record["nodes"]] == ["order_test", "commit"]
    assert record["nodes"][0]["rationale"] == "A start."
    second = chat_server.requests[1]
    assert "tools" not in second
    assert {m["role"] for m in second["messages"]} == {"system", "user", "assistant"}
    assert json.loads(second["messages"][2]["content"])["rationale"] == "A start."


@pytest.mark.parametrize(
    "call",
    [
        ("order_test", '{"test": '),
        ("order_test", "[1]"),
        ("order_test", {"text": "CT"}),
        ("prescribe", {"drug": "aspirin"}),
        ("update_differential", {"differential": [{"disease": "Gout", "probability": 7}]}),
        ("commit", "[" * 100_000),
        None,
    ],
)
def test_malformed_calls_are_pruned_and_recorded(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path, call: Call | None
) -> None:
    good = ("A guess.", ("commit", {"diagnosis": "Gout"}))
    chat_server.script = [answers(("So be it.", call), good)]
    report = distill(CaseSet([two[0]]), tmp_path, settings=settings(chat_server))
    bad, ended = json.loads(tree_file(tmp_path, two[0].id).read_text())["nodes"]
    assert (bad["outcome"], ended["outcome"]) == ("MALFORMED", "ACCEPTED")
    assert bad["fault"].startswith("malformed: ")
    assert report["reasons"] == {"malformed": 1, "divergent": 1}
    assert report["errored"] == []
    assert len(chat_server.requests) == 1, "a malformed move is not gone on with"


def test_failures_that_pass_leave_no_trace(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = doctor
    distill(two, tmp_path / "calm", settings=settings(chat_server))
    needed = len(chat_server.requests)
    trouble = [fails(429, Retry_After="1"), Step(wait=30), drops(), fails(503), fails(500)]
    chat_server.script = [doctor, *trouble[:2], doctor, *trouble[2:], doctor]
    begun = time.monotonic()
    distill(two, tmp_path / "rough", settings=settings(chat_server, timeout=0.4))
    assert len(chat_server.requests) == 2 * needed + len(trouble)
    assert time.monotonic() - begun < 10
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")


def test_retry_after_is_kept(chat_server: ChatServer, two: CaseSet, tmp_path: Path) -> None:
    busy = Step(b'{"error": {"message": "slow down"}}', 429, {"Retry-After": "1"})
    chat_server.script, chat_server.default = [busy], doctor
    distill(CaseSet([two[0]]), tmp_path, settings=settings(chat_server))
    first, second, *_ = chat_server.times
    assert second - first >= 0.9


def test_a_dead_endpoint_is_no_fault_of_the_case(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = doctor
    distill(two, tmp_path / "calm", settings=settings(chat_server))
    needed = len(chat_server.requests)
    chat_server.requests.clear()

    def dies(body: dict[str, Any]) -> Step:
        threading.Thread(target=chat_server.kill).start()
        return Step(wait=5)

    chat_server.script = [doctor] * (needed // 2 + 1) + [dies]
    run = settings(chat_server, retries=0)
    done = []
    report = distill(two, tmp_path / "cut", settings=run, on_case=done.append)
    assert [e["case_id"] for e in report["errored"]] == [two[1].id]
    assert "scripted" in report["errored"][0]["error"]
    assert [bool(d.error) for d in done] == [False, True]
    assert not tree_file(tmp_path / "cut", two[1].id).exists(), "errored is not pruned"
    chat_server.start()
    again = settings(chat_server, retries=0)
    report = distill(two, tmp_path / "cut", settings=again, resume=True)
    assert report["errored"] == []
    assert contents(tmp_path / "cut") == contents(tmp_path / "calm")
    assert len(chat_server.requests) == needed + 1, "only what was never answered is asked again"


def test_killed_and_resumed_nothing_is_paid_for_twice(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = doctor
    distill(two, tmp_path / "calm", settings=settings(chat_server))
    needed = len(chat_server.requests)
    chat_server.requests.clear()
    two.save(tmp_path / "cases.jsonl")
    command = [
        *(sys.executable, "-m", "medaction_gym", "distill", "--teacher", "chat"),
        *("--cases", str(tmp_path / "cases.jsonl"), "--out", str(tmp_path / "cut")),
        *("--model", "scripted", "--base-url", chat_server.url, "--resume"),
        *("--width", "2", "--nodes", "14", "--depth", "8", "--branching", "everywhere"),
        *("--dtc", "0", "--rac", "0", "--price", "2", "10"),
    ]
    reached, hold = threading.Event(), threading.Event()

    def halts(body: dict[str, Any]) -> Step:
        reached.set()
        hold.wait(20)
        return drops()

    chat_server.script = [doctor] * (needed // 3) + [halts]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=os.environ.copy(), **quiet) as run:  # type: ignore[call-overload]
        assert reached.wait(60)
        run.send_signal(signal.SIGKILL)
    hold.set()
    told = subprocess.run(
        command, env=os.environ.copy(), capture_output=True, text=True, check=True
    )
    assert contents(tmp_path / "cut") == contents(tmp_path / "calm")
    # The request in hand when the process died was never answered; no other came twice.
    sent = Counter(json.dumps(request) for request in chat_server.requests)
    assert len(sent) == needed
    assert sorted(sent.values())[-2:] == [1, 2]
    money = needed * (100 * 2 + 20 * 10) / 1e6
    assert f"{needed} requests" in told.stdout
    assert f"{money:.4f} money" in told.stdout


def test_endpoints_that_give_one_at_a_time(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = lambda body: doctor({**body, "n": 1})
    distill(CaseSet([two[0]]), tmp_path, settings=settings(chat_server, several=False))
    first, second = chat_server.requests[:2]
    assert "n" not in first
    assert second["seed"] == first["seed"] + 1
    assert second["messages"] == first["messages"]


def test_rate(chat_server: ChatServer, two: CaseSet, tmp_path: Path) -> None:
    chat_server.default = doctor
    run = settings(chat_server, per_minute=1200)
    distill(CaseSet([two[0]]), tmp_path, settings=run)
    # The whole, not each gap: a busy machine notes an arrival late, and the next in time.
    times = chat_server.times
    assert times[-1] - times[0] >= 0.8 * 0.05 * (len(times) - 1)


def test_the_same_run_may_be_resumed_otherwise(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = doctor
    one = CaseSet([two[0]])
    distill(one, tmp_path, settings=settings(chat_server))
    sent = len(chat_server.requests)
    distill(one, tmp_path, settings=settings(chat_server, per_minute=60, timeout=3), resume=True)
    assert len(chat_server.requests) == sent
    with pytest.raises(RunError, match="different chat"):
        distill(one, tmp_path, settings=settings(chat_server, options={}), resume=True)
    assert "sqlite" not in (tmp_path / "distill.json").read_text()


def test_mixed_with_an_offline_teacher(
    chat_server: ChatServer, two: CaseSet, tmp_path: Path
) -> None:
    chat_server.default = doctor
    run = settings(chat_server).model_copy(update={"teachers": ("knowledge", "chat")})
    distill(CaseSet([two[0]]), tmp_path, settings=run)
    nodes = json.loads(tree_file(tmp_path, two[0].id).read_text())["nodes"]
    assert {n["teacher"] for n in nodes} == {"knowledge", "chat"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"options": {"seed": 1}}, "set with every request"),
        ({"base_url": "https://me:secret@host/v1"}, "password"),
        ({"model": ""}, "model"),
        ({"per_minute": 0}, "per_minute"),
    ],
)
def test_endpoints_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        Endpoint.model_validate({"model": "m"} | given)
    assert "secret" not in str(error.value).split("[type=")[0]


def test_no_model_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--model"):
        distill(CaseSet.teaching()[:1], tmp_path / "out", settings=Settings(teachers=("chat",)))
    assert not (tmp_path / "out").exists()
    result = CliRunner(env={"OPENAI_MODEL": ""}).invoke(
        app, ["distill", "--teacher", "chat", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "OPENAI_MODEL" in result.output


def test_an_endpoint_that_refuses(chat_server: ChatServer, two: CaseSet) -> None:
    chat_server.default = fails(401, "no such key")
    teacher = make_teacher("chat", endpoint=settings(chat_server).chat)
    with pytest.raises(TeacherError, match="no such key"):
        teacher.candidates(Node(0, Episode.start(two[0]), Score()), 2, random.Random(0))


def test_moves_written_as_text() -> None:
    move = read_text('I think so. {"action": "commit", "diagnosis": "Gout"} Yes.')
    assert isinstance(move.action, Commit)
    assert "I think so." in move.rationale
    for text in ("", "}{", "{]}", '{"action": "sing"}', "{" * 50_000 + "}"):
        assert isinstance(read_text(text).action, Malformed)
