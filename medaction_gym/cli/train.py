"""Train: ``medaction-gym train``, from distilled trajectories to a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medaction_gym.cli import compare
from medaction_gym.cli.common import console, kind_errors, load_cases

app = typer.Typer(no_args_is_help=True)
app.command()(compare.compare)

DataOption = Annotated[Path, typer.Option(help="Folder that `distill --out` wrote.")]
OutOption = Annotated[Path, typer.Option(help="Folder for the model and the run's files.")]
RecipeOption = Annotated[
    str | None, typer.Option(help="TOML file, or a shipped one: see `train recipes`.")
]
BaseOption = Annotated[
    str | None, typer.Option(help="Model to start from: smollm2, a folder, or a hub's name.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")]


@app.command()
def sft(
    data: DataOption,
    out: OutOption,
    recipe: RecipeOption = None,
    base: BaseOption = None,
    method: Annotated[str | None, typer.Option(help="full, lora or qlora.")] = None,
    template: Annotated[str | None, typer.Option(help="own or chatml.")] = None,
    choice: Annotated[
        str | None, typer.Option(help="Paths by both filters, by dtc, by rac, or none.")
    ] = None,
    prefer: Annotated[
        str | None, typer.Option(help="Which paths come first: any, late or recall.")
    ] = None,
    per_case: Annotated[int | None, typer.Option(help="Paths of a case, at most.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Train on so many tokens, at most.")] = None,
    rationales: Annotated[
        bool | None, typer.Option(help="Learn the reasons with the moves.")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the data.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest.")] = None,
    save_every: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
    play: Annotated[
        Path | None, typer.Option(help="Cases to play during training; none are trained on.")
    ] = None,
    play_every: Annotated[int | None, typer.Option(help="Steps between those games.")] = None,
    play_cases: Annotated[int | None, typer.Option(help="Cases played each time.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all choices.")] = None,
    resume: ResumeOption = False,
) -> None:
    """Fine-tune a model on distilled trajectories: the loss is on the assistant's tokens only.

    What is not given is the recipe's. A run that was killed goes on with --resume.
    """
    from medaction_gym.training.recipe import load
    from medaction_gym.training.sft import train

    with kind_errors():
        made = load(
            recipe,
            {
                "base": base,
                "method": method,
                "template": template,
                "data.choice": choice,
                "data.prefer": prefer,
                "data.per_case": per_case,
                "data.tokens": tokens,
                "data.rationales": rationales,
                "epochs": epochs,
                "learning_rate": learning_rate,
                "save_every": save_every,
                "play_every": play_every,
                "play_cases": play_cases,
                "seed": seed,
            },
        )
        cases = load_cases(play) if play else None
        report = train(made, data, out, play=cases, resume=resume)
    _say(report, out)


@app.command()
def dpo(
    data: DataOption,
    out: OutOption,
    base: Annotated[str, typer.Option(help="A model that `train sft` made, or any other.")],
    recipe: RecipeOption = None,
    pairs: Annotated[int | None, typer.Option(help="Train on so many pairs, at most.")] = None,
    beta: Annotated[float, typer.Option(help="How closely to stay to the base.")] = 0.1,
    learning_rate: Annotated[float | None, typer.Option(help="The highest.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all choices.")] = None,
) -> None:
    """Train on the tree's pairs: of two moves in one state, the better one. Needs the extra trl."""
    from medaction_gym.training.dpo import train
    from medaction_gym.training.recipe import load

    with kind_errors():
        given = {"base": base, "learning_rate": learning_rate, "seed": seed}
        report = train(load(recipe, given), data, out, pairs=pairs, beta=beta)
    _say(report, out)


@app.command()
def export(
    model: Annotated[Path, typer.Argument(help="Folder that `train sft` wrote.")],
    base: Annotated[str, typer.Option(help="Packaged model that it began from.")] = "smollm2",
) -> None:
    """Write model.gguf into the folder, for `--agent llama:FOLDER`."""
    from medaction_gym.training.export import to_gguf

    with kind_errors():
        console.print(f"{to_gguf(model, base)}", markup=False, soft_wrap=True)


@app.command()
def recipes() -> None:
    """List the recipes that ship."""
    from medaction_gym.training.recipe import load, shipped

    for name in shipped():
        made = load(name, {})
        console.print(f"{name}: {made.base}, {made.method}", markup=False)


def _say(report: dict[str, Any], out: Path) -> None:
    data = report["data"]
    told = ", ".join(f"{value:,} {name}" for name, value in data.items() if isinstance(value, int))
    console.print(f"{told}; {report['steps']} steps in {report['seconds']:,} s.", markup=False)
    console.print(f"Model: {out}", markup=False, soft_wrap=True)
