"""The knowledge agent: what it believes, what it orders, and that it never fails."""

from __future__ import annotations

import numpy as np
import pytest

from medaction_gym.actions import Commit, OrderTest, UpdateDifferential
from medaction_gym.agents.base import make_agent
from medaction_gym.agents.hypotheses import MEASURES, Hypotheses, weights
from medaction_gym.agents.hypotheses import Hypothesis as Belief
from medaction_gym.agents.knowledge import results
from medaction_gym.agents.workup import STEPS, ambiguous, called, requests, sites, table
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.knowledge.inference import inference
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.oracle import MAX_TESTS_PER_REQUEST
from medaction_gym.rollout import rollout
from medaction_gym.trajectory import Trajectory
from tests.processes import said_under_hash_seeds

TEACHING = CaseSet.teaching()[:8]


def play(
    name: str = "knowledge", cases: CaseSet = TEACHING, *, max_turns: int = 30, menu: bool = False
) -> list[Trajectory]:
    env = DiagnosisEnv(cases, max_turns=max_turns, reward="outcome", show_menu=menu)
    return [rollout(env, make_agent(name), case, name=name) for case in cases]


@pytest.fixture(scope="module")
def played() -> list[Trajectory]:
    return play()


def test_plays_to_the_end_without_the_case(played: list[Trajectory]) -> None:
    assert not make_agent("knowledge").privileged
    assert [t.status for t in played] == ["committed"] * len(TEACHING), [t.error for t in played]


def test_states_a_differential_first_and_a_probability_each(played: list[Trajectory]) -> None:
    for trajectory in played:
        stated = [s.action for s in trajectory.steps if isinstance(s.action, UpdateDifferential)]
        assert isinstance(trajectory.steps[0].action, UpdateDifferential)
        for action in stated:
            shares = [h.probability for h in action.differential]
            names = [h.disease for h in action.differential]
            assert 1 <= len(shares) <= 8
            assert len(set(names)) == len(names)
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) <= 1 + 1e-9
        assert trajectory.prediction == stated[-1].differential[0].disease or len(stated) == 1


def test_commits_to_the_head_of_its_belief_in_the_graphs_words(played: list[Trajectory]) -> None:
    for trajectory in played:
        last = trajectory.steps[-1].action
        assert isinstance(last, Commit)
        assert knowledge().linker.link(last.diagnosis), last.diagnosis


def test_never_orders_the_same_twice(played: list[Trajectory]) -> None:
    for trajectory in played:
        orders = [
            order
            for step in trajectory.steps
            if isinstance(step.action, OrderTest)
            for order in step.action.test.split("; ")
        ]
        assert orders
        assert len(set(orders)) == len(orders)


def test_sees_more_of_the_record_than_chance(played: list[Trajectory]) -> None:
    assert sum(t.tests for t in played) > 2 * sum(t.tests for t in play("random"))


@pytest.mark.parametrize("turns", [1, 2, 3, 4, 7])
def test_any_number_of_turns(turns: int) -> None:
    cases = TEACHING[:3]
    for trajectory in play(cases=cases, max_turns=turns):
        assert trajectory.status in ("committed", "truncated"), trajectory.error
        assert trajectory.prediction


def test_uses_the_menu_where_it_is_shown() -> None:
    cases = TEACHING[:3]
    for case, trajectory in zip(cases, play(cases=cases, menu=True), strict=True):
        orders = [s.action.test for s in trajectory.steps if isinstance(s.action, OrderTest)]
        assert set(orders) <= {test.name for test in case.tests}
        assert all(s.outcome.value != "NOT_UNDERSTOOD" for s in trajectory.steps)


def test_the_same_in_every_process() -> None:
    code = (
        "from medaction_gym.agents.base import make_agent\n"
        "from medaction_gym.cases.caseset import CaseSet\n"
        "from medaction_gym.envs.diagnosis import DiagnosisEnv\n"
        "from medaction_gym.rollout import rollout\n"
        "env = DiagnosisEnv(CaseSet.teaching()[:3], reward='outcome')\n"
        "for case in env.cases:\n"
        "    print(rollout(env, make_agent('knowledge'), case).model_dump_json())\n"
    )
    (said,) = said_under_hash_seeds(code)
    assert said.count("\n") == 3


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\ud800 ☃ 漢字", "no no no", "a " * 20_000, ";;: :"]
)
def test_any_text_leaves_a_belief(text: str) -> None:
    case = Hypotheses()
    case.read_presentation(text)
    case.read_result(text, text[:100])
    belief = case.posterior()
    assert all(0 <= h.p <= 1 and h.name for h in belief)
    assert sum(h.p for h in belief) <= 1 + 1e-9


def test_a_report_that_names_the_disease_moves_the_belief() -> None:
    case = Hypotheses()
    case.read_presentation("A 50-year-old woman with a painless lump in the neck.")
    before = {h.name: h.p for h in case.posterior(1_000)}
    case.read_result("Findings are consistent with medullary thyroid carcinoma.", "Biopsy")
    after = case.posterior()
    assert "medullary thyroid" in after[0].name.lower()
    assert after[0].p > before.get(after[0].name, 0.0) + 0.3


def test_a_denied_disease_is_not_believed() -> None:
    said, denied = Hypotheses(), Hypotheses()
    said.read_result("Histology shows sarcoidosis.", "Biopsy")
    denied.read_result("No evidence of sarcoidosis.", "Biopsy")
    name = said.posterior()[0].name
    assert name == "sarcoidosis"
    assert all(h.name != name or h.p < 0.2 * said.posterior()[0].p for h in denied.posterior())


@pytest.mark.parametrize("method", ["similarity", "likelihood"])
def test_a_disease_is_explained_best_by_its_own_phenotypes(method: str) -> None:
    graph = knowledge()
    scores = inference(method)  # type: ignore[arg-type]
    for disease in ("MONDO:0007947", "MONDO:0007739", "MONDO:0009061"):  # Marfan, Huntington, CF
        often = [a for a in graph.annotations(disease) if (a.frequency or 0) > 0.7]
        found = {a.phenotype: 0.9 for a in often if not a.excluded}
        mine = scores.scores(found)
        assert np.isfinite(mine).all()
        assert (mine > mine[graph.row(disease)]).mean() < 0.01
        denied = scores.scores(dict.fromkeys(found, -0.9))
        assert denied[graph.row(disease)] < 0 < mine[graph.row(disease)]


def test_nothing_found_explains_nothing() -> None:
    assert not inference().scores({}).any()
    assert not inference().scores({"HP:9999999": 1.0}).any()


def test_the_weights_fit_the_measures() -> None:
    assert len(weights().measures) == len(MEASURES)
    assert np.isfinite(weights().measures).all()
    assert weights().provenance["script"] == "scripts/fit_hypotheses.py"


def test_the_table_names_tests_and_concepts_that_exist() -> None:
    for test in table():
        orders = parse_orders(test.order)
        assert test.step in STEPS
        assert [bool(order.head) for order in orders] == [True], test.order
        assert all(concept in knowledge() for concept in test.calls), test.order


def test_hypotheses_and_findings_call_for_tests() -> None:
    none = {test.order for test, _ in called("imaging", [], {})}
    heart = [Belief("MONDO:0004994", "cardiomyopathy", 0.2), Belief("MONDO:0005015", "d", 0.1)]
    by_belief = {test.order for test, _ in called("imaging", heart, {})}
    by_findings = {test.order for test, _ in called("imaging", [], {"HP:0001640": 0.9})}
    denied = {test.order for test, _ in called("imaging", [], {"HP:0001640": -0.9})}
    assert "echocardiography" in by_belief & by_findings
    assert "echocardiography" not in none | denied


def test_requests_hold_no_more_tests_than_allowed() -> None:
    many = list(requests([f"test {n}" for n in range(30)]))
    assert [len(request.split("; ")) for request in many] == [
        MAX_TESTS_PER_REQUEST, MAX_TESTS_PER_REQUEST, 30 - 2 * MAX_TESTS_PER_REQUEST
    ]  # fmt: skip


def test_what_was_ambiguous_is_found_in_the_answer() -> None:
    answer = "computed tomography: not specific enough; 2 tests\nMRI: a mass"
    assert ambiguous(["CT", "MRI"], answer) == ["CT"]
    assert sites(["Pain in the left knee."])[0]


def test_results_are_cut_out_of_an_answer() -> None:
    answer = (
        "ESR: not available; the record holds no such test.\n"
        "CT: A mass.\nNo nodes: none.\nMRI: already reported above.\nBiopsy: Lymphoma."
    )
    assert results(answer, ("CT", "Biopsy")) == [
        ("CT", "A mass.\nNo nodes: none."),
        ("Biopsy", "Lymphoma."),
    ]
    assert results("something else", ("CT",)) == [("CT", "something else")]
    assert results("something else", ()) == []
