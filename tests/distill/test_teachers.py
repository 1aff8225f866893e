"""The offline teachers: what they may know, and whether they claim more than was revealed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from medaction_gym.actions import Commit, OrderTest, Outcome, UpdateDifferential
from medaction_gym.cases.case import Case, Diagnosis, TestResult
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.chart import OPENING, Chart, Cite
from medaction_gym.distill.grounding import Grounds, cited, grounds_of
from medaction_gym.distill.node import UNPROVEN, Candidate, Node
from medaction_gym.distill.scoring import Score, extend
from medaction_gym.distill.selection import Thresholds, wrongs
from medaction_gym.distill.teachers import beliefs, make_teacher, reasons, words
from medaction_gym.distill.teachers.evidence import Point, idle, normal, points
from medaction_gym.distill.teachers.privileged import PrivilegedTeacher
from medaction_gym.distill.teachers.rivals import considered, rivals
from medaction_gym.distill.tree import Growth, Tree, TreeDistiller
from medaction_gym.episode import Episode
from medaction_gym.oracle import Release
from medaction_gym.synthetic import SyntheticCases


def page(case: Case, name: str) -> Release:
    return Release(next(i for i, test in enumerate(case.tests) if test.name == name))


def node_of(case: Case, *actions: object) -> Node:
    node = Node(0, Episode.start(case), Score())
    for number, action in enumerate(actions, 1):
        episode = node.episode.act(action)
        candidate = Candidate(action, "“Pain in the first toe since yesterday”")  # type: ignore[arg-type]
        node = Node(number, episode, extend(node.score, episode), node, candidate)
    return node


# --- the knowledge teacher


def test_the_knowledge_teacher_knows_only_what_it_was_told(toe: Case) -> None:
    other = toe.model_copy(
        update={
            "diagnosis": Diagnosis(name="Lyme disease"),
            "differential": ("Syphilis",),
            "tests": (
                toe.tests[page(toe, "Complete blood count").item],
                TestResult(name="Skin biopsy", category="pathology", result="Borrelia."),
            ),
        }
    )
    for moves in ((), (OrderTest(test="complete blood count"),)):
        asked = [
            make_teacher("knowledge").candidates(node_of(case, *moves), 4, random.Random(0))
            for case in (toe, other)
        ]
        assert asked[0]
        assert asked[0] == asked[1]


def test_the_knowledge_teacher_commits_to_what_a_result_names(toe: Case) -> None:
    seen = node_of(toe, OrderTest(test="Biopsy of the toe"))
    teacher = make_teacher("knowledge")
    stated, *_ = teacher.candidates(seen, 1, random.Random(0))
    assert isinstance(stated.action, UpdateDifferential)
    assert stated.action.differential[0].disease.lower() == "gout"
    assert "(Biopsy of the toe)" in stated.rationale
    tree = TreeDistiller([teacher], Growth(nodes=250)).grow(toe)
    ends = {n.episode.committed.lower() for n in tree.leaves}
    assert "gout" in ends
    assert not [n.fault for n in tree.nodes if n.fault]
    assert {n.candidate.teacher for n in tree.nodes if n.candidate} == {"knowledge"}


def test_the_knowledge_teacher_asks_for_nothing_twice(toe: Case) -> None:
    tree = TreeDistiller([make_teacher("knowledge")], Growth(nodes=80, branching="never")).grow(toe)
    for leaf in tree.leaves:
        asked = [
            part
            for turn in leaf.episode.turns
            if isinstance(turn.action, OrderTest)
            for part in turn.action.test.split("; ")
        ]
        assert len(asked) == len(set(asked)) > 1


# --- several teachers


def test_who_is_asked_first_goes_round(toe: Case) -> None:
    class One:
        privileged = False

        def __init__(self, name: str) -> None:
            self.name = name

        def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
            said = OrderTest(test=f"{self.name} test {node.id}")
            return [Candidate(said, "“Pain in the first toe since yesterday”")]

    teachers = [One("red"), One("blue")]
    tree = TreeDistiller(teachers, Growth(nodes=8, depth=7, branching="never")).grow(toe)
    proposed = [n.candidate.teacher for n in tree.nodes if n.candidate]
    assert proposed == ["red", "blue"] * 3 + ["red"]
    assert tree.calls == len(proposed), "with one place only one is asked"


def test_mixed_teachers_share_a_tree(cases: CaseSet) -> None:
    names = ("privileged", "knowledge")
    distiller = TreeDistiller([make_teacher(n, tuple(cases)) for n in names], Growth(nodes=60))
    tree = distiller.grow(cases[0])
    by = [n.candidate.teacher for n in tree.nodes if n.candidate]
    assert set(by) == set(names)
    assert min(by.count(n) for n in names) > 5


# --- what a citation is worth


@pytest.mark.parametrize(
    ("said", "is_normal"),
    [
        ("Sodium 136 mmol/L (135-145)", True),
        ("Sodium 131 mmol/L (135-145)", False),
        ("CRP 3 mg/L (<5)", True),
        ("eGFR 41 mL/min (>60)", False),
        ("Platelets 1,200 x10^9/L (150-400)", False),
        ("Platelets 236 x10^9/L (150-400)", True),
        ("4.6% (4.9-6.0)", False),
        ("PR 208 ms", True),
        ("Anaplasma IgG <1:64", True),
        ("FVC 3.31 L (69% predicted)", False),
        ("DLCO 84% predicted", True),
        ("No effusion", True),
        ("Sinus rhythm 72/min", True),
        ("Large ascites", False),
        ("47,XXY in 30 of 30 metaphases", False),
    ],
)
def test_what_is_out_of_the_ordinary(said: str, is_normal: bool) -> None:
    assert normal(Cite(said, "Some test", "laboratory", True)) is is_normal


def test_a_normal_value_supports_nothing(toe: Case) -> None:
    chart = Chart(toe)
    count, biopsy = page(toe, "Complete blood count"), page(toe, "Biopsy of the toe")
    assert idle(chart, count)
    assert not idle(chart, biopsy)
    for name in ("Gout", "Anaemia", "Haemoglobin SC disease"):
        assert not any(p.supports for p in points(chart, [count], name))
    (best, *_) = points(chart, [OPENING, count, biopsy], "Gout", ["Cellulitis"])
    assert best.supports
    assert best.source == "Biopsy of the toe"


def test_an_end_says_what_it_rests_on(toe: Case) -> None:
    chart, rng = Chart(toe), random.Random(1)
    proven = node_of(toe, OrderTest(test="Biopsy of the toe"))
    said, rests = reasons.commit(chart, proven, "Gout", {"Gout": 0.9}, rng, out_of_tests=False)
    assert "(Biopsy of the toe)" in said
    assert rests
    empty = node_of(toe, OrderTest(test="Complete blood count"))
    for seed in range(8):
        rng = random.Random(seed)
        said, rests = reasons.commit(
            chart, empty, "Cellulitis", {"Cellulitis": 0.7}, rng, out_of_tests=True
        )
        assert rests == ("exclusion" not in said)
        assert "Haemoglobin" not in said, "what proves nothing is no proof"
        assert any(w in said for w in ("exclusion", "presentation", "story"))


def test_a_value_is_quoted_with_its_test() -> None:
    bare = Point("1.8 mIU/L (0.4-4.0)", "TSH", "laboratory", True, 0.0, True)
    for seed in range(8):
        said = words.updating(random.Random(seed), bare, None, None, "Gout", "Gout")
        assert "TSH “1.8 mIU/L (0.4-4.0)”" in said


def test_wordings_vary_with_the_seed_alone(toe: Case) -> None:
    held = {"differential": [{"disease": "Gout", "probability": 0.4}]}
    chart, node = Chart(toe), node_of(toe, UpdateDifferential.model_validate(held))

    def said(seed: int) -> str:
        return reasons.order(chart, node, "uric acid", "laboratory", random.Random(seed))

    assert said(3) == said(3)
    assert len({said(seed) for seed in range(30)}) >= 6


# --- what the privileged teacher plays


def test_wrong_diagnoses_are_kin_where_the_case_names_none(toe: Case) -> None:
    alone = toe.model_copy(
        update={"diagnosis": Diagnosis(name="Seborrheic dermatitis"), "differential": ()}
    )
    found = rivals(Grounds(Chart(alone)), "Seborrheic dermatitis", ())
    assert len(found) >= 3
    assert {"Contact dermatitis", "Atopic eczema", "Psoriasis"} & set(found)
    assert {"Cellulitis", "Rheumatoid arthritis"} <= set(rivals(Grounds(Chart(toe)), "Gout", ()))


def test_beliefs_stay_on_the_scale_and_within_one() -> None:
    rng = random.Random(0)
    for _ in range(200):
        odds = [rng.random() ** 3 for _ in range(6)]
        said = beliefs.stated({f"d{i}": p / sum(odds) for i, p in enumerate(odds)})
        assert set(said.values()) <= set(beliefs.SCALE)
        assert sum(said.values()) <= 1 + 1e-9


def test_an_irrelevant_result_moves_no_belief_upwards(toe: Case) -> None:
    study = PrivilegedTeacher([toe]).study(toe)
    count = page(toe, "Complete blood count")
    assert study.weight(count.item) < 0.05 < study.weight(page(toe, "Biopsy of the toe").item)
    assert all(study.hears(name, count) <= 0 for name in ("Gout", *study.wrong))


def test_orders_are_in_free_text_and_understood(cases: CaseSet) -> None:
    teacher = make_teacher("privileged", tuple(cases))
    tree = TreeDistiller([teacher], Growth(nodes=200)).grow(cases[1])
    asked = {
        n.candidate.action.test: n.episode.turn.outcome
        for n in tree.nodes
        if n.candidate and n.episode.turn and isinstance(n.candidate.action, OrderTest)
    }
    menu = {test.name for test in cases[1].tests}
    assert len(set(asked) - menu) > len(asked) / 2
    results = [outcome for outcome in asked.values() if outcome is Outcome.RESULT]
    assert len(results) > 0.8 * len(asked)


def test_every_move_cites(cases: CaseSet) -> None:
    teacher = make_teacher("privileged", tuple(cases))
    tree = TreeDistiller([teacher], Growth(nodes=150, seed=5)).grow(cases[1])
    moves = [n.candidate for n in tree.nodes if n.candidate]
    assert all(cited(m.rationale) for m in moves)
    assert len({m.rationale for m in moves}) > len(moves) / 2
    ends = [m for m in moves if isinstance(m.action, Commit)]
    assert ends


def test_a_silent_result_leaves_the_belief_as_it_was(toe: Case) -> None:
    study = PrivilegedTeacher([toe]).study(toe)
    count = page(toe, "Complete blood count")
    before = {"Gout": 0.9, "Cellulitis": 0.05}
    assert beliefs.after(study, before, frozenset([count]), [count]) == before


def test_a_silent_result_moves_nobody(tree: Tree) -> None:
    """Whoever rises is spoken for by a new result, or somebody else was ruled out by one."""
    teacher = PrivilegedTeacher()
    study = teacher.study(tree.case)
    belief = {"Essential hypertension": 0.45, "Cushing syndrome": 0.2}
    silent = [
        i
        for i in range(len(tree.case.tests))
        if study.weight(i) < 0.01
        and not any(study.hears(n, Release(i)) for n in (study.full, *study.wrong, *belief))
    ]
    assert silent, "the record has a result that says nothing"
    for item in silent:
        fresh = (Release(item),)
        assert beliefs.after(study, belief, frozenset(fresh), fresh) == belief


def test_an_end_that_rests_on_nothing_is_refused(tree: Tree, ended: list[Node]) -> None:
    grounds, limits = grounds_of(tree.case), Thresholds()
    good = next(n for n in ended if not wrongs(n, grounds, limits))
    assert good.candidate
    unproven = replace(good, candidate=good.candidate._replace(plan=UNPROVEN))
    assert wrongs(unproven, grounds, limits).startswith("unproven")


def test_fictional_patients_of_the_graph_lend_no_disease() -> None:
    made = list(SyntheticCases(0, 3))
    assert considered(made) == []
    assert considered(CaseSet.teaching())
