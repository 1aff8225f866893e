from __future__ import annotations

from statistics import median

import pytest

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.contamination import FEW, Contamination
from medaction_gym.distill.grounding import Grounds, grounds_of
from medaction_gym.distill.node import Node
from medaction_gym.distill.preferences import pairs
from medaction_gym.distill.selection import Thresholds, actions, measures, select, wrongs
from medaction_gym.distill.tree import Tree


@pytest.fixture(scope="module")
def grounds(tree: Tree) -> Grounds:
    return grounds_of(tree.case)


def test_every_path_has_a_fate_and_a_reason(ended: list[Node], grounds: Grounds) -> None:
    verdicts = select(ended, grounds, Thresholds())
    assert [v.leaf for v in verdicts] == ended
    assert all(v.reason for v in verdicts)
    for verdict in verdicts:
        if verdict.fate == "retained":
            assert grounds.is_gold(verdict.leaf.episode.committed)
            assert verdict.leaf.score.dtc >= 0.6
            assert verdict.leaf.score.rac >= 0.5
        if verdict.fate == "truncated":
            assert verdict.end is not None
            assert verdict.end is not verdict.leaf
            assert verdict.end in verdict.leaf.path
            assert verdict.end.score.potential >= 0.4


def test_retained_paths_are_distinct(ended: list[Node], grounds: Grounds) -> None:
    verdicts = select([*ended, ended[0]], grounds, Thresholds(dtc=0, rac=0))
    kept = [actions(v.leaf) for v in verdicts if v.fate == "retained"]
    assert len(set(kept)) == len(kept)


def test_a_case_gives_no_more_than_its_share(ended: list[Node], grounds: Grounds) -> None:
    few = select(ended, grounds, Thresholds(dtc=0, rac=0, per_case=5))
    assert sum(v.fate == "retained" for v in few) == 5
    assert any(v.reason.startswith("surplus") for v in few)
    plain = select(ended, grounds, Thresholds(dtc=0, rac=0, per_case=5, novelty=0))
    orders = [len({v.leaf.order[:3] for v in vs if v.fate == "retained"}) for vs in (few, plain)]
    assert orders[0] >= orders[1]


def test_thresholds_bite(ended: list[Node], grounds: Grounds) -> None:
    verdicts = select(ended, grounds, Thresholds(dtc=1, rac=1, potential=1))
    assert not any(v.fate == "retained" for v in verdicts)
    assert all("below" in v.reason or "commits" in v.reason or "ends" in v.reason for v in verdicts)


def test_pairs_share_their_state(tree: Tree, ended: list[Node], grounds: Grounds) -> None:
    # A threshold that some paths reach and some do not, whatever the teacher's form of the day.
    good = [n.score.dtc for n in ended if not wrongs(n, grounds, Thresholds())]
    limits = Thresholds(dtc=median(good))
    wrong = {n.id: wrongs(n, grounds, limits) for n in ended}
    found = pairs(tree.nodes[0], wrong, 20)
    assert found, "some siblings fare differently"
    for pair in found:
        assert pair.chosen.parent is pair.rejected.parent
        assert any(not wrong.get(n.id, "x") for n in pair.chosen.below())
        assert all(wrong[n.id] for n in pair.rejected.below() if n.id in wrong)


def test_measures_are_floats(ended: list[Node]) -> None:
    assert all(isinstance(v, float) for v in measures(ended[0]).values())


def test_contamination_by_id_text_and_likeness(cases: CaseSet) -> None:
    known = Contamination(cases[:1])
    same_id = cases[1].model_copy(update={"id": cases[0].id})
    assert known.find(same_id).by == "id"  # type: ignore[union-attr]
    history = cases[0].presentation.history + " She also keeps bees."
    presentation = cases[0].presentation.model_copy(update={"history": history})
    near = cases[0].model_copy(update={"id": "y", "presentation": presentation})
    assert known.find(near).by == "near-duplicate"  # type: ignore[union-attr]
    assert known.find(cases[1]) is None


def test_contamination_is_found_among_stock_phrases(cases: CaseSet) -> None:
    """What thousands of cases share is not gone through for each, and hides no near-duplicate."""
    stock = "No regular drugs, no known allergies, and nobody in the family has been ill. " * 3

    def told(case: Case, number: int) -> Case:
        history = f"{stock}{case.presentation.history}"
        presentation = case.presentation.model_copy(update={"history": history})
        return case.model_copy(update={"id": f"{number}", "presentation": presentation})

    many = [told(case, i) for i, case in enumerate([cases[1], *[cases[2]] * 30, cases[0]])]
    known = Contamination(many)
    assert max(map(len, known._runs.values())) == FEW
    found = known.find(cases[0])
    assert found
    assert (found.benchmark_id, found.by) == ("31", "near-duplicate")
