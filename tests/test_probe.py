"""The order-effect probe: noise has a floor, order-free agents none beyond it."""

from __future__ import annotations

from typing import Any

import pytest

from medaction_gym.agents.base import Start, make_agent
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.metrics.order_effect import OrderEffect
from medaction_gym.probe import Desk, probe


class Reader:
    """Orders the record's tests; believes in the first, last, any or all of what it is told."""

    privileged = True

    def __init__(self, believes: str) -> None:
        self.believes = believes

    def begin(self, start: Start) -> None:
        assert start.case is not None
        self.rng, self.heard = start.rng, list[str]()
        self.orders = [test.name for test in start.case.tests[:5]]
        self.told = False

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        self.heard += info["released"]
        if self.orders:
            return {"action": "order_test", "test": self.orders.pop(0)}
        if self.told:
            return {"action": "commit", "diagnosis": "Gout"}
        self.told = True
        if self.believes == "noise":
            masses = {"Gout": float(self.rng.random())}
        else:
            heard = {"first": self.heard[:1], "last": self.heard[-1:], "all": sorted(self.heard)}
            masses = {f"Syndrome of {name}"[:300]: 0.1 for name in heard[self.believes]}
        stated = [{"disease": d, "probability": p} for d, p in masses.items()]
        return {"action": "update_differential", "differential": stated}


class Hasty(Reader):
    """Commits as soon as it is told of the record's last test."""

    def begin(self, start: Start) -> None:
        super().begin(start)
        self.last = self.orders[-1]

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        if self.last in info["released"]:
            return {"action": "commit", "diagnosis": "Gout"}
        return super().act(observation, info)


class Failing(Reader):
    """Fails at once."""

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("no")


@pytest.fixture(name="case")
def _case(teaching: CaseSet) -> Any:
    return teaching[0]


def test_an_agent_that_weighs_all_alike_has_no_order_effect(case: Any) -> None:
    assert probe(Reader("all"), case, range(4)) == OrderEffect(0.0, 0.0, 3, 3, 0)


def test_an_agent_that_believes_the_last_has_one(case: Any) -> None:
    found = probe(Reader("last"), case, range(6))
    assert found.floor == 0
    assert found.effect is not None
    assert found.effect > 0
    assert found.excess == found.effect


def test_noise_is_the_floor(case: Any) -> None:
    found = probe(Reader("noise"), case, range(4))
    assert found.floor is not None
    assert found.floor > 0
    assert found.excess == pytest.approx(0)


def test_it_is_the_same_each_time(case: Any) -> None:
    assert probe(Reader("last"), case, range(4)) == probe(Reader("last"), case, range(4))


def test_the_protocol_depends_on_the_order(case: Any) -> None:
    found = probe(make_agent("protocol"), case, [0, 1, 2])
    assert (found.floor, found.incomplete) == (0.0, 0)
    assert found.effect is not None
    assert found.effect > 0


@pytest.mark.parametrize("name", ["commit-at-once", "never-commit", "repeat-one-test"])
def test_without_two_results_there_is_no_other_order(name: str, case: Any) -> None:
    assert probe(make_agent(name), case, [0, 1]) == OrderEffect(None, None, 0, 0, 0)


def test_plays_that_fail_are_counted(case: Any) -> None:
    assert probe(Failing("all"), case, [0, 1, 2]).incomplete == 4


def test_plays_that_end_too_early_are_counted(case: Any) -> None:
    found = probe(Hasty("all"), case, range(6))
    assert found.again == 5
    assert found.incomplete > 0
    assert found.permuted + found.incomplete == 5


def test_two_seeds_are_needed(case: Any) -> None:
    with pytest.raises(ValueError, match="seeds: 1 given"):
        probe(Reader("all"), case, [0])


def test_the_desk_hands_out_no_more_than_its_results(case: Any) -> None:
    from medaction_gym.oracle import oracle_for

    desk = Desk((), oracle_for(case))
    assert desk.done
    assert [p.outcome.value for p in desk.answer(case.tests[0].name)] == ["UNAVAILABLE"]


def test_the_same_order_is_the_same_play_down_to_what_gave_no_result(teaching: CaseSet) -> None:
    for case in list(teaching)[1:8]:
        assert probe(make_agent("protocol"), case, [0, 1]).floor in (0.0, None)
