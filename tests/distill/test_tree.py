from __future__ import annotations

import random

import pytest

from medaction_gym.actions import Commit, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case
from medaction_gym.distill.branching import BRANCHING
from medaction_gym.distill.node import Candidate, Node, state_key
from medaction_gym.distill.tree import Growth, Tree, TreeDistiller
from medaction_gym.episode import Rules
from medaction_gym.metrics.belief import moments
from medaction_gym.metrics.dtc import dtc
from medaction_gym.metrics.rac import rac
from medaction_gym.trajectory import Trajectory


class Fixed:
    """Proposes the same moves everywhere."""

    name, privileged = "fixed", False

    def __init__(self, *moves: object) -> None:
        self.moves = moves
        self.asked = 0

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        self.asked += 1
        return [Candidate(m, "because", "fixed") for m in self.moves][:k]  # type: ignore[arg-type]


def differential(**masses: float) -> UpdateDifferential:
    pairs = [{"disease": d, "probability": p} for d, p in masses.items()]
    return UpdateDifferential.model_validate({"differential": pairs})


def test_the_same_tree_every_time(distiller: TreeDistiller, case: Case, tree: Tree) -> None:
    again = distiller.grow(case)
    one = [(n.candidate, n.parent.id if n.parent else -1, n.score.dtc) for n in tree.nodes]
    other = [(n.candidate, n.parent.id if n.parent else -1, n.score.dtc) for n in again.nodes]
    assert one == other


def test_another_seed_another_tree(distiller: TreeDistiller, case: Case, tree: Tree) -> None:
    growth = distiller.growth.model_copy(update={"seed": 1})
    other = TreeDistiller(distiller.teachers, growth).grow(case)
    assert [n.candidate for n in other.nodes] != [n.candidate for n in tree.nodes]


def test_node_scores_are_those_of_the_episode(ended: list[Node]) -> None:
    for leaf in ended[::5]:
        assert leaf.score.beliefs == tuple(m.belief for m in moments(leaf.episode))
        assert leaf.score.dtc == pytest.approx(dtc(leaf.episode).value, abs=1e-12)
        assert leaf.score.rac == pytest.approx(rac(leaf.episode).value, abs=1e-12)
        assert leaf.score.reward == pytest.approx(Trajectory.of(leaf.episode).reward, abs=1e-9)


@pytest.mark.parametrize("order", ["best-first", "breadth-first"])
def test_budgets_hold(distiller: TreeDistiller, case: Case, order: str) -> None:
    growth = Growth.model_validate({"nodes": 80, "depth": 9, "width": 2, "order": order})
    tree = TreeDistiller(distiller.teachers, growth).grow(case)
    assert len(tree.nodes) <= 80
    assert max(n.episode.number for n in tree.nodes) <= 9
    assert max(len(n.children) for n in tree.nodes) <= 2
    few = TreeDistiller(distiller.teachers, growth.model_copy(update={"calls": 5})).grow(case)
    assert few.calls <= 5
    some = TreeDistiller(distiller.teachers, Growth(leaves=3, nodes=400)).grow(case)
    assert len(some.leaves) == 3


def test_equal_states_are_asked_about_once(case: Case) -> None:
    first, second = (OrderTest(test=t.name) for t in case.tests[:2])
    teacher = Fixed(first, second)
    tree = TreeDistiller([teacher], Growth(depth=3, nodes=100, branching="everywhere")).grow(case)
    merged = [n for n in tree.nodes if n.same_as >= 0]
    assert merged, "two orders of two tests lead to one state"
    for node in merged:
        other = tree.nodes[node.same_as]
        assert state_key(node)[1] == state_key(other)[1]
        assert [c.candidate for c in node.children] == [c.candidate for c in other.children]
    assert teacher.asked == tree.calls


def test_moves_that_are_the_same_become_one_child(case: Case) -> None:
    teacher = Fixed(Commit(diagnosis="Gout"), Commit(diagnosis="Gout"))
    tree = TreeDistiller([teacher], Growth(branching="everywhere")).grow(case)
    assert len(tree.nodes[0].children) == 1


def test_teachers_share_a_node(case: Case) -> None:
    one, other = Fixed(Commit(diagnosis="Gout")), Fixed(Commit(diagnosis="Lupus"))
    other.name = "other"
    tree = TreeDistiller([one, other], Growth(width=2, branching="everywhere")).grow(case)
    moves = [n.candidate for n in tree.nodes[0].children]
    assert {m.teacher for m in moves if m} == {"fixed", "other"}


def test_a_fault_is_not_grown_on(case: Case) -> None:
    class Liar(Fixed):
        def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
            return [Candidate(OrderTest(test=case.tests[0].name), "“purple nails” say so")]

    tree = TreeDistiller([Liar()], Growth()).grow(case)
    (child,) = tree.nodes[0].children
    assert "not revealed" in child.fault
    assert not child.children


def test_forks_at_doubt_and_not_where_all_is_clear(case: Case) -> None:
    from medaction_gym.distill.scoring import Score, extend
    from medaction_gym.episode import Episode

    def node(*actions: object) -> Node:
        episode, score = Episode.start(case, Rules()), Score()
        for action in actions:
            episode = episode.act(action)
            score = extend(score, episode)
        return Node(1, episode, score)

    informed = BRANCHING["informed"]
    assert informed(node(), 4) == 4
    assert informed(node(differential(Gout=0.4, Lupus=0.4)), 4) == 4
    assert informed(node(differential(Gout=0.95)), 4) == 1
    turned = node(differential(Gout=0.9), differential(Lupus=0.9))
    assert informed(turned, 4) == 4
    assert BRANCHING["never"](node(), 4) == 1
    assert BRANCHING["everywhere"](node(differential(Gout=0.95)), 4) == 4


def test_chains_spend_the_same_budget(distiller: TreeDistiller, case: Case) -> None:
    chains = distiller.chains(case)
    assert len(chains.nodes) <= distiller.growth.nodes
    ids = [n.id for n in chains.nodes]
    assert len(set(ids)) == len(ids)
    assert len(chains.leaves) > 3


def test_no_teacher_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one teacher"):
        TreeDistiller([])


def test_the_distiller_has_a_name_among_the_agents() -> None:
    from medaction_gym import agents

    assert agents.TreeDistiller is TreeDistiller
    with pytest.raises(AttributeError, match="nothing"):
        _ = agents.nothing
