"""Inspect plays cases with its mock model (extra inspect)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="needs the extra inspect")

pytestmark = pytest.mark.filterwarnings("ignore")  # Inspect's own

from inspect_ai import eval as evaluate
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.inspect import medaction


def counted(output: ModelOutput) -> ModelOutput:
    """With its tokens counted: else the mock fetches a tokenizer to count them."""
    return output.model_copy(update={"usage": ModelUsage(input_tokens=1, output_tokens=1)})


def call(name: str, **arguments: Any) -> ModelOutput:
    return counted(ModelOutput.for_tool_call("mockllm/model", name, arguments))


def words(text: str) -> ModelOutput:
    return counted(ModelOutput.from_content("mockllm/model", text))


def test_an_episode_is_played_scored_and_logged(tmp_path: Path) -> None:
    case = CaseSet.teaching()[0]
    belief = [{"disease": case.diagnosis.name, "probability": 0.9}]
    model = get_model(
        "mockllm/model",
        custom_outputs=[
            call("order_test", test=case.tests[0].name),
            call("order_tests", tests="everything"),
            words("Let me think."),
            call("update_differential", differential=belief),
            call("commit", diagnosis=case.diagnosis.name),
        ],
    )
    [log] = evaluate(medaction(limit=1), model=model, log_dir=str(tmp_path), display="none")
    assert log.status == "success", log.error
    [sample] = log.samples or []
    told = sample.store["medaction"]
    assert told["right"]
    assert len(told["rewards"]) == 5
    assert told["rewards"][1] == told["rewards"][2] == pytest.approx(-0.06)
    assert sum(told["rewards"]) == pytest.approx(told["reward"])
    score = (sample.scores or {})["diagnosis"]
    assert score.value == {"grade": told["grade"], "reward": told["reward"]}
    said = [message.text for message in sample.messages]
    assert any(case.tests[0].result in text for text in said)
    opening = said[:2]
    assert not any(case.diagnosis.name in text for text in opening)


def test_who_never_commits_is_truncated(tmp_path: Path) -> None:
    model = get_model(
        "mockllm/model",
        custom_outputs=[words("Hm.")] * 3,
    )
    [log] = evaluate(
        medaction(limit=1, max_turns=3), model=model, log_dir=str(tmp_path), display="none"
    )
    assert log.status == "success", log.error
    [sample] = log.samples or []
    assert not sample.store["medaction"]["right"]
    assert len(sample.store["medaction"]["rewards"]) == 3
