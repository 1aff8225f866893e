"""Sessions, and the tools that TRL is given; neither needs an extra."""

from __future__ import annotations

import inspect

import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.integrations.session import OVER, Session
from medaction_gym.integrations.trl import MedActionTools, well_formed


@pytest.mark.parametrize("reward", ["outcome", "shaped", "process"])
def test_a_session_is_paid_what_the_environment_pays(teaching: CaseSet, reward: str) -> None:
    case = teaching[3]
    actions = [
        {"action": "order_test", "test": case.tests[0].name},
        {"action": "update_differential", "differential": [
            {"disease": case.diagnosis.name, "probability": 0.6}
        ]},
        "nonsense",
        {"action": "commit", "diagnosis": case.diagnosis.name},
    ]  # fmt: skip
    env, session = (
        DiagnosisEnv(teaching, reward=reward),
        Session(DiagnosisEnv(teaching, reward=reward)),
    )  # type: ignore[arg-type]
    observation, _ = env.reset(options={"case_id": case.id})
    assert session.start(case.id) == observation["message"]
    total = 0.0
    for action in actions:
        observation, paid, _, _, info = env.step(action)
        total += paid
        assert session.act(action) == observation["message"]
        assert (session.last, session.info["diagnosis"]) == (paid, info["diagnosis"])
    assert session.done
    assert session.act(actions[0]) == OVER
    assert session.last == 0.0
    assert session.stop() == pytest.approx(total)


@pytest.mark.parametrize("reward", ["outcome", "shaped"])
def test_who_stops_is_graded_on_the_working_differential(teaching: CaseSet, reward: str) -> None:
    case = teaching[0]
    session = Session(DiagnosisEnv(teaching, reward=reward))  # type: ignore[arg-type]
    session.start(case.id)
    session.act((1, [{"disease": case.diagnosis.name, "probability": 0.5}]))
    before = session.reward
    assert session.info["diagnosis"] == ""
    after = session.stop()
    assert 0.4 < after - before <= 0.5
    assert session.info["diagnosis"] == case.diagnosis.name
    assert session.stop() == after
    session.start(case.id)
    assert session.stop() == 0.0  # nothing done, nothing earned


def test_a_session_begins_with_start(teaching: CaseSet) -> None:
    session = Session(DiagnosisEnv(teaching))
    with pytest.raises(RuntimeError, match="start"):
        session.act("{}")
    with pytest.raises(KeyError, match="nobody"):
        session.start("nobody")


def test_the_tools_are_three_and_say_what_they_take() -> None:
    tools = {
        name
        for name, _ in inspect.getmembers(MedActionTools, inspect.isfunction)
        if not name.startswith("_")
    }
    assert tools == {"order_test", "update_differential", "commit", "reset", "get_reward"}


def test_tools_take_what_models_send(teaching: CaseSet) -> None:
    tools = MedActionTools(teaching, reward="outcome", max_turns=3)
    case = teaching[1]
    row = {"prompt": [], "case_id": case.id, "another": 1}
    assert tools.reset(**row).startswith("Patient: ")
    assert case.tests[0].result in tools.order_test(case.tests[0].name)
    assert "no valid action" in tools.update_differential("everything")  # type: ignore[arg-type]
    said = [{"role": "assistant"}, {"role": "tool"}] * 2
    assert well_formed([tools], [said]) == [0.25]  # one of two; no commitment
    tools.commit(case.diagnosis.name)
    assert well_formed([tools], [said * 2]) == [0.75]
    assert tools.commit("Gout") == OVER
    assert tools.get_reward() > 0.8
