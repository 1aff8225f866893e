"""Behaviour: each failure shows where it is, and nowhere else."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medaction_gym.actions import Hypothesis
from medaction_gym.agents.base import make_agent
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.episode import Episode, Rules
from medaction_gym.metrics.behaviour import Behaviour, behaviour
from medaction_gym.metrics.belief import Beliefs, Moment
from medaction_gym.metrics.families import EXPLOITS, HONEST, LIMITS, play, situation
from medaction_gym.metrics.grounding import grounds
from medaction_gym.metrics.share import Share
from medaction_gym.metrics.support import Result
from medaction_gym.metrics.updates import Updates, slope, updates
from medaction_gym.rollout import rollout
from tests.processes import said_under_hash_seeds
from tests.test_actions import hostile

CASE = Case(
    id="behaviour",
    provenance=Provenance(source="tests", license="Apache-2.0"),
    presentation=Presentation(chief_complaint="A painful big toe"),
    tests=(
        TestResult(name="Serum uric acid", category="laboratory", result="Hyperuricemia."),
        TestResult(
            name="Joint fluid microscopy",
            category="laboratory",
            result="Negatively birefringent urate crystals, as in gout.",
        ),
        TestResult(name="ECG", category="physiology", result="Sinus rhythm."),
        TestResult(name="MRI brain", category="imaging", result="Unremarkable."),
    ),
    diagnosis=Diagnosis(name="Gout"),
)
URATE = Result("Joint fluid microscopy", CASE.tests[1].result, "laboratory")


def ddx(**masses: float) -> dict[str, object]:
    stated = [{"disease": d.replace("_", " "), "probability": p} for d, p in masses.items()]
    return {"action": "update_differential", "differential": stated}


def judged(*actions: object, case: Case = CASE) -> Behaviour:
    return behaviour(play(case, actions))  # type: ignore[arg-type]


def chain(*stated: tuple[dict[str, float], tuple[Result, ...]]) -> Updates:
    beliefs = Beliefs()
    found = [
        Moment(
            turn,
            beliefs.read(Hypothesis(disease=d, probability=p) for d, p in masses.items()),
            learnt,
        )
        for turn, (masses, learnt) in enumerate(stated, 1)
    ]
    return updates(found, CASE.presentation)


# --- ordering and examination


def test_ungrounded_orders() -> None:
    seen = judged(ddx(Marfan_syndrome=0.9), (0, "CBC"), (0, "echocardiography"), (0, "EEG"))
    assert seen.ungrounded == Share(1, 3)
    assert [g.verdict for _, g in seen.orders] == ["routine", "called for", "uncalled"]
    assert [turn for turn, _ in seen.orders] == [2, 3, 4]


def test_a_finding_calls_for_a_test() -> None:
    (order,) = parse_orders("MRI brain")
    assert grounds(order, (), ("HP:0001250",)).verdict == "called for"  # a seizure
    assert grounds(order, (), ("HP:0001075",)).verdict == "uncalled"  # an atrophic scar


@pytest.mark.parametrize("test", ["flurbometry", "CT", "what do you think?"])
def test_what_the_catalogue_does_not_know_is_unknown(test: str) -> None:
    seen = judged(ddx(Marfan_syndrome=0.9), (0, test))
    assert seen.ungrounded == Share(0, 0)
    assert seen.judged == Share(0, 1)


def test_what_the_graph_does_not_know_is_unknown() -> None:
    assert judged(ddx(Zyxology=0.9), (0, "EEG")).orders[0][1].verdict == "unknown"


def test_examination() -> None:
    seen = judged((0, "Serum uric acid"), (0, "ECG, mammography"), (0, "EEG"))
    assert seen.recall == Share(2, 4)
    assert seen.precision == Share(2, 4)


def test_parts_of_a_panel_count_as_parts(teaching: CaseSet) -> None:
    case, test = next((c, t) for c in teaching for t in c.tests if len(t.analytes) > 1)
    seen = judged((0, test.analytes[0].name), case=case)
    assert 0 < seen.recall.part < 1


def test_a_name_of_the_record_is_one_test() -> None:
    test = TestResult(name="CBC and CRP", category="laboratory", result="Normal.")
    case = CASE.model_copy(update={"tests": (test,)})
    seen = judged((0, "CBC and CRP"), case=case)
    assert seen.precision == Share(1, 1)


def test_repeated_orders() -> None:
    again = judged((0, "EEG"), (0, "electroencephalogram"), (0, "ECG"), (0, "EKG"), (0, "CRP"))
    assert again.repeated == Share(2, 5)
    assert judged((0, "Serum uric acid"), (0, "ECG")).repeated == Share(0, 2)


# --- coherence


def test_contradiction() -> None:
    assert judged(ddx(Gout=0.5), (2, "gouty arthritis")).contradiction == Share(0, 1)
    assert judged(ddx(Gout=0.5), (2, "Asthma")).contradiction == Share(1, 1)
    assert judged(ddx(Gout=0.0), (2, "Gout")).contradiction == Share(1, 1)
    assert judged((2, "Asthma")).contradiction == Share(0, 0)
    learnt = judged(ddx(Asthma=0.5), (0, "Serum uric acid"), (2, "Gout"))
    assert learnt.contradiction == Share(0, 0)


def test_all_of_fifty_diseases_stand_in_the_differential() -> None:
    stated = {f"Disease {n}": 0.02 for n in range(49)}
    assert judged(ddx(**stated, Gout=0.001), (2, "Gout")).contradiction == Share(0, 1)


def test_unheeded_and_malformed() -> None:
    seen = judged((0, "Serum uric acid"), ddx(Gout=0.5), (0, "ECG"), "junk", (2, "Gout"))
    assert seen.unheeded == Share(1, 2)
    assert seen.malformed == Share(1, 5)


def test_slope() -> None:
    assert slope([(1, 0.2), (2, 0.5), (4, 0.9)]) > 0  # type: ignore[operator]
    assert slope([]) is None


# --- updates


def test_rigid() -> None:
    before, after = {"Asthma": 0.8, "Gout": 0.1}, {"Asthma": 0.4, "Gout": 0.5}
    assert chain((before, ()), (before, (URATE,))).rigid == Share(1, 1)
    assert chain((before, ()), (after, (URATE,))).rigid == Share(0, 1)
    assert chain((after, ()), (after, (URATE,))).rigid == Share(0, 0)
    assert chain((before, ()), (before, ())).rigid == Share(0, 0)


def test_erratic() -> None:
    jumped = chain(({"Marfan syndrome": 0.8}, ()), ({"Gout": 0.8}, ()))
    driven = chain(({"Marfan syndrome": 0.8}, ()), ({"Gout": 0.8}, (URATE,)))
    assert jumped.erratic == Share(1, 1)
    assert driven.erratic == Share(0, 1)
    assert chain(({"Zyxology": 0.8}, ()), ({"Gout": 0.8}, ())).erratic == Share(0, 1)
    assert chain(({"Gout": 0.8}, ()), ({"gouty arthritis": 0.8}, ())).erratic == Share(0, 0)
    silent = (Result("Note", "See report.", "other"),)
    assert chain(({"Marfan syndrome": 0.8}, ()), ({"Gout": 0.8}, silent)).erratic == Share(0, 1)


def test_forgotten() -> None:
    first, then = {"Gout": 0.8}, {"Gout": 0.1, "Asthma": 0.8}
    wheeze = Result("Spirometry", "Reversible airway obstruction, as in asthma.", "physiology")
    assert chain((first, (URATE,)), (then, ())).forgotten == Share(1, 1)
    assert chain((first, (URATE,)), (then, (wheeze,))).forgotten == Share(0, 1)
    assert chain((then, (URATE,)), (first, ())).forgotten == Share(0, 1)


def test_wandering() -> None:
    straight = chain(({"Gout": 0.2}, ()), ({"Gout": 0.4}, ()), ({"Gout": 0.6}, ()))
    circle = chain(({"Gout": 0.2}, ()), ({"Gout": 0.6}, ()), ({"Gout": 0.2}, ()))
    assert straight.wandering.value == 0
    assert circle.wandering.value == 1
    assert chain(({"Gout": 0.2}, ())).wandering == Share(0, 0)


def test_nothing_stated() -> None:
    seen = behaviour(Episode.start(CASE))
    assert all(share.part == 0 for share in seen.shares().values())
    assert seen.updates.slope is None


# --- all of it


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile, max_size=6))
def test_shares_are_in_range(actions: list[object]) -> None:
    state = Episode.start(CASE, Rules(max_turns=6))
    for action in actions:
        state = state.act(action) if state.status == "open" else state
    seen = behaviour(state)
    for share in seen.shares().values():
        assert 0 <= share.part <= share.whole + 1e-9
        assert math.isfinite(share.whole)


def pooled(name: str, key: str, cases: list[Case]) -> Share:
    diseases = [case.diagnosis.name for case in cases]
    family = {**HONEST, **EXPLOITS, **LIMITS}[name]
    episodes = [play(case, family(situation(case, name, diseases))) for case in cases]
    return Share.pooled(behaviour(episode).shares()[key] for episode in episodes)


def rate(share: Share) -> float:
    return share.value or 0.0


@pytest.mark.parametrize(
    ("exploit", "key"),
    [
        ("repeat_one_test", "repeated"),
        ("oscillate", "erratic"),
        ("oscillate", "wandering"),
        ("jump_without_evidence", "erratic"),
        ("random_walk", "wandering"),
        ("shuffle_distractors", "wandering"),
        ("parrot", "contradiction"),
        ("right_at_once_ignores_tests", "rigid"),
        ("stall", "rigid"),
        ("silent_then_certain", "unheeded"),
    ],
)
def test_exploits_show_the_failure_they_embody(exploit: str, key: str, teaching: CaseSet) -> None:
    cases = list(teaching)[:12]
    # The late step is unmoved by all tests but one, and so is rigid by intent.
    honest = max(rate(pooled(n, key, cases)) for n in HONEST if (n, key) != ("late_step", "rigid"))
    assert rate(pooled(exploit, key, cases)) > honest + 0.1


def test_agents_that_trawl_or_repeat(teaching: CaseSet) -> None:
    cases = list(teaching)[:6]

    def play_all(name: str) -> list[Behaviour]:
        env, agent, scored = DiagnosisEnv(CaseSet(cases)), make_agent(name), list[Behaviour]()
        for case in cases:
            rollout(env, agent, case)
            scored.append(behaviour(env.episode))
        return scored

    own = Share.pooled(b.ungrounded for b in play_all("cheating-oracle"))
    trawl = play_all("order-everything")
    assert rate(Share.pooled(b.ungrounded for b in trawl)) > rate(own) + 0.1
    assert rate(Share.pooled(b.precision for b in trawl)) < 0.1
    assert rate(Share.pooled(b.repeated for b in play_all("repeat-one-test"))) > 0.9


def test_it_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from medaction_gym.cases.caseset import CaseSet\n"
        "from medaction_gym.metrics.behaviour import behaviour\n"
        "from medaction_gym.metrics.calibration import forecasts\n"
        "from medaction_gym.metrics.families import EXPLOITS, play, situation\n"
        "case = CaseSet.teaching()[0]\n"
        "s = situation(case, 'random_walk', ['Asthma', 'Gout', 'Migraine', 'Lupus'])\n"
        "episode = play(case, EXPLOITS['random_walk'](s))\n"
        "print(behaviour(episode), forecasts(episode))\n"
    )
    printed = said_under_hash_seeds(program)
    assert len(printed) == 1
