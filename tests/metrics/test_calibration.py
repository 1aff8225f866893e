"""Calibration: scores are proper, bounded, and pooled by the index of the statement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medaction_gym.actions import Hypothesis
from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Beliefs
from medaction_gym.metrics.calibration import (
    FLOOR,
    Forecast,
    Outcome,
    brier,
    calibration,
    ece,
    forecast,
    forecasts,
    log_score,
)

GOLD = Diagnosis(name="Gout", synonyms=("Podagra",))


def of(**masses: float) -> Forecast:
    stated = [Hypothesis(disease=d.replace("_", " "), probability=p) for d, p in masses.items()]
    return forecast(Beliefs().read(stated), GOLD)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(0, 5))
def test_scores_are_in_range(masses: list[float], true: int) -> None:
    total = max(1.0, sum(masses))
    named = [Outcome(p / total, n == true) for n, p in enumerate(masses)]
    rest = max(0.0, 1 - sum(o.p for o in named))
    made = (*named, Outcome(rest, true >= len(masses)))
    assert 0 <= brier(made) <= 1 + 1e-9
    assert 0 <= log_score(made) <= 1
    assert 0 <= ece(made) <= 1 + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_saying_what_one_believes_is_best(belief: float, said: float) -> None:
    def expected(p: float) -> float:
        right, wrong = (
            (Outcome(p, True), Outcome(1 - p, False)),
            (Outcome(p, False), Outcome(1 - p, True)),
        )
        return belief * brier(right) + (1 - belief) * brier(wrong)

    assert expected(belief) <= expected(said) + 1e-9


def test_by_hand() -> None:
    made = of(Gout=0.6, Asthma=0.3)
    assert brier(made) == pytest.approx(0.5 * (0.16 + 0.09 + 0.01))
    assert of(Gout=1.0) == (Outcome(1.0, True), Outcome(0.0, False))
    assert log_score(of(Gout=1.0)) == 0
    assert log_score(of(Gout=FLOOR / 2)) == 1


def test_something_else_is_a_class() -> None:
    assert of(Asthma=0.3) == (Outcome(0.3, False), Outcome(0.7, True))
    assert brier(of()) == 0.0 + brier((Outcome(1.0, True),))


def test_synonyms_are_right() -> None:
    assert of(podagra=0.5)[0].true
    assert of(gouty_arthritis=0.5, Gout=0.2)[0] == Outcome(0.7, True)


def test_ece_of_the_well_calibrated_is_zero() -> None:
    pairs = [Outcome(0.25, n % 4 == 0) for n in range(400)]
    assert ece(pairs) == pytest.approx(0)
    assert ece([Outcome(1.0, False)]) == 1


def test_by_statement(teaching: CaseSet) -> None:
    case = teaching[0]
    sure = {"action": "update_differential"}
    wrong = {**sure, "differential": [{"disease": "Asthma", "probability": 1.0}]}
    right = {**sure, "differential": [{"disease": case.diagnosis.name, "probability": 1.0}]}
    one = forecasts(Episode.start(case).act(wrong).act(right))
    table = calibration([one, one[:1], ()])
    assert list(table) == ["1", "2", "final"]
    assert [(c.forecasts, c.brier) for c in table.values()] == [(2, 1.0), (1, 0.0), (2, 0.5)]
    assert calibration([])["final"].ece is None
