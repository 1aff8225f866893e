"""Transcripts: chats become trajectories by being played on the record; hostile ones are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from medaction_gym.actions import Malformed
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app
from medaction_gym.episode import Episode, Rules
from medaction_gym.trajectory import Settings, Trajectory, TrajectoryFormatError
from medaction_gym.transcript import (
    Transcript,
    is_transcripts,
    read_transcripts,
    transcript,
)
from tests.test_actions import hostile

CASES = CaseSet.teaching()
CASE = CASES[0]


def recorded(*actions: object, max_turns: int = 30) -> Trajectory:
    state = Episode.start(CASE, Rules(max_turns=max_turns))
    for action in actions:
        if state.status == "open":
            state = state.act(action)
    return Trajectory.of(state, error="" if state.status != "open" else "stopped")


def read(messages: object, **fields: object) -> Transcript:
    return transcript({"case_id": CASE.id, "messages": messages, **fields}, CASES.get)


def called(name: object, arguments: object, id: object = "c") -> dict[str, Any]:
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


DDX = {
    "action": "update_differential",
    "differential": [{"disease": "Gout", "probability": 0.3}, {"disease": "B", "probability": 0.2}],
}


def test_round_trip() -> None:
    one = recorded((0, CASE.tests[0].name), "junk \x00", DDX, (0, "CBC, CRP"), {}, (2, "Gout"))
    again = read(one.messages())
    assert again.trajectory.steps == one.steps
    assert (again.answered, again.differing, again.first, again.left_out) == (6, 0, "", 0)
    assert again.trajectory.model_copy(update={"settings": one.settings}) == one


def test_round_trip_of_json_strings() -> None:
    one = recorded((0, "CBC"), DDX, (2, "Gout"))
    messages = one.messages()
    for message in messages:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
    assert read(messages).trajectory.steps == one.steps


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile, max_size=5))
def test_round_trip_of_any_episode(actions: list[object]) -> None:
    one = recorded(*actions, max_turns=5)
    again = read(json.loads(json.dumps(one.messages())), settings=one.settings.model_dump())
    assert [s.action for s in again.trajectory.steps] == [s.action for s in one.steps]
    assert again.trajectory.steps == one.steps
    assert again.differing == 0


@pytest.mark.parametrize(
    "content",
    [
        '{"action": "commit", "diagnosis": "Gout"}',
        ' \n{"action": "commit", "diagnosis": "Gout"}\n',
        'I am sure.\n```json\n{"action": "commit", "diagnosis": "Gout"}\n```\nDone.',
        '```\n{"action": "commit", "diagnosis": "Gout"}```',
        '```json\n{"action": "order_test"}\n``` no, rather ```json\n'
        '{"action": "commit", "diagnosis": "Gout"}\n```',
        [{"type": "text", "text": '{"action": "commit", "diagnosis": "Gout"}'}],
    ],
)
def test_actions_in_content(content: object) -> None:
    assert read([{"role": "assistant", "content": content}]).trajectory.prediction == "Gout"


def test_prose_is_no_turn() -> None:
    played = read([{"role": "assistant", "content": "Let me think."}, called("commit", "{}")])
    assert len(played.trajectory.steps) == 1
    silent = read([{"role": "assistant", "content": "Let me think."}]).trajectory
    assert (silent.status, silent.error) == ("errored", "the chat holds no action")


def test_other_answers_are_counted_and_the_first_is_shown() -> None:
    messages = recorded((0, CASE.tests[0].name), (0, CASE.tests[1].name), (2, "Gout")).messages()
    messages[5]["content"] = messages[5]["content"] + " and more"
    played = read(messages)
    assert (played.answered, played.differing) == (3, 1)
    assert played.first.startswith("turn 2: the transcript says")
    assert "and more" in played.first


def test_without_a_commitment_it_is_truncated() -> None:
    played = read([called("update_differential", {"differential": DDX["differential"]})])
    assert (played.trajectory.status, played.trajectory.prediction) == ("truncated", "Gout")


def test_what_follows_the_end_is_left_out() -> None:
    played = read([called("commit", {"diagnosis": "Gout"}), called("order_test", {"test": "CBC"})])
    assert (len(played.trajectory.steps), played.left_out) == (1, 1)


def test_settings_are_kept() -> None:
    rules = Settings(rules=Rules(max_tests=0))
    order = [
        called("order_test", {"test": CASE.tests[0].name}),
        called("commit", {"diagnosis": "A"}),
    ]
    assert read(order, settings=rules.model_dump()).trajectory.tests == 0
    assert read(order).trajectory.tests == 1


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("commit", "{not json", "arguments: not JSON"),
        ("commit", "[" * 50_000, "arguments: not JSON"),
        ("commit", '"Gout"', "not a JSON object"),
        ("commit", None, "expected an object"),
        ("commit", "{}", "diagnosis"),
        ("prescribe", '{"drug": "x"}', "prescribe"),
        (None, "{}", "None"),
        ("commit", '{"diagnosis": "' + "x" * 10_000_000 + '"}', "at most 100,000"),
        ("commit", {"diagnosis": "x" * 10_000_000}, "at most 300"),
    ],
)
def test_a_bad_call_is_a_malformed_turn(name: object, arguments: object, reason: str) -> None:
    step = read([called(name, arguments)]).trajectory.steps[0]
    assert isinstance(step.action, Malformed)
    assert reason in step.action.reason
    assert len(step.action.received) <= 200


@pytest.mark.parametrize("call", [None, 3, "x", {}, {"function": None}, {"function": []}])
def test_a_call_that_is_none_is_a_malformed_turn(call: object) -> None:
    played = read([{"role": "assistant", "tool_calls": [call]}])
    assert isinstance(played.trajectory.steps[0].action, Malformed)


def test_ten_megabytes_of_content() -> None:
    played = read([{"role": "assistant", "content": "```json\n{" + "`" * 10_000_000}])
    assert len(played.trajectory.steps) <= 1
    played = read([{"role": "assistant", "content": '{"action": "' + "x" * 10_000_000 + '"}'}])
    assert isinstance(played.trajectory.steps[0].action, Malformed)


def test_ids_that_occur_twice_are_answered_in_order() -> None:
    orders = [called("order_test", {"test": t.name})["tool_calls"][0] for t in CASE.tests[:2]]
    one = recorded(*((0, t.name) for t in CASE.tests[:2]), (2, "Gout"))
    answers = [
        {"role": "tool", "tool_call_id": "c", "content": step.message} for step in one.steps[:2]
    ]
    messages = [{"role": "assistant", "tool_calls": orders}, *answers]
    played = read([*messages, called("commit", {"diagnosis": "Gout"})])
    assert played.trajectory.steps == one.steps
    assert (played.answered, played.differing) == (2, 0)


def test_answers_without_an_id_answer_in_order() -> None:
    one = recorded((0, CASE.tests[0].name), (2, "Gout"))
    messages = one.messages()
    for message in messages:
        message.pop("tool_call_id", None)
    assert (read(messages).answered, read(messages).differing) == (2, 0)


BAD = [
    ("[]", "expected a JSON object, got list"),
    ("{nope", "Expecting"),
    ("[" * 100_000, "recursion"),
    (json.dumps({"messages": []}), "case_id: expected a string, got NoneType"),
    (json.dumps({"case_id": CASE.id, "messages": None}), "messages: expected a list"),
    (json.dumps({"case_id": CASE.id, "messages": ["hi"]}), "messages[0]: expected an object"),
    (json.dumps({"case_id": "nobody", "messages": []}), "nobody"),
    (json.dumps({"case_id": CASE.id, "messages": [], "case_hash": "0"}), "case_hash"),
    (
        json.dumps({"case_id": CASE.id, "messages": [], "settings": {"reward": "gold"}}),
        "settings.reward",
    ),
    (
        json.dumps({"case_id": CASE.id, "messages": [{"role": "assistant", "tool_calls": 3}]}),
        "tool_calls: expected a list",
    ),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_rows_name_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    good = json.dumps({"case_id": CASE.id, "messages": [called("commit", {"diagnosis": "A"})]})
    file = tmp_path / "chats.jsonl"
    file.write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(TrajectoryFormatError, match="line 3: ") as failure:
        list(read_transcripts(file, CASES.get))
    assert str(file) in str(failure.value)
    assert message in str(failure.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_bytes(b'{"messages": [], "case_id": "\xff"}\n')
    assert is_transcripts(file)
    with pytest.raises(TrajectoryFormatError, match="line 1: "):
        list(read_transcripts(file, CASES.get))


def test_trajectories_are_no_transcripts(tmp_path: Path) -> None:
    for number, line in enumerate([recorded((2, "Gout")).to_json(), "", "[]", "{"]):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(line + "\n", encoding="utf-8")
        assert not is_transcripts(file)


def test_score_takes_both(tmp_path: Path) -> None:
    one = recorded(DDX, (0, CASE.tests[0].name), DDX, (2, "Gout"))
    (tmp_path / "t.jsonl").write_text(one.to_json() + "\n", encoding="utf-8")
    row = {"case_id": CASE.id, "messages": one.messages()}
    (tmp_path / "c.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    rows = []
    for name in "tc":
        out = tmp_path / f"{name}.scores.jsonl"
        arguments = ["score", str(tmp_path / f"{name}.jsonl"), "--out", str(out)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert "ungrounded" in result.output
        assert "Brier" in result.output
        rows.append(json.loads(out.read_text(encoding="utf-8")))
    assert rows[1].pop("chat")["differing"] == 0
    assert rows[0] == rows[1]
    assert rows[0]["behaviour"]["recall"]["whole"] == len(CASE.tests)
    assert {"dtc", "rac", "coverage", "beliefs", "turns", "brier", "log"} <= rows[0].keys()


def test_score_says_which_chat_cannot_be_scored(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text(json.dumps({"case_id": CASE.id, "messages": []}) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["score", str(file)])
    assert result.exit_code == 0, result.output
    assert "no action" in result.output
    assert "1/1" in result.output
    file.write_text('{"case_id": "nobody", "messages": []}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["score", str(file)])
    assert result.exit_code == 1
    assert "line 1" in result.output
