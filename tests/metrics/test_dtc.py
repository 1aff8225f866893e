from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.actions import Commit, Hypothesis, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case, Diagnosis
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Beliefs, moments, similarity
from medaction_gym.metrics.dtc import belief_potential, convergence, dtc, potential, shaping
from medaction_gym.trajectory import Trajectory

unit = st.floats(0, 1)


def says(*pairs: tuple[str, float]) -> UpdateDifferential:
    return UpdateDifferential(
        differential=tuple(Hypothesis(disease=d, probability=p) for d, p in pairs)
    )


@pytest.fixture(scope="module")
def case() -> Case:
    return CaseSet.teaching()[0]


@given(st.lists(unit), st.floats(0.01, 1))
def test_shaping_telescopes(potentials: list[float], gamma: float) -> None:
    rewards = shaping(potentials, gamma)
    whole = math.fsum(gamma**t * f for t, f in enumerate(rewards))
    last = gamma ** len(potentials) * potentials[-1] if potentials else 0.0
    assert whole == pytest.approx(last, abs=1e-9)


@given(st.lists(unit))
def test_convergence_is_bounded_by_the_last_potential(potentials: list[float]) -> None:
    score = convergence(potentials)
    assert 0 <= score <= (potentials[-1] if potentials else 0)


@given(st.lists(st.tuples(unit, unit), max_size=8))
def test_potential_is_in_range_whatever_the_order(pairs: list[tuple[float, float]]) -> None:
    total = max(1.0, math.fsum(p for p, _ in pairs))
    scaled = [(p / total, s) for p, s in pairs]
    assert 0 <= potential(scaled) <= 1
    assert potential(scaled) == potential(scaled[::-1])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Gout", "gouty arthritis", "Lupus", "Zyxology", "no gout", "—"]), unit
        ),
        max_size=50,
    )
)
def test_any_differential_has_a_finite_potential(pairs: list[tuple[str, float]]) -> None:
    belief = Beliefs().read(says(*pairs).differential)
    value = belief_potential(Diagnosis(name="Gout"), belief)
    assert 0 <= value <= 1
    assert math.fsum(h.p for h in belief.held) <= 1 + 1e-9


def test_synonyms_share_their_mass_and_gain_nothing() -> None:
    gold = Diagnosis(name="Gout")
    whole = Beliefs().read(says(("Gout", 0.8)).differential)
    split = Beliefs().read(says(("Gout", 0.4), ("gouty arthritis", 0.4)).differential)
    assert len(split.held) == 1
    assert belief_potential(gold, split) == pytest.approx(belief_potential(gold, whole))


def test_a_name_is_compared_as_it_stands_now() -> None:
    gold, beliefs = Diagnosis(name="Squamous cell carcinoma of the lung"), Beliefs()
    first = belief_potential(gold, beliefs.read(says(("carcinoma", 0.8)).differential))
    later = belief_potential(gold, beliefs.read(says((gold.name, 0.8)).differential))
    assert first < 0.4 < later == pytest.approx(0.8)


def test_unlinkable_names_are_compared_by_words_and_said_so(case: Case) -> None:
    episode = Episode.start(case).act(says(("Qwertian zyxology", 0.9)))
    scored = dtc(episode)
    assert scored.by_words == ("Qwertian zyxology",)
    assert "by words only" in scored.steps[0].why
    assert similarity(Diagnosis(name="Qwertian zyxology"), "qwertian  Zyxology").value == 1


def test_no_differential_scores_nothing(case: Case) -> None:
    episode = Episode.start(case).act(Commit(diagnosis=case.diagnosis.name))
    assert dtc(episode).value == 0
    assert dtc(episode.previous or episode).steps == ()


def test_an_empty_differential_is_a_fall(case: Case) -> None:
    episode = Episode.start(case).act(says((case.diagnosis.name, 0.9))).act(says())
    scored = dtc(episode)
    assert scored.value == 0
    assert scored.steps[1].why == "names no disease"


def test_episode_and_trajectory_score_alike(case: Case) -> None:
    episode = Episode.start(case)
    for action in (
        says((case.diagnosis.name, 0.2)),
        OrderTest(test=case.tests[0].name),
        says((case.diagnosis.name, 0.8)),
        Commit(diagnosis=case.diagnosis.name),
    ):
        episode = episode.act(action)
    trajectory = Trajectory.of(episode)
    assert dtc(trajectory.episode(case)) == dtc(episode)
    assert moments(trajectory.episode(case)) == moments(episode)
    assert Trajectory.of(trajectory.episode(case)) == trajectory
    with pytest.raises(ValueError, match="not what was played"):
        trajectory.episode(CaseSet.teaching()[1])
