"""What a scripted endpoint does wrong: tried again, or a typed error."""

from __future__ import annotations

import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from medaction_gym.chat import EndpointError
from tests.chat.asked import HELLO, Clients
from tests.chat_server import ChatServer, Step, drops, fails, raw, says, truncated


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
