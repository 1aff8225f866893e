from __future__ import annotations

import math
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medaction_gym.actions import Hypothesis, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Beliefs, Moment, moments
from medaction_gym.metrics.dtc import dtc_of
from medaction_gym.metrics.families import EXPLOITS, HONEST, play, situation
from medaction_gym.metrics.rac import (
    FREE,
    NEUTRAL,
    Move,
    consistency,
    logistic,
    rac,
    rac_of,
    variation,
)
from medaction_gym.metrics.support import Result, support
from tests.processes import said_under_hash_seeds

unit = st.floats(0, 1)


def chain(*stated: tuple[dict[str, float], tuple[Result, ...]]) -> list[Moment]:
    beliefs = Beliefs()
    return [
        Moment(
            turn,
            beliefs.read(Hypothesis(disease=d, probability=p) for d, p in masses.items()),
            learnt,
        )
        for turn, (masses, learnt) in enumerate(stated, 1)
    ]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(CaseSet.teaching())[:12]


@given(st.lists(st.builds(Move, unit, st.none() | st.floats(-10, 10))))
def test_consistency_is_in_range(moves: list[Move]) -> None:
    assert 0 <= consistency(moves) <= 1 + 1e-9


@given(st.floats(allow_nan=False))
def test_agreement_is_in_range_and_silence_is_in_the_middle(rho: float) -> None:
    assert 0 <= logistic(rho) <= 1
    assert (logistic(rho) >= NEUTRAL) == (rho >= -1e-15)
    assert logistic(0.0) == NEUTRAL


@given(st.dictionaries(st.sampled_from("abc"), unit), st.dictionaries(st.sampled_from("abc"), unit))
def test_variation_is_symmetric(one: dict[str, float], other: dict[str, float]) -> None:
    assert variation(one, other) == pytest.approx(variation(other, one))
    assert variation(one, one) == 0


def test_evidence_for_and_against() -> None:
    learnt = (
        Result("Eyes", "Ectopia lentis and severe myopia.", "examination"),
        Result("Echocardiogram", "Aortic root aneurysm, mitral prolapse.", "imaging"),
    )
    towards = rac_of(chain(({"Marfan syndrome": 0.2}, ()), ({"Marfan syndrome": 0.8}, learnt)))
    away = rac_of(chain(({"Marfan syndrome": 0.8}, ()), ({"Marfan syndrome": 0.2}, learnt)))
    assert towards.value > 0.8
    assert away.value < 0.3
    assert "supports" in towards.steps[1].why
    assert "disagrees" in away.steps[1].why


def test_what_is_denied_does_not_support() -> None:
    affirmed = Result("Biopsy", "Findings of sarcoidosis.", "pathology")
    denied = Result("Biopsy", "No evidence of sarcoidosis.", "pathology")
    assert support().weigh("Sarcoidosis", affirmed) > 1
    assert support().weigh("Sarcoidosis", denied) <= 0


def test_no_new_evidence_earns_nothing() -> None:
    scored = rac_of(chain(({"Gout": 0.2}, ()), ({"Gout": 0.9}, ())))
    assert scored.value == 0
    assert scored.coverage is None
    assert "without new evidence" in scored.steps[1].why


def test_silent_evidence_is_neutral() -> None:
    silent = (Result("Other", "See report.", "other"),)
    scored = rac_of(chain(({"Gout": 0.2}, ()), ({"Gout": 0.9}, silent)))
    assert scored.value == NEUTRAL
    assert scored.coverage == 0
    assert "silent" in scored.steps[1].why


def test_a_name_the_graph_does_not_know_is_about_neutral_and_named() -> None:
    learnt = (Result("Blood", "Hyperuricemia.", "laboratory"),)
    scored = rac_of(chain(({"Zyxology": 0.2}, ()), ({"Zyxology": 0.9}, learnt)))
    assert scored.value == pytest.approx(NEUTRAL, abs=0.1)
    assert scored.unlinked == ("Zyxology",)


def test_certain_at_once_and_token_moves() -> None:
    learnt = (Result("Blood", "Hyperuricemia, tophi.", "laboratory"),)
    certain = rac_of(chain(({"Gout": 0.95}, ()), ({"Gout": 0.95}, learnt)))
    token = rac_of(chain(({"Gout": FREE}, ()), ({"Gout": FREE + 0.02}, learnt)))
    assert certain.value == 0
    assert 0 < token.value < 0.06


def test_surer_and_less_sure_in_turn_earns_less_than_one_setback() -> None:
    def masses(*stated: float) -> list[Moment]:
        tests = ["Hyperuricemia.", "Tophi.", "Joint effusion.", "Urate crystals.", "Podagra."]
        found = [(Result(f"Test {i}", text, "laboratory"),) for i, text in enumerate(tests)]
        return chain(
            *(({"Gout": p}, learnt) for p, learnt in zip(stated, [(), *found], strict=False))
        )

    setback = rac_of(masses(0.2, 0.5, 0.3, 0.9)).value
    pumped = rac_of(masses(0.5, 0.1, 0.9, 0.1, 0.9)).value
    assert pumped < 0.5 * setback


def test_the_way_of_a_leader_is_measured_under_any_of_its_names() -> None:
    learnt = (Result("Blood", "Hyperuricemia, tophi.", "laboratory"),)

    def named(name: str) -> float:
        stated = (({"Gout": 0.5}, ()), ({name: 0.1}, learnt), ({"Gout": 0.9}, learnt))
        return rac_of(chain(*stated)).value

    assert named("gouty arthritis") == named("Gout")
    assert 0 < named("Gout") < 0.8


def test_moving_without_evidence_costs_twice_once_tests_could_be_asked_for() -> None:
    driven, undriven = Move(0.4, 0.0), Move(0.4, None)
    assert consistency([driven, undriven]) == pytest.approx(0.5**2 * NEUTRAL)
    learnt = (Result("Other", "See report.", "other"),)
    sure = rac_of(chain(({"Lupus": 0.9}, ()), ({"Gout": 0.9}, learnt))).value
    assert sure == pytest.approx(NEUTRAL * 0.9 / 1.3)  # its first impression once


def test_renaming_and_splitting_move_nothing() -> None:
    learnt = (Result("Blood", "Hyperuricemia, tophi.", "laboratory"),)
    renamed = rac_of(chain(({"Gout": 0.2}, ()), ({"gouty arthritis": 0.2}, learnt)))
    split = rac_of(chain(({"Gout": 0.4}, ()), ({"Gout": 0.2, "gouty arthritis": 0.2}, learnt)))
    assert renamed.value == split.value == 0


def test_copied_words_earn_nothing() -> None:
    text = "The kidneys are enlarged with several simple cysts on both sides and a dilated ureter."
    scored = rac_of(chain(({"Gout": 0.2}, ()), ({text: 0.9}, (Result("CT", text, "imaging"),))))
    assert scored.value == 0
    assert "copied" in scored.steps[1].why


def test_moves_beside_a_leader_that_stays_earn_nothing() -> None:
    learnt = (Result("Blood", "Hyperuricemia, tophi.", "laboratory"),)
    beside = chain(({"Gout": 0.5, "Lupus": 0.4}, ()), ({"Gout": 0.5, "Asthma": 0.4}, learnt))
    assert rac_of(beside).value == 0


def test_small_changes_add_up_and_lose_no_result() -> None:
    learnt = (Result("Blood", "Hyperuricemia, tophi.", "laboratory"),)
    at_once = chain(({"Gout": 0.2}, ()), ({"Gout": 0.8}, learnt))
    held = chain(({"Gout": 0.2}, ()), ({"Gout": 0.2}, learnt), ({"Gout": 0.8}, ()))
    steps = [({"Gout": 0.2 + 0.004 * i}, ()) for i in range(1, 150)]
    crept = chain(({"Gout": 0.2}, ()), ({"Gout": 0.2}, learnt), *steps)
    assert rac_of(held).value == pytest.approx(rac_of(at_once).value)
    assert rac_of(crept).steps[-1].value < 0.1  # after the first counted step nothing drives it
    assert "holds" in rac_of(crept).steps[1].why


def test_words_picked_from_results_earn_no_support() -> None:
    result = Result("Biopsy", "Spindled zyxomatous fibrillary stroma.", "pathology")
    picked = rac_of(chain(({"Gout": 0.1}, ()), ({"zyxomatous stroma": 0.8}, (result,))))
    before = rac_of(
        chain(({"zyxomatous stroma": 0.1}, ()), ({"zyxomatous stroma": 0.8}, (result,)))
    )
    assert picked.value < NEUTRAL + 0.01 < before.value - 0.1


def test_nothing_stated_scores_nothing(cases: list[Case]) -> None:
    assert rac(Episode.start(cases[0])).value == 0
    assert rac_of([]).coverage is None


def test_repeated_orders_are_no_new_evidence(cases: list[Case]) -> None:
    case = cases[0]
    order = OrderTest(test=case.tests[0].name)
    state = Episode.start(case)
    for p in (0.2, 0.4, 0.6):
        differential = (Hypothesis(disease=case.diagnosis.name, probability=p),)
        state = state.act(UpdateDifferential(differential=differential)).act(order)
    steps = rac(state).steps
    assert steps[1].results >= 1
    assert steps[2].results == 0
    assert steps[2].agreement == 0


def test_every_family_is_finite_and_honest_ones_come_first(cases: list[Case]) -> None:
    diseases = [case.diagnosis.name for case in cases]
    combined: dict[str, list[float]] = {}
    for case in cases:
        for name, family in {**HONEST, **EXPLOITS}.items():
            found = moments(play(case, family(situation(case, name, diseases))))
            truth, consistent = dtc_of(found, case.diagnosis).value, rac_of(found).value
            assert 0 <= truth <= 1
            assert 0 <= consistent <= 1
            combined.setdefault(name, []).append(math.sqrt(truth * consistent))
    assert len(HONEST) >= 4
    assert len(EXPLOITS) >= 12
    best_exploit = max(mean(combined[name]) for name in EXPLOITS)
    assert min(mean(combined[name]) for name in HONEST) > best_exploit + 0.05


def test_scores_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "from medaction_gym.cases.caseset import CaseSet\n"
        "from medaction_gym.metrics.families import HONEST, play, situation\n"
        "from medaction_gym.metrics.rac import rac\n"
        "case = CaseSet.teaching()[0]\n"
        "s = situation(case, 'noisy_ramp', ['Asthma', 'Gout', 'Migraine', 'Lupus'])\n"
        "print(rac(play(case, HONEST['noisy_ramp'](s))))\n"
    )
    printed = said_under_hash_seeds(program)
    assert len(printed) == 1
