from __future__ import annotations

import pytest

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.node import Node
from medaction_gym.distill.teachers import make_teacher
from medaction_gym.distill.tree import Growth, Tree, TreeDistiller

IDS = (
    "teaching-endocrinology-02-uncontrolled-blood-pressure",
    "teaching-dermatology-02-fragile-skin-on-hands",
    "teaching-gastroenterology-02-joint-pain-weight-loss",
)


@pytest.fixture(scope="session")
def cases() -> CaseSet:
    teaching = CaseSet.teaching()
    return CaseSet([teaching.get(i) for i in IDS])


@pytest.fixture(scope="session")
def case(cases: CaseSet) -> Case:
    return cases[0]


@pytest.fixture(scope="session")
def distiller(cases: CaseSet) -> TreeDistiller:
    return TreeDistiller([make_teacher("privileged", tuple(cases))], Growth(nodes=220))


@pytest.fixture(scope="session")
def tree(distiller: TreeDistiller, case: Case) -> Tree:
    return distiller.grow(case)


@pytest.fixture(scope="session")
def ended(tree: Tree) -> list[Node]:
    assert tree.leaves
    return tree.leaves
