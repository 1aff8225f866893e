"""SFT: supervised fine-tuning on distilled trajectories, with `transformers.Trainer`.

The folder of a run holds ``run.json`` (the recipe, the data's hash), ``checkpoints/``, from which a
killed run goes on, ``log.jsonl`` (loss, and what was measured at play), ``curves.png``, a model
card, and the model itself: what `SFTPolicy` loads.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from medaction_gym import __version__
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Rules
from medaction_gym.rollout import RunError
from medaction_gym.training import model as models
from medaction_gym.training.dataset import Dataset, build
from medaction_gym.training.packing import collate, loss
from medaction_gym.training.recipe import Recipe
from medaction_gym.training.rows import read
from medaction_gym.trajectory import Settings
from medaction_gym.whole import whole_file

if TYPE_CHECKING:
    from transformers import Trainer, TrainingArguments

SCHEMA = "medaction-train/1"


def train(
    recipe: Recipe,
    data: str | Path,
    out: str | Path,
    *,
    play: CaseSet | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Train a model.

    Args:
        recipe: What is trained, and how.
        data: Folder that ``medaction-gym distill`` wrote.
        out: Folder of the run; made if missing.
        play: Cases to play during training, none of them trained on.
        resume: Go on with a run that was stopped.

    Returns:
        The report, as ``run.json`` holds it.

    Raises:
        RunError: If the folder holds another run, holds one and `resume` is false, or is in use.
        training.rows.DataError: If there is nothing to train on.
        training.model.MissingError: If a package or device that the recipe asks for is not there.
    """
    models.require()
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            return _train(recipe, Path(data), folder, play, resume)
    except Timeout:
        raise RunError(f"{folder}: another run is writing here") from None


def _train(
    recipe: Recipe, data: Path, folder: Path, play: CaseSet | None, resume: bool
) -> dict[str, Any]:
    from medaction_gym.training.card import write_card
    from medaction_gym.training.curves import draw_curves

    tokenizer = models.tokenizer_of(recipe)
    settings = models.prompt_settings(recipe, tokenizer)
    dataset = build(read(data, recipe.data.choice), recipe.data, tokenizer, settings, recipe.seed)
    shared = sorted({case.id for case in play or ()} & set(dataset.account["case_ids"]))
    if shared:
        raise RunError(f"{len(shared)} cases to play are trained on, such as {shared[0]}")
    report = {
        "schema_version": SCHEMA,
        "package_version": __version__,
        "recipe": recipe.model_dump(mode="json"),
        "data": dataset.account,
        "data_sha256": _fingerprint(dataset),
    }
    _claim(folder, report, resume)
    model = models.model_of(recipe)
    trainer = trainer_of(recipe, model, dataset, folder / "checkpoints")
    if play is not None and recipe.play_every:
        from medaction_gym.training.play import play_callback

        cases, rules = play[: recipe.play_cases], Rules(max_turns=recipe.play_turns)
        trainer.add_callback(
            play_callback(tokenizer, settings, cases, recipe.play_every, Settings(rules=rules))
        )
    last = last_checkpoint(folder / "checkpoints") if resume else None
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    trainer.save_model(str(folder))
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(folder)
        settings.save(folder)
        log = trainer.state.log_history
        report["steps"] = trainer.state.global_step
        report["seconds"] = round(sum(entry.get("train_runtime", 0.0) for entry in log))
        _write(folder / "run.json", report)
        with whole_file(folder / "log.jsonl") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in log)
        draw_curves(log, folder / "curves.png")
        write_card(report, log, folder / "README.md")
    return report


def trainer_of(recipe: Recipe, model: Any, dataset: Dataset, folder: Path) -> Trainer:
    """The trainer: packed rows without padding, the loss on the assistant's tokens."""
    from transformers import Trainer

    return Trainer(
        model=model,
        args=arguments(recipe, folder),
        train_dataset=dataset.rows,
        data_collator=collate,
        compute_loss_func=loss,
    )


def arguments(recipe: Recipe, folder: Path) -> TrainingArguments:
    """A recipe as transformers takes it."""
    import torch
    from transformers import TrainingArguments

    sharded: dict[str, Any] = {}
    if recipe.fsdp and torch.cuda.device_count() > 1:
        sharded = {"fsdp": "full_shard auto_wrap", "fsdp_config": {"fsdp_version": 2}}
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.rows_per_step,
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        bf16=models.bf16(recipe),
        activation_checkpointing=recipe.checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        save_steps=recipe.save_every,
        save_total_limit=2,
        logging_steps=1,
        report_to="none",
        seed=recipe.seed,
        remove_unused_columns=False,
        **sharded,
    )


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; one that was being written at a kill has no state yet."""
    whole = [state.parent for state in folder.glob("checkpoint-*/trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _claim(folder: Path, report: dict[str, Any], resume: bool) -> None:
    """Write the run's description, or check that it is the same run."""
    file = folder / "run.json"
    if not file.exists():
        _write(file, report)
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{file}: is damaged: {error}") from None
    differing = [
        name
        for name in ("recipe", "data_sha256", "schema_version")
        if before.get(name) != report[name]
    ]
    if differing:
        raise RunError.another(folder, differing)
    if not resume:
        raise RunError(f"{folder}: holds this run already; go on with it with --resume")


def _fingerprint(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for row in dataset.rows:
        for example in row:
            digest.update(json.dumps([example.ids, example.labels]).encode())
    return digest.hexdigest()


def _write(file: Path, report: dict[str, Any]) -> None:
    with whole_file(file) as out:
        out.write(json.dumps(report, indent=2) + "\n")
