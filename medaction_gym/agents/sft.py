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
from medaction_gym.agents.decoder import computes_bf16
from medaction_gym.agents.engines import Engine, LlamaEngine, Sampling, TorchEngine
from medaction_gym.agents.language import LanguageAgent, Session
from medaction_gym.prompt.cut import Count, token_counter
from medaction_gym.prompt.history import shorten
from medaction_gym.prompt.reply import Move, read_text
from medaction_gym.prompt.settings import PromptSettings

_ADAPTER = "adapter_config.json"
GGUF = "model.gguf"  # in a folder: the same model for llama.cpp


class _Loaded(NamedTuple):
    """What is in a folder, ready to play."""

    engine: Engine
    tokenizer: Any
    prompt: PromptSettings
    count: Count


class SFTPolicy(LanguageAgent):
    """Plays with a model in a folder.

    Bad output is a malformed action, never an exception. Conversations that are too long are
    shortened as they were in training.

    Args:
        folder: The model's folder, or the name of a packaged one (``"smollm2"``). The next three may
            follow, as in ``"runs/sft?constrained=1&temperature=0.7"``: a name that tells all.
        temperature: Of sampling; 0 takes the likeliest token.
        constrained: Whether output is held to the schema of actions while it is written, by
            llguidance. Only for models that write actions as JSON.
        engine: ``"torch"``, or ``"llama"``: by llama.cpp, from the folder's ``model.gguf``; on a CPU
            several times as fast.
        device: Where it runs, such as ``"cpu"`` or ``"cuda"``; a GPU if there is one.
        threads: Processor threads on a CPU, of this whole process; None leaves them. With more than
            one, generation collapses as soon as anything else wants the processor.

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
        engine: str = "torch",
        device: str = "",
        threads: int | None = 1,
    ) -> None:
        name, _, query = str(folder).partition("?")
        options = dict(parse_qsl(query))
        if unknown := options.keys() - {"temperature", "constrained", "engine"}:
            raise ValueError(f"agent sft: no option {', '.join(sorted(unknown))}")
        self.temperature = float(options.get("temperature", temperature))
        self.constrained = bool(int(options.get("constrained", constrained)))
        _need("sft", "torch", "transformers")
        if self.constrained:
            _need("constrained", "llguidance")
        self.folder = models.fetch_dense(name) if name in models.MODELS else Path(name)
        if not any((self.folder / file).is_file() for file in ("config.json", _ADAPTER)):
            raise ValueError(f"{name or 'agent sft'}: no model's folder; it has no config.json")
        self.engine = options.get("engine", engine)
        if self.engine == "llama" and not (self.folder / GGUF).is_file():
            raise ValueError(f"{name}: has no {GGUF}; medaction-gym train export makes it")
        self._device, self._threads = device, threads
        self._loaded: _Loaded | None = None

    @classmethod
    def of(cls, model: Any, tokenizer: Any, prompt: PromptSettings) -> SFTPolicy:
        """A policy with a model at hand, such as one in training; it takes the likeliest token.

        Args:
            model: The model, in the mode of evaluation.
            tokenizer: Its tokenizer, with a chat template.
            prompt: How it is prompted.
        """
        policy = cls.__new__(cls)
        policy.folder, policy.temperature, policy.constrained = Path(), 0.0, False
        engine = TorchEngine(model, tokenizer)
        policy._loaded = _Loaded(engine, tokenizer, prompt, token_counter(tokenizer))
        return policy

    @property
    def loaded(self) -> _Loaded:
        """The model, loaded when it is first needed."""
        if self._loaded is None:
            self._loaded = _load(self.folder, self.engine, self._device, self._threads)
        return self._loaded

    @property
    def prompt(self) -> PromptSettings:
        """How the model is prompted."""
        return self.loaded.prompt

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """As `LanguageAgent.moves`, all of them together."""
        engine, tokenizer, prompt, count = self.loaded
        if self.constrained and prompt.form != "json":
            raise ValueError(f"{self.folder}: calls tools; only JSON can be constrained")
        prompts = [
            tokenizer.apply_chat_template(
                **prompt.render(shorten(session.messages, prompt, count)),
                add_generation_prompt=True,
                tokenize=False,
            )
            for session in sessions
        ]
        seeds = [int(session.rng.integers(2**31)) for session in sessions]
        how = Sampling(prompt.limits.reply, self.temperature, self.constrained)
        return [read_text(text) for text in engine.reply(prompts, sessions, seeds, how)]


@lru_cache(maxsize=2)
def _load(folder: Path, engine: str, device: str, threads: int | None) -> _Loaded:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if not tokenizer.chat_template:
        raise ValueError(f"{folder}: its tokenizer has no chat template")
    prompt = PromptSettings.load(folder) or PromptSettings.of_template(tokenizer.chat_template)
    made: Engine
    if engine == "llama":
        made = LlamaEngine(folder / GGUF, threads)
    else:
        made = TorchEngine(load_model(folder, device, threads), tokenizer)
    return _Loaded(made, tokenizer, prompt, token_counter(tokenizer))


def load_model(
    folder: Path, device: str = "", threads: int | None = None, *, exact: bool = False
) -> Any:
    """The model in a folder, adapters merged into their base.

    Args:
        folder: With weights or adapters.
        device: Where to; a GPU if there is one.
        threads: Processor threads of this process, on a CPU; None leaves them.
        exact: In fp32 even where bf16 is faster.
    """
    import torch
    from transformers import AutoModelForCausalLM

    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if threads and place == "cpu":
        torch.set_num_threads(threads)
    dtype = torch.bfloat16 if not exact and computes_bf16(place) else torch.float32
    if (folder / _ADAPTER).is_file():
        _need("sft", "peft")
        from peft import AutoPeftModelForCausalLM

        model = AutoPeftModelForCausalLM.from_pretrained(folder, dtype=dtype).merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.to(place).eval()


def _need(extra: str, *modules: str) -> None:
    if missing := [module for module in modules if find_spec(module) is None]:
        raise RuntimeError(
            f"the agent sft needs {', '.join(missing)}: pip install 'medaction-gym[{extra}]'"
        )
