"""Account: what one agent did on one case, turn by turn, with the reasons of the metrics."""

from __future__ import annotations

from typing import Any

from medaction_gym.actions import Commit, Malformed, OrderTest
from medaction_gym.benchmarks.row import Row, judgement
from medaction_gym.cases.case import Case
from medaction_gym.metrics.belief import moments
from medaction_gym.metrics.dtc import convergence, dtc_of
from medaction_gym.metrics.judge import judge
from medaction_gym.metrics.rac import rac_of
from medaction_gym.site.texts import Texts
from medaction_gym.trajectory import Step, Trajectory

DIGITS = 4


def account(trajectory: Trajectory, case: Case, row: Row, texts: Texts) -> dict[str, Any]:
    """The JSON of a page for one trajectory; strings of turns are numbers in `texts`.

    The scores of `row` are those of the result file. The reasons are worked out now, and so is
    ``explained``, what DTC and RAC come to with them; a reader sees whether they agree.
    """
    found = moments(trajectory.episode(case))
    convergent, consistent = dtc_of(found, case.diagnosis), rac_of(found)
    beliefs: dict[int, dict[str, Any]] = {}
    potentials: list[float] = []
    for moment, d, r in zip(found, convergent.steps, consistent.steps, strict=True):
        potentials.append(d.potential)
        beliefs[moment.turn] = {
            "held": [[texts.put(h.name), _short(h.p)] for h in moment.belief.held],
            "unknown": _short(moment.belief.unknown),
            "dtc": _short(convergence(potentials)),
            "dtcWhy": texts.put(d.why),
            "rac": _short(r.value),
            "racWhy": texts.put(r.why),
        }
    return {
        "fate": row.fate,
        "error": row.error,
        "prediction": row.prediction,
        "dtc": row.dtc,
        "rac": row.rac,
        "reward": row.reward,
        "usd": row.usd,
        "hours": row.hours,
        "tests": row.tests,
        "explained": [_short(convergent.value), _short(consistent.value)],
        "turns": [
            _turn(step, texts) | ({"belief": beliefs[n]} if n in beliefs else {})
            for n, step in enumerate(trajectory.steps, 1)
        ],
    }


def truths(case: Case, table: list[str], accounts: list[dict[str, Any]]) -> list[int]:
    """The numbers of the held diseases that the offline judge calls the gold diagnosis."""
    held = {
        number
        for one in accounts
        for turn in one["turns"]
        for number, _ in turn.get("belief", {}).get("held", ())
    }
    same = (n for n in held if judgement(case.diagnosis, table[n], judge()).verdict == "same")
    return sorted(same)


def _turn(step: Step, texts: Texts) -> dict[str, Any]:
    turn: dict[str, Any] = {"outcome": step.outcome.value, "message": texts.put(step.message)}
    action = step.action
    if isinstance(action, OrderTest):
        turn |= {"kind": "order", "said": texts.put(action.test)}
        if step.released:
            items = sorted({item for item, _ in step.released})
            turn |= {"items": items, "usd": _short(step.usd), "hours": _short(step.hours)}
    elif isinstance(action, Commit):
        turn |= {"kind": "commit", "said": texts.put(action.diagnosis)}
    elif isinstance(action, Malformed):
        turn |= {"kind": "malformed", "said": texts.put(action.received)}
    else:
        stated = [[texts.put(h.disease), _short(h.probability)] for h in action.differential]
        turn |= {"kind": "differential", "stated": stated}
    return turn


def _short(value: float) -> float:
    return round(value, DIGITS)
