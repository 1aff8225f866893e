"""Client: asks an OpenAI-compatible endpoint, or replays what it once answered.

HTTP, retries, backoff, Retry-After and time-outs are the openai library's. Ours: one strict reading
of replies, a cache by exact request, a limit on how much and how fast, and the accounts.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from medaction_gym.chat.cache import ReplyCache
from medaction_gym.chat.errors import EndpointError, NotCachedError, ReplyError, SetupError
from medaction_gym.chat.reply import Candidate, Form, Reply, Usage, fault, json_format

if TYPE_CHECKING:
    from openai import APIError, OpenAI

T = TypeVar("T")
Message = Mapping[str, Any]

_OPENAI = "https://api.openai.com/v1"
_UNREADABLE = "unreadable"
_SHOWN = 300  # characters of an endpoint's complaint that an error repeats


def model_named(model: str | None, option: str = "") -> str:
    """A model's name, or that of ``OPENAI_MODEL``.

    Args:
        model: The name; None or "" for the one of the environment.
        option: The option by which a command lets it be named.

    Raises:
        ValueError: If there is neither.
    """
    name = model or os.environ.get("OPENAI_MODEL", "")
    if not name:
        how = f" ({option} NAME)" if option else ""
        raise ValueError(f"no model: name one{how}, or set OPENAI_MODEL")
    return name


class ChatClient:
    """One model behind one endpoint. Threads may share a client; processes make their own.

    Args:
        model: The model's name; ``OPENAI_MODEL`` if not given.
        base_url: The endpoint, up to and including ``/v1``; ``OPENAI_BASE_URL`` if not given.
        api_key: ``OPENAI_API_KEY`` if not given. Local endpoints need none.
        cache: File of the replies (see `ReplyCache`); without one, every request is sent.
        replay: Only answer from the cache; nothing is ever sent.
        timeout: Seconds without a sign of life before a request counts as failed.
        retries: How often a failed request is tried again.
        concurrency: Requests under way at once.
        per_minute: Requests a minute, retries included; no limit if not given.

    Attributes:
        usage: What has been used so far.
        replay: As given; may be set when there is no sense in asking any more.

    Example:
        >>> client = ChatClient("some-model", base_url="http://localhost:8000/v1", replay=True)
        >>> client.usage.requests
        0
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        cache: str | Path | None = None,
        replay: bool = False,
        timeout: float = 120,
        retries: int = 5,
        concurrency: int = 8,
        per_minute: float | None = None,
    ) -> None:
        self.model = model_named(model)
        self._base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI).rstrip("/")
        address = urlsplit(self._base_url)
        if address.scheme not in ("http", "https"):
            raise ValueError("base_url must begin with http:// or https://")
        # Addresses can carry credentials; the name that is written down does not.
        self.endpoint = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
        self.usage = Usage()
        self._key = api_key or os.environ.get("OPENAI_API_KEY", "")
        self._cache = ReplyCache(cache) if cache else None
        self.replay = replay
        self._timeout, self._retries = timeout, retries
        self._slots = threading.BoundedSemaphore(concurrency)
        self._interval = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._connection: OpenAI | None = None
        self._one_by_one = False

    def __enter__(self) -> ChatClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client opens new ones when asked again."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def ask(self, messages: Sequence[Message], *, n: int = 1, **options: Any) -> Reply:
        """Send messages and get ``n`` candidates.

        Args:
            messages: As the chat completions API has them.
            n: Candidates. Endpoints that give fewer at a time are asked again, with the next seed.
            options: Anything else of the API: temperature, seed, tools, ... None leaves one out.

        Raises:
            EndpointError: The endpoint failed, retries included.
            NotCachedError: The client only replays and the cache lacks the request.
            SetupError: There is no key, or the openai library is not installed.
        """
        wanted = {"endpoint": self.endpoint, "model": self.model, "messages": messages, "n": n}
        wanted |= {name: options[name] for name in sorted(options) if options[name] is not None}
        # What is keyed is exactly what is sent. The order of keys further down stays: models write
        # the fields of a form in the order of its schema. Half a surrogate pair is no text: "?".
        text = json.dumps(wanted, ensure_ascii=False, allow_nan=False)
        text = text.encode("utf-8", "replace").decode()
        bodies = self._cache.get(text) if self._cache else None
        replayed = bodies is not None
        if bodies is None:
            if self.replay:
                raise NotCachedError("not in the cache", self.endpoint, self.model)
            bodies = self._fetch(json.loads(text), n)
            if self._cache:
                bodies = self._cache.put(text, bodies)
        reply = Reply.read(bodies)
        with self._lock:
            self.usage += Usage(replayed=1) if replayed else reply.usage
        return reply.model_copy(update={"candidates": reply.candidates[:n]})

    def ask_for(
        self,
        messages: Sequence[Message],
        read: Callable[[Candidate], T],
        *,
        attempts: int = 2,
        **options: Any,
    ) -> list[T]:
        """Ask until at least one candidate can be read; the model is told what was wrong.

        Args:
            messages: As in `ask`.
            read: Turns a candidate into what is wanted, or raises ValueError.
            attempts: How often to ask.
            options: As in `ask`.

        Returns:
            What could be read, in the order of the candidates.

        Raises:
            ReplyError: Nothing could be read, however often it was asked for.
        """
        asked = list(messages)
        complaint = ""
        for _ in range(attempts):
            reply = self.ask(asked, **options)
            found: list[T] = []
            faults: list[str] = []
            for candidate in reply.candidates:
                try:
                    found.append(read(candidate))
                except ValueError as error:
                    faults.append(fault(error))
            if found:
                return found
            complaint = faults[0]
            # As plain text: endpoints refuse messages that repeat a malformed tool call.
            asked += [
                {"role": "assistant", "content": reply.candidates[0].said()},
                {"role": "user", "content": f"This cannot be used: {complaint}\nAnswer again."},
            ]
        raise ReplyError(
            f"the answer cannot be used: {complaint}",
            self.endpoint,
            self.model,
            attempts=attempts,
        )

    def ask_form(self, messages: Sequence[Message], form: type[Form], **options: Any) -> Form:
        """Ask for one JSON object in the form of a pydantic model.

        Args:
            messages: As in `ask`. They should describe the form too: for endpoints that refuse
                schemas, pass ``response_format=None``.
            form: The model; forbidding extra fields, and without defaults.
            options: As in `ask_for`.
        """
        options = {"response_format": json_format(form)} | options
        return self.ask_for(messages, lambda candidate: candidate.as_json(form), **options)[0]

    def _fetch(self, request: dict[str, Any], n: int) -> list[str]:
        """The bodies that hold n candidates together."""
        del request["endpoint"], request["n"]
        bodies: list[str] = []
        got = 0
        while got < n:
            several = {"n": n - got} if n - got > 1 and not self._one_by_one else {}
            seed = {"seed": request["seed"] + got} if "seed" in request else {}
            try:
                bodies.append(self._send(request | several | seed))
            except EndpointError as error:
                if not several or error.status not in (400, 422):
                    raise
                self._one_by_one = True  # some endpoints refuse n, others ignore it
                continue
            got += len(Reply.read(bodies[-1:]).candidates)
        return bodies

    def _send(self, request: dict[str, Any]) -> str:
        connection = self._connected()
        from openai import APIError

        extra = {k: v for k, v in request.items() if k not in ("model", "messages")}
        with self._slots:
            try:
                return connection.chat.completions.with_raw_response.create(
                    model=request["model"], messages=request["messages"], extra_body=extra
                ).http_response.text
            except APIError as error:
                failure = self._failure(error)
        # Outside the handler: what the library raised holds headers, and so the key.
        raise failure

    def _failure(self, error: APIError) -> EndpointError:
        response = getattr(error, "response", None)
        headers = {} if response is None else response.headers
        unreadable = None if response is None else response.extensions.get(_UNREADABLE)
        why = unreadable or f"{error.message} {error.__cause__ or ''}".strip()
        if "retry-after" in headers:
            why += f" (Retry-After: {headers['retry-after']})"
        if len(self._key) > 7:  # shorter ones are placeholders, and words of any text
            why = why.replace(self._key, "[key]")
        return EndpointError(
            why[:_SHOWN],
            self.endpoint,
            self.model,
            None if response is None else 200 if unreadable else response.status_code,
            int(error.request.headers.get("x-stainless-retry-count", 0)) + 1,
        )

    def _connected(self) -> OpenAI:
        try:
            from openai import DefaultHttpxClient, OpenAI
        except ImportError:
            raise SetupError("this needs openai: pip install 'medaction-gym[llm]'") from None
        with self._lock:
            if self._connection is None:
                if not self._key and self._base_url == _OPENAI:
                    raise SetupError(
                        "no API key: set OPENAI_API_KEY, or the address of a local endpoint"
                    )
                hooks: dict[str, list[Callable[[Any], None]]] = {
                    "request": [self._pace],
                    "response": [_check],
                }
                self._connection = OpenAI(
                    api_key=self._key or "none",
                    base_url=self._base_url,
                    timeout=self._timeout,
                    max_retries=self._retries,
                    http_client=DefaultHttpxClient(event_hooks=hooks, timeout=self._timeout),
                )
            return self._connection

    def _pace(self, _: object) -> None:
        """Wait until a request may go out; evenly spaced, since endpoints refuse bursts."""
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self._interval
        time.sleep(max(0.0, start - time.monotonic()))


def _check(response: Any) -> None:
    """Turn a 200 that holds no chat completion into a 502, which the library tries again."""
    response.read()
    if response.status_code == 200:
        try:
            Reply.read([response.text])
        except ValueError as error:
            response.extensions[_UNREADABLE] = f"no chat completion: {fault(error)}"
            response.status_code = 502
