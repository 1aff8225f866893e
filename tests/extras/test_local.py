"""The packaged SmolLM2, for real: in this process, and behind a server on loopback.

scripts/test_extra.sh local
"""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medaction_gym.actions import Malformed
from medaction_gym.agents import ChatAgent
from medaction_gym.agents.smollm2 import SmolLM2Agent
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.verify import verify
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import EndpointError, embedded
from medaction_gym.chat.embedded import EmbeddedModel
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.cli import app
from medaction_gym.lockstep import lockstep
from medaction_gym.models import fetch_gguf
from medaction_gym.rollout import make_env, run
from medaction_gym.trajectory import Settings

xllamacpp = pytest.importorskip(
    "xllamacpp", reason="needs the extra: pip install 'medaction-gym[local]'"
)

CASES = CaseSet.teaching()[:2]
SHORT = Settings.model_validate({"rules": {"max_turns": 2}})


@pytest.fixture(scope="module")
def gguf() -> Path:
    return fetch_gguf("smollm2")


def test_in_this_process(gguf: Path, tmp_path: Path) -> None:
    played = run(CASES[:1], "smollm2", tmp_path / "a", settings=SHORT)
    assert {t.status for t in played} <= {"committed", "truncated"}, [t.error for t in played]
    steps = [step for t in played for step in t.steps]
    assert sum(isinstance(step.action, Malformed) for step in steps) <= 1
    # Loaded anew it says the same; what it read before changes how it rounds.
    embedded.server.cache_clear()
    again = run(CASES[:1], "smollm2", tmp_path / "b", settings=SHORT)
    assert [t.steps for t in again] == [t.steps for t in played]


def test_what_does_not_fit_is_no_answer(gguf: Path) -> None:
    model = EmbeddedModel(gguf)
    with pytest.raises(EndpointError, match="context size"):
        model.ask([{"role": "user", "content": "word " * 9_000}], max_tokens=1)
    assert model.usage.requests == 0


def test_behind_a_server(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai", reason="needs the extra: pip install 'medaction-gym[llm]'")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    agent: Any = SmolLM2Agent()
    server = agent._client._server
    endpoint = Endpoint(
        model="smollm2",
        base_url=f"{server.listening_address}/v1",
        form="json",
        options={"temperature": 0.7, "max_tokens": 320},
        context=2000,
    )
    chat = ChatAgent(endpoint)
    played = list(lockstep(CASES, chat, lambda: make_env(CASES, SHORT), seats=2, settings=SHORT))
    assert {t.status for t in played} <= {"committed", "truncated"}, [t.error for t in played]
    steps = [step for t in played for step in t.steps]
    assert sum(isinstance(step.action, Malformed) for step in steps) <= 1
    assert chat.usage.requests == len(steps)
    assert chat.usage.completion > 0


def test_a_benchmark(gguf: Path, tmp_path: Path) -> None:
    CASES[:1].save(tmp_path / "cases.jsonl")
    call = ["bench", "medr-bench", "--data", str(tmp_path / "cases.jsonl"), "--agent", "smollm2"]
    done = CliRunner().invoke(app, [*call, "--out", str(tmp_path / "o")])
    assert done.exit_code == 0, done.output
    result = Result.load(tmp_path / "o")
    assert result.counts["errored"] == 0
    assert result.measured.usage is not None
    assert result.measured.usage.completion > 0
    assert list(verify(tmp_path / "o")) == []


def test_watching(gguf: Path) -> None:
    asked = ["play", "--watch", "--agent", "smollm2", "--max-turns", "1"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "The diagnosis was" in result.output
    assert "1 requests" in result.output


def test_serving(gguf: Path) -> None:
    command = [sys.executable, "-m", "medaction_gym", "models", "serve", "smollm2", "--port"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*command, str(port)], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert f"http://127.0.0.1:{port}/v1" in running.stdout.readline()
        again = subprocess.run([*command, str(port)], capture_output=True, text=True, timeout=100)
        assert again.returncode == 1
        assert f"port {port} is taken" in again.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=20) as answer:
            assert gguf.name.encode() in answer.read()
        running.terminate()
