"""Watch: an agent at work on a case, turn by turn, for a person at the terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from medaction_gym.cli.common import console

if TYPE_CHECKING:
    from medaction_gym.actions import Action, Malformed
    from medaction_gym.agents.base import Agent
    from medaction_gym.cases.case import Case
    from medaction_gym.episode import Turn

_STYLES = {
    "RESULT": "green",
    "UNAVAILABLE": "yellow",
    "AMBIGUOUS": "yellow",
    "REPEATED": "yellow",
    "NOT_UNDERSTOOD": "yellow",
    "ACCEPTED": "green",
    "MALFORMED": "red",
}
_BAR = 20  # characters of a probability of 1


def watch(agent: Agent, name: str, case: Case, *, max_turns: int, seed: int) -> None:
    """Let an agent play a case, and show what it thinks, does and is told.

    Raises:
        Exception: What the agent raises, so that a failure is not shown as a bad move.
    """
    from medaction_gym.agents.base import Start, agent_rng
    from medaction_gym.cases.caseset import CaseSet
    from medaction_gym.envs.diagnosis import DiagnosisEnv

    env = DiagnosisEnv(CaseSet([case]), max_turns=max_turns)
    observation, info = env.reset(options={"case_id": case.id})
    title = f"{case.id}, played by {name}"
    console.print(Panel(Text(observation["message"]), title=escape(title), padding=(1, 2)))
    agent.begin(Start(observation, info, agent_rng(seed, case), case if agent.privileged else None))
    over, begun = False, time.monotonic()
    try:
        while not over:
            asked = time.monotonic()
            with console.status(f"{escape(name)} thinks …"):
                action = agent.act(observation, info)
            observation, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
            turn = env.episode.turn
            assert turn is not None
            console.print(shown(env.episode.number, turn, _rationale(agent), _since(asked)))
    except KeyboardInterrupt:
        console.print("\n[bold]stopped[/]")
    console.print(_end(env, case, info, over))
    if (usage := getattr(agent, "usage", None)) and usage.requests:
        rate = usage.completion / max(time.monotonic() - begun, 1e-9)
        console.print(
            f"[dim]{usage.requests} requests, {usage.prompt:,} prompt and {usage.completion:,} "
            f"completion tokens, {rate:.1f} a second[/]"
        )


def shown(number: int, turn: Turn, rationale: str, seconds: str) -> RenderableType:
    """A turn: the reason, the move, how it was taken, what came back."""
    parts: list[RenderableType] = [Text.assemble(_move(turn.action), (seconds, "dim"))]
    if rationale:
        parts.append(Text(rationale, style="italic"))
    if differential := getattr(turn.action, "differential", ()):
        parts.append(_bars(differential))
    else:
        outcome = turn.outcome.value
        parts.append(Text.assemble((outcome, _STYLES[outcome]), "  ", turn.message))
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text(f"{number:>3} ", style="bold reverse"), Group(*parts))
    return Padding(grid, (1, 0, 0, 0))


def _move(action: Action | Malformed) -> Text:
    from medaction_gym.actions import Commit, Malformed, OrderTest

    if isinstance(action, OrderTest):
        return Text.assemble("orders ", (action.test, "bold cyan"))
    if isinstance(action, Commit):
        return Text.assemble("commits to ", (action.diagnosis, "bold green"))
    if isinstance(action, Malformed):
        said = " ".join(action.received.split()) or "(nothing)"
        return Text.assemble("says something that is no action: ", (said, "red"))
    return Text("thinks of" if action.differential else "has nothing in mind")


def _bars(differential: Any) -> Table:
    grid = Table.grid(padding=(0, 1))
    for h in differential:
        bar = Text("█" * round(_BAR * h.probability), style="magenta")
        grid.add_row(Text(h.disease, style="bold magenta"), f"{h.probability:.0%}", bar)
    if (left := 1 - sum(h.probability for h in differential)) > 0.005:
        grid.add_row(Text("something else", style="dim"), f"{left:.0%}", "")
    return grid


def _rationale(agent: Agent) -> str:
    """The reason for an agent's last move, if it gives any."""
    session = getattr(agent, "session", None)
    return session.moves[-1].rationale if session and session.moves else ""


def _since(then: float) -> str:
    return f"  {time.monotonic() - then:.1f} s"


def _end(env: Any, case: Case, info: dict[str, Any], over: bool) -> Padding:
    episode = env.episode
    verdict = "stopped before the end"
    if over:
        right = "right" if info["right"] else "wrong"
        verdict = f"{right}: {info['prediction']} (grade {info['grade']:.2f} of 1)"
        if not info["prediction"]:
            verdict = "out of turns, no diagnosis"
        elif episode.status == "truncated":
            verdict = f"out of turns; {verdict}"
    style = "green" if over and info["right"] else "red"
    text = Text.assemble(
        "The diagnosis was ", (case.diagnosis.name, "bold"), ".\n", (verdict, style),
        f"\n{episode.number} turns, {episode.tests} tests with a result, ${episode.usd:,.0f}",
    )  # fmt: skip
    return Padding(Panel(text, expand=False, padding=(0, 2)), (1, 0, 0, 0))
