"""Chat: one client for every OpenAI-compatible endpoint; cache, accounts, typed errors."""

from medaction_gym.chat.cache import ReplyCache
from medaction_gym.chat.client import ChatClient
from medaction_gym.chat.errors import (
    ChatError,
    EndpointError,
    NotCachedError,
    ReplyError,
    SetupError,
)
from medaction_gym.chat.reply import Candidate, Price, Reply, ToolCall, Usage, tool

__all__ = [
    "Candidate",
    "ChatClient",
    "ChatError",
    "EndpointError",
    "NotCachedError",
    "Price",
    "Reply",
    "ReplyCache",
    "ReplyError",
    "SetupError",
    "ToolCall",
    "Usage",
    "tool",
]
