"""LlamaPolicy: a trained model's GGUF file, played by llama.cpp in this process.

The prompts and limits are `SFTPolicy`'s; on a processor it writes several times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from medaction_gym.agents.language import LanguageAgent, Session
from medaction_gym.chat.embedded import need_engine, server
from medaction_gym.prompt.cut import token_counter
from medaction_gym.prompt.grammar import action_schema
from medaction_gym.prompt.history import shorten
from medaction_gym.prompt.reply import Move, read_text
from medaction_gym.prompt.settings import PromptSettings

GGUF = "model.gguf"


class LlamaPolicy(LanguageAgent):
    """Plays with ``model.gguf`` in a folder, which ``medaction-gym train export`` writes.

    It keeps what it read of the last prompt, so episodes are best played one after the other.

    Args:
        folder: The folder, with tokenizer and prompt settings beside the file. Options may follow,
            as in ``"runs/sft?constrained=1&temperature=0.7"``.

    Raises:
        ValueError: If the folder has no such file, or there is no such option.
        RuntimeError: If xllamacpp is not installed; names the command.
    """

    def __init__(self, folder: str | Path = "") -> None:
        name, _, query = str(folder).partition("?")
        options = dict(parse_qsl(query))
        if unknown := options.keys() - {"temperature", "constrained"}:
            raise ValueError(f"agent llama: no option {', '.join(sorted(unknown))}")
        self.temperature = float(options.get("temperature", 0))
        self.constrained = bool(int(options.get("constrained", 0)))
        self.folder = Path(name)
        if not (self.folder / GGUF).is_file():
            raise ValueError(
                f"{name or 'agent llama'}: no {GGUF}, which 'medaction-gym train export FOLDER' "
                "writes into a trained model's folder"
            )
        need_engine()

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder)

    @cached_property
    def prompt(self) -> PromptSettings:
        """How the model is prompted."""
        saved = PromptSettings.load(self.folder)
        return saved or PromptSettings.of_template(self._tokenizer.chat_template)

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """As `LanguageAgent.moves`."""
        return [self._move(session) for session in sessions]

    def _move(self, session: Session) -> Move:
        messages = shorten(session.messages, self.prompt, token_counter(self._tokenizer))
        text = self._tokenizer.apply_chat_template(
            **self.prompt.render(messages), add_generation_prompt=True, tokenize=False
        )
        answer = server(self.folder / GGUF).handle_completions(
            {
                "prompt": text,
                "max_tokens": self.prompt.limits.reply,
                "temperature": self.temperature,
                "top_k": 0,
                "top_p": 1.0,
                "min_p": 0.0,
                "seed": int(session.rng.integers(2**31)),
                "cache_prompt": True,
                **({"json_schema": action_schema()} if self.constrained else {}),
            }
        )
        if not answer.get("choices"):
            raise RuntimeError(f"llama.cpp gave no completion: {str(answer)[:300]}")
        return read_text(str(answer["choices"][0]["text"]))
