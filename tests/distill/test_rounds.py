"""The teacher that orders in rounds: what its paths ask for, and that refusals do not end them."""

from __future__ import annotations

import pytest

from medaction_gym.actions import OrderTest, Outcome, UpdateDifferential
from medaction_gym.cases.case import Case, Diagnosis, Presentation, TestResult
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.grounding import grounds_of
from medaction_gym.distill.node import Node
from medaction_gym.distill.selection import Thresholds, wrongs
from medaction_gym.distill.teachers import make_teacher
from medaction_gym.distill.teachers.rounds import MOST, ROUNDS, USUAL
from medaction_gym.distill.tree import Growth, TreeDistiller


@pytest.fixture(scope="module")
def paths(cases: CaseSet) -> list[tuple[Case, Node]]:
    distiller = TreeDistiller([make_teacher("rounds", tuple(cases))], Growth(nodes=120))
    return [(case, leaf) for case in cases for leaf in distiller.grow(case).leaves]


def rounds(leaf: Node) -> list[Node]:
    return [n for n in leaf.path if n.candidate and n.candidate.plan == "round"]


def test_every_path_asks_in_rounds_before_it_ends(paths: list[tuple[Case, Node]]) -> None:
    for _, leaf in paths:
        if leaf.fault:
            continue
        asked = [n for n in leaf.path if isinstance(_action(n), OrderTest)]
        assert asked[: len(ROUNDS)] == rounds(leaf)
        assert len(rounds(leaf)) == len(ROUNDS)
        for node, now in zip(rounds(leaf), ROUNDS, strict=True):
            action = _action(node)
            assert isinstance(action, OrderTest)
            tests = action.test.split(", ")
            assert USUAL[0] <= len(set(tests) & set(now.usual)) <= MOST
            assert tests[0] in now.usual


def test_the_record_is_seen_and_much_of_what_is_asked_is_refused(
    paths: list[tuple[Case, Node]],
) -> None:
    recall, refused, asked = [], 0, 0
    for case, leaf in paths:
        recall.append(len({r.item for r in leaf.episode.seen}) / len(case.tests))
        for node in rounds(leaf):
            action = _action(node)
            assert isinstance(action, OrderTest)
            parts = node.episode.oracle.answer(action.test)
            refused += sum(part.outcome is Outcome.UNAVAILABLE for part in parts)
            asked += len(parts)
    assert sum(recall) / len(recall) > 0.7
    assert 0.2 < refused / asked < 0.8


def test_a_round_without_a_result_is_followed_by_the_next(toe: Case) -> None:
    distiller = TreeDistiller([make_teacher("rounds")], Growth(nodes=80))
    barren = [
        (leaf, node)
        for leaf in distiller.grow(toe).leaves
        for node in rounds(leaf)
        if not node.episode.turn.released  # type: ignore[union-attr]
    ]
    assert barren
    for leaf, node in barren:
        after = leaf.path[leaf.path.index(node) + 1]
        assert not isinstance(_action(after), UpdateDifferential)


def test_what_a_result_says_is_not_named_before_it_is_read(toe: Case) -> None:
    tall = toe.model_copy(
        update={
            "presentation": Presentation(
                chief_complaint="Blurred vision for months",
                history="A tall man of 20 with arachnodactyly, ectopia lentis and scoliosis.",
            ),
            "tests": (
                TestResult(name="Biopsy", category="pathology", result="In keeping with Marfan."),
                TestResult(name="FBN1", category="genetics", result="Shows Marfan syndrome."),
            ),
            "diagnosis": Diagnosis(name="Marfan syndrome"),
            "differential": ("Homocystinuria", "Stickler syndrome", "Ehlers-Danlos syndrome"),
        }
    )
    early = []
    for teacher in ("privileged", "rounds"):
        leaves = TreeDistiller([make_teacher(teacher)], Growth(nodes=80)).grow(tall).leaves
        stated = [
            (any("Marfan" in h.disease for h in action.differential), bool(node.episode.seen))
            for leaf in leaves
            for node in leaf.path
            if node.candidate and isinstance(action := node.candidate.action, UpdateDifferential)
        ]
        assert (True, True) in stated
        early.append((True, False) in stated)
    assert early == [True, False]


def test_paths_are_retained(paths: list[tuple[Case, Node]]) -> None:
    kept = [leaf for case, leaf in paths if not wrongs(leaf, grounds_of(case), Thresholds())]
    assert len(kept) > 0.2 * len(paths)


def _action(node: Node) -> object:
    assert node.candidate is not None
    return node.candidate.action
