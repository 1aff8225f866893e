"""ChatAgent: any language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from weakref import finalize

from medaction_gym.agents.language import LanguageAgent, Session
from medaction_gym.chat import ChatError, Reply, Usage
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.prompt.reply import Move, read_answer
from medaction_gym.prompt.request import json_only, request

SEEDS = 2**31  # endpoints take a signed 32-bit seed


class Asked(Protocol):
    """Whoever answers: a `ChatClient`, or a model in this process.

    Attributes:
        usage: What has been used so far.
    """

    usage: Usage

    def ask(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> Reply:
        """One reply.

        Raises:
            ChatError: There is none.
        """
        ...


class ChatAgent(LanguageAgent):
    """Plays with the model of an endpoint, by tool calls or by JSON in the text.

    An answer that is no action is a malformed action, which the environment explains and counts.
    An endpoint that fails, retries included, ends the episode as errored.

    Args:
        endpoint: The model, or its name; ``OPENAI_MODEL`` if "". A name is asked with temperature 0
            and tool calls, at ``OPENAI_BASE_URL``.
        client: Asks the model; made from the endpoint if not given.

    Raises:
        ValueError: If there is no name, or the endpoint is not usable as described.

    Example:
        >>> agent = ChatAgent(Endpoint(model="my-model", base_url="http://localhost:8000/v1"))
        >>> agent.usage.requests
        0
    """

    def __init__(self, endpoint: Endpoint | str = "", client: Asked | None = None) -> None:
        if isinstance(endpoint, str):
            endpoint = Endpoint.of_environment(endpoint, options={"temperature": 0})
        self.endpoint = endpoint
        self._client: Asked
        if client:
            self._client = client
        else:
            opened = endpoint.client()
            self._client = opened
            # Agents are not closed by those who use them; this one's connections end with it.
            finalize(self, opened.close)

    @property
    def usage(self) -> Usage:
        """What has been used so far."""
        return self._client.usage

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """As `LanguageAgent.moves`; several sessions are asked for at once."""
        if len(sessions) == 1:
            return [self._move(sessions[0])]
        with ThreadPoolExecutor(len(sessions)) as pool:
            return list(pool.map(self._move, sessions))

    def _move(self, session: Session) -> Move | Exception:
        # Endpoints that refuse schemas: response_format None among the options.
        schema = {"response_format": json_only()} if self.endpoint.form == "json" else {}
        asked = schema | self.endpoint.options | request(session.messages, self.endpoint)
        try:
            reply = self._client.ask(**asked, seed=int(session.rng.integers(SEEDS)))
        except ChatError as error:
            return error
        return read_answer(reply.candidates[0])
