"""CaseSet: loading, bad files, splitting, sampling."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cases.problems import CaseFormatError


def record(id: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "schema": "medaction-case/1",
        "id": id,
        "provenance": {"source": "test", "license": "Apache-2.0"},
        "presentation": {"chief_complaint": "Cough"},
        "tests": [{"name": "Chest X-ray", "category": "imaging", "result": "Clear."}],
        "diagnosis": {"name": "Pertussis"},
        **changes,
    }


def write(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in records) + "\n", encoding="utf-8")
    return path


def test_save_and_load_give_the_same_cases(tmp_path: Path, teaching: CaseSet) -> None:
    teaching.save(tmp_path / "cases.jsonl")
    again = CaseSet.load(tmp_path / "cases.jsonl")
    assert list(again) == list(teaching)
    assert again.hash == teaching.hash
    assert [p.name for p in tmp_path.iterdir()] == ["cases.jsonl"]


def test_gzip_and_folders(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", record("a"))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(record("b")).encode()))
    (tmp_path / "c.json").write_text(json.dumps(record("c"), indent=2), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a case", encoding="utf-8")
    assert [case.id for case in CaseSet.load(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["is empty"]),
        ('{"id": "a", ', ["line 1", "not valid JSON"]),
        ("[1, 2, 3]\n", ["known case format"]),
        ('{"hello": 1}\n', ["known case format", "MedR-Bench"]),
        (json.dumps(record(tests=[])) + "\n", ["case a", "field tests", "at least 1"]),
        (json.dumps(record(diagnosis={"name": " "})) + "\n", ["case a", "diagnosis.name"]),
        (json.dumps({**record(), "diagnosis": None}) + "\n", ["case a", "diagnosis"]),
        (json.dumps(record(colour="red")) + "\n", ["case a", "field colour"]),
        (json.dumps(record(schema="medaction-case/9")) + "\n", ["case a", "medaction-case/9"]),
        (
            json.dumps(record(presentation={"history": "x" * 60_000})) + "\n",
            ["presentation.history", "50000"],
        ),
        (json.dumps(record()) + "\n" + json.dumps(record()) + "\n", ["line 2", "case a", "before"]),
    ],
)
def test_bad_files_are_named(tmp_path: Path, content: str, words: list[str]) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CaseFormatError) as error:
        CaseSet.load(file)
    for word in ["cases.jsonl", *words]:
        assert word in str(error.value)


def test_binary_file(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(CaseFormatError, match="UTF-8"):
        CaseSet.load(file)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.jsonl"):
        CaseSet.load(tmp_path / "nothing.jsonl")


def test_two_tests_of_one_name(tmp_path: Path) -> None:
    tests = [{"name": n, "result": "x"} for n in ("MRI", "mri")]
    with pytest.raises(CaseFormatError, match="two items are called 'mri'"):
        CaseSet.load(write(tmp_path / "c.jsonl", record(tests=tests)))


def test_skip_keeps_the_good_cases_and_lists_the_bad(tmp_path: Path) -> None:
    file = write(tmp_path / "c.jsonl", record("a"), record("b", tests=[]), record("c"))
    with file.open("a", encoding="utf-8") as output:
        output.write('{"id": "torn')
    cases = CaseSet.load(file, on_error="skip")
    assert [case.id for case in cases] == ["a", "c"]
    assert [p.place for p in cases.problems] == ["line 2", "line 4"] or {
        p.place for p in cases.problems
    } == {"line 2", "line 4"}


def test_twice_the_same_key_in_a_keyed_file(tmp_path: Path) -> None:
    entry = json.dumps({"generate_case": {"case_summary": "", "diagnosis_results": "x"}})
    file = tmp_path / "medr.json"
    file.write_text(f'{{"PMC1": {entry}, "PMC1": {entry}}}', encoding="utf-8")
    with pytest.raises(CaseFormatError, match="stands twice"):
        CaseSet.load(file)


def test_truncated_keyed_file(tmp_path: Path) -> None:
    (tmp_path / "medr.json").write_text('{"PMC1": {"generate_case": {', encoding="utf-8")
    with pytest.raises(CaseFormatError, match="truncated"):
        CaseSet.load(tmp_path / "medr.json")


def test_control_characters_and_spelling_are_cleaned(tmp_path: Path) -> None:
    tests = [{"name": "A\u0000B\n C", "result": "e\u0301\u2028x\r\ny"}]
    case = CaseSet.load(write(tmp_path / "c.jsonl", record(tests=tests)))[0]
    assert case.tests[0].name == "A B C"
    assert case.tests[0].result == "\u00e9 x\ny"


def test_split_is_stable_and_complete(teaching: CaseSet) -> None:
    train, test = teaching.split(train=0.5, test=0.5)
    assert sorted(c.id for c in (*train, *test)) == sorted(c.id for c in teaching)
    fewer, _ = teaching[:20].split(train=0.5, test=0.5)
    assert {c.id for c in fewer} == {c.id for c in teaching[:20]} & {c.id for c in train}
    with pytest.raises(ValueError, match="sum to 1"):
        teaching.split(train=0.5, test=0.4)


def test_sample(teaching: CaseSet) -> None:
    drawn = teaching.sample(10, np.random.default_rng(0))
    assert len({c.id for c in drawn}) == 10
    assert list(drawn) == list(teaching.sample(10, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="cannot draw"):
        teaching.sample(1_000, np.random.default_rng(0))


def test_get_names_the_closest(teaching: CaseSet) -> None:
    with pytest.raises(KeyError, match="closest: teaching-hepatology-01-jaundice"):
        teaching.get("teaching-hepatology-01-jaundise")
    with pytest.raises(KeyError, match=r"no case 'PMC1' among \d+.?$"):
        teaching.get("PMC1")
    with pytest.raises(ValueError, match="ids must be unique"):
        CaseSet([teaching[0], teaching[0]])
