"""The discrete view: the vectorised twin against the scalar one, seeds, masks, what is not told."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import HealthCheck, given, settings

import medaction_gym  # noqa: F401
from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.envs.discrete import (
    CaseTables,
    DiscreteCatalogue,
    DiscreteEnv,
    DiscreteVectorEnv,
    DiscreteView,
    discrete_catalogue,
)
from tests.processes import said_under_hash_seeds
from tests.test_actions import hostile

ID = "MedAction-Discrete-v0"
MODES = ("NextStep", "SameStep", "Disabled")


@pytest.fixture(scope="module")
def catalogue(teaching: CaseSet) -> DiscreteCatalogue:
    return discrete_catalogue(teaching)


def test_check_env() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(ID).unwrapped)


def play_side_by_side(
    cases: CaseSet,
    catalogue: DiscreteCatalogue,
    mode: str,
    steps: int,
    envs: int = 6,
    **rules: Any,
) -> None:
    """The vectorised environment and Gymnasium's `SyncVectorEnv` of scalar ones, step by step."""
    sync = gym.make_vec(
        ID, num_envs=envs, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode},
        cases=cases, catalogue=catalogue, **rules,
    )  # fmt: skip
    ours = gym.make_vec(
        ID, num_envs=envs, vectorization_mode="vector_entry_point", autoreset_mode=mode,
        cases=cases, catalogue=catalogue, **rules,
    )  # fmt: skip
    assert ours.observation_space == sync.observation_space
    assert ours.action_space == sync.action_space
    rng = np.random.default_rng(5)
    ended = 0

    def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
        for a, b in zip(one[:-1], other[:-1], strict=True):
            np.testing.assert_array_equal(a, b)
        same_info(one[-1], other[-1])

    def same_info(one: dict[str, Any], other: dict[str, Any]) -> None:
        for key in ("action_mask", "slots", "tests", "usd", "grade", "right"):
            where = other[f"_{key}"]
            np.testing.assert_array_equal(one[key][where], other[key][where])
        where = other["_case_id"]
        held = [cases[int(place)].id for place in one["case"][where]]
        assert held == other["case_id"][where].tolist()
        assert ("final_obs" in one) == ("final_obs" in other)
        if "final_obs" in one:
            np.testing.assert_array_equal(one["_final_obs"], other["_final_obs"])
            for place in np.flatnonzero(other["_final_obs"]):
                np.testing.assert_array_equal(one["final_obs"][place], other["final_obs"][place])
            same_info(one["final_info"], other["final_info"])

    same(ours.reset(seed=11), sync.reset(seed=11))
    tests = len(catalogue.tests)
    for _ in range(steps):
        actions = rng.integers(tests, size=envs)  # masked ones too
        commits = rng.random(envs) < 0.08
        actions[commits] = tests + rng.integers(catalogue.slots, size=int(commits.sum()))
        one, other = ours.step(actions), sync.step(actions)
        same(one, other)
        over = one[2] | one[3]
        ended += int(over.sum())
        if mode == "Disabled" and over.any():
            options = {"reset_mask": over}
            same(ours.reset(options=dict(options)), sync.reset(options=dict(options)))
    assert ended > steps * envs / 40
    sync.close()
    ours.close()


@pytest.mark.parametrize("mode", MODES)
def test_vectorised_equals_scalar(
    teaching: CaseSet, catalogue: DiscreteCatalogue, mode: str
) -> None:
    play_side_by_side(teaching[:15], catalogue, mode, 150, max_turns=25)


@pytest.mark.parametrize("rules", [{"max_tests": 3}, {"budget": 900.0}, {"max_turns": 2}])
def test_vectorised_equals_scalar_under_limits(
    teaching: CaseSet, catalogue: DiscreteCatalogue, rules: dict[str, Any]
) -> None:
    play_side_by_side(teaching[:15], catalogue, "SameStep", 60, **rules)


def test_vectorised_equals_scalar_on_real_cases(
    real_cases: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    some = real_cases.sample(20, np.random.default_rng(3))
    play_side_by_side(some, catalogue, "NextStep", 100)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_make_vec(mode: str) -> None:
    envs = gym.make_vec(ID, num_envs=2, vectorization_mode=mode)
    try:
        observations, infos = envs.reset(seed=1)
        assert observations in envs.observation_space
        envs.action_space.seed(0)
        for _ in range(20):
            observations, _, _, _, infos = envs.step(envs.action_space.sample())
            assert observations in envs.observation_space
        assert infos["action_mask"].shape == (2, 79)
    finally:
        envs.close()


def test_observations_stay_in_their_space(teaching: CaseSet) -> None:
    envs = DiscreteVectorEnv(32, teaching[:20], max_turns=40)
    observations, infos = envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert observations in envs.observation_space
        draw = rng.random(infos["action_mask"].shape) * infos["action_mask"]
        draw[:, 69:] *= 0.7
        observations, rewards, _, _, infos = envs.step(draw.argmax(axis=1))
        assert (rewards <= 1.0).all()


PROGRAM = """
import gymnasium as gym, medaction_gym, hashlib
digest = hashlib.sha256()
env = gym.make("MedAction-Discrete-v0")
env.action_space.seed(5)
digest.update(repr(env.reset(seed=5)).encode())
for _ in range(30):
    result = env.step(env.action_space.sample())
    digest.update(result[0].tobytes() + repr(result[1:]).encode())
    if result[2] or result[3]:
        digest.update(repr(env.reset()).encode())
envs = gym.make_vec("MedAction-Discrete-v0", num_envs=3, vectorization_mode="vector_entry_point")
envs.action_space.seed(5)
envs.reset(seed=5)
for _ in range(30):
    result = envs.step(envs.action_space.sample())
    digest.update(result[0].tobytes() + repr(result[1:]).encode())
print(digest.hexdigest(), env.unwrapped.catalogue.candidates[:3])
"""


def test_same_seed_same_bytes_in_every_process(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(PROGRAM, "program", "exec"), {})  # this process has a hash seed of its own
    assert said_under_hash_seeds(PROGRAM, seeds=("1",)) == {capsys.readouterr().out}


def test_another_seed_is_another_episode(teaching: CaseSet, catalogue: DiscreteCatalogue) -> None:
    envs = DiscreteVectorEnv(16, teaching, catalogue=catalogue)
    first, again, other = (envs.reset(seed=seed)[1]["case"] for seed in (1, 1, 100))
    assert first.tolist() == again.tolist() != other.tolist()
    assert envs.reset()[1]["case"].tolist() != other.tolist()  # the streams go on


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(action=hostile)
def test_hostile_actions(hostile_env: DiscreteEnv, action: object) -> None:
    if hostile_env.game.episode.status != "open":
        hostile_env.reset()
    before = hostile_env.game.episode
    if type(action) in (int, bool) and action in range(hostile_env.catalogue.actions):
        observation, reward, _, _, _ = hostile_env.step(action)
        assert observation in hostile_env.observation_space
        assert np.isfinite(reward)
    else:
        with pytest.raises(ValueError, match="action"):
            hostile_env.step(action)
        assert hostile_env.game.episode is before  # nothing has happened


@pytest.fixture(scope="module")
def hostile_env(teaching: CaseSet, catalogue: DiscreteCatalogue) -> DiscreteEnv:
    env = DiscreteEnv(teaching, catalogue=catalogue)
    env.reset(seed=0)
    return env


@pytest.mark.parametrize(
    "actions", [[0], [0, 0, 79], [-1, 0, 0], [0.0, 1.0, 2.0], ["a", "b", "c"], None, [[0, 1, 2]]]
)
def test_hostile_actions_vectorised(teaching: CaseSet, actions: Any) -> None:
    envs = DiscreteVectorEnv(3, teaching)
    with pytest.raises(RuntimeError, match="reset"):
        envs.step(actions)
    observations, _ = envs.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        envs.step(actions)
    np.testing.assert_array_equal(envs.step([0, 0, 0])[0][:, :23] >= 0, observations[:, :23] >= 0)
    assert envs.step([1, 1, 1])[-1]["turns"].tolist() == [2, 2, 2]


def test_the_diagnosis_is_not_told_before_the_end(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    """Cases whose diagnosis was exchanged look the same until the commitment is graded."""
    other = Diagnosis(name=catalogue.candidates[0])
    changed = CaseSet([case.model_copy(update={"diagnosis": other}) for case in teaching])
    rng = np.random.default_rng(1)
    one, two = (DiscreteEnv(cases, catalogue=catalogue) for cases in (teaching, changed))
    vectors = [DiscreteVectorEnv(4, cases, catalogue=catalogue) for cases in (teaching, changed)]
    for seed in range(5):
        told = [env.reset(seed=seed) for env in (one, two)]
        batch = [envs.reset(seed=seed) for envs in vectors]
        for action in rng.permutation(69)[:12].tolist():
            assert told[0][-1]["diagnosis"] == told[1][-1]["diagnosis"] == ""
            np.testing.assert_equal(told[0], told[1])
            np.testing.assert_equal(batch[0], batch[1])
            told = [env.step(action) for env in (one, two)]
            batch = [envs.step([action] * 4) for envs in vectors]
        ends = [env.step(69) for env in (one, two)]
        assert ends[1][-1]["diagnosis"] == other.name != ends[0][-1]["diagnosis"]


def test_masked_are_tests_done_and_tests_beyond_the_limits(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    env = DiscreteEnv(teaching, catalogue=catalogue, max_tests=1)
    _, info = env.reset(seed=0)
    assert info["action_mask"].all()
    given = False
    for action in range(69):
        _, _, _, truncated, info = env.step(action)
        given = given or info["outcome"] == "RESULT"
        assert not info["action_mask"][: action + 1].any()
        assert info["action_mask"][69:].all()
        assert info["action_mask"][:69].any() == (not given and action < 68)
        if truncated:
            break
    assert given
    env = DiscreteEnv(teaching, catalogue=catalogue, budget=0.0)
    _, info = env.reset(seed=0)
    assert not info["action_mask"][:69].any()
    observation, _, _, _, info = env.step(0)
    assert info["outcome"] in ("UNAVAILABLE", "AMBIGUOUS")
    assert observation[env.layout.counts].tolist()[1:3] == [0.0, 0.0]


def test_slots_are_the_likeliest_and_can_be_committed_to(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    env = DiscreteEnv(teaching, catalogue=catalogue)
    for seed in range(4):
        observation, info = env.reset(seed=seed)
        numbers = observation[env.layout.slots].reshape(catalogue.slots, 4)
        assert numbers[:, 0].sum() == pytest.approx(1.0, abs=1e-5)
        assert (np.diff(numbers[:, 0]) <= 0).all()
        assert len(set(info["slots"].tolist())) == catalogue.slots
        third = catalogue.candidates[info["slots"][2]]
        assert env.view.meaning(69 + 2) == (2, third)
        assert env.step(69 + 2)[-1]["prediction"] == third


def test_a_result_that_names_a_disease_leads_to_it(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    case = next(case for case in teaching if case.tests)
    changes = {"name": "Biopsy", "result": "Non-caseating granulomas: sarcoidosis.", "analytes": ()}
    biopsy = case.tests[0].model_copy(update=changes)
    env = DiscreteEnv(
        CaseSet([case.model_copy(update={"tests": (biopsy,)})]),
        catalogue=discrete_catalogue(candidates=[*catalogue.candidates, "Sarcoidosis"]),
    )
    sarcoidosis = env.catalogue.candidates.index("Sarcoidosis")
    _, before = env.reset(seed=0)
    _, _, _, _, after = env.step(env.catalogue.tests.index("biopsy"))
    assert after["outcome"] == "RESULT"
    assert before["slots"][0] != sarcoidosis == after["slots"][0]


def test_the_catalogue_of_a_set(teaching: CaseSet, catalogue: DiscreteCatalogue) -> None:
    assert len(set(catalogue.rows)) == len(catalogue.rows) == len(catalogue.candidates) > 200
    held = set(catalogue.candidates)
    assert sum(case.diagnosis.name in held for case in teaching) >= 44  # the linker knows them
    with pytest.raises(ValueError, match="2 candidates; 10"):
        discrete_catalogue(candidates=["Gout", "Sarcoidosis"])
    small = discrete_catalogue(candidates=["Gout", "Sarcoidosis", "zzz"], tests=["CT"], slots=2)
    assert sorted(small.candidates) == ["Gout", "Sarcoidosis"]
    assert small.actions == 3


def test_a_few_cases_hide_among_the_generators_diseases(
    teaching: CaseSet, catalogue: DiscreteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = dict(zip(catalogue.rows, catalogue.candidates, strict=True))
    monkeypatch.setattr("medaction_gym.envs.discrete.catalogue._made_up", lambda: made_up)
    assert discrete_catalogue(teaching[:2]) == catalogue == discrete_catalogue()


def test_every_test_of_the_catalogue_is_one_test(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    CaseTables(teaching[:1], catalogue).need(np.array([0]))
    double = catalogue._replace(tests=("CT head and MRI brain",))
    with pytest.raises(ValueError, match="names 2 tests"):
        CaseTables(teaching[:1], double).need(np.array([0]))


def test_a_record_of_too_many_pieces_is_refused(
    teaching: CaseSet, catalogue: DiscreteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medaction_gym.envs.discrete.tables.MOST_PIECES", 1)
    with pytest.raises(ValueError, match=f"{teaching[0].id}.*at most 1 are possible"):
        CaseTables(teaching[:1], catalogue).need(np.array([0]))


def test_the_wrapper_is_the_environment(teaching: CaseSet, catalogue: DiscreteCatalogue) -> None:
    wrapped = DiscreteView(gym.make("MedAction-v0", cases=teaching, reward="outcome"), catalogue)
    alone = gym.make(ID, cases=teaching, catalogue=catalogue)
    np.testing.assert_equal(wrapped.reset(seed=4), alone.reset(seed=4))
    for action in (0, 5, 40, 0, 70):
        np.testing.assert_equal(wrapped.step(action), alone.step(action))
    with pytest.raises(TypeError, match="DiagnosisEnv"):
        DiscreteView(gym.make("CartPole-v1"))
    fresh = DiscreteView(DiagnosisEnv(teaching), catalogue)
    with pytest.raises(RuntimeError, match="reset"):
        fresh.step(0)


def test_render(teaching: CaseSet, catalogue: DiscreteCatalogue) -> None:
    env = gym.make(ID, cases=teaching, catalogue=catalogue, render_mode="ansi")
    env.reset(seed=0)
    env.step(0)
    assert "complete blood count" in str(env.render())


def test_reset_and_constructor_refuse_nonsense(
    teaching: CaseSet, catalogue: DiscreteCatalogue
) -> None:
    envs = DiscreteVectorEnv(2, teaching, catalogue=catalogue)
    assert envs.reset(options={"case": [3, 4]})[1]["case"].tolist() == [3, 4]
    for options in ({"case_id": "x"}, {"case": [0]}, {"case": [0, 99]}, {"reset_mask": [1, 0]}):
        with pytest.raises(ValueError, match=r"case|reset_mask"):
            envs.reset(options=options)
    with pytest.raises(ValueError, match="seeds"):
        envs.reset(seed=[1])
    with pytest.raises(ValueError, match="outcome"):
        DiscreteVectorEnv(2, reward="shaped")
    with pytest.raises(ValueError, match="render"):
        DiscreteVectorEnv(2, render_mode="ansi")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tables"):
        DiscreteVectorEnv(2, teaching[:3], tables=envs.tables)
    assert DiscreteVectorEnv(2, teaching, tables=envs.tables).tables is envs.tables
    disabled = DiscreteVectorEnv(2, teaching, catalogue=catalogue, autoreset_mode="Disabled")
    disabled.reset(seed=0)
    disabled.step([69, 0])
    with pytest.raises(RuntimeError, match=r"episodes \[0\] are over"):
        disabled.step([0, 0])
    assert AutoresetMode.DISABLED is disabled.metadata["autoreset_mode"]
