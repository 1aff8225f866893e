"""The OpenEnv server on loopback: many clients, and those that must be refused (extra openenv)."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("openenv", reason="needs the extra openenv")

import httpx
import uvicorn
import yaml
from openenv.core.generic_client import GenericEnvClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.openenv import server
from medaction_gym.integrations.openenv.client import MedActionEnv
from medaction_gym.integrations.openenv.limits import MAX_BYTES, Limits
from medaction_gym.integrations.openenv.records import MedActionAction
from tests.pages import DOCS, example_output, stated_output

CLIENTS = 64
CASES = CaseSet.teaching()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with one session to spare."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    application = server.app(CASES, max_sessions=CLIENTS + 1, max_turns=8)
    running = uvicorn.Server(
        uvicorn.Config(application, port=port, ws_max_size=MAX_BYTES, log_level="error")
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


async def episode(url: str, number: int) -> tuple[list[float], float]:
    """One client's episode; the seconds each request took, and what it earned."""
    case, times, earned = CASES[number % len(CASES)], [], 0.0
    async with MedActionEnv(url) as env:
        told = await env.reset(case_id=case.id)
        actions = [
            {"action": "order_test", "test": case.tests[0].name},
            {"action": "update_differential", "differential": [
                {"disease": case.diagnosis.name, "probability": 0.9}
            ]},
            MedActionAction(action="commit", diagnosis=case.diagnosis.name),
        ]  # fmt: skip
        for action in actions:
            assert told.observation.diagnosis == ""
            begun = time.perf_counter()
            told = await env.step(action)
            times.append(time.perf_counter() - begun)
            earned += told.reward
        assert told.done
        assert told.observation.right
        assert told.observation.diagnosis == case.diagnosis.name
    return times, earned


def test_many_clients_at_once_do_not_mix(url: str) -> None:
    async def all_of_them() -> list[tuple[list[float], float]]:
        return await asyncio.gather(*(episode(url, number) for number in range(CLIENTS)))

    played = asyncio.run(all_of_them())
    assert len(played) == CLIENTS
    assert all(earned > 1 for _, earned in played)


def test_the_gold_diagnosis_is_served_at_the_end_only(url: str) -> None:
    case = CASES[2]
    with GenericEnvClient(url).sync() as env:
        seen = [env.reset(case_id=case.id).observation, env.state()]
        seen.append(env.step({"action": "order_test", "test": "serum rhubarb"}).observation)
        seen.append(env.state())
        assert not any(case.diagnosis.name in json.dumps(told) for told in seen)
        over = env.step({"action": "commit", "diagnosis": "Gout"})
        assert (over.done, over.observation["diagnosis"]) == (True, case.diagnosis.name)
        again = env.step({"action": "commit", "diagnosis": case.diagnosis.name})
        assert again.reward == 0.0
        assert not again.observation["right"]


def test_malformed_actions_spend_a_turn_and_unknown_cases_are_refused(url: str) -> None:
    with MedActionEnv(url).sync() as env:
        with pytest.raises(RuntimeError, match="send reset first"):
            env.step({"action": "order_test", "test": "ECG"})
        with pytest.raises(RuntimeError, match="nobody"):
            env.reset(case_id="nobody")
        for name in ("case_id", "episode_id"):
            with pytest.raises(RuntimeError, match=f"{name} must be a string, not list"):
                env.reset(**{name: ["a"]})
        env.reset(seed=1)
        told = env.step({"action": "commit"})
        assert (told.observation.outcome, told.observation.turn) == ("MALFORMED", 1)
        with pytest.raises(RuntimeError, match="VALIDATION_ERROR"):
            env.step({"action": "commit", "case_id": "another"})


def test_plain_http_has_no_episode_to_step(url: str) -> None:
    told = httpx.post(f"{url}/step", json={"action": {"action": "commit", "diagnosis": "Gout"}})
    assert told.status_code == 400
    assert "WebSocket" in told.json()["detail"]
    assert httpx.post(f"{url}/reset", json={"case_id": "nobody"}).status_code == 400
    assert httpx.get(f"{url}/health").json() == {"status": "healthy"}
    assert httpx.get(f"{url}/schema").status_code == 200
    assert httpx.post(f"{url}/mcp", json={}).status_code in (404, 405)


def test_what_is_too_large_is_refused(url: str) -> None:
    big = {"action": {"action": "order_test", "test": "x" * (2 * MAX_BYTES)}}
    assert httpx.post(f"{url}/step", json=big).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    assert httpx.post(f"{url}/step", content=endless()).status_code == 413

    async def send() -> None:
        address = url.replace("http", "ws") + "/ws"
        async with connect(address) as socket_:
            await socket_.send(json.dumps({"type": "step", "data": big["action"]}))
            with pytest.raises(ConnectionClosed) as closed:
                await socket_.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        with pytest.raises(Exception, match=r"403|1008"):
            async with connect(address + "?session_id=abc") as socket_:
                await socket_.recv()

    asyncio.run(send())


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: object) -> None:
        sent.append(dict(message))  # type: ignore[call-overload]

    async def app(*_: object) -> None:
        raise AssertionError("reached the application")

    scope = {"type": "http", "headers": [(b"content-length", b"1000")]}
    asyncio.run(Limits(app, body_s=0.01)(scope, never, send))
    assert sent[0]["status"] == 408


def test_clients_that_vanish_free_their_place(url: str) -> None:
    async def vanish() -> None:
        address = url.replace("http", "ws") + "/ws"
        sockets = [await connect(address) for _ in range(CLIENTS + 1)]
        for one in sockets:
            await one.send(json.dumps({"type": "reset", "data": {"seed": 1}}))
        for one in sockets:
            assert json.loads(await one.recv())["type"] == "observation"
        async with connect(address) as late:  # one too many
            assert json.loads(await late.recv())["data"]["code"] == "CAPACITY_REACHED"
        for one in sockets:
            one.transport.abort()  # no goodbye
        for _ in range(100):
            try:
                await episode(url, 0)
                return
            except RuntimeError:
                await asyncio.sleep(0.1)
        pytest.fail("the places of clients that vanished were not freed")

    asyncio.run(vanish())


def test_the_manifest_names_what_there_is() -> None:
    folder = Path(server.__file__).parent
    manifest = yaml.safe_load((folder / "openenv.yaml").read_text(encoding="utf-8"))
    module, name = manifest["app"].split(":")
    assert module == "medaction_gym.integrations.openenv.asgi"
    assert name == "app"
    dockerfile = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert manifest["app"] in dockerfile
    assert str(MAX_BYTES) in dockerfile


def test_the_pages_example_prints_what_the_page_says(url: str) -> None:
    page = DOCS / "integrations.md"
    assert example_output("openenv_play.py", url) == stated_output(page, "openenv_play.py")
