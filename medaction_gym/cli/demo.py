"""Demo: ``medaction-gym demo``, what the package does, on the shipped cases."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from medaction_gym.cli.common import console, kind_errors, progress_bar
from medaction_gym.cli.site import told, written

if TYPE_CHECKING:
    from medaction_gym.cases.case import Case
    from medaction_gym.metrics.judge import Judgement
    from medaction_gym.trajectory import Trajectory

TREES, TREE = 3, 300  # trees for the pages, and nodes of each
SHOWN = "knowledge"  # the agent whose work is shown turn by turn

# In the order of the table: contestants, the upper bound, and the exploits after them.
ROLES = {
    "knowledge": "Bayesian, no LLM",
    "protocol": "checklist",
    "random": "chance",
    "cheating-oracle": "told the answer",
}


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder for the runs' files.")] = None,
) -> None:
    """Watch an agent work through a case, run all over the shipped cases, and make pages of it."""
    from medaction_gym.agents.base import AGENTS
    from medaction_gym.cases.caseset import CaseSet
    from medaction_gym.distill.engine import distill
    from medaction_gym.distill.settings import Settings
    from medaction_gym.distill.tree import Growth
    from medaction_gym.metrics.judge import judge
    from medaction_gym.rollout import run
    from medaction_gym.view import render_opening, render_step

    with kind_errors():
        cases = CaseSet.teaching()
        folder = out or Path(tempfile.mkdtemp(prefix="medaction-demo-"))
        played: dict[str, Sequence[Trajectory]] = {}
        with progress_bar() as bar:
            task = bar.add_task("the knowledge graph", total=len(AGENTS) * len(cases))
            judge()  # compiles the graph, once a machine
            for name in (*ROLES, *(other for other in AGENTS if other not in ROLES)):
                bar.update(task, description=name)
                played[name] = run(cases, name, folder / name, on_case=lambda _: bar.advance(task))
        verdicts = {
            name: [judged(cases.get(t.case_id), t) for t in episodes]
            for name, episodes in played.items()
        }
        grown = Settings(growth=Growth(nodes=TREE))
        distill(cases[:TREES], folder / "trees", settings=grown, resume=True)
    pages = written([folder], folder / "site")
    right = [
        (verdict.p, trajectory)
        for verdict, trajectory in zip(verdicts[SHOWN], played[SHOWN], strict=True)
        if verdict is not None and verdict.verdict == "same"
    ]
    if right:
        _, shown = max(right, key=lambda one: one[0])
        case = cases.get(shown.case_id)
        console.print(Panel(escape(render_opening(case)), title=f"{case.id} (fictional)"))
        for number, step in enumerate(shown.steps, 1):
            console.print(
                render_step(number, step.action, step.outcome, step.message), markup=False
            )
        console.print(f"The diagnosis was: {case.diagnosis.name}.", markup=False)
        console.print(
            f"The agent was '{SHOWN}'. This is one of the {len(right)} of {len(cases)} cases that "
            "it gets right.\n",
            markup=False,
        )
    console.print(standings(played, verdicts))
    console.print(
        "For your own agent, see 'medaction-gym run --help'; to be the doctor, "
        "'medaction-gym play'.\nFor research on agents, not for the care of patients."
    )
    console.print(f"Trajectories of every run: {folder}", markup=False, soft_wrap=True)
    console.print(f"Pages: {told(pages, folder / 'site')}", markup=False, soft_wrap=True)


def judged(case: Case, trajectory: Trajectory) -> Judgement | None:
    """What the offline judge says of the diagnosis that was committed to; None if none was."""
    from medaction_gym.benchmarks.row import judgement
    from medaction_gym.metrics.judge import judge

    if trajectory.status != "committed":
        return None
    return judgement(case.diagnosis, trajectory.prediction, judge())


def standings(
    played: dict[str, Sequence[Trajectory]], verdicts: dict[str, list[Judgement | None]]
) -> Table:
    """A row an agent: what it answered, and at what price."""
    from medaction_gym.summary import summarise

    table = Table(
        caption="right, undecided, wrong: the offline judge's verdict on whether the answer names "
        "the patient's disease. It is no panel of doctors. "
        "An exploit must not pay. Reward, tests, turns, USD: means over the cases."
    )
    table.add_column("agent", no_wrap=True)
    for column in ("right", "undecided", "wrong", "no answer", "reward", "tests", "turns", "USD"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what it is")
    for name, episodes in played.items():
        said = ["none" if v is None else v.verdict for v in verdicts[name]]
        s = summarise(episodes)
        table.add_row(
            name,
            f"{said.count('same')}/{s.cases}",
            *(str(said.count(verdict)) for verdict in ("undecided", "different", "none")),
            f"{s.reward:+.3f}",
            f"{s.tests:.1f}",
            f"{s.turns:.1f}",
            f"{s.usd:,.0f}",
            ROLES.get(name, "exploit"),
        )
    return table
