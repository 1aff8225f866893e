"""SFTPolicy: a language model in a folder, played with the prompt it was trained on.

The folder is what `medaction-gym train sft` writes, full weights or a LoRA adapter, or any
causal chat model that transformers loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from medaction_gym import models
from medaction_gym.actions import Malformed
from medaction_gym.agents.constrain import SchemaConstraint
from medaction_gym.agents.decoder import Decoder, computes_bf16
from medaction_gym.agents.language import LanguageAgent, Session
from medaction_gym.chat.reply import Usage
from medaction_gym.prompt.cut import Count, token_counter
from medaction_gym.prompt.history import shorten
from medaction_gym.prompt.reply import Move, read_text
from medaction_gym.prompt.settings import PromptSettings

_ADAPTER = "adapter_config.json"


class _Loaded(NamedTuple):
    """What is in a folder, ready to play."""

    model: Any
    tokenizer: Any
    prompt: PromptSettings
    count: Count


class SFTPolicy(LanguageAgent):
    """Plays with a model in a folder.

    Bad output is a malformed action, never an exception. Conversations that are too long are
    shortened as they were in training.

    Args:
        folder: The model's folder, or the name of a packaged one (``"smollm2"``). The next two may
            follow, as in ``"runs/sft?constrained=1&temperature=0.7"``: a name that tells all.
        temperature: Of sampling; 0 takes the likeliest token.
        constrained: Whether output is held to the schema of actions while it is written, by
            llguidance. Only for models that write actions as JSON.
        device: Where it runs, such as ``"cpu"`` or ``"cuda"``; a GPU if there is one.
        threads: Processor threads on a CPU, of this whole process; None leaves them. With more than
            one, generation collapses as soon as anything else wants the processor.

    Attributes:
        usage: Tokens so far, prompts counted whole; a request is a batch.

    Raises:
        ValueError: If there is no such folder, or its prompt is of another version.
        RuntimeError: If an extra is missing; names the command.
    """

    def __init__(
        self,
        folder: str | Path = "",
        *,
        temperature: float = 0.0,
        constrained: bool = False,
        device: str = "",
        threads: int | None = 1,
    ) -> None:
        name, _, query = str(folder).partition("?")
        options = dict(parse_qsl(query))
        if unknown := options.keys() - {"temperature", "constrained"}:
            raise ValueError(f"agent sft: no option {', '.join(sorted(unknown))}")
        self.temperature = float(options.get("temperature", temperature))
        self.constrained = bool(int(options.get("constrained", constrained)))
        _need("sft", "torch", "transformers")
        if self.constrained:
            _need("constrained", "llguidance")
        self.folder = models.fetch_dense(name) if name in models.MODELS else Path(name)
        if not any((self.folder / file).is_file() for file in ("config.json", _ADAPTER)):
            raise ValueError(f"{name or 'agent sft'}: no model's folder; it has no config.json")
        self._device, self._threads = device, threads
        self.usage = Usage()
        self._loaded: _Loaded | None = None
        self._decoder: Decoder | None = None

    @property
    def prompt(self) -> PromptSettings:
        """How the model is prompted."""
        return self.loaded.prompt

    @classmethod
    def of(cls, model: Any, tokenizer: Any, prompt: PromptSettings) -> SFTPolicy:
        """A policy with a model at hand, such as one in training; it takes the likeliest token.

        Args:
            model: The model, in the mode of evaluation.
            tokenizer: Its tokenizer, with a chat template.
            prompt: How it is prompted.
        """
        policy = cls.__new__(cls)
        policy.temperature, policy.constrained = 0.0, False
        policy._loaded = _Loaded(model, tokenizer, prompt, token_counter(tokenizer))
        policy._decoder, policy.usage = None, Usage()
        return policy

    @property
    def loaded(self) -> _Loaded:
        """The model, loaded at the first move."""
        if self._loaded is None:
            self._loaded = _load(self.folder, self._device, self._threads)
        return self._loaded

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """As `LanguageAgent.moves`, all of them token by token together."""
        model, tokenizer, prompt, count = self.loaded
        if self.constrained and prompt.form != "json":
            raise ValueError(f"{self.folder}: calls tools; only JSON can be constrained")
        texts = [
            tokenizer.apply_chat_template(
                **prompt.render(shorten(session.messages, prompt, count)),
                add_generation_prompt=True,
                tokenize=False,
            )
            for session in sessions
        ]
        room = getattr(model.config, "max_position_embeddings", None)
        # Never shortened with sensible limits; else a crash.
        least = None if room is None else max(1, room - prompt.limits.reply)
        prompts = [
            tokenizer(text, add_special_tokens=False)["input_ids"][-(least or 0) :]
            for text in texts
        ]
        if self._decoder is None:
            ends = model.generation_config.eos_token_id
            ends = ends if isinstance(ends, list) else [ends]
            self._decoder = Decoder(model, {*ends, tokenizer.eos_token_id}, tokenizer.pad_token_id)
        seeds = [int(session.rng.integers(2**31)) for session in sessions]
        width = max(map(len, prompts))
        said = self._decoder.reply(
            prompts,
            sessions,
            prompt.limits.reply,
            temperature=self.temperature,
            seed=seeds[0],
            processors=[SchemaConstraint(tokenizer, width)] if self.constrained else (),
            over=lambda ids: _holds_move(tokenizer, ids),
        )
        self.usage += Usage.model_construct(
            prompt=sum(map(len, prompts)), completion=sum(map(len, said)), requests=1
        )
        return [read_text(tokenizer.decode(ids, skip_special_tokens=True)) for ids in said]


def _holds_move(tokenizer: Any, ids: list[int]) -> bool:
    """Whether a reply holds a move; what follows it would not be read."""
    return "}" in tokenizer.decode(ids[-1:]) and not isinstance(
        read_text(tokenizer.decode(ids, skip_special_tokens=True)).action, Malformed
    )


@lru_cache(maxsize=2)
def _load(folder: Path, device: str, threads: int | None) -> _Loaded:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if threads and place == "cpu":
        torch.set_num_threads(threads)
    dtype = torch.bfloat16 if computes_bf16(place) else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", truncation_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if not tokenizer.chat_template:
        raise ValueError(f"{folder}: its tokenizer has no chat template")
    if (folder / _ADAPTER).is_file():
        _need("sft", "peft")
        from peft import AutoPeftModelForCausalLM

        model = AutoPeftModelForCausalLM.from_pretrained(folder, dtype=dtype).merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    prompt = PromptSettings.load(folder) or PromptSettings.of_template(tokenizer.chat_template)
    return _Loaded(model.to(place).eval(), tokenizer, prompt, token_counter(tokenizer))


def _need(extra: str, *modules: str) -> None:
    if missing := [module for module in modules if find_spec(module) is None]:
        raise RuntimeError(
            f"the agent sft needs {', '.join(missing)}: pip install 'medaction-gym[{extra}]'"
        )
