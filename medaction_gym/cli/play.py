"""Play: ``medaction-gym play``, a person at the terminal as the doctor, or watching one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.panel import Panel

from medaction_gym.cli.common import CasesOption, console, kind_errors, load_cases, name_own_modules

if TYPE_CHECKING:
    from medaction_gym.cases.case import Case

HELP = (
    "Type a test to order it (e.g. [bold]CT head[/], [bold]CBC, CRP[/]).\n"
    "[bold]ddx[/] Gout 60, Septic arthritis 30   state your differential, in per cent\n"
    "[bold]commit[/] Gout                        commit to a diagnosis\n"
    "[bold]menu[/] list the recorded tests (a hint)   [bold]help[/]   [bold]quit[/]"
)


def play(
    cases: CasesOption = None,
    case_id: Annotated[str, typer.Option("--case", help="Play this case.")] = "",
    seed: Annotated[int | None, typer.Option(help="Seed for the choice of a case.")] = None,
    max_turns: Annotated[int, typer.Option(min=1, help="Turns until the end.")] = 30,
    watch: Annotated[
        bool, typer.Option("--watch", help="Watch an agent play, as --agent does.")
    ] = False,
    agent: Annotated[
        str | None,
        typer.Option(help="Who is watched; smollm2, a small language model, if left out."),
    ] = None,
) -> None:
    """Play a case yourself, or watch an agent play it."""
    from medaction_gym.episode import Episode, Rules
    from medaction_gym.reward import final_grade
    from medaction_gym.view import render_opening

    with kind_errors():
        known = load_cases(cases, skip_bad=True)
        chosen = int(np.random.default_rng(seed).integers(len(known)))
        case = known.get(case_id) if case_id else known[chosen]
    if watch or agent:
        _watch(agent or "smollm2", case, max_turns, seed or 0)
        return
    console.print(Panel(escape(render_opening(case)), title=case.id))
    console.print(HELP)
    episode = Episode.start(case, Rules(max_turns=max_turns))
    while episode.status == "open":
        try:
            line = console.input(f"[bold cyan]{episode.number + 1}>[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            line = "quit"
        word, _, rest = line.partition(" ")
        if word in ("quit", "exit", "q"):
            console.print(f"The diagnosis was: {case.diagnosis.name}.", markup=False)
            return
        if word in ("help", "?") and not rest:
            console.print(HELP)
        elif word == "menu" and not rest:
            console.print("\n".join(f"- {test.name}" for test in case.tests), markup=False)
        elif word in ("commit", "ddx") and not rest.strip():
            console.print(f"Name a disease: [bold]{word}[/] Gout. No turn was spent.")
        elif line:
            action = _action(word, rest.strip(), line)
            if not all(0 <= held["probability"] <= 1 for held in action.get("differential", ())):
                console.print("From 0 to 100 per cent: [bold]ddx[/] Gout 60. No turn was spent.")
                continue
            episode = episode.act(action)
            assert episode.turn is not None
            console.print(f"[dim]{episode.turn.outcome.value}[/] {escape(episode.turn.message)}")
            if word == "ddx" and episode.turn.outcome.value == "ACCEPTED":
                held = ", ".join(f"{h.disease} {h.probability:.0%}" for h in episode.differential)
                console.print(escape(held))
    console.print(
        f"\nThe diagnosis was: {case.diagnosis.name}.\n"
        f"Grade {final_grade(episode):.2f} of 1 (string judge), {episode.tests} tests, "
        f"${episode.usd:,.0f}, {episode.number} turns.",
        markup=False,
    )


def _watch(name: str, case: Case, max_turns: int, seed: int) -> None:
    from medaction_gym.agents.base import make_agent
    from medaction_gym.cli.watch import watch

    name_own_modules()
    with kind_errors():
        watch(make_agent(name), name, case, max_turns=max_turns, seed=seed)


def _action(word: str, rest: str, line: str) -> dict[str, Any]:
    """What a typed line means."""
    if word == "commit":
        return {"action": "commit", "diagnosis": rest}
    if word == "ddx":
        entries = []
        for part in rest.split(","):
            disease, _, share = part.strip().rpartition(" ")
            try:
                probability = float(share.rstrip("%")) / 100
            except ValueError:
                disease, probability = part.strip(), 0.5
            entries.append({"disease": disease, "probability": probability})
        return {"action": "update_differential", "differential": entries}
    return {"action": "order_test", "test": line}
