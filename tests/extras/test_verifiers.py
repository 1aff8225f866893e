"""verifiers' own command plays episodes against a scripted endpoint (extra verifiers)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verifiers", reason="needs the extra verifiers")

from medaction_gym.cases.caseset import CaseSet
from tests.chat_server import ChatServer, Step, fails, raw


def streams(text: str) -> Step:
    """A completion as a stream of events, which is how verifiers asks for it."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    pieces = [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}},
    ]
    events = [f"data: {json.dumps(head | piece)}\n\n" for piece in pieces]
    return raw("".join([*events, "data: [DONE]\n\n"]), kind="text/event-stream")


def play(body: dict[str, object]) -> Step:
    """A first order, nonsense, then a commitment to the case's own diagnosis."""
    messages = body["messages"]
    assert isinstance(messages, list)
    turn = sum(message["role"] == "assistant" for message in messages)
    opening = json.dumps(messages)
    case = next(
        c for c in CaseSet.teaching() if json.dumps(c.presentation.history)[1:60] in opening
    )
    return streams(
        (
            json.dumps({"action": "order_test", "test": case.tests[0].name}),
            "I am not sure.",
            f"So it is. {json.dumps({'action': 'commit', 'diagnosis': case.diagnosis.name})}",
        )[min(turn, 2)]
    )


def evaluate(default: object, out: Path) -> list[dict[str, Any]]:
    """The episodes of ``vf-eval`` on three cases."""
    with ChatServer() as server:
        server.default = default  # type: ignore[assignment]
        command = [
            str(Path(sys.executable).with_name("vf-eval")), "medaction_vf",
            "--env.taskset.reward", "outcome", "--select.limit", "3", "--no-push",
            "--model", "scripted", "--client.base-url", server.url, "-o", str(out),
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=out,
            env={
                **os.environ,
                "NO_PROXY": "127.0.0.1",
                "OPENAI_API_KEY": "x",
                "PRIME_API_KEY": "x",
            },
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [path] = out.rglob("traces.jsonl")
    episodes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(episodes) == 3
    return episodes


def test_the_command_plays_and_keeps_every_turns_reward(tmp_path: Path) -> None:
    for episode in evaluate(play, tmp_path):
        assert episode["ok"], episode
        [trace] = episode["traces"]
        rewards = trace["info"]["rewards"]
        assert len(rewards) == 4  # three turns, and nothing left for the end
        assert rewards[1] == pytest.approx(-0.06)
        assert rewards[2] > 0.9
        assert sum(rewards) == pytest.approx(trace["rewards"]["episode"]["score"])


def test_a_failing_endpoint_is_no_fact_about_the_player(tmp_path: Path) -> None:
    for episode in evaluate(fails(400), tmp_path):
        [trace] = episode["traces"]
        assert not episode["ok"]
        assert trace["errors"]
        assert trace.get("rewards", {}) == {}
