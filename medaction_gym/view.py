"""View: a case and its turns as plain text, for observations and terminals."""

from __future__ import annotations

from medaction_gym.actions import Action, Commit, Malformed, OrderTest, Outcome
from medaction_gym.cases.case import Case
from medaction_gym.episode import Episode

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


def render_action(action: Action | Malformed) -> str:
    """An action in a few words.

    Example:
        >>> render_action(OrderTest(test="CT head"))
        'order CT head'
    """
    if isinstance(action, Malformed):
        return f"malformed input {action.received!r}"
    if isinstance(action, OrderTest):
        return f"order {action.test}"
    if isinstance(action, Commit):
        return f"commit to {action.diagnosis}"
    beliefs = ", ".join(f"{h.disease} {h.probability:.0%}" for h in action.differential)
    return f"differential: {beliefs}"


def render_step(number: int, action: Action | Malformed, outcome: Outcome, message: str) -> str:
    """A turn in a few lines: what was done, how it was taken, what came back."""
    lines = [f"[{number}] {render_action(action)}", f"    {outcome.value}"]
    return "\n".join([*lines, *(f"    {line}" for line in message.splitlines())])


def render_turn(episode: Episode) -> str:
    """The turn that led to a state; with the gold diagnosis once the episode is over."""
    turn = episode.turn
    if turn is None:
        return ""
    text = render_step(episode.number, turn.action, turn.outcome, turn.message)
    if episode.status != "open":
        text += f"\n    The diagnosis was: {episode.case.diagnosis.name}."
    return text
