"""View: a case and its turns as plain text, for observations and terminals."""

from __future__ import annotations

from medaction_gym.actions import Commit, Malformed, OrderTest
from medaction_gym.cases.case import Case
from medaction_gym.episode import Episode, Turn

_SECTIONS = (
    ("Patient", "patient"),
    ("Chief complaint", "chief_complaint"),
    ("History", "history"),
    ("Examination", "examination"),
)


def render_opening(case: Case, *, show_menu: bool = False) -> str:
    """What the doctor knows at first, in sections.

    Args:
        case: The case.
        show_menu: Also list the names of the tests in the record.
    """
    parts = [
        f"{title}: {text}"
        for title, name in _SECTIONS
        if (text := getattr(case.presentation, name))
    ]
    if show_menu:
        parts.append("Tests in the record:\n" + "\n".join(f"- {test.name}" for test in case.tests))
    return "\n".join(parts)


def render_action(turn: Turn) -> str:
    """An action in a few words, e.g. ``"order CT head"``."""
    action = turn.action
    if isinstance(action, Malformed):
        return f"malformed input {action.received!r}"
    if isinstance(action, OrderTest):
        return f"order {action.test}"
    if isinstance(action, Commit):
        return f"commit to {action.diagnosis}"
    beliefs = ", ".join(f"{h.disease} {h.probability:.0%}" for h in action.differential)
    return f"differential: {beliefs}"


def render_turn(episode: Episode) -> str:
    """The turn that led to a state, with its outcome; the gold diagnosis once it is over."""
    turn = episode.turn
    if turn is None:
        return ""
    lines = [
        f"[{episode.number}] {render_action(turn)}",
        f"    {turn.outcome.value}" + (f" (${turn.usd:,.2f})" if turn.usd else ""),
        *(f"    {line}" for line in turn.message.splitlines()),
    ]
    if episode.status != "open":
        lines.append(f"    The diagnosis was: {episode.case.diagnosis.name}.")
    return "\n".join(lines)
