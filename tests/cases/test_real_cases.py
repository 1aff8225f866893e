"""The real cases: all load, and what they show first does not give the diagnosis away."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cases.leaks import find_leaks
from medaction_gym.cases.problems import CaseFormatError


def test_all_load(medrbench: CaseSet, agentclinic: CaseSet) -> None:
    assert (len(medrbench), len(agentclinic)) == (488, 107)
    assert not medrbench.problems
    assert not agentclinic.problems


def test_menus_are_sorted_and_clean(real_cases: CaseSet) -> None:
    for case in real_cases:
        names = [test.name for test in case.tests]
        assert names == sorted(names, key=str.casefold)
        for name in names:
            assert "*" not in name
            assert name.strip()
            assert name.count("(") == name.count(")")


def test_nothing_of_a_result_is_invented(medrbench: CaseSet, real_data: Path) -> None:
    """Every word of a result stands in the source; a shared state is added in brackets only."""
    source = json.loads(
        (real_data / "medrbench" / "diagnosis_488_cases.json").read_text(encoding="utf-8")
    )
    for case in medrbench:
        text = source[case.id]["generate_case"]["case_summary"].casefold()
        text += text.replace("*", "")  # emphasis is no word, but 10*9/L is
        for test in case.tests:
            for word in test.result.casefold().replace("(", " ").replace(")", " ").split():
                assert word.strip(".,;:_`") in text, (case.id, test.name, word)


def test_no_pseudo_tests(medrbench: CaseSet) -> None:
    for case in medrbench:
        for test in case.tests:
            assert test.name.casefold() not in (
                "diagnosis",
                "treatment",
                "final diagnosis",
                "stage",
            )


def test_leaks_in_the_presentation_are_rare(real_cases: CaseSet) -> None:
    leaking = [
        case.id for case in real_cases if any(k.kind == "presentation" for k in find_leaks(case))
    ]
    assert len(leaking) <= 0.03 * len(real_cases), leaking


@pytest.mark.parametrize("field", ["case_summary", "diagnosis_results"])
def test_a_missing_field_is_named(real_data: Path, tmp_path: Path, field: str) -> None:
    source = json.loads(
        (real_data / "medrbench" / "diagnosis_488_cases.json").read_text(encoding="utf-8")
    )
    key = next(iter(source))
    damaged = copy.deepcopy({key: source[key]})
    del damaged[key]["generate_case"][field]
    file = tmp_path / "damaged.json"
    file.write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(CaseFormatError, match=f"case {key}, field generate_case.{field}"):
        CaseSet.load(file)


def test_agentclinic_ids_do_not_depend_on_the_file(
    agentclinic: CaseSet, real_data: Path, tmp_path: Path
) -> None:
    lines = (real_data / "agentclinic" / "agentclinic_medqa_107.jsonl").read_text(encoding="utf-8")
    part = tmp_path / "part.jsonl"
    part.write_text("\n".join(lines.splitlines()[50:60]) + "\n", encoding="utf-8")
    assert list(CaseSet.load(part)) == list(agentclinic)[50:60]
