"""Endpoint: which language model is asked, in what form, and how it is reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from medaction_gym.chat.client import ChatClient, model_named


class Endpoint(BaseModel):
    """A model behind an OpenAI-compatible endpoint.

    Two are equal if they ask the same model in the same way: a run may be resumed at another
    address, at another pace, or with other patience.

    Attributes:
        model: The model's name.
        form: Whether moves come as tool calls, or as JSON in the text for models without tools.
        options: Of the request: temperature, max_tokens ...
        context: Tokens that a prompt may have, about; longer conversations are shortened (see
            `medaction_gym.prompt.history`). 0 for no limit.
        several: Whether all candidates of a node are asked for in one request. One by one costs the
            prompt each time, but a kill between two loses neither.
        base_url: The endpoint, up to and including ``/v1``; ``OPENAI_BASE_URL`` if "". No key in
            it: that is ``OPENAI_API_KEY``, and is written nowhere.
        cache: File of the replies, ``replies.sqlite`` in the data set's folder if "". What it holds
            is not paid for again.
        per_minute: Requests a minute, all workers together; None for no limit.
        timeout: Seconds without a sign of life before a request counts as failed.
        retries: How often a failed request is tried again.

    Example:
        >>> Endpoint(model="m", per_minute=30) == Endpoint(model="m") != Endpoint(model="n")
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # How it is reached: no part of what it is.
    REACHED: ClassVar[set[str]] = {
        "several", "base_url", "cache", "per_minute", "timeout", "retries",
    }  # fmt: skip

    model: str = Field(min_length=1)
    form: Literal["tools", "json"] = "tools"
    options: dict[str, Any] = {"temperature": 1.0}
    context: int = Field(default=0, ge=0)
    several: bool = True
    base_url: str = ""
    cache: str = ""
    per_minute: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=120.0, gt=0)
    retries: int = Field(default=5, ge=0)

    @field_validator("base_url")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        # These settings are written into the data set.
        if "@" in urlsplit(value).netloc:
            raise ValueError("must not hold a password; set OPENAI_API_KEY")
        return value

    @field_validator("options")
    @classmethod
    def _ours(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(value.keys() & {"messages", "model", "n", "seed", "tools", "stream"}):
            raise ValueError(f"{', '.join(taken)}: set with every request")
        return value

    @classmethod
    def of_environment(cls, model: str = "", **given: Any) -> Endpoint:
        """A model by name, or the one of ``OPENAI_MODEL``.

        Raises:
            ValueError: If there is no name.
        """
        return cls(model=model_named(model), **given)

    def client(self) -> ChatClient:
        """A client for it."""
        return ChatClient(
            self.model,
            base_url=self.base_url or None,
            cache=self.cache or None,
            timeout=self.timeout,
            retries=self.retries,
            per_minute=self.per_minute,
        )

    def placed(self, folder: Path, workers: int) -> Endpoint:
        """As one of several workers is to reach it that write to a folder."""
        cache = self.cache or str(folder.resolve() / "replies.sqlite")
        return self.shared(workers).model_copy(update={"cache": cache})

    def shared(self, workers: int) -> Endpoint:
        """As one of several workers is to reach it, so that all together keep the pace."""
        return self.model_copy(update={"per_minute": self.per_minute and self.per_minute / workers})

    def __eq__(self, other: object) -> bool:
        """Whether both ask the same model in the same way."""
        return isinstance(other, Endpoint) and self._asks == other._asks

    def __hash__(self) -> int:
        """Of what is asked."""
        return hash(self._asks)

    @property
    def _asks(self) -> tuple[str | int, ...]:
        return self.model, self.form, self.context, json.dumps(self.options, sort_keys=True)
