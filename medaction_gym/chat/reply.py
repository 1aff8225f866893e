"""Reply: what a model answered, read strictly; what it cost; the forms it can be asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

Form = TypeVar("Form", bound=BaseModel)

# Endpoints write null for "no text" and "no calls".
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
_Count = Annotated[int, BeforeValidator(lambda value: value or 0), Field(ge=0)]


class ToolCall(BaseModel):
    """A tool that the model wants called; the arguments as it wrote them, well formed or not."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    name: str = Field(validation_alias=AliasPath("function", "name"))
    arguments: Annotated[
        str, BeforeValidator(lambda value: value if isinstance(value, str) else json.dumps(value))
    ] = Field(default="{}", validation_alias=AliasPath("function", "arguments"))


class Candidate(BaseModel):
    """One of the answers to a request."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    text: _Text = Field(default="", validation_alias=AliasPath("message", "content"))
    tool_calls: Annotated[tuple[ToolCall, ...], BeforeValidator(lambda value: value or ())] = Field(
        default=(), validation_alias=AliasPath("message", "tool_calls")
    )
    reasoning: _Text = Field(default="", validation_alias=AliasPath("message", "reasoning_content"))
    finish_reason: _Text = ""

    @property
    def answer(self) -> str:
        """The text without the thoughts that some models put before it."""
        return self.text.rpartition("</think>")[2].strip()

    def as_json(self, form: type[Form]) -> Form:
        """The JSON object in the text, fenced or not, as a pydantic model.

        Raises:
            ValueError: There is none, or it has another form.
        """
        answer = self.answer
        return form.model_validate_json(answer[answer.find("{") : answer.rfind("}") + 1] or answer)

    def as_calls(self, forms: Mapping[str, type[BaseModel]]) -> list[BaseModel]:
        """The tool calls, each as the pydantic model of its tool.

        Raises:
            ValueError: There is none, or one is of no known tool or has other arguments.
        """
        if not self.tool_calls:
            raise ValueError(f"no tool was called; call one of {', '.join(forms)}")
        for call in self.tool_calls:
            if call.name not in forms:
                raise ValueError(f"no tool {call.name!r}; call one of {', '.join(forms)}")
        return [forms[call.name].model_validate_json(call.arguments) for call in self.tool_calls]

    def said(self) -> str:
        """The answer as plain text, tool calls included, to be quoted back to the model."""
        calls = [f"{call.name}({call.arguments})" for call in self.tool_calls]
        return "\n".join([*([self.answer] if self.answer else []), *calls]) or "(nothing)"


class Usage(BaseModel):
    """What replies cost, as the endpoint counts; replies from our own cache cost nothing."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    prompt: _Count = Field(default=0, alias="prompt_tokens")
    completion: _Count = Field(default=0, alias="completion_tokens")
    cached: _Count = Field(
        default=0, validation_alias=AliasPath("prompt_tokens_details", "cached_tokens")
    )  # the part of prompt that the endpoint read from its cache
    requests: int = 0
    uncounted: int = 0  # requests whose reply stated no usage: the other figures lack them
    replayed: int = 0  # replies that came from our cache

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage.model_construct(
            **{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields}
        )


class Price(NamedTuple):
    """Money per million tokens.

    Example:
        >>> Price(prompt=2.5, completion=10, cached=1.25).of(
        ...     Usage(prompt=3_000_000, completion=100_000)
        ... )
        8.5
    """

    prompt: float
    completion: float
    cached: float | None = None  # as prompt if not given

    def of(self, usage: Usage) -> float:
        """What a usage costs."""
        cached = self.prompt if self.cached is None else self.cached
        fresh = usage.prompt - usage.cached
        return (
            fresh * self.prompt + usage.cached * cached + usage.completion * self.completion
        ) / 1e6


class Reply(BaseModel):
    """What an endpoint sent back: at least one candidate."""

    model_config = ConfigDict(frozen=True)

    candidates: tuple[Candidate, ...] = Field(alias="choices", min_length=1)
    usage: Annotated[
        Usage,
        BeforeValidator(lambda value: value or Usage(uncounted=1)),
        AfterValidator(lambda usage: usage + Usage(requests=1)),
    ] = Field(default=None, validate_default=True)
    model: _Text = ""  # as the endpoint names it, often more exactly than it was asked for

    @classmethod
    def read(cls, bodies: Iterable[str]) -> Reply:
        """Read the JSON bodies of one or more chat completions as one reply.

        Raises:
            ValueError: A body is no chat completion.

        Example:
            >>> body = '{"choices": [{"message": {"content": "Gout"}}], "model": "m-1"}'
            >>> reply = Reply.read([body])
            >>> reply.candidates[0].text, reply.usage.requests, reply.usage.uncounted
            ('Gout', 1, 1)
        """
        replies = [cls.model_validate_json(body) for body in bodies]
        return cls.model_construct(
            candidates=tuple(c for reply in replies for c in reply.candidates),
            usage=sum((reply.usage for reply in replies), Usage()),
            model=replies[0].model,
        )


def fault(error: ValueError) -> str:
    """What is wrong with an answer, in words that the model itself can use."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(
        f"{'.'.join(map(str, e['loc']))}: {e['msg']}" if e["loc"] else e["msg"]
        for e in error.errors(include_url=False)
    )


def tool(name: str, form: type[BaseModel]) -> dict[str, Any]:
    """A tool for a request, described by a pydantic model and its docstring."""
    schema = form.model_json_schema()
    description = schema.pop("description", "")
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


def json_format(form: type[BaseModel]) -> dict[str, Any]:
    """The ``response_format`` that makes an endpoint keep to a pydantic model.

    Strict endpoints ask that the model forbids extra fields and has no defaults.
    """
    return {
        "type": "json_schema",
        "json_schema": {
            "name": form.__name__,
            "schema": form.model_json_schema(),
            "strict": True,
        },
    }
