"""Reward: its terms telescope to what the metrics say, whatever the path, and pay no exploit."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli.main import app
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.episode import Episode
from medaction_gym.exploits import KINDS, score
from medaction_gym.metrics.dtc import dtc
from medaction_gym.metrics.process import ARRIVED, Process
from medaction_gym.metrics.rac import rac
from medaction_gym.reward import DTC, PRESETS, RAC, TERMS, final_worth, reward_terms

CASE = CaseSet.teaching()[0]
DISEASES = [CASE.diagnosis.name, "Gout", "gouty arthritis", "Sepsis", "Zyxology", "no gout"]
TESTS = [test.name for test in CASE.tests]

orders = st.builds(lambda test: {"action": "order_test", "test": test}, st.sampled_from(TESTS))
updates = st.builds(
    lambda stated: {
        "action": "update_differential",
        "differential": [{"disease": d, "probability": p} for d, p in stated],
    },
    st.lists(st.tuples(st.sampled_from(DISEASES), st.floats(0, 1)), max_size=5),
)
commits = st.builds(
    lambda disease: {"action": "commit", "diagnosis": disease}, st.sampled_from(DISEASES)
)


@settings(max_examples=120, deadline=None)
@given(st.lists(orders | updates, max_size=20), commits)
def test_terms_telescope_to_the_metrics(actions: list[object], last: object) -> None:
    env = DiagnosisEnv(CaseSet([CASE]), max_turns=40)
    env.reset(seed=0)
    sums = dict.fromkeys(TERMS["shaped"], 0.0)
    for action in [*actions, last]:
        _, reward, over, _, info = env.step(action)
        terms = info["reward_terms"]
        assert reward == sum(terms.values())
        assert all(math.isfinite(value) for value in terms.values())
        for name, value in terms.items():
            sums[name] += value
        if over:
            break
    episode = env.episode
    process = Process.of(episode)
    assert sums["dtc"] == pytest.approx(DTC * process.potential, abs=1e-9)
    paid = process.rac * min(1.0, process.dtc / ARRIVED)
    assert sums["rac"] == pytest.approx(RAC * paid, abs=1e-9)
    assert process.dtc == pytest.approx(dtc(episode).value, abs=1e-12)
    assert process.rac == rac(episode).value
    assert 0 <= sums["outcome"] <= 1


@settings(max_examples=30, deadline=None)
@given(st.lists(updates, max_size=6), updates)
def test_the_way_to_a_belief_earns_no_more_than_the_belief(ways: list[object], end: object) -> None:
    def earned(actions: list[object]) -> float:
        state, total = Episode.start(CASE), 0.0
        for action in actions:
            state = state.act(action)
            total += reward_terms(state, "process")["dtc"]
        return total

    assert earned([*ways, end]) == pytest.approx(earned([end]), abs=1e-9)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_report_their_terms(preset: str) -> None:
    env = DiagnosisEnv(CaseSet([CASE]), reward=preset)  # type: ignore[arg-type]
    _, info = env.reset(seed=0)
    assert info["reward_terms"] == dict.fromkeys(TERMS[preset], 0.0)  # type: ignore[index]
    _, reward, _, _, info = env.step({"action": "commit", "diagnosis": CASE.diagnosis.name})
    assert tuple(info["reward_terms"]) == TERMS[preset]  # type: ignore[index]
    assert reward == sum(info["reward_terms"].values())


def test_unknown_presets_are_named() -> None:
    with pytest.raises(ValueError, match="unknown reward preset 'dense'; known: outcome, shaped"):
        DiagnosisEnv(reward="dense")  # type: ignore[arg-type]


def test_a_snapshot_goes_on_as_the_original_did() -> None:
    one, other = DiagnosisEnv(CaseSet([CASE])), DiagnosisEnv(CaseSet([CASE]))
    one.reset(seed=0)
    stated = [{"disease": CASE.diagnosis.name, "probability": 0.4}]
    one.step({"action": "update_differential", "differential": stated})
    one.step({"action": "order_test", "test": TESTS[0]})
    other.restore(one.episode)
    stated = [{"disease": CASE.diagnosis.name, "probability": 0.8}]
    action = {"action": "update_differential", "differential": stated}
    assert one.step(action)[1] == other.step(action)[1]


def test_truncation_is_paid_by_the_differential() -> None:
    state = Episode.start(CASE, DiagnosisEnv(max_turns=1).rules)
    stated = [{"disease": CASE.diagnosis.name, "probability": 0.5}]
    state = state.act({"action": "update_differential", "differential": stated})
    assert state.status == "truncated"
    assert final_worth(state) == pytest.approx(0.5, abs=0.01)


def test_evidence_pays_more_than_certainty() -> None:
    def says(p: float) -> dict[str, object]:
        stated = [{"disease": CASE.diagnosis.name, "probability": p}]
        return {"action": "update_differential", "differential": stated}

    def played(masses: list[float]) -> float:
        state = Episode.start(CASE).act(says(masses[0]))
        for test, p in zip(TESTS, masses[1:], strict=False):
            state = state.act({"action": "order_test", "test": test}).act(says(p))
        return score(
            state.act({"action": "commit", "diagnosis": CASE.diagnosis.name})
        ).shaped_reward

    assert played([0.2, 0.4, 0.6, 0.8, 0.9]) > played([0.9, 0.9, 0.9, 0.9, 0.9])


def test_the_exploit_table_puts_every_honest_doctor_first(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["exploits", "--limit", "20", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "exploits.json").read_text(encoding="utf-8"))
    rows = report["policies"]
    kinds = [row["kind"] for row in rows]
    assert kinds.count("honest") >= 4
    assert kinds.count("exploit") >= 12
    assert {row["policy"] for row in rows + report["limits"]} == set(KINDS)
    for field in ("combined", "shaped_reward"):
        honest = [row[field] for row in rows if row["kind"] == "honest"]
        exploits = [row[field] for row in rows if row["kind"] == "exploit"]
        assert min(honest) > max(exploits)
    for row in rows:
        assert 0 <= row["dtc"] <= 1
        assert 0 <= row["rac"] <= 1
