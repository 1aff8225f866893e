"""SkyRL-gym plays episodes with a reward every turn (extra skyrl)."""

from __future__ import annotations

import json

import pytest

skyrl_gym = pytest.importorskip("skyrl_gym", reason="needs the extra skyrl")

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.skyrl import ID, register, rows
from tests.pages import DOCS, example_output, stated_output


def test_an_episode_by_its_registered_name() -> None:
    register()
    register()
    cases = CaseSet.teaching()
    row, case = next(iter(rows(cases))), cases[0]
    assert row["env_class"] == ID
    env = skyrl_gym.make(
        row["env_class"],
        env_config={"cases": cases, "max_turns": 6},
        extras=row["extra_info"],
    )
    prompt, _ = env.init(row["prompt"])
    assert [message["role"] for message in prompt] == ["system", "user"]
    assert "JSON object" in prompt[0]["content"]
    order = json.dumps({"action": "order_test", "test": case.tests[0].name})
    told = env.step(f"I look at it. {order}")
    assert case.tests[0].result in told["observations"][0]["content"]
    assert (told["reward"] < 0, told["done"]) == (True, False)
    assert env.step("no action at all")["metadata"]["outcome"] == "MALFORMED"
    belief = [{"disease": case.diagnosis.name, "probability": 0.9}]
    told = env.step(json.dumps({"action": "update_differential", "differential": belief}))
    assert told["reward"] > 0.2  # paid in the turn in which it was earned
    told = env.step(json.dumps({"action": "commit", "diagnosis": case.diagnosis.name}))
    assert (told["done"], told["observations"]) == (True, [])
    assert told["reward"] > 0.5
    metrics = env.get_metrics()
    assert (metrics["right"], metrics["turns"], metrics["tests"]) == (1.0, 4, 1)
    assert type(env.unwrapped if hasattr(env, "unwrapped") else env).aggregate_metrics([metrics])


def test_the_pages_example_prints_what_the_page_says() -> None:
    page = DOCS / "integrations.md"
    assert example_output("skyrl_play.py") == stated_output(page, "skyrl_play.py")
