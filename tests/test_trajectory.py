"""Trajectory: complete, replayable, readable as chat; damaged records are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode, Rules
from medaction_gym.trajectory import (
    Settings,
    Trajectory,
    TrajectoryFormatError,
    read_trajectories,
    write_trajectories,
)
from tests.test_actions import hostile


def play(cases: CaseSet, *actions: object, max_turns: int = 30) -> Trajectory:
    state = Episode.start(cases[0], Rules(max_turns=max_turns))
    for action in actions:
        if state.status == "open":
            state = state.act(action)
    return Trajectory.of(state, error="" if state.status != "open" else "stopped")


def test_round_trip(tmp_path: Path, teaching: CaseSet) -> None:
    ddx = {"action": "update_differential", "differential": [{"disease": "A", "probability": 0.3}]}
    one = play(teaching, (0, teaching[0].tests[0].name), "junk \x00", ddx, (2, "Gout"))
    write_trajectories(tmp_path / "t.jsonl", [one, one])
    assert list(read_trajectories(tmp_path / "t.jsonl")) == [one, one]
    assert one.replay(teaching[0]).to_json() == one.to_json()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile, max_size=5))
def test_any_episode_replays_byte_for_byte(actions: list[object]) -> None:
    cases = CaseSet.teaching()[:1]
    one = play(cases, *actions, max_turns=5)
    again = Trajectory.model_validate_json(one.to_json())
    assert again.replay(cases[0]).to_json() == one.to_json()


def test_rewards_add_up(teaching: CaseSet) -> None:
    one = play(teaching, (0, "CBC"), (0, "CBC"), "junk", (2, teaching[0].diagnosis.name))
    for step in one.steps:
        assert step.reward == sum(step.reward_terms.values())
    assert one.reward == pytest.approx(sum(step.reward for step in one.steps))
    assert one.right
    assert one.grade == 1.0


def test_truncation_grades_the_differential(teaching: CaseSet) -> None:
    gold = teaching[0].diagnosis.name
    ddx = {"action": "update_differential", "differential": [{"disease": gold, "probability": 0.6}]}
    one = play(teaching, ddx, "?", max_turns=2)
    assert (one.status, one.prediction, one.grade) == ("truncated", gold, 0.6)
    assert not one.right


def test_an_error_is_no_diagnosis(teaching: CaseSet) -> None:
    one = play(teaching, (0, "CBC"))
    assert (one.status, one.prediction, one.grade) == ("errored", "", 0.0)


def test_open_episodes_need_a_reason(teaching: CaseSet) -> None:
    with pytest.raises(ValueError, match="still open"):
        Trajectory.of(Episode.start(teaching[0]))


def test_another_case_is_refused(teaching: CaseSet) -> None:
    with pytest.raises(ValueError, match="not what was played"):
        play(teaching, (2, "Gout")).replay(teaching[1])


def test_a_forged_step_does_not_replay(teaching: CaseSet) -> None:
    record = json.loads(play(teaching, (2, "Gout")).to_json())
    record["grade"], record["right"] = 1.0, True
    forged = Trajectory.model_validate(record)
    assert forged.replay(teaching[0]).to_json() != forged.to_json()


def test_messages(teaching: CaseSet) -> None:
    messages = play(teaching, (0, "CBC"), "junk", (2, "Gout")).messages()
    roles = [m["role"] for m in messages]
    assert roles == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
        "tool",
    ]
    call = messages[2]["tool_calls"][0]
    assert call["function"] == {"name": "order_test", "arguments": {"test": "CBC"}}
    assert messages[3]["tool_call_id"] == call["id"]
    json.dumps(messages)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2"),
        ("[]", "schema_version"),
        ('{"schema_version": "medaction-trajectory/7"}', "medaction-trajectory/7"),
        ('{"schema_version": "medaction-trajectory/1"}', "case_id"),
    ],
)
def test_damaged_records_are_named(
    tmp_path: Path, teaching: CaseSet, line: str, words: str
) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(play(teaching, (2, "Gout")).to_json() + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(TrajectoryFormatError, match="line 2") as error:
        list(read_trajectories(file))
    assert words in str(error.value)


def test_settings_default_to_the_rules(teaching: CaseSet) -> None:
    one = play(teaching, (2, "Gout"), max_turns=7)
    assert one.settings == Settings(rules=Rules(max_turns=7))
