"""A language model as the patient, against a scripted endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from typer.testing import CliRunner

from medaction_gym.actions import OrderTest
from medaction_gym.benchmarks.bench import Entrant, bench
from medaction_gym.benchmarks.data import Choice
from medaction_gym.benchmarks.leaderboard import as_markdown, leaderboard
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.verify import remarks, verify
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import ChatClient, ReplyError
from medaction_gym.cli import app
from medaction_gym.measured import costs
from medaction_gym.oracle import Release
from medaction_gym.oracle.patient import Patients
from medaction_gym.rollout import RunError, run
from medaction_gym.trajectory import read_trajectories
from tests.benchmarks.asking import (
    CASES,
    HERE,
    PANEL,
    WITH_PANEL,
    by_name,
    endpoint,
    patient,
    told,
)
from tests.chat_server import ChatServer, Scripted, Step, fails, says

Clients = Callable[..., ChatClient]


@pytest.mark.parametrize(
    ("answer", "outcome", "released"),
    [
        (("PANEL", ["N"], True), "RESULT", [-1]),
        (("PANEL", ["N.2"], True), "RESULT", [1]),
        (("PANEL", ["N.2", "N", "N.1", "N"], True), "RESULT", [-1]),
        (("PANEL", [], True), "UNAVAILABLE", []),
        (("PANEL", [], False), "NOT_UNDERSTOOD", []),
    ],
)
def test_an_answer(
    chat_server: ChatServer,
    chat_client: Clients,
    answer: tuple[str, list[str], bool],
    outcome: str,
    released: list[int],
) -> None:
    item = WITH_PANEL.tests.index(PANEL)
    words, results, examination = answer
    numbers = [number.replace("N", str(item + 1)) for number in results]
    chat_server.default = told((words, numbers, examination))
    env = gym.make(
        "MedAction-v0", cases=CaseSet([WITH_PANEL]), oracle=Patients(chat_client())
    ).unwrapped
    env.reset()
    observation, *_, info = env.step({"action": "order_test", "test": "the panel, please"})
    assert info["outcome"] == outcome
    assert env.episode.seen == {Release(item, part) for part in released}
    said = PANEL.result if released == [-1] else PANEL.analytes[1].result if released else ""
    assert said in observation["message"]
    assert (info["usd"] > 0) == bool(released)


def test_the_model_is_not_told_the_diagnosis_and_its_words_are_not_shown(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    case = CASES[0]
    gold = case.diagnosis.name
    chat_server.default = told((f"the test for {gold}", [], True))
    (part,) = Patients(chat_client())(case).answer("anything for a cough")
    assert part.asked == "anything for a cough"  # not what the model wrote
    assert gold not in part.why
    (request,) = chat_server.requests
    shown = json.loads(request["messages"][1]["content"])
    assert shown["case"] == case.presentation.model_dump()
    assert {r["name"]: r["result"] for r in shown["results"]} == {
        t.name: t.result for t in case.tests
    }
    assert "diagnosis" not in shown
    chat_server.default = told(("COUGH for a", [], True), ("anything", ["1"], True))
    parts = Patients(chat_client())(case).answer("anything for a cough")
    assert [part.asked for part in parts] == ["COUGH for a", "anything"]


@pytest.mark.parametrize(
    "said",
    [
        "Everything is normal.",
        "",
        '{"requested": []}',
        '{"requested": [{"words": "x", "results": ["99"], "examination": true}]}',
        '{"requested": [{"words": "x", "results": ["0"], "examination": true}]}',
        '{"requested": [{"words": "x", "results": ["1"]}]}',
        '{"requested": [{"words": "x", "results": "1", "examination": true}], "diagnosis": "y"}',
    ],
)
def test_an_unusable_answer_is_no_answer(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path, said: str
) -> None:
    chat_server.default = says(said)
    patients = Patients(chat_client(), tmp_path / "patient.jsonl")
    with pytest.raises(ReplyError):
        patients(CASES[0]).answer("x")
    assert len(chat_server.requests) == 2  # it was told what was wrong, and asked again
    row = json.loads((tmp_path / "patient.jsonl").read_text())
    assert row["raw"] == [said, said]
    chat_server.default = told(("x", ["1"], True))
    assert patients(CASES[0]).answer("x")[0].releases == (Release(0),)
    asked = len(chat_server.requests)
    again = Patients(chat_client(), tmp_path / "patient.jsonl")
    assert again(CASES[0]).answer("x")[0].releases == (Release(0),)
    assert len(chat_server.requests) == asked
    with pytest.raises(ValueError, match="no row of a patient's record"):
        Patients(chat_client(), CASES.save(tmp_path / "c.jsonl") or tmp_path / "c.jsonl")


def test_the_first_answer_stays_for_all_who_share_a_record(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    """Two who ask the same at the same time go on with the same answer, as a replay will."""
    slow, fast = Patients(chat_client(), tmp_path / "r"), Patients(chat_client(), tmp_path / "r")

    def meanwhile(_: dict[str, Any]) -> Step:
        chat_server.default = told(("x", ["2"], True))
        assert fast(CASES[0]).answer("x")[0].releases == (Release(1),)
        return told(("x", ["1"], True))

    chat_server.default = meanwhile
    assert slow(CASES[0]).answer("x")[0].releases == (Release(1),)
    assert len((tmp_path / "r").read_text().splitlines()) == 2


# --- a benchmark with a patient


@pytest.mark.parametrize("protocol", ["1-turn", "free-turn"])
def test_played_verified_replayed(
    chat_server: ChatServer, choice: Choice, tmp_path: Path, protocol: Any
) -> None:
    chat_server.default = patient
    out = tmp_path / "o"
    entrant = Entrant(f"{HERE}:Asks", patient=endpoint(chat_server))
    result = bench("medr-bench", choice, protocol, entrant, out)
    assert result.counts["wrong"] == len(CASES)
    asked = len(chat_server.requests)
    for record, case in zip(read_trajectories(out / "trajectories.jsonl"), CASES, strict=True):
        handed = [[case.tests[item].name for item, _ in step.released] for step in record.steps]
        orders = [s.action.test for s in record.steps if isinstance(s.action, OrderTest)]
        outcomes = [str(step.outcome) for step in record.steps]
        whole = [test.name for test in case.tests[::2]]
        if protocol == "1-turn":
            assert orders == whole[:1]
            assert handed[0] == whole[:1]
        else:
            assert [names for names in handed if names] == [[name] for name in whole]
            assert outcomes[-3:] == ["UNAVAILABLE", "REPEATED", "ACCEPTED"]
    # The same question is not asked twice.
    assert asked == sum(len(set(c.tests[::2])) + 1 if protocol == "free-turn" else 1 for c in CASES)
    assert result.measured.patient_usage is not None
    assert result.measured.patient_usage.requests == asked
    assert result.patient is not None
    assert result.patient.endpoint == chat_server.url
    assert "patient p patient-1" in as_markdown(leaderboard([result]))
    chat_server.kill()
    assert list(verify(out)) == []
    assert list(verify(out, jobs=2)) == []
    assert any("not asked again" in remark for remark in remarks(out))
    call = CliRunner().invoke(app, ["replay", str(out)])
    assert call.exit_code == 0, call.output
    # Without the record, or with another answer in it, nothing follows.
    record = out / "patient.jsonl"
    text = record.read_text()
    record.write_text(text.replace('\\"results\\": [\\"1\\"]', '\\"results\\": [\\"2\\"]'))
    assert record.read_text() != text
    assert next(verify(out)).startswith("patient:")
    assert any("the replay differs" in line for line in verify(out))
    record.unlink()
    assert any("patient.jsonl: is not here" in line for line in verify(out))
    call = CliRunner().invoke(app, ["replay", str(out)])
    assert (call.exit_code, "is not here" in call.output) == (1, True)


def test_the_same_for_any_number_of_jobs_and_when_continued(
    chat_server: ChatServer, choice: Choice, tmp_path: Path
) -> None:
    chat_server.default = patient
    entrant = Entrant(f"{HERE}:Asks", trials=2, patient=endpoint(chat_server))
    results = [
        bench("medr-bench", choice, "free-turn", entrant, tmp_path / str(jobs), jobs=jobs)
        for jobs in (1, 2)
    ]
    assert len({result.trajectories_sha256 for result in results}) == 1
    assert list(verify(tmp_path / "2")) == []
    # Killed in mid-run: the answers in the record are not paid for again.
    file = tmp_path / "2" / "trajectories.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    asked = len(chat_server.requests)
    bench("medr-bench", choice, "free-turn", entrant, tmp_path / "2")
    assert file.read_bytes() == whole
    assert len(chat_server.requests) == asked
    other = entrant._replace(patient=endpoint(chat_server).model_copy(update={"model": "q"}))
    for changed in (other, entrant._replace(patient=None)):
        with pytest.raises(RunError, match="another run"):
            bench("medr-bench", choice, "free-turn", changed, tmp_path / "2")


@pytest.mark.parametrize("seats", [1, 2])
@pytest.mark.parametrize("failure", [fails(500), says("Everything is normal.")])
def test_a_patient_that_fails_is_an_error_and_no_missing_test(
    chat_server: ChatServer, choice: Choice, tmp_path: Path, failure: Scripted, seats: int
) -> None:
    def moody(request: dict[str, Any]) -> Scripted:
        if "tools" in request:
            order = {"test": "ECG"} if len(request["messages"]) < 3 else {"diagnosis": "Gout"}
            return says(None, calls=[("order_test" if "test" in order else "commit", order)])
        shown = json.loads(request["messages"][1]["content"])
        bad = shown["case"] == CASES[1].presentation.model_dump()
        return failure if bad else told(("ECG", [], True))

    chat_server.default = moody  # type: ignore[assignment]
    asked = endpoint(chat_server)
    entrant = Entrant("chat:p", asked, seats=seats, patient=asked)
    result = bench("medr-bench", choice, "free-turn", entrant, tmp_path / "o")
    assert result.counts["errored"] == 1
    assert result.counts["wrong"] == 2
    assert "Error" in result.rows[1].error
    records = list(read_trajectories(tmp_path / "o" / "trajectories.jsonl"))
    assert [r.status for r in records] == ["committed", "errored", "committed"]
    assert records[1].steps == ()  # nothing was said of the test
    assert list(verify(tmp_path / "o")) == []
    failure = told(("ECG", ["1"], True))
    again = bench(
        "medr-bench", choice, "free-turn", entrant._replace(retry_errored=True), tmp_path / "o"
    )
    assert again.counts["errored"] == 0
    assert list(verify(tmp_path / "o")) == []


def test_a_patient_who_is_asked_nothing(
    chat_server: ChatServer, choice: Choice, tmp_path: Path
) -> None:
    entrant = Entrant("commit-at-once", patient=endpoint(chat_server))
    bench("medr-bench", choice, "free-turn", entrant, tmp_path / "o")
    assert not chat_server.requests
    assert list(verify(tmp_path / "o")) == []


def test_more_results_than_were_asked_for(
    chat_server: ChatServer, choice: Choice, tmp_path: Path
) -> None:
    chat_server.default = told(("ECG", ["1", "2", "3"], True))
    entrant = Entrant(f"{HERE}:Asks", patient=endpoint(chat_server))
    result = bench("medr-bench", choice, "1-turn", entrant, tmp_path / "o")
    for row in result.rows:
        assert row.tests == 3
        assert row.precision == (1, 1)


# --- the command line


def test_the_command(chat_server: ChatServer, choice: Choice, tmp_path: Path) -> None:
    def both(request: dict[str, Any]) -> Step:
        shown = json.loads(request["messages"][1]["content"])
        return patient(request) if "request" in shown else by_name(request)

    chat_server.default = both
    out = tmp_path / "o"
    call = ["bench", "medr-bench", "--data", str(choice.files[0]), "--out", str(out)]
    call += ["--agent", "protocol", "--protocol", "1-turn"]
    call += ["--patient", "llm", "--patient-model", "p", "--patient-endpoint", chat_server.url]
    call += ["--judge", "llm", "--judge-model", "j", "--judge-endpoint", chat_server.url]
    call += ["--patient-options", '{"response_format": null}', "--judge-options", "{}"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    result = Result.load(out)
    assert result.settings.patient is not None
    assert result.settings.patient.options == {"response_format": None}
    assert "patient: " in done.output
    bodies = {request["model"]: request for request in chat_server.requests}
    assert set(bodies["p"]) == {"model", "messages"}
    assert set(bodies["j"]) == {"model", "messages", "response_format"}
    verified = CliRunner().invoke(app, ["bench", "verify", str(out)])
    assert verified.exit_code == 0, verified.output
    assert sum(cost.patient.requests for cost in costs(out) if cost.patient) == len(CASES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patient-model", "p"], "--patient llm"),
        (["--patient", "llm"], "OPENAI_MODEL"),
        (["--patient", "llm", "--patient-model", "p", "--patient-options", "1"], "--patient-opt"),
        (["--no-judge-examinations"], "--judge llm"),
        (["--patient", "llm", "--patient-model", "p"], "OPENAI_API_KEY"),
        (["--judge", "llm", "--judge-model", "p"], "OPENAI_API_KEY"),
        (["--agent", "chat", "--model", "m"], "OPENAI_API_KEY"),
        (["--agent", "chat", "--model", "m", "--seats", "2"], "OPENAI_API_KEY"),
    ],
)  # fmt: skip
def test_the_command_says_what_is_wrong(
    choice: Choice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    call = ["bench", "medr-bench", "--data", str(choice.files[0]), "--out", str(tmp_path / "o")]
    agent = [] if "--agent" in arguments else ["--agent", "knowledge"]
    done = CliRunner().invoke(app, [*call, *agent, *arguments])
    assert (done.exit_code, message in " ".join(done.output.split())) == (1, True), done.output
    assert not (tmp_path / "o" / "result.json").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_without_a_key_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="OPENAI_API_KEY"):
        run(CASES, "chat:m", tmp_path, jobs=jobs)
    assert not (tmp_path / "trajectories.jsonl").read_text()
