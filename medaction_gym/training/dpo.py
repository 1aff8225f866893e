"""DPO: direct preference optimisation on the tree's pairs, by TRL (the extra ``trl``).

Two moves in one state, of which one led on and the other did not: what only a tree of trajectories
offers, and the step after SFT. The prompt is shortened as at play.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medaction_gym import __version__
from medaction_gym.distill.export import read_rows
from medaction_gym.prompt import PromptSettings, shorten
from medaction_gym.prompt.cut import token_counter
from medaction_gym.training import model as models
from medaction_gym.training.recipe import Data, Recipe
from medaction_gym.training.rows import DataError, brief
from medaction_gym.whole import whole_file

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


def preferences(
    folder: str | Path, data: Data, tokenizer: Tokenizer, settings: PromptSettings
) -> Iterator[dict[str, Any]]:
    """A data set's pairs in TRL's conversational form, as plain text messages.

    Args:
        folder: What ``medaction-gym distill`` wrote.
        data: How brief moves are; pairs that no longer differ are left out.
        tokenizer: Counts tokens for the limits.
        settings: How the model is prompted.

    Raises:
        training.rows.DataError: If there is no such file.
    """
    file = Path(folder) / "preferences.jsonl"
    if not file.is_file():
        raise DataError(f"{file}: no such file; make it with 'medaction-gym distill --out'")
    count = token_counter(tokenizer)
    for pair in read_rows(file):
        told = {
            name: brief(pair[name], rationales=data.rationales, hypotheses=data.hypotheses)
            for name in ("prompt", "chosen", "rejected")
        }
        prompt = shorten(told["prompt"], settings, count)
        row = {"prompt": settings.render(prompt)["conversation"], "case_id": pair["case_id"]}
        for name in ("chosen", "rejected"):
            row[name] = settings.render([*prompt, *told[name]])["conversation"][-1:]
        if row["chosen"] != row["rejected"]:
            yield row


def train(
    recipe: Recipe,
    data: str | Path,
    out: str | Path,
    *,
    pairs: int | None = None,
    beta: float = 0.1,
) -> dict[str, Any]:
    """Train on pairs.

    Args:
        recipe: Its ``base`` is what SFT gave: a folder with weights or with adapters, which are
            merged first.
        data: Folder that ``medaction-gym distill`` wrote.
        out: Folder for the model.
        pairs: How many pairs, at most; drawn by the recipe's seed.
        beta: How closely to stay to the base.

    Returns:
        The report, as ``run.json`` holds it.

    Raises:
        training.model.MissingError: If TRL is not installed, or the model plays by tool calls.
    """
    models.require()
    try:
        from datasets import Dataset
        from trl import DPOConfig, DPOTrainer
    except ImportError as error:
        raise models.MissingError(
            f"preference training needs {error.name}: pip install 'medaction-gym[sft,trl]'"
        ) from None
    import torch

    tokenizer = models.tokenizer_of(recipe)
    settings = models.prompt_settings(recipe, tokenizer)
    if settings.form != "json":
        raise models.MissingError(
            f"{recipe.base} plays by tool calls, whose arguments TRL's tables cannot hold; "
            "train it with --template chatml first, where moves are JSON in the text"
        )
    rows = list(preferences(data, recipe.data, tokenizer, settings))
    if not rows:
        raise DataError(f"{data}: its preferences.jsonl holds no pairs")
    drawn = np.random.default_rng(recipe.seed).permutation(len(rows))[:pairs]
    rows = [rows[int(i)] for i in drawn]
    folder = Path(out)
    trainer = DPOTrainer(
        model=models.model_of(recipe),
        args=DPOConfig(
            output_dir=str(folder / "checkpoints"),
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.rows_per_step,
            gradient_accumulation_steps=recipe.accumulate,
            gradient_checkpointing=recipe.checkpointing,
            learning_rate=recipe.learning_rate,
            beta=beta,
            max_length=recipe.data.limits.total + recipe.data.limits.reply,
            bf16=models.bf16(recipe),
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=torch.cuda.is_available(),
            save_steps=recipe.save_every,
            save_total_limit=1,
            logging_steps=1,
            report_to="none",
            seed=recipe.seed,
        ),
        train_dataset=Dataset.from_list(
            [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in rows]
        ),
        processing_class=tokenizer,
    )
    trainer.train()
    models.save(trainer.model, tokenizer, settings, folder)
    history = trainer.state.log_history
    report = {
        "package_version": __version__,
        "recipe": recipe.model_dump(mode="json"),
        "data": {"pairs": len(rows), "cases": len({row["case_id"] for row in rows})},
        "beta": beta,
        "steps": trainer.state.global_step,
        "seconds": round(sum(entry.get("train_runtime", 0.0) for entry in history)),
    }
    for name, text in (
        ("run.json", json.dumps(report, indent=2) + "\n"),
        ("log.jsonl", "".join(json.dumps(entry) + "\n" for entry in history)),
    ):
        with whole_file(folder / name) as file:
            file.write(text)
    return report
