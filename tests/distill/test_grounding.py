from __future__ import annotations

import pytest

from medaction_gym.actions import Commit, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.distill.chart import OPENING, Chart, clause
from medaction_gym.distill.grounding import Grounds, check, cited
from medaction_gym.distill.node import Node
from medaction_gym.distill.tree import Tree
from medaction_gym.oracle import Release

NONE: frozenset[Release] = frozenset()


def differential(**masses: float) -> UpdateDifferential:
    pairs = [{"disease": d, "probability": p} for d, p in masses.items()]
    return UpdateDifferential.model_validate({"differential": pairs})


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    case = Case(
        id="x",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(history="Belly pain for two days, no fever. She takes iron."),
        tests=(
            TestResult(name="CT abdomen", category="imaging", result="Fluid in the pelvis."),
            TestResult(
                name="Fluid culture", category="microbiology", result="Mycoplasma hominis grew."
            ),
        ),
        diagnosis=Diagnosis(name="Peritonitis due to Mycoplasma hominis"),
    )
    return Grounds(Chart(case))


def test_citations_must_have_been_revealed(grounds: Grounds) -> None:
    order = OrderTest(test="CT abdomen")
    assert check(grounds, NONE, order, "“Belly pain” needs a picture.") == ""
    assert "cites" in check(grounds, NONE, order, "“Fluid in the pelvis” needs a picture.")
    seen = frozenset({Release(0)})
    assert check(grounds, seen, order, "“Fluid in the pelvis” needs a picture.") == ""


def test_findings_must_have_been_revealed(grounds: Grounds) -> None:
    order = OrderTest(test="CT abdomen")
    assert "not revealed" in check(grounds, NONE, order, "The jaundice needs a picture.")
    named = check(grounds, NONE, order, "Jaundice or gout?", ["Jaundice", "Gout"])
    assert named == "", "a hypothesis is weighed, not claimed as a finding"


def test_the_gold_needs_evidence(grounds: Grounds) -> None:
    said = differential(Peritonitis=0.4)
    late = frozenset({Release(0), Release(1)})
    assert grounds.level(late) in ("graph", "words")
    assert check(grounds, late, said, "“Mycoplasma hominis grew” is telling.") == ""


def test_a_cause_needs_to_be_revealed(grounds: Grounds) -> None:
    whole = Commit(diagnosis="Peritonitis due to Mycoplasma hominis")
    before = check(grounds, frozenset({Release(0)}), whole, "I commit.")
    assert "cause" in before or "gold" in before
    assert check(grounds, frozenset({Release(0), Release(1)}), whole, "I commit.") == ""


def test_clauses_are_verbatim_and_keep_their_denial() -> None:
    text = "Fever of 38.5 °C, no rash; BP 120/80 (lying). Weight 1,200 g"
    assert clause(text, 0, 5) == "Fever of 38.5 °C"
    at = text.index("rash")
    assert clause(text, at, at + 4) == "no rash"
    assert "1,200 g" in clause(text, text.index("Weight"), text.index("Weight") + 6)
    assert clause("the [withheld] recurred", 4, 8) == ""


def test_nothing_negated_is_cited_as_found(case: Case) -> None:
    chart = Chart(case)
    for release in (OPENING, *(Release(i) for i in range(len(case.tests)))):
        page = chart.page(release)
        assert all(c.words in page.text for c in chart.cites(release))


def test_every_move_of_the_privileged_teacher_cites(tree: Tree) -> None:
    moves = [n for n in tree.nodes if n.candidate and n.candidate.plan != "x"]
    assert all(n.candidate and cited(n.candidate.rationale) for n in moves)


def test_the_gold_is_never_first_where_nothing_supports_it(tree: Tree) -> None:
    def names_gold(node: Node) -> bool:
        action = node.candidate.action if node.candidate else None
        said = (
            [h.disease for h in action.differential]
            if isinstance(action, UpdateDifferential)
            else []
        )
        return any(grounds.is_gold(d) for d in said)

    grounds = Grounds(Chart(tree.case))
    for node in tree.nodes:
        if node.parent and not node.fault and names_gold(node):
            assert grounds.level(node.parent.episode.seen)
