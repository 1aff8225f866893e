"""A language model as the judge of examinations, against a scripted endpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from medaction_gym.benchmarks.bench import Entrant, bench, rejudge
from medaction_gym.benchmarks.compare import compare
from medaction_gym.benchmarks.data import Choice
from medaction_gym.benchmarks.judges import JudgeChoice
from medaction_gym.benchmarks.leaderboard import as_markdown, leaderboard
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.verify import verify
from medaction_gym.chat import ChatClient
from medaction_gym.metrics.llm_examinations import BATCH, LLMExaminations
from medaction_gym.site.site import write_site
from tests.benchmarks.asking import (
    CASES,
    HERE,
    by_name,
    endpoint,
)
from tests.chat_server import ChatServer, Step, says

Clients = Callable[..., ChatClient]


def test_judged_examinations_stand_beside_what_was_handed_out(
    chat_server: ChatServer, choice: Choice, tmp_path: Path
) -> None:
    chat_server.default = by_name
    by = JudgeChoice("llm", "grader", chat_server.url)
    entrant = Entrant(f"{HERE}:Asks")
    result = bench("medr-bench", choice, "free-turn", entrant, tmp_path / "o", judge=by)
    for row, case in zip(result.rows, CASES, strict=True):
        half = len(case.tests[::2])
        assert row.recall_judged == (half, len(case.tests))
        assert row.precision_judged == (half, half + 1)  # each once, however often
    means = result.metrics
    assert means["examination_recall_judged"].mean == pytest.approx(
        sum(len(c.tests[::2]) / len(c.tests) for c in CASES) / len(CASES), abs=1e-6
    )
    assert means["examination_precision_judged"].n == len(CASES)
    assert "grader as the judge" in result.differences
    assert "recall judged" in as_markdown(leaderboard([result]))
    assert result.measured.judge_usage is not None
    assert result.measured.judge_usage.requests == len(chat_server.requests)
    # Judged again, from what was said.
    asked = len(chat_server.requests)
    assert rejudge(tmp_path / "o", by).metrics == means
    assert len(chat_server.requests) == asked
    offline = rejudge(tmp_path / "o", JudgeChoice(), tmp_path / "offline")
    assert not any("judged" in name for name in offline.metrics)
    alone = rejudge(tmp_path / "o", by._replace(examinations=False), tmp_path / "alone")
    assert not any("judged" in name for name in alone.metrics)
    with pytest.raises(BenchError, match="rejudge"):
        compare(result, alone)
    write_site([tmp_path / "o", tmp_path / "offline"], tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert page.count("Exam. recall, judged</th>") == 1
    assert page.count("<tr data-kind=") == 2
    chat_server.kill()
    assert list(verify(tmp_path / "o")) == []
    assert list(verify(tmp_path / "alone")) == []
    record = tmp_path / "o" / "examinations.jsonl"
    record.write_text(record.read_text().replace('\\"recorded\\": [1]', '\\"recorded\\": []'))
    assert any("recall_judged" in line for line in verify(tmp_path / "o"))


def test_nothing_is_judged_where_everything_is_shown(
    chat_server: ChatServer, choice: Choice, tmp_path: Path
) -> None:
    chat_server.default = by_name
    by = JudgeChoice("llm", "grader", chat_server.url)
    result = bench("medr-bench", choice, "oracle", Entrant("protocol"), tmp_path / "o", judge=by)
    assert result.judge.examinations is None
    assert not any("judged" in name for name in result.metrics)
    assert "patient" not in result.differences
    with pytest.raises(BenchError, match="no patient"):
        bench(
            "medr-bench", choice, "oracle",
            Entrant("protocol", patient=endpoint(chat_server)), tmp_path / "p",
        )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "1: yes",
        '{"requested": [{"number": 1, "recorded": []}]}',
        '{"requested": [{"number": 1, "recorded": [1]}, {"number": 1, "recorded": []}]}',
        '{"requested": [{"number": 1, "recorded": [1]}, {"number": 2, "recorded": [99]}]}',
    ],
)
def test_an_unusable_verdict_is_no_verdict(
    chat_server: ChatServer, choice: Choice, tmp_path: Path, said: str
) -> None:
    def judge(request: dict[str, Any]) -> Step:
        return by_name(request) if "gold" in request["messages"][1]["content"] else says(said)

    chat_server.default = judge
    by = JudgeChoice("llm", "grader", chat_server.url)
    entrant = Entrant(f"{HERE}:AsksTwo")
    result = bench("medr-bench", choice, "free-turn", entrant, tmp_path / "o", judge=by)
    assert result.counts["wrong"] == len(CASES)  # the diagnosis was judged all the same
    assert all("judge of examinations" in row.error for row in result.rows)
    assert "examination_recall_judged" not in result.metrics
    assert result.metrics["examination_recall"].n == len(CASES)
    assert list(verify(tmp_path / "o")) == []


def test_long_lists_are_asked_for_in_parts(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = by_name
    env = gym.make("MedAction-v0", cases=CASES, max_turns=50).unwrapped
    env.reset(options={"case_id": CASES[0].id})
    names = [test.name for test in CASES[0].tests]
    for test in (*names, *(f"flurbometry {n}" for n in range(BATCH))):
        env.step((0, test))
    asked = LLMExaminations(chat_client())(env.episode)
    assert asked == ((len(names), len(names)), (len(names), len(names) + BATCH))
    assert len(chat_server.requests) == 2
