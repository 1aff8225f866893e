"""AgentClinic's JSONL: OSCE examinations with nested test results.

Vital signs are part of the presentation. Every other examination ("Neurological Examination") is
an item of the menu, as in AgentClinic's own protocol, where the doctor must ask for it; so three
records without laboratory or imaging results can be played too. Ids are made from the record's
content, since the file has none: a subset of the file gives the same ids as the whole.
"""

from __future__ import annotations

import hashlib
from typing import Any

from medaction_gym.cases.case import (
    Analyte,
    Case,
    Category,
    Diagnosis,
    Presentation,
    Provenance,
    TestResult,
    as_category,
    canonical_json,
)
from medaction_gym.cases.leaks import gold_causes, gold_names, mask
from medaction_gym.cases.problems import RecordError
from medaction_gym.catalogue.catalogue import Catalogue

NAME = "AgentClinic JSONL"
_ROOT = "OSCE_Examination"
PROVENANCE = Provenance(
    source="AgentClinic (MedQA)",
    license="MIT",
    url="https://github.com/SamuelSchmidgall/AgentClinic",
)

_EXAMINATION = "Examination"

# Keys that say "here comes the result" and name no test of their own.
_PLAIN = frozenset({"findings", "finding", "result", "results", "interpretation", "impression"})


def recognises(record: object) -> bool:
    """Whether a JSON value looks like an AgentClinic case."""
    return isinstance(record, dict) and _ROOT in record


def to_case(key: str, record: dict[str, Any]) -> Case:
    """Turn one record into a case.

    Raises:
        RecordError: If the diagnosis, the patient or the tests are missing.
        pydantic.ValidationError: If the content does not make a case.
    """
    exam = _object(record, _ROOT)
    patient = _object(exam, "Patient_Actor", _ROOT)
    gold = exam.get("Correct_Diagnosis")
    if not isinstance(gold, str) or not gold.strip():
        raise RecordError(f"{_ROOT}.Correct_Diagnosis", "is missing or empty")
    results = exam.get("Test_Results")
    if not isinstance(results, dict):
        raise RecordError(f"{_ROOT}.Test_Results", "is missing or not an object")
    findings = exam.get("Physical_Examination_Findings") or {}
    if not isinstance(findings, dict):
        findings = {"Physical_Examination": findings}
    vitals = {k: v for k, v in findings.items() if "vital" in k.lower()}
    others = {k: v for k, v in findings.items() if k not in vitals}
    diagnosis = Diagnosis(name=gold)
    names = gold_names(diagnosis) + gold_causes(diagnosis)

    symptoms = patient.get("Symptoms")
    chief = symptoms.get("Primary_Symptom", "") if isinstance(symptoms, dict) else symptoms or ""
    history = {k: v for k, v in patient.items() if k not in ("Demographics", "Symptoms")}
    if isinstance(symptoms, dict):
        history["Other_Symptoms"] = {k: v for k, v in symptoms.items() if k != "Primary_Symptom"}
    tests = tuple(_tests(results, others))
    if not tests:
        raise RecordError(f"{_ROOT}.Test_Results", "holds no result, and there is no examination")
    return Case(
        id=key or "agentclinic-" + hashlib.sha256(canonical_json(record)).hexdigest()[:10],
        provenance=PROVENANCE,
        presentation=Presentation(
            patient=mask(_prose(patient.get("Demographics", "")), names),
            chief_complaint=mask(_prose(chief), names),
            history=mask(_prose(history), names),
            examination=mask(_prose(vitals), names),
        ),
        tests=tests,
        diagnosis=diagnosis,
        metadata={"objective": mask(_prose(exam.get("Objective_for_Doctor", "")), names)},
    )


def _object(parent: dict[str, Any], key: str, place: str = "") -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise RecordError(f"{place}.{key}".lstrip("."), "is missing or not an object")
    return value


def _label(key: str) -> str:
    return " ".join(key.replace("_", " ").split())


def _prose(value: object) -> str:
    """Nested JSON as readable lines: ``Label: value``."""
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            text = _prose(inner)
            if text:
                lines.append(
                    f"{_label(key)}: {text}" if "\n" not in text else f"{_label(key)}:\n{text}"
                )
        return "\n".join(lines)
    if isinstance(value, list):
        return "; ".join(filter(None, map(_prose, value)))
    return "" if value is None else str(value).strip()


def _tests(results: dict[str, Any], examinations: dict[str, Any]) -> list[TestResult]:
    """Flatten the nested results: groups of images and procedures are split, panels kept whole."""
    tests: dict[str, TestResult] = {}

    def add(name: str, value: Any, group: str = "") -> None:
        text = _prose(value)
        if not text:
            return
        category = _category(name, group)
        if group == _EXAMINATION:
            category = "examination"
        analytes: tuple[Analyte, ...] = ()
        if isinstance(value, dict) and category in ("laboratory", "microbiology", "other"):
            analytes = tuple(
                Analyte(name=_label(k), result=_prose(v))
                for k, v in value.items()
                if k.lower() not in _PLAIN and _prose(v)
            )
        if category == "other" and len(analytes) > 1:
            category = "laboratory"
        unique, number = name, 2
        while unique.casefold() in tests:
            unique, number = f"{name} ({number})", number + 1
        tests[unique.casefold()] = TestResult(
            name=unique, category=category, result=text, analytes=analytes
        )

    for key, value in results.items():
        name = _label(key)
        if isinstance(value, dict) and not _is_panel(name, value):
            for inner, result in value.items():
                add(name if inner.lower() in _PLAIN else _label(inner), result, name)
        else:
            add(name, value)
    for key, value in examinations.items():
        name = _label(key)
        named = {"exam", "examination", "evaluation", "assessment"} & set(name.lower().split())
        add(name if named else f"{name} examination", value, _EXAMINATION)
    return list(tests.values())


def _is_panel(name: str, value: dict[str, Any]) -> bool:
    """Whether a group is one test with components, rather than a heading over several tests."""
    if any(isinstance(inner, dict) for inner in value.values()):
        return False
    heads = [m.term for m in Catalogue.load().find(name) if m.term.kind not in ("site", "specimen")]
    generic = [
        t for t in heads if t.id in ("imaging", "radiology", "functional_tests", "genetic_testing")
    ]
    return not generic


def _category(name: str, group: str) -> Category:
    for text in (name, group):
        for mention in Catalogue.load().find(text):
            if mention.term.category:
                return as_category(mention.term.category)
    return "other"
