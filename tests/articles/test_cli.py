"""``medaction-gym cases compile``: the report, the file, and what ``run`` makes of it."""

from __future__ import annotations

from pathlib import Path

from medaction_gym.cases.caseset import CaseSet
from tests.articles.texts import BODY, PLAIN, archive, jats
from tests.test_cli import call


def test_compile_and_play(tmp_path: Path) -> None:
    source = tmp_path / "articles"
    source.mkdir()
    archive(source / "a.tar.gz", {"PMC1.nxml": jats(BODY, pmc="1")})
    (source / "b.txt").write_text(PLAIN, encoding="utf-8")
    (source / "c.nxml").write_bytes(jats("<p>Nothing of the kind was seen by us.</p>", pmc="3"))
    (source / "d.nxml").write_bytes(b"<article")
    target = tmp_path / "cases.jsonl"
    output = call("cases", "compile", source, "--out", target)
    for said in (
        "articles read: 3",
        "cases accepted: 2",
        "rejected: 1",
        "files or entries that are no articles: 1",
        "leaks found and mended:",
        "tests a case: mean",
        "not well-formed XML",
    ):
        assert said in output
    assert [case.id for case in CaseSet.load(target)] == ["PMC1", "b"]
    assert "No problems" in call("cases", "check", target)
    call("run", "--agent", "random", "--cases", target, "--out", tmp_path / "run")


def test_nothing_is_written_without_a_case(tmp_path: Path) -> None:
    target = tmp_path / "cases.jsonl"
    target.write_text("old", encoding="utf-8")
    (tmp_path / "a.nxml").write_bytes(jats("<p>Nothing.</p>"))
    assert "no case was accepted" in call(
        "cases", "compile", tmp_path / "a.nxml", "--out", target, code=1
    )
    assert target.read_text(encoding="utf-8") == "old"


def test_clear_errors(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "x.jsonl")
    assert "no such article" in call("cases", "compile", tmp_path / "no", *out, code=1)
    (tmp_path / "a.txt").write_text(PLAIN, encoding="utf-8")
    wrong = ("cases", "compile", tmp_path / "a.txt", *out)
    assert "--compiler" in call(*wrong, "--compiler", "x", code=2)
    assert "needs --compiler llm" in call(*wrong, "--model", "some-model", code=1)
    assert "--jobs" in call(*wrong, "--jobs", 0, code=2)
