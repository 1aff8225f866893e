"""Card: a trained model's README, with what it was made of and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medaction_gym.training.curves import PLAYED
from medaction_gym.whole import whole_file


def write_card(report: dict[str, Any], log: Sequence[dict[str, Any]], file: Path) -> None:
    """Write the model card.

    Args:
        report: Of the run, as ``run.json`` holds it.
        log: Of the trainer.
        file: Where to.
    """
    with whole_file(file) as out:
        out.write(card(report, log))


def card(report: dict[str, Any], log: Sequence[dict[str, Any]]) -> str:
    """The model card as Markdown, its first lines in the form that hubs read."""
    recipe, data = report["recipe"], report["data"]
    library = "transformers" if recipe["method"] == "full" else "peft"
    head = ["---", f"base_model: {recipe['base']}", f"library_name: {library}"]
    head += ["pipeline_tag: text-generation", "tags: [medaction-gym, active-diagnosis]", "---", ""]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    played = [entry for entry in log if any(name.startswith(PLAYED) for name in entry)]
    lines = [
        "# A doctor for medaction-gym",
        "",
        f"{recipe['base']}, trained ({recipe['method']}) to order tests, keep a differential and "
        "commit to a diagnosis on recorded cases. For research on agents, not for patients.",
        "",
        "| | |",
        "|---|---|",
        f"| paths, cases | {data['paths']:,} of {data['cases']:,} |",
        f"| tokens, of them trained on | {data['tokens']:,}, {data['taught']:,} |",
        f"| choice of paths | {recipe['data']['choice']} |",
        f"| rationales | {'learnt' if recipe['data']['rationales'] else 'left out'} |",
        f"| learning rate, epochs, steps | {recipe['learning_rate']:g}, {recipe['epochs']:g}, "
        f"{report.get('steps', '–')} |",
        f"| seed | {recipe['seed']} |",
        f"| data (SHA-256) | {report['data_sha256']} |",
        f"| medaction-gym | {report['package_version']} |",
    ]
    if losses:
        part = max(1, len(losses) // 10)
        first, last = (sum(x) / part for x in (losses[:part], losses[-part:]))
        lines.append(f"| loss, first and last tenth | {first:.3f}, {last:.3f} |")
    if played:
        lines += ["", f"At step {played[-1]['step']}, on cases not trained on:", "", "| | |"]
        lines += ["|---|---|"]
        lines += [
            f"| {name.removeprefix(PLAYED).replace('_', ' ')} | {value:.3f} |"
            for name, value in played[-1].items()
            if name.startswith(PLAYED)
        ]
    lines += [
        "",
        "Play it: `medaction-gym run --agent sft:FOLDER --out OUT`. `run.json` holds the recipe "
        "and the ids of the cases it has seen: measure it on others.",
        "",
    ]
    return "\n".join([*head, *lines])
