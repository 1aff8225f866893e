"""Replies that were paid for: replayed, shared by processes, never a failure."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medaction_gym.chat import EndpointError, NotCachedError, ReplyCache, Usage
from tests.chat.asked import GOOD, HELLO, Answer, Clients
from tests.chat_server import ChatServer, fails, says


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
