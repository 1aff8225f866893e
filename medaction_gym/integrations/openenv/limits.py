"""Limits: what the server refuses before anything reads it. Plain ASGI, for HTTP and WebSocket."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The longest sensible action, fifty diseases of 300 characters, is some 20 kB.
MAX_BYTES = 65_536
POLICY, TOO_BIG = 1008, 1009  # close codes of RFC 6455, section 7.4.1


class Limits:
    """Refuses bodies and messages above `MAX_BYTES`, and to join another client's session.

    Args:
        app: The application behind.
        limit: Bytes of a body or message.
    """

    def __init__(self, app: App, limit: int = MAX_BYTES) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request as ASGI asks."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Read whole before the application sees it: a body without a length is cut off in time.
        parts, size, more = [], 0, True
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if said.isdigit() and int(said) > self.limit:
            return await self._refuse(send)
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            if size > self.limit:
                return await self._refuse(send)
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        whole = {"type": "http.request", "body": b"".join(parts), "more_body": False}
        given = iter([whole])

        async def replay() -> MutableMapping[str, Any]:
            for message in given:
                return message
            return await receive()

        await self.app(scope, replay, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "session_id" in parse_qs(scope["query_string"].decode("latin-1")):
            await receive()
            await send({"type": "websocket.close", "code": POLICY, "reason": "one session each"})
            return

        async def limited() -> MutableMapping[str, Any]:
            message = await receive()
            held = message.get("text") or message.get("bytes") or ""
            if len(held.encode() if isinstance(held, str) else held) > self.limit:
                await send({"type": "websocket.close", "code": TOO_BIG, "reason": self._why})
                return {"type": "websocket.disconnect", "code": TOO_BIG, "reason": self._why}
            return message

        await self.app(scope, limited, send)

    @property
    def _why(self) -> str:
        return f"more than {self.limit:,} bytes"

    async def _refuse(self, send: Send) -> None:
        body = json.dumps({"detail": f"the body has {self._why}"}).encode()
        head = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": head})
        await send({"type": "http.response.body", "body": body})
