"""The chat client against a scripted endpoint: what it reads, keeps, counts and retries."""

from __future__ import annotations

import json
import logging
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from medaction_gym.chat import (
    Candidate,
    ChatClient,
    EndpointError,
    NotCachedError,
    Price,
    ReplyCache,
    ReplyError,
    SetupError,
    Usage,
    tool,
)
from tests.chat_server import ChatServer, Step, drops, fails, raw, says, truncated

Clients = Callable[..., ChatClient]
HELLO = [{"role": "user", "content": "What is it?"}]
KEY = "sk-very-secret-0123456789"


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str
    verdict: Literal["yes", "no"]


class OrderTest(BaseModel):
    """Order one test."""

    model_config = ConfigDict(extra="forbid")

    test: str


GOOD = '{"why": "same", "verdict": "yes"}'


# --- asking and reading


def test_a_plain_question(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says("Gout")]
    reply = chat_client().ask(HELLO, temperature=0, seed=None, top_k=3)
    assert reply.candidates[0].text == "Gout"
    assert reply.model == "scripted-1"
    request = {"model": "scripted", "messages": HELLO, "temperature": 0, "top_k": 3}
    assert chat_server.requests == [request]


def test_environment(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_server.default = says("x")
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_MODEL", "from-environment")
    with ChatClient() as client:
        client.ask(HELLO)
    assert chat_server.requests[0]["model"] == "from-environment"
    assert chat_server.headers[0]["authorization"] == f"Bearer {KEY}"
    monkeypatch.delenv("OPENAI_MODEL")
    with pytest.raises(ValueError, match="OPENAI_MODEL"):
        ChatClient()


def test_the_paid_endpoint_needs_a_key(chat_server: ChatServer) -> None:
    with pytest.raises(ValueError, match="OPENAI_API_KEY"):
        ChatClient("some-model").ask(HELLO)


def test_an_address_without_a_scheme() -> None:
    with pytest.raises(ValueError, match="http://"):
        ChatClient("some-model", base_url="localhost:8000/v1")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(SetupError, match=r"medaction-gym\[llm\]"):
        ChatClient("some-model", base_url="http://localhost:1/v1").ask(HELLO)


def test_text_that_is_no_unicode(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = says("β")
    chat_client().ask([{"role": "user", "content": "β-hCG \ud800"}])
    assert chat_server.requests[0]["messages"][0]["content"] == "β-hCG ?"


def test_candidates(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says("a", "b", "c")]
    assert [c.text for c in chat_client().ask(HELLO, n=3).candidates] == ["a", "b", "c"]
    assert chat_server.requests[0]["n"] == 3


def test_endpoints_that_give_one_candidate_at_a_time(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.script += [says("a"), says("b"), says("c")]
    client = chat_client()
    reply = client.ask(HELLO, n=3, seed=7)
    assert [c.text for c in reply.candidates] == ["a", "b", "c"]
    assert [(r.get("n"), r["seed"]) for r in chat_server.requests] == [(3, 7), (2, 8), (None, 9)]
    assert client.usage.requests == 3


def test_endpoints_that_refuse_several_candidates(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = lambda r: fails(400, "n must be 1") if "n" in r else says(str(r["seed"]))
    client = chat_client()
    assert [c.text for c in client.ask(HELLO, n=3, seed=1).candidates] == ["1", "2", "3"]
    assert [c.text for c in client.ask(HELLO, n=2, seed=5).candidates] == ["5", "6"]
    assert ["n" in request for request in chat_server.requests].count(True) == 1


def test_tools(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says(None, calls=[("order_test", {"test": "ferritin"})])]
    tools = [tool("order_test", OrderTest)]
    forms = {"order_test": OrderTest}
    found = chat_client().ask_for(HELLO, lambda c: c.as_calls(forms), tools=tools)
    assert found == [[OrderTest(test="ferritin")]]
    function = chat_server.requests[0]["tools"][0]["function"]
    assert function["description"] == "Order one test."
    assert function["parameters"]["required"] == ["test"]


@pytest.mark.parametrize(
    "bad",
    [
        says(None, calls=[("order_test", '{"test": "ferr')]),
        says(None, calls=[("order_test", {"tset": "ferritin"})]),
        says(None, calls=[("order_test", "[]")]),
        says(None, calls=[("prescribe", {"drug": "x"})]),
        says("I would order ferritin."),
        says(None),
    ],
)
def test_malformed_tool_calls_are_asked_again(
    chat_server: ChatServer, chat_client: Clients, bad: Step
) -> None:
    chat_server.script += [bad, says(None, calls=[("order_test", {"test": "ferritin"})])]
    client = chat_client()
    found = client.ask_for(HELLO, lambda c: c.as_calls({"order_test": OrderTest}))
    assert found == [[OrderTest(test="ferritin")]]
    roles = [m["role"] for m in chat_server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "cannot be used" in chat_server.requests[1]["messages"][-1]["content"]
    assert client.usage.requests == 2


@pytest.mark.parametrize(
    "text", [GOOD, f"```json\n{GOOD}\n```", f"<think>{{hm}}</think>Here: {GOOD}."]
)
def test_forms(chat_server: ChatServer, chat_client: Clients, text: str) -> None:
    chat_server.default = says(text)
    assert chat_client().ask_form(HELLO, Answer).verdict == "yes"
    assert chat_server.requests[0]["response_format"]["json_schema"]["strict"] is True
    chat_client().ask_form(HELLO, Answer, response_format=None)
    assert "response_format" not in chat_server.requests[1]


def test_a_form_never_met_is_an_error_of_the_reply(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = says('{"why": "", "verdict": "perhaps"}')
    with pytest.raises(ReplyError, match="'yes' or 'no'") as caught:
        chat_client().ask_form(HELLO, Answer, attempts=3)
    assert caught.value.attempts == len(chat_server.requests) == 3


def test_the_good_candidates_of_several_are_kept(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = says("bad", GOOD, "worse", GOOD)
    found = chat_client().ask_for(HELLO, lambda c: c.as_json(Answer), n=4)
    assert [answer.verdict for answer in found] == ["yes", "yes"]
    assert len(chat_server.requests) == 1


# --- failures


@pytest.mark.parametrize(
    "failure",
    [
        fails(429),
        fails(500),
        fails(503),
        fails(408),
        drops(),
        truncated(),
        raw("{not JSON"),
        raw(""),
        raw("<html>gateway</html>", kind="text/html"),
        raw('{"choices": []}'),
        raw('{"error": {"code": 502}}'),
        raw('{"choices": [{"message": {"content": 1}}]}'),
        raw(b"\xff\xfe"),
        says("late", wait=1.0),
    ],
)
def test_passing_failures_are_tried_again(
    chat_server: ChatServer, chat_client: Clients, failure: Step
) -> None:
    chat_server.script += [failure, says("Gout")]
    client = chat_client(timeout=0.3)
    assert client.ask(HELLO).candidates[0].text == "Gout"
    assert len(chat_server.requests) == 2
    assert client.usage.requests == 1


def test_retry_after_is_kept(chat_server: ChatServer, chat_client: Clients) -> None:
    slow_down = raw("{}", 429)
    chat_server.script += [Step(slow_down.body, 429, {"Retry-After": "1"}), says("Gout")]
    chat_client().ask(HELLO)
    assert chat_server.times[1] - chat_server.times[0] >= 1


@pytest.mark.parametrize(
    ("failure", "status", "attempts", "message"),
    [
        (fails(429), 429, 2, "scripted failure"),
        (fails(500), 500, 2, "scripted failure"),
        (fails(400, "no such parameter"), 400, 1, "no such parameter"),
        (fails(401), 401, 1, "scripted failure"),
        (fails(404), 404, 1, "scripted failure"),
        (raw("{not JSON"), 200, 2, "no chat completion"),
        (drops(), None, 2, "Connection error"),
        (truncated(), None, 2, "without sending complete"),
        (says("late", wait=0.4), None, 2, "timed out"),
    ],
)
def test_lasting_failures_are_typed(
    chat_server: ChatServer,
    chat_client: Clients,
    failure: Step,
    status: int | None,
    attempts: int,
    message: str,
) -> None:
    chat_server.default = failure
    with pytest.raises(EndpointError, match=message) as caught:
        chat_client(retries=1, timeout=0.2).ask(HELLO)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.status, error.attempts) == (status, attempts)
    assert (error.endpoint, error.model) == (chat_server.url, "scripted")
    assert chat_server.url in str(error)
    assert len(chat_server.requests) == attempts


def test_a_server_killed_in_mid_request(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says("never", wait=30), says("Gout")]
    client = chat_client(retries=4)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.ask, HELLO)
        while not chat_server.requests:
            time.sleep(0.01)
        chat_server.kill()
        time.sleep(0.3)
        chat_server.start()
        assert asked.result().candidates[0].text == "Gout"
    chat_server.kill()
    with pytest.raises(EndpointError):
        chat_client(retries=0).ask(HELLO)


# --- limits


def test_concurrency(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = says("x", wait=0.05)
    client = chat_client(concurrency=2)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda i: client.ask(HELLO, seed=i), range(8)))
    assert chat_server.most_at_once == 2
    assert client.usage == Usage(requests=8, prompt=80, completion=16)


def test_rate(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says("x"), fails(429), says("x"), says("x")]
    client = chat_client(per_minute=600)
    for seed in range(3):
        client.ask(HELLO, seed=seed)
    gaps = [b - a for a, b in zip(chat_server.times, chat_server.times[1:], strict=False)]
    assert len(gaps) == 3
    assert chat_server.times[-1] - chat_server.times[0] >= 0.28  # retries keep to it too


# --- accounts


def test_accounts(chat_server: ChatServer, chat_client: Clients) -> None:
    counted = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 400},
    }
    null = {"prompt_tokens": 5, "completion_tokens": None, "prompt_tokens_details": None}
    silent = raw('{"choices": [{"message": {"content": "x"}}], "usage": null}')
    chat_server.script += [says("x", usage=counted), says("x", usage=null), silent]
    client = chat_client()
    for seed in range(3):
        client.ask(HELLO, seed=seed)
    assert client.usage == Usage(prompt=1005, completion=100, cached=400, requests=3, uncounted=1)
    assert Price(2, 10, 1).of(client.usage) == pytest.approx((605 * 2 + 400 * 1 + 100 * 10) / 1e6)
    assert Price(2, 10).of(client.usage) == pytest.approx((1005 * 2 + 100 * 10) / 1e6)


# --- the cache


def test_replay_without_a_network(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    chat_server.script += [says("bad"), says(GOOD), says("a", "b")]
    file = tmp_path / "folder" / "replies.sqlite"
    first = chat_client(cache=file)
    answer = first.ask_form(HELLO, Answer)
    several = first.ask(HELLO, n=2, temperature=1.0)
    chat_server.kill()
    again = chat_client(cache=file, replay=True)
    assert again.ask_form(HELLO, Answer) == answer
    assert again.ask(HELLO, temperature=1.0, n=2) == several
    assert again.usage == Usage(replayed=3)
    with pytest.raises(NotCachedError, match="not in the cache"):
        again.ask(HELLO, n=2, temperature=0.9)
    with pytest.raises(NotCachedError):
        chat_client(cache=file, replay=True, model="another").ask(HELLO, n=2, temperature=1.0)


def test_replay_needs_no_library(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    chat_server.default = says("Gout")
    chat_client(cache=tmp_path / "c").ask(HELLO)
    code = f"""
import sys
from medaction_gym.chat import ChatClient
client = ChatClient("scripted", base_url={chat_server.url!r}, cache={str(tmp_path / "c")!r})
print(client.ask({HELLO!r}).candidates[0].text, "openai" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["Gout", "False"]


def test_failures_are_not_cached(
    chat_server: ChatServer, chat_client: Clients, tmp_path: Path
) -> None:
    chat_server.script += [fails(500), says("Gout")]
    client = chat_client(cache=tmp_path / "c", retries=0)
    with pytest.raises(EndpointError):
        client.ask(HELLO)
    assert client.ask(HELLO).candidates[0].text == "Gout"


def test_processes_share_a_cache(tmp_path: Path) -> None:
    code = f"""
import sys
from medaction_gym.chat import ReplyCache
cache = ReplyCache({str(tmp_path / "c")!r})
for i in range(100):
    cache.put(f"request {{i}}", [sys.argv[1]])
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(i)]) for i in range(3)]
    victim = subprocess.Popen([sys.executable, "-c", code, "victim"])
    time.sleep(0.5)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    cache = ReplyCache(tmp_path / "c")
    kept = [cache.get(f"request {i}") for i in range(100)]
    assert all(kept)
    assert [cache.put(f"request {i}", ["late"]) for i in range(100)] == kept


def test_a_broken_cache_says_which(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("no database, but some text that is long enough" * 100)
    with pytest.raises(OSError, match=r"c: cannot be used as a cache of replies"):
        ReplyCache(tmp_path / "c")


# --- the key


def test_the_key_is_written_nowhere(
    chat_server: ChatServer,
    chat_client: Clients,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    chat_server.script += [says("Gout"), fails(401, f"wrong API key: {KEY}")]
    url = chat_server.url.replace("http://", "http://user:password-in-url@")
    client = chat_client(api_key=KEY, cache=tmp_path / "c", base_url=url)
    client.ask(HELLO)
    with pytest.raises(EndpointError, match=r"wrong API key: \[key\]") as caught:
        client.ask(HELLO, seed=1)
    told = "".join(traceback.format_exception(caught.value)) + repr(client) + caplog.text
    with sqlite3.connect(tmp_path / "c") as database:
        told += "".join(database.iterdump())
    database.close()
    told += repr(vars(caught.value)) + str(caught.value.__cause__) + str(caught.value.__context__)
    assert KEY not in told
    assert "password-in-url" not in json.dumps([client.endpoint, str(caught.value)])


def test_threads_share_a_connection(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.default = says("x")
    client = chat_client()
    threads = [threading.Thread(target=client.ask, args=(HELLO,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.usage.requests == 5
    client.close()
    assert client.ask(HELLO).candidates == (Candidate(text="x", finish_reason="stop"),)
