"""A scripted OpenAI-compatible server on loopback: says what it is told to, and fails as told.

    with ChatServer(says("Gout"), fails(429), drops()) as server:
        ...  # a client with base_url=server.url
        server.requests  # the JSON bodies that came, in order

Each request takes the next step of the script; when the script is over, `default` answers all
others. A step may also be a function of the request's JSON body that returns a step.
The fixtures `chat_server` and `chat_client` in conftest.py start servers and clients and end them.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Step:
    """What the server does with one request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0  # seconds before it answers
    cut: int | None = None  # bytes of the body that are sent before the connection ends
    reset: bool = False  # the connection is reset without an answer


Scripted = Step | Callable[[dict[str, Any]], Step]


def says(
    *texts: str | None,
    calls: Iterable[tuple[str, Any]] = (),
    usage: Mapping[str, Any] | None = None,
    finish: str = "stop",
    wait: float = 0.0,
) -> Step:
    """A chat completion with a candidate for each text; calls are (tool, arguments) pairs.

    Arguments that are a string go out as they stand, so that they can be malformed.
    """
    message: dict[str, Any] = {"role": "assistant"}
    if calls := list(calls):
        message["tool_calls"] = [
            {
                "id": f"call_{i}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
                },
            }
            for i, (name, arguments) in enumerate(calls)
        ]
    completion = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted-1",
        "choices": [
            {"index": i, "message": message | {"content": text}, "finish_reason": finish}
            for i, text in enumerate(texts or (None,))
        ],
        "usage": usage or {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }
    return Step(json.dumps(completion).encode(), wait=wait)


def raw(body: str | bytes, status: int = 200, kind: str = "application/json") -> Step:
    """Any body at all."""
    return Step(body if isinstance(body, bytes) else body.encode(), status, {"Content-Type": kind})


def fails(status: int, message: str = "scripted failure", **headers: str) -> Step:
    """An error; headers with underscores for dashes. The default wait is a millisecond."""
    body = json.dumps({"error": {"message": message, "type": "scripted"}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Step(body, status, {"retry-after-ms": "1"} | named)


def drops() -> Step:
    """Resets the connection instead of answering."""
    return Step(reset=True)


def truncated(text: str = "This answer is cut off") -> Step:
    """A good answer of which only the first half of the bytes arrives."""
    whole = says(text)
    return Step(whole.body, cut=len(whole.body) // 2)


class ChatServer:
    """The server, from construction until `kill` or the end of the with block."""

    def __init__(self, *script: Scripted, default: Scripted | None = None) -> None:
        self.script = list(script)
        self.default = default
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.most_at_once = 0
        self._now = 0
        self._killed = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._port = 0
        self._http: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        """What a client takes as base_url."""
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Listen; after `kill`, on the same port as before."""
        self._killed = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._http.daemon_threads = True
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def kill(self) -> None:
        """End at once: open connections are reset, new ones refused."""
        if self._http is None:
            return
        self._http.shutdown()
        self._killed.set()
        with self._lock:
            for connection in self._open:  # those that wait for a next request
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        self._http.server_close()
        self._http = None

    def __enter__(self) -> ChatServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server, killed = self, self._killed

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with server._lock:
                    server._open.add(self.connection)

            def finish(self) -> None:
                with server._lock:
                    server._open.discard(self.connection)
                with suppress(OSError):
                    super().finish()

            def handle(self) -> None:
                with suppress(OSError, ValueError):  # the client went away, or we were killed
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = json.loads(body)
                with server._lock:
                    server.requests.append(request)
                    server.headers.append({k.lower(): v for k, v in self.headers.items()})
                    server.times.append(time.monotonic())
                    step = server.script.pop(0) if server.script else server.default
                    server._now += 1
                    server.most_at_once = max(server.most_at_once, server._now)
                try:
                    if step is None:
                        step = Step(b'{"error": {"message": "the script is over"}}', 400)
                    self.answer(step if isinstance(step, Step) else step(request))
                finally:
                    with server._lock:
                        server._now -= 1

            def answer(self, step: Step) -> None:
                if killed.wait(step.wait) or step.reset:
                    _reset(self.connection)
                    self.close_connection = True
                    return
                self.send_response(step.status)
                headers = {"Content-Type": "application/json"} | dict(step.headers)
                for name, value in (headers | {"Content-Length": str(len(step.body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(step.body[: step.cut])
                if step.cut is not None:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _reset(connection: socket.socket) -> None:
    """Close with RST, as a crashed process or a firewall does."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
