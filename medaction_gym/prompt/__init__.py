"""Prompt: what a language model is told and how its answer is read, in training and at play."""

from medaction_gym.prompt.cut import token_counter
from medaction_gym.prompt.grammar import SYSTEM_PROMPT, TOOLS, action_schema
from medaction_gym.prompt.history import Lesson, lessons, shorten
from medaction_gym.prompt.messages import as_calls, as_text, conversation, opening
from medaction_gym.prompt.reply import Move, read_call, read_text
from medaction_gym.prompt.settings import Limits, PromptSettings

__all__ = [
    "SYSTEM_PROMPT",
    "TOOLS",
    "Lesson",
    "Limits",
    "Move",
    "PromptSettings",
    "action_schema",
    "as_calls",
    "as_text",
    "conversation",
    "lessons",
    "opening",
    "read_call",
    "read_text",
    "shorten",
    "token_counter",
]
