"""The teaching cases keep what the README promises of them."""

from __future__ import annotations

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cases.leaks import find_leaks


def test_number_and_variety(teaching: CaseSet) -> None:
    assert len(teaching) >= 40
    assert len({case.metadata["specialty"] for case in teaching}) >= 12
    rare = sum(case.metadata["rare"] for case in teaching)
    assert 0.3 <= rare / len(teaching) <= 0.7


def test_each_case(teaching: CaseSet) -> None:
    for case in teaching:
        assert "Fictional" in case.provenance.note
        assert 6 <= len(case.tests) <= 15, case.id
        assert any(test.analytes for test in case.tests), case.id
        assert len({test.category for test in case.tests}) >= 2, case.id
        assert 4 <= len(case.differential) <= 8, case.id
        golds = {case.diagnosis.name, *case.diagnosis.synonyms}
        assert golds & set(case.differential), case.id
        assert case.metadata["teaching_point"], case.id


def test_nothing_gives_the_diagnosis_away(teaching: CaseSet) -> None:
    for case in teaching:
        leaks = [leak for leak in find_leaks(case) if leak.kind not in ("result", "cause")]
        assert not leaks, (case.id, leaks)


def test_no_first_line_test_names_the_diagnosis(teaching: CaseSet) -> None:
    first_line = ("blood count", "urinalysis", "electrocardiogram", "x-ray", "metabolic")
    for case in teaching:
        for leak in find_leaks(case):
            assert not any(word in leak.place.casefold() for word in first_line), (case.id, leak)
