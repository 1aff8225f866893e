"""MedAction-300-Hard: the rules of the choice, the lists that can be read, and the shipped list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medaction_gym.benchmarks.bench import Entrant, bench
from medaction_gym.benchmarks.data import Choice, read
from medaction_gym.benchmarks.hard import SHIPPED, HardList, build, choose, contrasted
from medaction_gym.benchmarks.hardness import Hardness, told_by
from medaction_gym.benchmarks.ids import ids_sha256, read_ids
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.result import Result
from medaction_gym.cases.case import TestResult
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app

POOL, REFERENCES = 12, ("knowledge", "commit-at-once")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Teaching cases, the last of which names its diagnosis in a result."""
    cases = list(CaseSet.teaching()[:POOL])
    gold = cases[-1].diagnosis.name
    said = TestResult(name="Expert review", result=f"It is {gold}.")
    cases[-1] = cases[-1].model_copy(update={"tests": (*cases[-1].tests, said)})
    path = tmp_path_factory.mktemp("pool") / "cases.jsonl"
    CaseSet(cases).save(path)
    return path


@pytest.fixture(scope="module")
def built(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hard")
    build([pool], out, references=REFERENCES)
    return out


def test_the_list_holds_what_its_rules_say(pool: Path, built: Path) -> None:
    made = HardList.model_validate_json((built / "ids.json").read_bytes())
    measured = {one["case_id"]: one for one in json.loads((built / "hardness.json").read_text())}
    eligible = [id for id, one in measured.items() if one["eligible"]]
    # Fewer than 300: two thirds of them.
    assert len(made.ids) == int(len(eligible) * 2 / 3) == made.counts["taken"] < made.wanted
    assert set(made.ids) <= set(eligible)
    assert made.ids_sha256 == ids_sha256(made.ids)
    told = CaseSet.load(pool)[-1]
    assert measured[told.id]["told_by"] == "tests['Expert review']" == told_by(told)
    for name in REFERENCES:
        result = Result.load(built / "references" / name)
        fates = {row.case_id: row.fate for row in result.rows}
        assert "right" not in {fates[id] for id in made.ids}
        for id, one in measured.items():
            assert (name in one["solved_by"]) == (fates[id] == "right")
    sheet = (built / "datasheet.md").read_text()
    assert made.ids_sha256 in sheet
    assert "Fewer than 300" in sheet


def test_the_same_pool_gives_the_same_list(pool: Path, built: Path, tmp_path: Path) -> None:
    build([pool], tmp_path, references=REFERENCES)
    for name in ("ids.json", "cases.jsonl", "datasheet.md", "hardness.json"):
        assert (tmp_path / name).read_bytes() == (built / name).read_bytes()


def test_body_systems_take_turns() -> None:
    def case(id: str, system: str, failure: float) -> Hardness:
        return Hardness(id, system, (), "", failure, 0.0, False, 0.0)

    many = [case(f"a{n}", "a", 1 - n / 100) for n in range(20)]
    few = [case("b0", "b", 0.1), case("c0", "c", 0.2)]
    assert choose([*many, *few], 6) == ["a0", "c0", "b0", "a1", "a2", "a3"]
    assert len(choose([*many, *few], 300)) == int(22 * 2 / 3)


def test_played_by_list_and_set_against_the_rest(pool: Path, built: Path, tmp_path: Path) -> None:
    ids = built / "ids.json"
    out = tmp_path / "bound"
    call = ["bench", "medaction-hard", "--data", str(pool), "--ids", str(ids)]
    done = CliRunner().invoke(app, [*call, "--agent", "cheating-oracle", "--out", str(out)])
    assert done.exit_code == 0, done.output
    result = Result.load(out)
    assert tuple(row.case_id for row in result.rows) == read_ids(ids)
    assert result.data.ids_sha256 == ids_sha256(read_ids(ids))
    assert CliRunner().invoke(app, ["bench", "verify", str(out)]).exit_code == 0
    # Another list is caught, in whatever form it comes.
    ids_of = list(read_ids(ids))
    other = tmp_path / "other.txt"
    other.write_text("\n".join(ids_of[1:]))
    moved = [*("--data", str(pool)), "--data", str(other)]
    found = CliRunner().invoke(app, ["bench", "verify", str(out), *moved])
    assert found.exit_code == 1
    assert "data.ids" in found.output
    made = HardList.model_validate_json(ids.read_bytes())
    whole = bench("medr-bench", Choice((pool,)), "free-turn", Entrant("protocol"), tmp_path / "p")
    parts = contrasted(whole, made)
    assert parts.hard.n + parts.rest.n == POOL
    assert not parts.chose
    reference = built / "references" / "knowledge"
    assert contrasted(Result.load(reference), made).hard.mean == 0
    shown = CliRunner().invoke(
        app, ["bench", "medaction-hard", "contrast", str(reference), "--ids", str(ids)]
    )
    assert shown.exit_code == 0
    with pytest.raises(BenchError, match="both"):
        contrasted(result, made)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lines.txt", "# hard\nPMC1234567\n7654321\n"),
        ("list.json", '["PMC1234567", 7654321]'),
        ("keyed.json", '{"PMC1234567": {"body": "x"}, "PMC7654321": {}}'),
        ("inner.json", '{"name": "MedAction-300-Hard", "ids": ["PMC1234567", "pmc7654321"]}'),
        ("rows.json", '{"cases": [{"pmcid": "PMC1234567"}, {"pmcid": 7654321}]}'),
        ("rows.jsonl", '{"case_id": "PMC1234567"}\n{"case_id": "PMC7654321"}\n'),
        ("table.csv", "n,PMCID\n1,PMC1234567\n2,7654321.0\n"),
        ("table.tsv", "pmc_id\tsplit\nPMC1234567\thard\nPMC7654321\thard\n"),
    ],
)
def test_lists_of_any_form(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_ids(tmp_path / name) == ("PMC1234567", "PMC7654321")


@pytest.mark.parametrize("text", ["", "[]", "[1, {}]", "a\na\n", '{"a": 1, "ids": []}'])
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "list").write_text(text)
    with pytest.raises(BenchError, match="list"):
        read_ids(tmp_path / "list")


def test_a_list_is_played_whole_or_not_at_all(pool: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("teaching-nowhere\n")
    with pytest.raises(BenchError, match="1 of 1 ids are in no data file"):
        read(Choice((pool,), tmp_path / "list"), "free-turn")


def test_the_shipped_list_is_what_it_says() -> None:
    made = HardList.model_validate_json(SHIPPED.read_bytes())
    assert made.ids_sha256 == ids_sha256(made.ids) == ids_sha256(read_ids(SHIPPED))
    assert made.counts["taken"] == len(made.ids) == sum(n for n, _ in made.systems.values())
    assert list(made.ids) == sorted(set(made.ids))
