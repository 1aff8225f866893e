"""Judges, refusals, trials, tokens: what a result says beyond right and wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from typer.testing import CliRunner

from medaction_gym.agents.base import Start, make_agent
from medaction_gym.benchmarks.bench import Entrant, bench, bench_all, rejudge
from medaction_gym.benchmarks.compare import compare
from medaction_gym.benchmarks.data import Choice
from medaction_gym.benchmarks.judges import OFFLINE_FILES, JudgeChoice
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.verify import remarks, verify
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import Usage
from medaction_gym.cli import app
from medaction_gym.measured import costs
from medaction_gym.rollout import RunError, rollout
from medaction_gym.trajectory import read_trajectories
from tests.chat_server import ChatServer, fails, says
from tests.test_layering import PACKAGE, imports

HERE = "tests.benchmarks.test_judges"
LIMIT = 4


class Moody:
    """Right in every other episode of a case, or refuses; counts tokens, has a prompt."""

    privileged = True

    mood = "fair"

    def __init__(self) -> None:
        self.prompt = f"Be {self.mood}."
        self.usage = Usage()

    def begin(self, start: Start) -> None:
        assert start.case is not None
        self.gold = start.case.diagnosis.name
        self.draw = start.rng.random()

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Any:
        self.usage += Usage(prompt_tokens=100, completion_tokens=10, requests=1)
        if self.mood == "shy":
            return {"action": "commit", "diagnosis": "I'm sorry, I cannot help with diagnoses."}
        if self.mood == "mute":
            return "As an AI, I am not able to provide medical advice."
        return {"action": "commit", "diagnosis": self.gold if self.draw < 0.5 else "Gout"}


class Shy(Moody):
    mood = "shy"


class Mute(Moody):
    mood = "mute"


@pytest.fixture(scope="module")
def choice(tmp_path_factory: pytest.TempPathFactory) -> Choice:
    path = tmp_path_factory.mktemp("data") / "cases.jsonl"
    CaseSet.teaching()[:LIMIT].save(path)
    return Choice((path,))


def play(choice: Choice, out: Path, entrant: Entrant, **more: Any) -> Result:
    return bench("medr-bench", choice, "free-turn", entrant, out, **more)


def test_trials_tokens_and_prompt(choice: Choice, tmp_path: Path) -> None:
    entrant = Entrant(f"{HERE}:Moody", seed=5, trials=4, price=(10.0, 100.0))
    result = play(choice, tmp_path / "o", entrant)
    assert list(verify(tmp_path / "o")) == []
    assert sum(result.counts[f] for f in result.counts if f != "truncated_right") == 4 * LIMIT
    right: dict[str, int] = {}
    for row in result.rows:
        right[row.case_id] = right.get(row.case_id, 0) + (row.fate == "right")
    assert 0 < sum(right.values()) < 4 * LIMIT
    assert result.metrics["accuracy"].mean == pytest.approx(sum(right.values()) / (4 * LIMIT))
    # Two of two drawn without replacement are right: c(c - 1) / (4 * 3).
    pairs = sum(c * (c - 1) / 12 for c in right.values()) / LIMIT
    assert result.metrics["pass^2"].mean == pytest.approx(pairs, abs=1e-6)
    assert result.metrics["pass^4"].mean == sum(c == 4 for c in right.values()) / LIMIT
    used = result.measured.usage
    assert used is not None
    assert (used.requests, used.prompt, used.completion) == (16, 1600, 160)
    assert result.measured.cost == pytest.approx((1600 * 10 + 160 * 100) / 1e6)
    assert len(costs(tmp_path / "o")) == 16
    other = play(choice, tmp_path / "p", entrant._replace(agent=f"{HERE}:Shy"))
    assert result.prompt_sha256
    assert result.prompt_sha256 != other.prompt_sha256
    assert compare(result, other).p is None  # trials are not independent
    with pytest.raises(BenchError, match="paired"):
        compare(result, play(choice, tmp_path / "q", Entrant("random")))
    with pytest.raises(RunError, match="trials"):
        play(choice, tmp_path / "o", entrant._replace(trials=2))


@pytest.mark.parametrize("name", ["Shy", "Mute"])
def test_a_refusal_is_not_a_wrong_diagnosis(choice: Choice, tmp_path: Path, name: str) -> None:
    result = play(choice, tmp_path, Entrant(f"{HERE}:{name}"))
    assert result.counts["refused"] == LIMIT
    assert (result.metrics["accuracy"].mean, result.metrics["accuracy"].n) == (0, LIMIT)
    assert list(verify(tmp_path)) == []


def test_several_agents_are_what_they_are_alone(choice: Choice, tmp_path: Path) -> None:
    entrants = [Entrant("protocol"), Entrant("dump-fifty")]
    results = bench_all("agentclinic", choice, "1-turn", entrants, tmp_path / "all")
    alone = bench("agentclinic", choice, "1-turn", entrants[0], tmp_path / "protocol")
    assert [r.kind for r in results] == ["contestant", "exploit"]
    times = {"measured", "data"}
    assert results[0].model_dump(exclude=times) == alone.model_dump(exclude=times)
    assert Result.load(tmp_path / "all" / "protocol") == results[0]


def test_judged_again_by_a_language_model(
    choice: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-secret-key")
    before = play(choice, tmp_path / "o", Entrant("protocol"))
    same = says(json.dumps({"why": "as they say", "verdict": "same"}))
    with ChatServer(fails(500), default=same) as server:
        by = JudgeChoice("llm", "grader", server.url)
        after = rejudge(tmp_path / "o", by, tmp_path / "llm")
        asked = len(server.requests)
    # Rules settle some, as a quoted report is no answer; the failed request was tried again.
    assert asked == after.counts["right"] + len(after.rows) * 2 + 1
    assert after.counts["right"] > before.counts["right"]
    assert (after.judge.name, after.judge.model) == ("llm", "grader")
    assert after.trajectories_sha256 == before.trajectories_sha256
    assert "sk-test" not in (tmp_path / "llm" / "result.json").read_text()
    # The server is gone: the record beside the result says what it said.
    assert list(verify(tmp_path / "llm")) == []
    assert "not asked again" in remarks(tmp_path / "llm")[0]
    with pytest.raises(BenchError, match="rejudge"):
        compare(before, after)
    with pytest.raises(BenchError, match="holds a result"):
        rejudge(tmp_path / "o", JudgeChoice(), tmp_path / "llm")
    record = tmp_path / "llm" / "judge.jsonl"
    record.write_text(record.read_text().replace("same", "different"))
    assert "judge" in next(verify(tmp_path / "llm"))
    assert rejudge(tmp_path / "llm", JudgeChoice()).counts == before.counts


def test_the_registered_environment_plays_as_the_benchmark(choice: Choice, tmp_path: Path) -> None:
    for protocol in ("oracle", "1-turn", "free-turn"):
        env = gym.make("MedAction-MedRBench-v0", data=choice.files[0], protocol=protocol)
        check_env(env.unwrapped, skip_render_check=True)
        out = tmp_path / protocol
        bench("medr-bench", choice, protocol, Entrant("knowledge"), out)
        for record in read_trajectories(out / "trajectories.jsonl"):
            played = env.unwrapped
            case = played.cases.get(record.case_id)
            name = record.agent
            again = rollout(played, make_agent("knowledge"), case, name=name)
            assert [s.released for s in again.steps] == [s.released for s in record.steps]
            assert (again.prediction, again.reward) == (record.prediction, record.reward)
    with pytest.raises(ValueError, match="protocol"):
        gym.make("MedAction-MedRBench-v0", data=choice.files[0], protocol="2-turn")


def test_the_judge_is_hashed_whole() -> None:
    """Whatever of the metrics the judge imports is part of its hash."""
    waiting, met = ["metrics.judge"], set[str]()
    while waiting:
        name = waiting.pop()
        path = (PACKAGE / Path(*name.split("."))).with_suffix(".py")
        if name not in met and path.exists():
            met.add(name)
            waiting += [one for one in imports(path) if one.startswith("metrics.")]
    assert {f"{name.replace('.', '/')}.py" for name in met} <= set(OFFLINE_FILES)


def unsure() -> Callable[[str, str], Any]:
    raise ValueError("no weights")


def test_a_judge_that_cannot_be_made(choice: Choice, tmp_path: Path) -> None:
    for name in ("nowhere", "nowhere:judge", f"{HERE}:unsure"):
        with pytest.raises(BenchError, match="cannot be made"):
            play(choice, tmp_path / "o", Entrant("random"), judge=JudgeChoice(name))
    assert not (tmp_path / "o").exists()


def test_a_model_behind_an_endpoint(
    choice: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-secret-key")
    orders = says(None, calls=[("order_test", {"test": "CBC"})])
    commits = says(None, calls=[("commit", {"diagnosis": "Gout"})])
    with ChatServer(orders, orders, default=commits) as server:
        call = ["bench", "medr-bench", "--data", str(choice.files[0]), "--limit", "2"]
        call += ["--agent", "chat", "--model", "scripted", "--endpoint", server.url]
        call += ["--protocol", "1-turn", "--per-minute", "6000", "--price", "10", "100"]
        done = CliRunner().invoke(app, [*call, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    result = Result.load(tmp_path)
    assert result.agent == "chat:scripted"
    assert result.chat is not None
    assert result.chat["model"] == "scripted"
    assert result.measured.endpoint == server.url
    used = result.measured.usage
    assert used is not None
    assert (used.requests, used.prompt) == (4, 40)
    assert result.measured.cost == pytest.approx((40 * 10 + 8 * 100) / 1e6)
    assert result.prompt_sha256
    steps = next(read_trajectories(tmp_path / "trajectories.jsonl")).steps
    assert [step.outcome for step in steps][1:] == ["MALFORMED", "ACCEPTED"]  # one round of orders
    assert list(verify(tmp_path)) == []
    assert "sk-test" not in "".join(
        file.read_text() for file in tmp_path.iterdir() if file.suffix in (".json", ".jsonl")
    )
