"""Demo: ``medaction-gym demo``, what the package does, on the shipped cases."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.panel import Panel

from medaction_gym.cli.common import console, kind_errors, progress_bar
from medaction_gym.cli.run import summary_table
from medaction_gym.cli.site import told, written

TREES, TREE = 3, 300  # trees for the pages, and nodes of each


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder for the runs' files.")] = None,
) -> None:
    """Watch an agent work through a case, run all over the shipped cases, and make pages of it."""
    from medaction_gym.agents.base import AGENTS
    from medaction_gym.cases.caseset import CaseSet
    from medaction_gym.distill.engine import distill
    from medaction_gym.distill.settings import Settings
    from medaction_gym.distill.tree import Growth
    from medaction_gym.rollout import run
    from medaction_gym.summary import summarise
    from medaction_gym.view import render_opening, render_step

    with kind_errors():
        cases = CaseSet.teaching()
        folder = out or Path(tempfile.mkdtemp(prefix="medaction-demo-"))
        summaries = {}
        shown = None
        with progress_bar() as bar:
            task = bar.add_task("playing", total=len(AGENTS) * len(cases))
            for name in AGENTS:
                bar.update(task, description=name)
                trajectories = run(cases, name, folder / name, on_case=lambda _: bar.advance(task))
                summaries[name] = summarise(trajectories)
                if name == "protocol":
                    shown = max(trajectories, key=lambda t: (t.grade, t.tests))
        assert shown is not None
        case = cases.get(shown.case_id)
        grown = Settings(growth=Growth(nodes=TREE))
        distill(cases[:TREES], folder / "trees", settings=grown, resume=True)
    pages = written([folder], folder / "site")
    console.print(Panel(escape(render_opening(case)), title=f"{case.id} (fictional)"))
    for number, step in enumerate(shown.steps, 1):
        console.print(render_step(number, step.action, step.outcome, step.message), markup=False)
    console.print(f"The diagnosis was: {case.diagnosis.name}.\n", markup=False)
    console.print(summary_table(summaries))
    console.print(
        "'cheating-oracle' reads the answers: the upper bound. The agents after it are exploits, "
        "which must not pay.\nFor research on agents, not for the care of patients."
    )
    console.print(f"Trajectories of every run: {folder}", markup=False, soft_wrap=True)
    console.print(f"Pages: {told(pages, folder / 'site')}", markup=False, soft_wrap=True)
