"""Limits: what the server refuses before anything reads it. Plain ASGI, for HTTP and WebSocket."""

from __future__ import annotations

import asyncio
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
BODY_S = 20.0  # for a body to arrive
POLICY, TOO_BIG = 1008, 1009  # close codes of RFC 6455, section 7.4.1


class Limits:
    """Refuses what is too long or comes too slowly, and to join another client's session.

    Args:
        app: The application behind.
        limit: Bytes of a body or message.
        body_s: Seconds in which a body must have come.
    """

    def __init__(self, app: App, limit: int = MAX_BYTES, body_s: float = BODY_S) -> None:
        self.app, self.limit, self.body_s = app, limit, body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request as ASGI asks."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Read whole before the application sees it: what has no length is cut off in time.
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if said.isdigit() and int(said) > self.limit:
            return await self._refuse(send, 413, f"the body has {self._why}")
        try:
            async with asyncio.timeout(self.body_s):
                body = await self._read(receive)
        except TimeoutError:
            return await self._refuse(send, 408, f"the body took more than {self.body_s:g} s")
        except ConnectionError:
            return
        if body is None:
            return await self._refuse(send, 413, f"the body has {self._why}")
        whole = {"type": "http.request", "body": body, "more_body": False}
        given = iter([whole])

        async def replay() -> MutableMapping[str, Any]:
            for message in given:
                return message
            return await receive()

        await self.app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None once it is too long.

        Raises:
            ConnectionError: If the client has gone.
        """
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            body += message.get("body", b"")
            if len(body) > self.limit:
                return None
            more = message.get("more_body", False)
        return bytes(body)

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

    async def _refuse(self, send: Send, status: int, why: str) -> None:
        head = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps({"detail": why}).encode()})
