"""Engines: what continues an `SFTPolicy`'s prompts: PyTorch, or llama.cpp from a GGUF file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from medaction_gym.agents.constrain import SchemaConstraint
from medaction_gym.agents.decoder import Decoder
from medaction_gym.prompt.grammar import action_schema


class Sampling(NamedTuple):
    """How replies are drawn.

    Attributes:
        limit: Tokens of a reply, at most.
        temperature: 0 takes the likeliest token.
        constrained: Whether replies are held to the schema of actions.
    """

    limit: int
    temperature: float = 0.0
    constrained: bool = False


class Engine(Protocol):
    """Continues prompts."""

    def reply(
        self, prompts: Sequence[str], sessions: Sequence[Any], seeds: Sequence[int], how: Sampling
    ) -> list[str]:
        """The continuation of each prompt; sessions are whose prompts they are."""
        ...


class TorchEngine:
    """A model of transformers, all prompts at once.

    Args:
        model: The model, in the mode of evaluation.
        tokenizer: Its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        ends = model.generation_config.eos_token_id
        ends = {*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id}
        self._decoder = Decoder(model, ends - {None}, tokenizer.pad_token_id or 0)
        self._room = getattr(model.config, "max_position_embeddings", None)

    def reply(
        self, prompts: Sequence[str], sessions: Sequence[Any], seeds: Sequence[int], how: Sampling
    ) -> list[str]:
        """As `Engine.reply`; only the first seed is used."""
        read = [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in prompts]
        if self._room is not None:  # never more with sensible limits; else a crash
            read = [ids[-max(1, self._room - how.limit) :] for ids in read]
        width = max(map(len, read))
        said = self._decoder.reply(
            read,
            sessions,
            how.limit,
            temperature=how.temperature,
            seed=seeds[0],
            processors=[SchemaConstraint(self._tokenizer, width)] if how.constrained else (),
        )
        return [self._tokenizer.decode(ids, skip_special_tokens=True) for ids in said]


class LlamaEngine:
    """llama.cpp, one prompt after the other; on a CPU several times as fast as PyTorch.

    It keeps what it read of the last prompt, so episodes are best played one by one.

    Args:
        path: The GGUF file.
        threads: Processor threads.

    Raises:
        RuntimeError: If xllamacpp is not installed, or cannot load the file.
    """

    def __init__(self, path: Path, threads: int | None = 1) -> None:
        from medaction_gym.chat.embedded import server

        self._server = server(path, threads or 1)

    def reply(
        self, prompts: Sequence[str], sessions: Sequence[Any], seeds: Sequence[int], how: Sampling
    ) -> list[str]:
        """As `Engine.reply`."""
        schema = {"json_schema": action_schema()} if how.constrained else {}
        said = []
        for prompt, seed in zip(prompts, seeds, strict=True):
            answer = self._server.handle_completions(
                {
                    "prompt": prompt,
                    "max_tokens": how.limit,
                    "temperature": how.temperature,
                    "seed": seed,
                    "cache_prompt": True,
                    "top_k": 0,
                    "top_p": 1.0,
                    "min_p": 0.0,
                    **schema,
                }
            )
            if not answer.get("choices"):
                raise RuntimeError(f"llama.cpp gave no completion: {str(answer)[:300]}")
            said.append(str(answer["choices"][0]["text"]))
        return said
