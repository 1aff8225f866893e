"""The extra rl: the page's training code as it stands there, and what SB3 needs of a VecEnv."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.discrete import DiscreteVectorEnv
from tests.pages import python_blocks

sb3 = pytest.importorskip("sb3_contrib", reason="pip install 'medaction-gym[rl]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and SB3

ROOT = Path(__file__).resolve().parent.parent.parent


def vec_env(*envs: DiscreteVectorEnv) -> Any:
    from medaction_gym.integrations.sb3 import DiscreteVecEnv

    return DiscreteVecEnv(*envs)


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the page, in order, in one namespace."""
    monkeypatch.chdir(tmp_path)
    held: dict[str, Any] = {}
    for block in python_blocks(ROOT / "docs" / "discrete.md"):
        exec(compile(block, "docs/discrete.md", "exec"), held)
    assert held["played"].right.mean() > 0.5  # unseen patients; a random policy: a tenth
    assert (tmp_path / "policy.zip").exists()


def test_the_vec_env_tells_what_sb3_reads() -> None:
    cases = CaseSet.teaching()[:5]
    envs = vec_env(
        DiscreteVectorEnv(3, cases, max_turns=4, autoreset_mode="SameStep"),
        DiscreteVectorEnv(2, cases, max_turns=4, autoreset_mode="SameStep"),
    )
    envs.seed(0)
    first = envs.reset()
    assert first.shape == (5, envs.observation_space.shape[0])
    total, cut, committed = np.zeros(5), 0, 0
    for step in range(1, 13):
        actions = np.full(5, step % 60)
        actions[0] = 69  # the first environment commits at once
        _, rewards, over, infos = envs.step(actions)
        total += rewards
        for place in np.flatnonzero(over):
            info = infos[place]
            assert info["terminal_observation"].shape == first[0].shape
            assert info["episode"]["r"] == pytest.approx(total[place], abs=1e-5)
            assert info["TimeLimit.truncated"] == (place != 0)
            assert info["episode"]["l"] == (4 if place else 1)
            assert 0.0 <= info["grade"] <= 1.0
            cut, committed = cut + (place != 0), committed + (place == 0)
            total[place] = 0.0
        masks = np.stack(envs.env_method("action_masks"))
        assert masks.shape == (5, 79)
        assert not masks[~over, step % 60][1:].any()
    assert (cut, committed) == (12, 12)
    with pytest.raises(AttributeError):
        envs.env_method("nothing")
    envs.close()


def test_the_vec_env_refuses_other_autoreset_modes() -> None:
    with pytest.raises(ValueError, match="SameStep"):
        vec_env(DiscreteVectorEnv(2))


def test_the_same_seed_trains_the_same_policy() -> None:
    def trained(seed: int) -> Any:
        envs = vec_env(DiscreteVectorEnv(4, autoreset_mode="SameStep"))
        model = sb3.MaskablePPO("MlpPolicy", envs, n_steps=16, seed=seed, device="cpu")
        model.learn(128)
        return model.policy.state_dict()["action_net.weight"].numpy()

    np.testing.assert_array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


def test_the_single_file_ppo(tmp_path: Path) -> None:
    out = tmp_path / "curve.csv"
    command = [sys.executable, str(ROOT / "docs" / "examples" / "ppo.py"), "--total-steps", "8192"]
    command += ["--train-cases", "20", "--test-cases", "10", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    head, before, *_, after = out.read_text().splitlines()
    assert head == "steps,reward,right,at_once"
    assert before.startswith("0,")
    assert float(after.split(",")[1]) > float(before.split(",")[1])
