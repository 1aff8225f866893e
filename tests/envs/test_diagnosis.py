"""DiagnosisEnv: conformance, determinism, vector environments, hostile actions."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings

import medaction_gym
from medaction_gym.actions import Outcome
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.prices import Price
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.unicode import Unicode
from medaction_gym.oracle import Part
from medaction_gym.reward import TERMS
from tests.processes import said_under_hash_seeds
from tests.test_actions import hostile

IDS = ["MedAction-v0"]
KINDS = {
    "case_id": str,
    "outcome": str,
    "explanation": str,
    "released": tuple,
    "tests": int,
    "usd": float,
    "hours": float,
    "differential": tuple,
    "reward_terms": dict,
    "grade": float,
    "right": bool,
    "prediction": str,
    "diagnosis": str,
}


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("mode", [None, "ansi", "human"])
def test_check_env(env_id: str, mode: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(env_id, render_mode=mode).unwrapped)


@pytest.mark.parametrize("env_id", IDS)
def test_check_env_with_the_menu(env_id: str) -> None:
    check_env(gym.make(env_id, show_menu=True).unwrapped)


def test_make_by_module_and_from_a_path(tmp_path: Path, teaching: CaseSet) -> None:
    teaching[:3].save(tmp_path / "cases.jsonl")
    env = gym.make("medaction_gym:MedAction-v0", cases=tmp_path / "cases.jsonl", max_turns=3)
    env.reset(seed=0)
    for _ in range(2):
        assert env.step("?")[3] is False
    assert env.step("?")[3] is True


def test_info_keeps_its_keys_and_types() -> None:
    env = DiagnosisEnv(max_turns=6)
    _, info = env.reset(seed=0)
    infos = [info]
    actions: list[Any] = [
        (0, "CBC"),
        "junk",
        (1, [{"disease": "Gout", "probability": 1}]),
        (2, "x"),
    ]
    for action in actions:
        infos.append(env.step(action)[4])
    for one in infos:
        assert {key: type(value) for key, value in one.items()} == KINDS
        assert tuple(one["reward_terms"]) == TERMS["shaped"]
    assert [one["diagnosis"] for one in infos[:-1]] == [""] * 4
    assert infos[-1]["diagnosis"]
    assert [one["outcome"] for one in infos] == ["", "RESULT", "MALFORMED", "ACCEPTED", "ACCEPTED"]


def test_the_gold_is_not_shown_before_the_end() -> None:
    env = DiagnosisEnv(show_menu=True, render_mode="ansi")
    for seed in range(20):
        observation, info = env.reset(seed=seed)
        gold = env.episode.case.diagnosis.name.casefold()
        shown = json.dumps([observation["message"], info], default=str) + str(env.render())
        assert gold not in shown.casefold()


def test_order_by_name_gives_the_result(teaching: CaseSet) -> None:
    env = DiagnosisEnv(teaching[:5], max_turns=50)
    for case in teaching[:5]:
        env.reset(options={"case_id": case.id})
        for test in case.tests:
            observation, _, _, _, info = env.step({"action": "order_test", "test": test.name})
            assert info["outcome"] == "RESULT"
            assert test.result in observation["message"]


def test_reset_options(teaching: CaseSet) -> None:
    env = DiagnosisEnv(teaching)
    _, info = env.reset(options={"case_id": teaching[3].id})
    assert info["case_id"] == teaching[3].id
    with pytest.raises(KeyError, match="closest"):
        env.reset(options={"case_id": "teaching-nothing"})
    with pytest.raises(ValueError, match="unknown reset options"):
        env.reset(options={"case": "x"})


def test_constructor_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="unknown reward preset"):
        DiagnosisEnv(reward="dense")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="render_mode"):
        DiagnosisEnv(render_mode="rgb_array")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_turns"):
        DiagnosisEnv(max_turns=0)
    with pytest.raises(ValueError, match="empty"):
        DiagnosisEnv(CaseSet([]))
    with pytest.raises(RuntimeError, match="reset"):
        DiagnosisEnv().step("x")


def test_restore_a_snapshot(teaching: CaseSet) -> None:
    env = DiagnosisEnv(teaching)
    env.reset(seed=0)
    env.step((0, "CBC"))
    snapshot = env.episode
    after = env.step((2, "Gout"))
    env.restore(snapshot)
    again = env.step((2, "Gout"))
    assert after[0]["message"] == again[0]["message"]
    assert after[1:] == again[1:]
    with pytest.raises(ValueError, match="snapshot"):
        DiagnosisEnv(teaching, max_turns=5).restore(snapshot)


@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(action=hostile)
def test_hostile_actions_never_raise(hostile_env: DiagnosisEnv, action: object) -> None:
    if hostile_env.episode.status != "open":
        hostile_env.reset()
    observation, reward, terminated, truncated, info = hostile_env.step(action)
    assert observation in hostile_env.observation_space
    assert np.isfinite(reward)
    assert reward == sum(info["reward_terms"].values())
    assert not (terminated and truncated)


@pytest.fixture(scope="module")
def hostile_env() -> DiagnosisEnv:
    env = DiagnosisEnv()
    env.reset(seed=0)
    return env


def test_random_samples_are_valid() -> None:
    env = DiagnosisEnv(max_turns=10_000)
    env.action_space.seed(0)
    env.reset(seed=0)
    for _ in range(300):
        action = env.action_space.sample()
        assert action in env.action_space
        _, _, terminated, _, info = env.step(action)
        assert info["outcome"] != "MALFORMED"
        if terminated:
            env.reset()


PROGRAM = """
import gymnasium as gym, medaction_gym, hashlib
env = gym.make("MedAction-v0")
env.action_space.seed(5)
digest = hashlib.sha256()
observation, info = env.reset(seed=5)
for _ in range(300):
    result = env.step(env.action_space.sample())
    digest.update(repr(result).encode())
    if result[2] or result[3]:
        digest.update(repr(env.reset()).encode())
print(digest.hexdigest())
"""


def test_same_seed_same_bytes_in_every_process() -> None:
    digests = said_under_hash_seeds(PROGRAM)
    assert len(digests) == 1


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_make_vec(mode: str) -> None:
    envs = gym.make_vec("MedAction-v0", num_envs=3, vectorization_mode=mode)
    try:
        observation, _ = envs.reset(seed=1)
        assert observation in envs.observation_space
        first = tuple(observation["message"])
        envs.action_space.seed(0)
        for _ in range(40):
            observation, reward, _, _, _ = envs.step(envs.action_space.sample())
            assert observation in envs.observation_space
            assert reward.shape == (3,)
        assert tuple(observation["message"]) != first
        order = json.dumps({"action": "order_test", "test": "β-hCG \u2265 5, SpO₂"})
        observation, _, _, _, info = envs.step([order] * 3)
        assert set(info["outcome"]) <= {"RESULT", "UNAVAILABLE", "NOT_UNDERSTOOD", "AMBIGUOUS", ""}
    finally:
        envs.close()


def test_unicode_space() -> None:
    space = Unicode(10, vocabulary=("a", "β"))
    assert space.sample(mask=np.array([0, 1], dtype=np.int8)) == "β"
    assert space.sample(probability=np.array([1.0, 0.0])) == "a"
    assert "x" * 11 not in space
    assert 3 not in space
    with pytest.raises(ValueError, match="no string"):
        space.sample(mask=np.array([0, 0], dtype=np.int8))
    with pytest.raises(ValueError, match="vocabulary"):
        Unicode(1, vocabulary=("too long",))


class Silent:
    """An oracle of one's own, as a patient played by a language model would be."""

    def answer(self, request: str) -> tuple[Part, ...]:
        price = Price("other", 1.0, 1.0, "test")
        return (Part(request, Outcome.UNAVAILABLE, (), "nobody answers", price),)


def test_another_oracle_can_be_plugged_in() -> None:
    env = gym.make("MedAction-v0", oracle=lambda case: Silent())
    env.reset(seed=0)
    observation, _, _, _, info = env.step((0, "CBC"))
    assert info["outcome"] == "UNAVAILABLE"
    assert "nobody answers" in observation["message"]


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    env = gym.make("MedAction-v0", render_mode="human").unwrapped
    env.reset(seed=0)
    env.step((2, "Gout"))
    assert "commit to Gout" in capsys.readouterr().out
    assert env.render() is None


def test_import_is_light() -> None:
    code = (
        "import sys, medaction_gym; "
        "print([m for m in ('pydantic', 'rapidfuzz', 'typer', 'networkx') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_public_names() -> None:
    assert sorted(medaction_gym.__all__) == dir(medaction_gym)
    for name in medaction_gym.__all__:
        assert getattr(medaction_gym, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = medaction_gym.Nonsense
