"""The compiler by language model when endpoint or answers fail, and the command's resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medaction_gym.articles.llm import LLMCompiler
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import ChatClient
from tests.articles.test_llm import (
    GOOD,
    INVENTED,
    Clients,
    answer,
    asked,
    compiled,
    patient,
    plain,
)
from tests.articles.texts import BODY, PLAIN, jats
from tests.chat_server import ChatServer, Step, drops, fails, raw, says
from tests.test_cli import call


@pytest.mark.parametrize(
    "bad",
    [
        says("Certainly! Here is the case."),
        says(GOOD[: len(GOOD) // 2]),
        says(GOOD, finish="length"),
        says("{}"),
        says(GOOD.replace('"who"', '"whom"')),
        says(GOOD.replace('"imaging"', '"magic"')),
        says(GOOD.replace("34,", "NaN,")),
        says(GOOD.replace("34,", "-3,")),
        says(GOOD.replace("smoking", "\\ud800")),
        says(answer()),
        says(answer(patient(), article="no case report")),
        says(answer(*[patient()] * 21)),
        says("[" * 50_000),
        says(None),
    ],
)
def test_malformed_then_mended(chat_server: ChatServer, chat_client: Clients, bad: Step) -> None:
    chat_server.script += [bad, says(f"```json\n{GOOD}\n```")]
    assert len(compiled(chat_client).cases) == 1
    assert "cannot be used" in asked(chat_server)


def test_no_usable_answer_is_no_rejection(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = says("I cannot help with that.")
    result = compiled(chat_client)
    assert len(chat_server.requests) == 2
    assert (result.cases, result.refusals) == ((), ())
    assert "the answer cannot be used" in result.failure
    assert result.failure.startswith("x: ")


def test_a_repair_that_makes_it_worse(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says(answer(INVENTED)), says("Sorry.")]
    result = compiled(chat_client)
    assert len(result.cases) == 1
    assert len(result.dropped) == 2


@pytest.mark.parametrize(
    "failure",
    [fails(429, retry_after="0"), fails(500), fails(503), drops(), says(GOOD, wait=1.5), raw("<")],
)
def test_passing_failures(chat_server: ChatServer, chat_client: Clients, failure: Step) -> None:
    chat_server.script += [failure, says(GOOD)]
    assert len(compiled(chat_client, timeout=0.4).cases) == 1
    assert len(chat_server.requests) == 2


@pytest.mark.parametrize(
    "failure", [fails(429), fails(500), drops(), says(GOOD, wait=1.0), fails(401), raw("<")]
)
def test_lasting_failures_are_no_rejection(
    chat_server: ChatServer, chat_client: Clients, failure: Step
) -> None:
    chat_server.default = failure
    compiler = LLMCompiler(chat_client(timeout=0.1, retries=0))
    for _ in range(5):
        result = compiler.compile(plain())
        assert (result.cases, result.refusals) == ((), ())
        assert result.failure.startswith("x: http://127.0.0.1")
    assert "failed 3 times in a row" in result.failure
    assert len(chat_server.requests) == 3


def test_what_is_kept_outlives_the_endpoint(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    """A second run against a dead endpoint gives no fewer cases than the first."""
    chat_server.script += [says(GOOD)]
    chat_server.default = fails(500)
    first, last = plain(), plain(PLAIN + "\n\nThe end.")
    assert len(LLMCompiler(chat_client(cache=tmp_path / "kept")).compile(last).cases) == 1
    compiler = LLMCompiler(chat_client(cache=tmp_path / "kept", retries=0))
    results = [compiler.compile(first) for _ in range(4)]
    assert all(result.failure for result in results)
    assert len(compiler.compile(last).cases) == 1


def test_plain_answers_are_kept_too(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    chat_server.script += [fails(422, "no schema"), says(GOOD)]
    assert len(compiled(chat_client, cache=tmp_path / "kept").cases) == 1
    assert len(compiled(chat_client, cache=tmp_path / "kept", replay=True).cases) == 1


def test_an_endpoint_without_schemas(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = lambda r: (
        fails(400, "no response_format here") if "response_format" in r else says(GOOD)
    )
    compiler = LLMCompiler(chat_client())
    assert len(compiler.compile(plain()).cases) == 1
    assert len(compiler.compile(plain()).cases) == 1
    formats = ["response_format" in request for request in chat_server.requests]
    assert formats == [True, False, False]


def test_a_request_that_is_refused(chat_server: ChatServer, chat_client: Clients) -> None:
    """An article that is too long for one model does not end the work on the others."""
    chat_server.script += [fails(400, "context length exceeded")] * 8
    chat_server.default = says(GOOD)
    compiler = LLMCompiler(chat_client(retries=0))
    for _ in range(4):
        assert "context length exceeded" in compiler.compile(plain()).failure
    assert len(compiler.compile(plain()).cases) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "articles"
    source.mkdir()
    for number in range(4):
        # Equal articles would be one request.
        told = jats(BODY, pmc=str(number), title=f"Graves&#x2019; disease, case report {number}")
        (source / f"{number}.nxml").write_bytes(told)
    return source


def compile_with(server: ChatServer, folder: Path, *more: object, code: int = 0) -> str:
    given = ("--compiler", "llm", "--base-url", server.url, "--model", "scripted")
    out = folder.parent / "cases.jsonl"
    return call("cases", "compile", folder, "--out", out, *given, *more, code=code)


def test_the_command_and_its_resume(chat_server: ChatServer, folder: Path) -> None:
    """The server dies after two of four articles: nothing is lost, and nothing is paid twice."""

    def last(_: dict[str, Any]) -> Step:
        return fails(401, "the account is empty")

    chat_server.script += [says(answer(INVENTED)), says(GOOD), says(GOOD)]
    chat_server.default = last
    output = compile_with(chat_server, folder, code=1)
    assert "cases accepted: 2" in output
    assert "rejected: 0" in output
    assert "failed, through no fault of the article: 2" in output
    assert "the account is empty" in output
    assert "3 requests, 30 prompt and 6 completion tokens" in output
    assert "tries those again" in output
    assert len(CaseSet.load(folder.parent / "cases.jsonl")) == 2
    before = len(chat_server.requests)
    chat_server.default = says(GOOD)
    output = compile_with(chat_server, folder, "--jobs", 3, "--price", 1000, 1000, "--verbose")
    assert "cases accepted: 4" in output
    assert len(chat_server.requests) == before + 2
    assert "2 requests, 3 answers kept from before, 20 prompt and 4 completion" in output
    assert "0.0240 money" in output
    assert [c.id for c in CaseSet.load(folder.parent / "cases.jsonl")] == [
        f"PMC{n}" for n in range(4)
    ]


def test_the_server_dies_and_comes_back(chat_server: ChatServer, folder: Path) -> None:
    seen: list[int] = []

    def dies(_: dict[str, Any]) -> Step:
        seen.append(1)
        return says(GOOD) if len(seen) == 1 else drops()

    chat_server.default = dies
    client = {"model": "scripted", "base_url": chat_server.url, "cache": folder.parent / "kept"}
    from medaction_gym.articles.report import compile_paths

    with ChatClient(**client, retries=0) as first:
        report = compile_paths([folder], LLMCompiler(first))
    assert (len(report.cases), len(report.failures), report.rejected.total()) == (1, 3, 0)
    chat_server.kill()
    with ChatClient(**client, retries=0) as second:
        report = compile_paths([folder], LLMCompiler(second), jobs=2, threads=True)
    assert len(report.cases) == 1
    chat_server.start()
    chat_server.default = says(GOOD)
    before = len(chat_server.requests)
    with ChatClient(**client, retries=0) as third:
        report = compile_paths([folder], LLMCompiler(third), jobs=2, threads=True)
    assert len(report.cases) == 4
    assert len(chat_server.requests) == before + 3
    assert third.usage.replayed == 1


def test_dropped_parts_are_in_the_report(chat_server: ChatServer, folder: Path) -> None:
    chat_server.default = says(answer(INVENTED))
    output = compile_with(chat_server, folder, "--verbose", "--characters", 300)
    assert "parts of accepted cases left out, without evidence: 8" in output
    assert "articles too long to be read whole: 4" in output
    assert "PMC0: tests['Chest CT']: 'Chest CT showed a thymoma.' is not in the article" in output


def test_clear_errors(chat_server: ChatServer, folder: Path) -> None:
    for wrong, said in (
        (("--options", "{"), "--options is not JSON"),
        (("--options", "[]"), "must be a JSON object"),
        (("--base-url", "nowhere"), "must begin with http"),
        (("--cache", folder), "cannot be used as a cache"),
    ):
        assert said in compile_with(chat_server, folder, *wrong, code=1)
    out = ("--out", folder.parent / "x.jsonl")
    assert "needs --compiler llm" in call("cases", "compile", folder, *out, "--model", "m", code=1)
    assert chat_server.requests == []
