"""Benchmarks: protocols, results, and a verification that cannot be talked round."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medaction_gym.actions import Malformed, OrderTest
from medaction_gym.agents.base import Start
from medaction_gym.benchmarks import bench as play
from medaction_gym.benchmarks.bench import Entrant
from medaction_gym.benchmarks.compare import compare
from medaction_gym.benchmarks.data import Choice
from medaction_gym.benchmarks.interval import estimate, mcnemar
from medaction_gym.benchmarks.judges import JudgeChoice
from medaction_gym.benchmarks.leaderboard import leaderboard, results_in
from medaction_gym.benchmarks.one_round import REFUSED
from medaction_gym.benchmarks.protocol import PROTOCOLS, Protocol, played_cases
from medaction_gym.benchmarks.provenance import BenchError, sha256
from medaction_gym.benchmarks.result import Result
from medaction_gym.benchmarks.verify import unchecked, verify
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import ChatError
from medaction_gym.cli import app
from medaction_gym.metrics.behaviour import behaviour
from medaction_gym.metrics.judge import Judgement
from medaction_gym.metrics.process import Process
from medaction_gym.trajectory import read_trajectories

LIMIT = 5
HERE = "tests.benchmarks.test_bench"


def bench(
    data: Path,
    protocol: Protocol,
    agent: str,
    out: Path,
    *,
    limit: int = LIMIT,
    trials: int = 1,
    jobs: int = 1,
    judge: str = "offline",
) -> Result:
    return play.bench(
        "medr-bench",
        Choice((data,), limit=limit),
        protocol,
        Entrant(agent, trials=trials),
        out,
        jobs=jobs,
        judge=JudgeChoice(judge),
    )


class Fails:
    """Fails on every other case."""

    privileged = False

    def begin(self, start: Start) -> None:
        self.bad = len(start.info["case_id"]) % 2 == 0

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Any:
        if self.bad:
            raise RuntimeError("the endpoint is gone")
        return {"action": "commit", "diagnosis": "gout"}


def fussy_judge() -> Callable[[str, str], Judgement]:
    def judge(gold: str, prediction: str) -> Judgement:
        if len(gold) % 2:
            raise ChatError("no answer")
        return Judgement(1.0, "same", "")

    return judge


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "cases.jsonl"
    CaseSet.teaching().save(path)
    return path


@pytest.fixture(scope="module")
def played(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result that is copied, never changed."""
    out = tmp_path_factory.mktemp("runs") / "protocol"
    bench(data, "free-turn", "protocol", out, limit=LIMIT)
    return out


@pytest.fixture
def copy(data: Path, played: Path, tmp_path: Path) -> Path:
    """The result to be tampered with; its data lies where it says."""
    shutil.copytree(data.parent, tmp_path / "data")
    shutil.copytree(played, tmp_path / "runs" / "protocol")
    result = json.loads((played / "result.json").read_text())
    result["data"]["files"][0]["file"] = "../../data/cases.jsonl"
    (tmp_path / "runs" / "protocol" / "result.json").write_text(json.dumps(result))
    return tmp_path / "runs" / "protocol"


def edit(copy: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = copy / "result.json"
    result = json.loads(path.read_text())
    change(result)
    path.write_text(json.dumps(result))


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def rehash(copy: Path) -> None:
    """What a careful forger does next."""
    digest = sha256((copy / "trajectories.jsonl").read_bytes())
    edit(copy, lambda result: result.update(trajectories_sha256=digest))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_replays_and_verifies(
    protocol: Protocol, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = bench(data, protocol, "protocol", out, limit=4)
    assert list(verify(out)) == []
    assert sum(result.counts[f] for f in result.counts if f != "truncated_right") == 4
    for record, case in zip(
        read_trajectories(out / "trajectories.jsonl"),
        played_cases(protocol, CaseSet.load(data)[:4]),
        strict=True,
    ):
        ordered = [s for s in record.steps if isinstance(s.action, OrderTest)]
        if protocol == "oracle":
            assert all(test.result in record.opening for test in case.tests)
            assert not any(step.released for step in record.steps)
        elif protocol == "1-turn":
            refused = [s.action for s in record.steps if isinstance(s.action, Malformed)]
            assert len(ordered) == 1
            assert refused
            assert {action.reason for action in refused} == {REFUSED}
        else:
            assert len(ordered) > 1
        assert protocol == "oracle" or not any(test.result in record.opening for test in case.tests)


def test_a_round_without_end_is_truncated(data: Path, tmp_path: Path) -> None:
    result = bench(data, "1-turn", "order-everything", tmp_path / "o", limit=2)
    assert result.counts["truncated"] == 2
    assert result.kind == "exploit"
    assert list(verify(tmp_path / "o")) == []


def test_the_bound_is_right_and_scores_are_those_of_the_metrics(data: Path, tmp_path: Path) -> None:
    cases = CaseSet.load(data)[:LIMIT]
    bound = bench(data, "free-turn", "cheating-oracle", tmp_path / "b", limit=LIMIT)
    assert (bound.kind, bound.metrics["accuracy"].mean) == ("bound", 1.0)
    assert bound.metrics["examination_recall"].mean == 1.0
    know = bench(data, "free-turn", "knowledge", tmp_path / "k", limit=LIMIT)
    for folder, result in ((tmp_path / "b", bound), (tmp_path / "k", know)):
        for record, found in zip(
            read_trajectories(folder / "trajectories.jsonl"), result.rows, strict=True
        ):
            episode = record.episode(cases.get(record.case_id))
            process, seen = Process.of(episode), behaviour(episode)
            assert found.dtc == pytest.approx(process.dtc, abs=1e-6)
            assert found.rac == pytest.approx(process.rac, abs=1e-6)
            assert found.recall == pytest.approx(tuple(seen.recall))
            assert found.precision == tuple(seen.precision)
    compared = compare(know, bound)
    assert compared.only_first == 0
    assert compared.differences["accuracy"].mean == pytest.approx(
        1 - (know.metrics["accuracy"].mean or 0)
    )
    ranked = leaderboard(results_in([tmp_path]))
    assert [entry.agent for entry in ranked.entries] == ["cheating-oracle", "knowledge"]
    with pytest.raises(BenchError, match="same data"):
        compare(know, bench(data, "oracle", "random", tmp_path / "r", limit=2))


def test_the_same_for_any_number_of_jobs_and_when_continued(
    data: Path, played: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    shutil.copytree(played, out)
    (out / "result.json").unlink()
    lines = (played / "trajectories.jsonl").read_bytes().splitlines(keepends=True)
    (out / "trajectories.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:50])
    again = bench(data, "free-turn", "protocol", out, limit=LIMIT, jobs=2)
    first = Result.load(played)
    assert again.measured.played == LIMIT - 3
    times = {"measured", "data"}
    assert again.model_dump(exclude=times) == first.model_dump(exclude=times)
    assert list(verify(out, data=[data])) == []


def test_errored_unjudged_and_wrong_are_not_the_same(data: Path, tmp_path: Path) -> None:
    result = bench(
        data,
        "free-turn",
        f"{HERE}:Fails",
        tmp_path / "o",
        limit=12,
        judge=f"{HERE}:fussy_judge",
    )
    counts = result.counts
    assert counts["errored"]
    assert counts["unjudged"]
    assert counts["errored"] + counts["unjudged"] + counts["right"] == 12
    assert result.metrics["accuracy"].n == counts["right"]
    assert result.metrics["accuracy_of_all"].n == 12
    with pytest.raises(BenchError, match="--judge"):
        list(verify(tmp_path / "o"))
    assert list(verify(tmp_path / "o", judge=f"{HERE}:fussy_judge")) == []
    # A failure that has an end is none.
    path = tmp_path / "o" / "trajectories.jsonl"
    text = path.read_text()
    done = next(line for line in text.split("\n") if '"committed"' in line)
    record = json.loads(done)
    case = CaseSet.load(data).get(record["case_id"])
    record.update(status="errored", error="x", prediction="", grade=0.0, right=False)
    path.write_text(text.replace(done, _line(record)))
    found = "\n".join(verify(tmp_path / "o", judge=f"{HERE}:fussy_judge"))
    assert f"trajectory of {case.id}: " in found


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda r: r["metrics"]["accuracy"].update(mean=0.9), "metrics.accuracy"),
        (lambda r: r["metrics"]["dtc"].update(ci=[0.1, 0.2]), "metrics.dtc"),
        (lambda r: r["metrics"]["usd"].update(n=4), "metrics.usd"),
        (lambda r: r["counts"].update(right=5), "counts.right"),
        (lambda r: r["rows"][2].update(verdict="same", fate="right"), "rows["),
        (lambda r: r["rows"][0].update(rac=0.99), ".rac"),
        (lambda r: r["rows"].pop(), "rows:"),
        (lambda r: r.update(agent="knowledge"), "run.json: agent"),
        (lambda r: r.update(kind="exploit"), "kind"),
        (lambda r: r.update(seed=3), "seed"),
        (lambda r: r.update(protocol="oracle"), "settings"),
        (lambda r: r.update(trials=2), "run.json: trials"),
        (lambda r: r.update(chat={"model": "x"}), "run.json: chat"),
        (lambda r: r["judge"].update(sha256="0" * 64), "judge"),
        (lambda r: r["judge"].update(version="9"), "judge"),
        (lambda r: r["judge"].update(name="llm", model="m", endpoint="http://x/v1"), "judge"),
        (lambda r: r["breakdowns"]["rare"].popitem(), "breakdowns.rare"),
        (lambda r: r["rows"][1]["groups"].update(rare="x"), ".groups"),
        (lambda r: r["data"]["files"][0].update(sha256="0" * 64), "data.files.sha256"),
        (lambda r: r["data"].update(cases_hash="0" * 64), "data.cases_hash"),
        (lambda r: r["data"].update(limit=4), "data.cases_hash"),
        (lambda r: r["bootstrap"].update(draws=10), "bootstrap"),
        (lambda r: r.update(differences=""), "differences"),
    ],
)
def test_an_edited_result_is_caught(
    copy: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    edit(copy, change)
    assert named in next(verify(copy))


def test_an_untouched_copy_verifies(copy: Path) -> None:
    assert list(verify(copy)) == []


def test_an_edited_trajectory_is_caught(copy: Path) -> None:
    path = copy / "trajectories.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    gold = CaseSet.teaching().get(records[1]["case_id"]).diagnosis.name
    records[1]["prediction"] = gold
    records[1]["steps"][-1]["action"]["diagnosis"] = gold
    path.write_text("".join(_line(r) + "\n" for r in records))
    rehash(copy)
    assert records[1]["case_id"] in next(verify(copy))


def test_a_dropped_case_is_caught(copy: Path) -> None:
    for name in ("trajectories.jsonl", "cases.jsonl"):
        path = copy / name
        path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
        rehash(copy)
        found = list(verify(copy))
        assert found
        assert "case" in found[0]


def test_swapped_data_are_caught(copy: Path) -> None:
    source = copy.parent.parent / "data" / "cases.jsonl"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join([lines[1], lines[0], *lines[2:]]))
    assert next(verify(copy)).startswith("data.files.sha256")
    assert unchecked(copy) == []
    source.unlink()
    # What lies beside the result is checked all the same, but it does not pass quietly.
    assert list(verify(copy)) == []
    assert "not here" in unchecked(copy)[0]
    assert CliRunner().invoke(app, ["bench", "verify", str(copy)]).exit_code == 2
    own = copy / "cases.jsonl"
    own.write_text(own.read_text().replace("the", "a", 1))
    assert next(verify(copy)).startswith("data.cases_hash")


def test_estimates() -> None:
    assert estimate([1.0] * 5).ci == (1.0, 1.0)
    values = [float(i % 3 == 0) for i in range(300)]
    low, high = estimate(values).ci or (0, 0)
    assert 0.26 < low < 1 / 3 < high < 0.41
    # Two equal episodes a case are worth one.
    twice = estimate([v for v in values for _ in range(2)], [str(i // 2) for i in range(600)])
    assert twice.ci == estimate(values).ci
    assert mcnemar(10, 10) == 1.0
    assert mcnemar(0, 10) == pytest.approx(2 / 2**10)


def test_the_command_line(data: Path, played: Path, tmp_path: Path) -> None:
    def call(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, [str(a) for a in arguments])
        return done.exit_code, done.output

    out = tmp_path / "runs" / "dump"
    code, text = call(
        "bench", "agentclinic", "--data", data, "--agent", "dump-fifty", "--out", out,
        "--limit", LIMIT, "--protocol", "oracle",
    )  # fmt: skip
    assert code == 0
    assert "exploit" in text
    assert "Not comparable" in text
    assert call("bench", "verify", out)[0] == 0
    assert call("compare", played, out)[0] == 0
    assert call("rejudge", out)[0] == 0
    assert call("bench", "verify", out)[0] == 0
    assert "| dump-fifty (exploit) | 0.000 |" in call("leaderboard", out, "--markdown")[1]
    code, text = call("leaderboard", out.parent, played, "--out", tmp_path / "board")
    assert code == 0
    entries = json.loads((tmp_path / "board" / "leaderboard.json").read_text())["entries"]
    assert [entry["agent"] for entry in entries] == ["dump-fifty", "protocol"]
    edit(out, lambda result: result["metrics"]["accuracy"].update(mean=0.5))
    code, text = call("bench", "verify", out)
    assert code == 1
    assert "metrics.accuracy" in text
    code, text = call("bench", "verify", out.parent)
    assert code == 1
    assert f"name one, such as {out}" in text
    assert call("bench", "verify", out / "result.json")[0] == 1
    assert call("leaderboard", tmp_path / "board")[0] == 1
    none = tmp_path / "none"
    assert call("bench", "medr-bench", "--data", none, "--agent", "random", "--out", none)[0] == 1


def test_the_command_names_the_option_that_is_wrong(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_MODEL", raising=False)
    command = ("bench", "agentclinic", "--data", str(data), "--out", str(tmp_path))
    for given, said in (
        (("--judge", "llm"), "--judge-model NAME"),
        (("--patient", "llm"), "--patient-model NAME"),
        (("--agent", "chat"), "--model NAME"),
        (("--agent", "random"), "name each once"),
    ):
        done = CliRunner().invoke(app, [*command, "--agent", "random", *given])
        assert done.exit_code == 1
        assert said in done.output
    assert not list(tmp_path.iterdir())
