"""Episode: turns, limits, snapshots."""

from __future__ import annotations

import pytest

from medaction_gym.actions import Outcome
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode, Rules


def order(test: str) -> dict[str, str]:
    return {"action": "order_test", "test": test}


def test_a_state_never_changes(teaching: CaseSet) -> None:
    start = Episode.start(teaching[0])
    left = start.act(order(teaching[0].tests[0].name))
    right = start.act((2, "Gout"))
    assert (start.number, start.seen, start.status) == (0, frozenset(), "open")
    assert left.previous is start
    assert right.previous is start
    assert left.turns != right.turns
    with pytest.raises(AttributeError):
        start.number = 5  # type: ignore[misc]


def test_repeats_are_told_and_cost_nothing(teaching: CaseSet) -> None:
    name = teaching[0].tests[0].name
    first = Episode.start(teaching[0]).act(order(name))
    again = first.act(order(name))
    assert first.turn
    assert again.turn
    assert first.turn.outcome is Outcome.RESULT
    assert again.turn.outcome is Outcome.REPEATED
    assert again.turn.usd == 0
    assert again.tests == first.tests == 1


def test_an_analyte_of_a_panel_already_read_is_a_repeat(teaching: CaseSet) -> None:
    case = next(c for c in teaching for t in c.tests if t.analytes)
    panel = next(t for t in case.tests if t.analytes)
    state = Episode.start(case).act(order(panel.name)).act(order(panel.analytes[0].name))
    assert state.turn
    assert state.turn.outcome is Outcome.REPEATED


def test_max_turns_truncates(teaching: CaseSet) -> None:
    state = Episode.start(teaching[0], Rules(max_turns=2)).act("?").act("?")
    assert state.status == "truncated"
    with pytest.raises(RuntimeError, match="over"):
        state.act("?")


def test_max_tests_and_budget_say_so(teaching: CaseSet) -> None:
    names = [test.name for test in teaching[0].tests]
    state = Episode.start(teaching[0], Rules(max_tests=1)).act(order(names[0])).act(order(names[1]))
    assert state.turn
    assert state.turn.outcome is Outcome.UNAVAILABLE
    assert "limit of 1 tests" in state.turn.message
    poor = Episode.start(teaching[0], Rules(budget=0.0)).act(order(names[0]))
    assert poor.turn
    assert poor.turn.outcome is Outcome.UNAVAILABLE
    assert "budget" in poor.turn.message
    assert poor.usd == 0


def test_several_tests_in_one_request(teaching: CaseSet) -> None:
    case = teaching[0]
    request = ", ".join(test.name for test in case.tests[:3] if "," not in test.name)
    state = Episode.start(case).act(order(request))
    assert state.turn
    assert state.turn.outcome is Outcome.RESULT
    assert state.tests >= 2


def test_a_trawl_is_refused(teaching: CaseSet) -> None:
    trawl = ", ".join(f"{site} MRI" for site in ("brain", "neck", "chest", "abdomen")) + ", "
    trawl += "CBC, CRP, TSH, ECG, EEG, EMG, ferritin, lactate, lipase, ammonia"
    state = Episode.start(teaching[0]).act(order(trawl))
    assert state.turn
    assert state.turn.outcome is Outcome.MALFORMED
    assert "at most 12" in state.turn.message


def test_thousands_of_turns(teaching: CaseSet) -> None:
    state = Episode.start(teaching[0], Rules(max_turns=10_000))
    while state.status == "open":
        state = state.act("?")
    assert len(state.turns) == 10_000
    assert "turn 10000" in repr(state)
