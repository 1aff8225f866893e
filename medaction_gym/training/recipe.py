"""Recipe: all that a training run is made of, as a TOML file or from the command line.

``medaction-gym train recipes`` lists those that ship: for the small model on a processor, and for
models of Qwen3-8B's class on one or eight GPUs.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medaction_gym.prompt.settings import Limits
from medaction_gym.training.rows import Choice, Preference

SHIPPED = files("medaction_gym.training") / "recipes"


class RecipeError(ValueError):
    """A recipe cannot be read."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lora(_Frozen):
    """Low-rank adapters: rank and scale of the matrices, and where they sit."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    modules: str | tuple[str, ...] = "all-linear"


class Data(_Frozen):
    """What is learnt of the distilled rows.

    Attributes:
        choice: Which paths; see `rows.read`.
        per_case: Paths of a case, at most.
        prefer: Which of a case's paths come first; see `rows.draw`.
        rationales: Whether the reasons are learnt with the moves.
        hypotheses: How many a stated differential keeps, the first ones; None keeps all.
        tokens: Stop taking rows at so many tokens; None takes all. For comparisons at equal cost.
        row: Tokens of a packed row.
        limits: How long the parts of a prompt may be, in training and at play.
    """

    choice: Choice = "both"
    per_case: int = Field(default=4, ge=1)
    prefer: Preference = "any"
    rationales: bool = True
    hypotheses: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    row: int = Field(default=2304, ge=64)
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _fits(self) -> Data:
        most = self.limits.total + self.limits.reply
        if most > self.row:
            raise ValueError(f"row is {self.row}, less than limits.total + limits.reply, {most}")
        return self


class Recipe(_Frozen):
    """A training run.

    Attributes:
        base: The model to start from: a folder, or a name on a hub.
        template: ``"own"``: the model's chat template. ``"chatml"``: the shipped one, which writes
            every turn the same way wherever it stands. Qwen3's own rewrites earlier turns, so that
            each move costs an example of its own.
        method: ``"full"`` trains all weights; ``"lora"`` adapters; ``"qlora"`` adapters on a base
            in four bits, for which bitsandbytes and a GPU are needed.
        lora: For the last two.
        data: What is learnt.
        epochs: Passes over the data.
        learning_rate: The highest.
        schedule: How it falls.
        warmup: Part of the steps in which it rises.
        weight_decay: Of AdamW.
        rows_per_step: Packed rows a device takes at a time.
        accumulate: Times that before the weights move.
        precision: ``"auto"``: bf16 where the device computes in it, else fp32.
        attention: Kernel of transformers; ``flash_attention_2`` where it is installed.
        checkpointing: Compute activations twice to save memory.
        save_every: Steps between checkpoints.
        play_every: Steps between evaluations in the environment; 0 for none.
        play_cases: Cases played each time, at most.
        play_turns: Turns of an episode there, at most.
        fsdp: Spread weights over the GPUs with PyTorch's FSDP.
        seed: Of the choice of rows, their order, and the adapters.
    """

    base: str
    template: Literal["own", "chatml"] = "own"
    method: Literal["full", "lora", "qlora"] = "lora"
    lora: Lora = Lora()
    data: Data = Data()
    epochs: float = Field(default=1.0, gt=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    schedule: str = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    rows_per_step: int = Field(default=1, ge=1)
    accumulate: int = Field(default=1, ge=1)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    attention: Literal["sdpa", "flash_attention_2", "eager"] = "sdpa"
    checkpointing: bool = False
    save_every: int = Field(default=50, ge=1)
    play_every: int = Field(default=0, ge=0)
    play_cases: int = Field(default=8, ge=1)
    play_turns: int = Field(default=30, ge=1)
    fsdp: bool = False
    seed: int = 0


def load(source: str | Path | None, given: dict[str, Any]) -> Recipe:
    """A recipe, with what was given on the command line in place of what it says.

    Args:
        source: A TOML file, the name of a shipped recipe, or None for the defaults.
        given: Fields by name, those of `Data` and `Lora` as ``"data.tokens"``; None is not given.

    Raises:
        RecipeError: If there is no such recipe, or it is wrong; names the file and the field.

    Example:
        >>> load("smollm2-cpu", {"seed": 3, "data.tokens": 1000, "epochs": None}).data.tokens
        1000
    """
    values: dict[str, Any] = {}
    if source is not None:
        values = _read(source)
    for name, value in given.items():
        if value is not None:
            place = values
            *path, last = name.split(".")
            for key in path:
                place = place.setdefault(key, {})
            place[last] = value
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        hint = "; give --base" if field == "base" else ""
        raise RecipeError(f"recipe {source or '(none)'}: {field}: {first['msg']}{hint}") from None


def shipped() -> list[str]:
    """Names of the recipes that ship.

    Example:
        >>> "qwen3-8b-8gpu" in shipped()
        True
    """
    names = (file.name for file in SHIPPED.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _read(source: str | Path) -> dict[str, Any]:
    name = str(source)
    inside = SHIPPED / f"{name}.toml"
    file = inside if name in shipped() else Path(source)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"{name}: no such file, and no shipped recipe ({', '.join(shipped())})"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{name}: {error}") from None
