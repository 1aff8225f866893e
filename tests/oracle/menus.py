"""Made-up records to ask."""

from __future__ import annotations

from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.oracle import RecordOracle


def case(*tests: TestResult, complaint: str = "Fever", diagnosis: str = "Something") -> Case:
    return Case(
        id="made-up",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(chief_complaint=complaint),
        tests=tests,
        diagnosis=Diagnosis(name=diagnosis),
    )


def examination(name: str, result: str) -> TestResult:
    return TestResult(name=name, category="examination", result=result)


def given(request: str, menu: Case) -> set[str]:
    """The names of the items and `item::analyte` that a request gets."""
    return {
        menu.tests[r.item].name
        if r.analyte < 0
        else f"{menu.tests[r.item].name}::{menu.tests[r.item].analytes[r.analyte].name}"
        for part in RecordOracle(menu).answer(request)
        for r in part.releases
    }
