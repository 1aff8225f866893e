"""Settings: how a model is prompted. Written beside a trained model, read when it plays."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medaction_gym.prompt.cut import Count, estimate
from medaction_gym.prompt.grammar import AS_JSON, SYSTEM_PROMPT, TOOLS
from medaction_gym.prompt.messages import Message, as_text
from medaction_gym.whole import whole_file

FILE = "medaction_prompt.json"
_MARKS = 8  # tokens with which a template surrounds a message, at most


# Of the prompt's words and tools: a model plays with those it was trained on, or not at all.
DIGEST = hashlib.sha256(json.dumps([SYSTEM_PROMPT, AS_JSON, TOOLS]).encode()).hexdigest()[:12]


class Limits(BaseModel):
    """Tokens that parts of a prompt may have.

    Attributes:
        total: The whole prompt, tools included.
        opening: The presentation. Of the 595 real cases the longest has 398 with SmolLM2's
            tokenizer, so the default cuts none.
        answer: One answer of the environment. Of the real results 1 % have more than 160.
        gist: What stays of an answer that is folded into the opening.
        reply: The model's reply, which does not count as prompt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: int = Field(default=2048, ge=64)
    opening: int = Field(default=512, ge=16)
    answer: int = Field(default=256, ge=16)
    gist: int = Field(default=32, ge=4)
    reply: int = Field(default=256, ge=16)


class PromptSettings(BaseModel):
    """How a model is prompted.

    Attributes:
        form: ``"tools"``: moves are tool calls, for chat templates that know tools; ``"json"``:
            moves are JSON in the text.
        merge_system: Whether the system message stands before the first user message, for
            templates that know no system role.
        options: Further arguments of the template, such as ``{"enable_thinking": false}``.
        limits: How long the parts may be.
        digest: Of the prompt's words and tools; filled in.

    Example:
        >>> PromptSettings.of_template("{% for m in messages %}{{ m.content }}{% endfor %}").form
        'json'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["tools", "json"] = "tools"
    merge_system: bool = False
    options: dict[str, Any] = {}
    limits: Limits = Limits()
    digest: str = DIGEST

    @classmethod
    def of_template(cls, template: str | None, limits: Limits | None = None) -> PromptSettings:
        """What suits a chat template (the Jinja text of ``tokenizer.chat_template``).

        Raises:
            ValueError: If there is none, as with a base model that never learned to chat.
        """
        if not template:
            raise ValueError(
                "the tokenizer has no chat template (chat_template.jinja, or in "
                "tokenizer_config.json); take a model that was trained to chat"
            )
        return cls(
            form="tools" if "tools" in template else "json",
            merge_system="System role not supported" in template,
            limits=limits or Limits(),
        )

    def render(self, messages: list[Message]) -> dict[str, Any]:
        """Arguments for ``tokenizer.apply_chat_template``: ``conversation``, ``tools``, options."""
        told = as_text(messages) if self.form == "json" else messages
        if self.merge_system and told and told[0]["role"] == "system":
            joined = f"{told[0]['content']}\n\n{told[1]['content']}"
            told = [{**told[1], "content": joined}, *told[2:]]
        tools = TOOLS if self.form == "tools" else None
        return {**self.options, "conversation": told, "tools": tools}

    def size(self, messages: list[Message], count: Count = estimate) -> int:
        """Tokens of messages in a prompt, from above; without what a prompt begins with."""
        told = self.render(messages)["conversation"]
        return sum(_size(message, count) for message in told)

    def overhead(self, count: Count = estimate) -> int:
        """Tokens that every prompt begins with: the description of the tools."""
        return count(json.dumps(TOOLS)) if self.form == "tools" else 0

    def save(self, folder: str | Path) -> None:
        """Write the settings into a model's folder."""
        with whole_file(Path(folder) / FILE) as file:
            file.write(json.dumps(self.model_dump(mode="json"), indent=2) + "\n")

    @classmethod
    def load(cls, folder: str | Path) -> PromptSettings | None:
        """The settings in a model's folder, None if it has none.

        Raises:
            ValueError: If they are damaged, or of a prompt that this version does not have.
        """
        path = Path(folder) / FILE
        if not path.exists():
            return None
        try:
            settings = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (ValidationError, ValueError) as error:
            raise ValueError(f"{path}: is damaged: {error}") from None
        if settings.digest != DIGEST:
            raise ValueError(
                f"{path}: the model was trained with another prompt (digest {settings.digest}, "
                f"this version has {DIGEST}); train it again, or use the version that trained it"
            )
        return settings


def _size(message: Message, count: Count) -> int:
    calls = message.get("tool_calls")
    return (
        _MARKS
        + count(message["content"])
        + (count(json.dumps(calls[0]["function"])) if calls else 0)
    )
