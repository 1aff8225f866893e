"""What the tests of the chat client ask, and the form of an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from medaction_gym.chat import ChatClient

Clients = Callable[..., ChatClient]
HELLO = [{"role": "user", "content": "What is it?"}]
GOOD = '{"why": "same", "verdict": "yes"}'


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str
    verdict: Literal["yes", "no"]
