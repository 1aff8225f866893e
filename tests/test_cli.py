"""The command line: the commands that outside scripts rely on, and their errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medaction_gym import __version__
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app


def call(*arguments: object, code: int = 0, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result.output


def test_version() -> None:
    assert __version__ in call("--version")


def test_check(tmp_path: Path, teaching: CaseSet) -> None:
    teaching.save(tmp_path / "good.jsonl")
    output = call("cases", "check", tmp_path / "good.jsonl")
    assert f"{len(teaching)} of {len(teaching)}" in output
    assert "No problems" in output
    with (tmp_path / "good.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "bad", "diagnosis": {"name": "x"}}\n')
    output = call("cases", "check", tmp_path / "good.jsonl", code=1)
    assert "1 problems" in output
    assert "case bad" in output
    call("cases", "check", tmp_path / "nothing.jsonl", code=1)


def test_list_and_show(tmp_path: Path, teaching: CaseSet) -> None:
    assert "toxicology-01" in call("cases", "list")
    case = teaching[0]
    shown = call("cases", "show", case.id)
    assert f"{case.tests[0].name} ({case.tests[0].category})" in shown
    assert f"Diagnosis: {case.diagnosis.name}" not in shown
    assert f"Diagnosis: {case.diagnosis.name}" in call("cases", "show", case.id, "--diagnosis")
    assert "closest" in call("cases", "show", "teaching-nothing", code=1)
    file = str(tmp_path / "cases.jsonl")
    teaching[:2].save(file)
    assert call("cases", "show", case.id, file) == call("cases", "show", case.id, "--cases", file)
    assert "give one" in call("cases", "show", case.id, file, "--cases", file, code=1)
    assert "id comes first" in call("cases", "show", file, code=1)


def test_run_and_replay(tmp_path: Path) -> None:
    output = call("run", "--agent", "protocol", "--out", tmp_path / "r", "--limit", 3)
    assert "0/3" in output
    file = tmp_path / "r" / "trajectories.jsonl"
    assert len(file.read_text(encoding="utf-8").splitlines()) == 3
    assert "3 of 3 trajectories replayed byte for byte" in call("replay", file.parent)
    record = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    assert "assistant" in call("replay", file, "--show", record["case_id"])
    record["usd"] += 1
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert "0 of 1" in call("replay", file, code=1)
    file.write_text("", encoding="utf-8")
    for command in ("replay", "score"):
        assert "holds no trajectories" in call(command, file, code=1)


def test_run_names_what_is_wrong(tmp_path: Path) -> None:
    assert "no agent 'x'" in call("run", "--agent", "x", "--out", tmp_path, code=1)
    missing = tmp_path / "no.jsonl"
    output = call("run", "--agent", "random", "--out", tmp_path, "--cases", missing, code=1)
    assert "no such case file" in output
    (tmp_path / "file").touch()
    output = call("run", "--agent", "random", "--out", tmp_path / "file", code=1)
    assert "is a file; a folder is needed" in output.replace("\n", " ")
    taken = tmp_path / "taken.jsonl"
    taken.mkdir()
    assert f"error: {taken}: is a directory" in call("cases", "synthesise", "--out", taken, code=1)


def test_play(teaching: CaseSet) -> None:
    case = teaching[0]
    lines = ("help", "menu", case.tests[0].name, "ddx Gout 60, Lupus", "commit", "ddx Gout 160")
    typed = "\n".join((*lines, f"commit {case.diagnosis.name}", ""))
    output = call("play", "--case", case.id, stdin=typed)
    assert "RESULT" in output
    assert "Differential noted" in output
    assert "Gout 60%, Lupus 50%" in output.replace("\n", " ")
    assert output.count("No turn was spent") == 2
    assert "From 0 to 100 per cent" in output
    assert "3 turns" in output
    assert "Grade 1.00" in output
    assert "The diagnosis was" in call("play", "--case", case.id, stdin="")
    assert "played by random" in call("play", "--case", case.id, "--agent", "random")


@pytest.mark.parametrize("jobs", [1, 2])
def test_demo(tmp_path: Path, jobs: int) -> None:
    if jobs == 1:
        output = call("demo", "--out", tmp_path)
        assert "cheating-oracle" in output
        assert "46/46" in output
        assert "not for the care of patients" in output
        assert (tmp_path / "site" / "index.html").is_file()


def test_the_documented_agent_and_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = Path(__file__).resolve().parent.parent / "docs" / "examples"
    assert "No problems" in call("cases", "check", examples / "my-case.json")
    monkeypatch.chdir(examples)
    output = call("run", "--agent", "my_agent:FirstLine", "--out", tmp_path, "--limit", 2)
    assert "0/2" in output


def test_knowledge_link(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Type 2 diabetes mellitus\n\nxyzzy\n", encoding="utf-8")
    output = call("knowledge", "link", "--in", tmp_path / "in.txt", "--out", tmp_path / "out.jsonl")
    assert "1 of 3 linked" in output
    rows = [json.loads(r) for r in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [bool(row["concepts"]) for row in rows] == [True, False, False]
    assert set(rows[0]["concepts"][0]) >= {"id", "name", "role", "confidence"}
    assert "diabetes" in rows[0]["concepts"][0]["name"].lower()


def test_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"gold": "Gout", "prediction": "Gouty arthritis", "row": 1},
        {"gold": "Type 1 diabetes mellitus", "prediction": "Type 2 diabetes mellitus", "row": 2},
    ]
    text = "\n".join(map(json.dumps, rows)) + "\n"
    (tmp_path / "pairs.jsonl").write_text(text, encoding="utf-8")
    call("judge", "--pairs", tmp_path / "pairs.jsonl", "--out", tmp_path / "out.jsonl")
    judged = [json.loads(r) for r in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [r["row"] for r in judged] == [1, 2]
    assert judged[0]["verdict"] == "same"
    assert judged[1]["verdict"] == "different"
    assert 0 <= judged[1]["p"] < judged[0]["p"] <= 1
    files = ("--pairs", tmp_path / "pairs.jsonl", "--out", tmp_path / "out.jsonl")
    assert "needs --judge llm" in call("judge", *files, "--endpoint", "http://x/v1", code=1)
    monkeypatch.delenv("OPENAI_MODEL", raising=False)
    assert "--model NAME" in call("judge", *files, "--judge", "llm", code=1)
    (tmp_path / "pairs.jsonl").write_text('{"gold": "x"}\n', encoding="utf-8")
    assert "line 1" in call(
        "judge", "--pairs", tmp_path / "pairs.jsonl", "--out", tmp_path / "o.jsonl", code=1
    )


def test_knowledge_findings(tmp_path: Path) -> None:
    row = {"text": "Fever and weight loss, no splenomegaly.", "id": 7}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    call("knowledge", "findings", "--in", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    back = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert back["id"] == 7
    found = {row["text"][f["start"] : f["end"]].lower(): f["negated"] for f in back["findings"]}
    assert found == {"fever": False, "weight loss": False, "splenomegaly": True}


def test_score(tmp_path: Path) -> None:
    call("run", "--agent", "dump-fifty", "--out", tmp_path / "r", "--limit", 3)
    file = tmp_path / "r" / "trajectories.jsonl"
    assert "3/3" in call("score", file, "--out", tmp_path / "scores.jsonl")
    rows = [json.loads(r) for r in (tmp_path / "scores.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 3
    for row in rows:
        assert 0 <= row["dtc"] < 0.2
        assert 0 <= row["rac"] <= 1
        assert row["turns"][0]["dtc_why"]
