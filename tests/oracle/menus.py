"""Made-up records to ask."""

from __future__ import annotations

from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult


def case(*tests: TestResult, complaint: str = "Fever", diagnosis: str = "Something") -> Case:
    return Case(
        id="made-up",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(chief_complaint=complaint),
        tests=tests,
        diagnosis=Diagnosis(name=diagnosis),
    )
