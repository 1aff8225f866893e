"""The chat client against a scripted endpoint: what it sends, counts and keeps to itself."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from medaction_gym.chat import Candidate, ChatClient, EndpointError, Price, SetupError, Usage
from tests.chat.asked import HELLO, Clients
from tests.chat_server import ChatServer, fails, raw, says

KEY = "sk-very-secret-0123456789"


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
