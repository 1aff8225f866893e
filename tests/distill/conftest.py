from __future__ import annotations

import pytest

from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
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


@pytest.fixture(scope="session")
def toe() -> Case:
    return Case(
        id="toe",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(
            chief_complaint="Pain in the first toe since yesterday",
            history="A man of 50 woke with a hot, swollen big toe. No fever.",
        ),
        tests=(
            TestResult(
                name="Complete blood count",
                category="laboratory",
                result="Haemoglobin 148 g/L (135-175); White cells 6.4 x10^9/L (4.0-10.0).",
            ),
            TestResult(
                name="Biopsy of the toe",
                category="pathology",
                result="Synovium with urate crystals, diagnostic of gout.",
            ),
        ),
        diagnosis=Diagnosis(name="Gout"),
        differential=("Septic arthritis", "Rheumatoid arthritis", "Cellulitis"),
    )
