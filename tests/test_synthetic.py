"""Synthetic cases: reproducible, free of leaks, possible, and playable to the right end."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from typer.testing import CliRunner

import medaction_gym  # noqa: F401  (registers the environments)
from medaction_gym.agents.cheating_oracle import CheatingOracle
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cases.leaks import find_leaks
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.cli import app
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.rollout import rollout
from medaction_gym.synthetic import SyntheticCases, generator, tables
from medaction_gym.synthetic.patient import Company, fits
from medaction_gym.synthetic.prose import RUNS

MADE = 150


@pytest.fixture(scope="module")
def made() -> list[Case]:
    return list(SyntheticCases(seed=99, size=MADE))


def test_a_case_depends_on_seed_and_number_alone(made: list[Case]) -> None:
    cases = SyntheticCases(seed=99, size=10_000)
    assert [cases[i].hash for i in (140, 3, 77)] == [made[i].hash for i in (140, 3, 77)]
    assert SyntheticCases(seed=98, size=1)[0].hash != made[0].hash


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_other_processes_make_the_same_cases(made: list[Case], hash_seed: str) -> None:
    code = (
        "from medaction_gym.synthetic import SyntheticCases\n"
        "print(SyntheticCases(seed=99, size=12).hash)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == CaseSet(made[:12]).hash


def test_the_family_tells_nothing(made: list[Case]) -> None:
    """Relatives are ill as often where the annotations state no inheritance."""
    told: dict[bool, list[bool]] = {True: [], False: []}
    for case in made:
        row = generator().graph.row(case.metadata["disease"])
        inherited = bool(generator().roster.disease(row).course.inheritance)
        told[inherited].append(any(said in case.presentation.history for said in RUNS))
    for shares in told.values():
        assert len(shares) > 20
        assert 0.15 < sum(shares) / len(shares) < 0.45


def test_no_case_gives_its_diagnosis_away(made: list[Case]) -> None:
    assert [leak for case in made for leak in find_leaks(case)] == []


def test_names_are_no_substring_of_the_first_observation(made: list[Case]) -> None:
    for case in made:
        text = " ".join(section for _, section in case.presentation).lower()
        for name in (case.diagnosis.name, *case.diagnosis.synonyms):
            assert not re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", text), case.id


def test_cases_say_that_they_are_fictional(made: list[Case]) -> None:
    for case in made:
        assert case.provenance.note.startswith("Fictional; no real patient.")
        assert "HPO" in case.provenance.license
        assert "MONDO" in case.provenance.license


def test_ids_orders_and_differentials_say_nothing(made: list[Case]) -> None:
    assert [case.id for case in made[:2]] == ["synthetic-99-0", "synthetic-99-1"]
    places = [case.differential.index(case.diagnosis.name) for case in made]
    assert min(places.count(k) for k in range(4)) > MADE / 20  # the gold stands anywhere
    assert all(4 <= len(case.differential) <= 7 for case in made)


def test_findings_are_possible(made: list[Case]) -> None:
    """No finding of the other sex or of another age, no two on one axis."""
    roster = generator().roster
    for case in made:
        male = bool(re.search(r"\b(?:boy|man)\b", case.presentation.patient))
        number, unit = re.match(r"(\d+)-(\w+)-old", case.presentation.patient).groups()  # type: ignore[union-attr]
        age = int(number) / {"day": 365, "month": 12, "year": 1}[unit]
        disease = roster.disease(roster.graph.row(case.metadata["disease"]))
        traits = {t.phenotype: t for t in disease.traits}
        shown = [traits[p] for p in case.metadata["findings"]]
        for k, trait in enumerate(shown):
            assert trait.how.sex in ("", "m" if male else "f")
            # The age that is told is rounded down.
            assert any(fits(trait, a, trait.how.sex) for a in np.linspace(age, age + 1, 50))
            assert Company.of(shown[:k]).admits(trait)


def test_no_text_says_and_denies_the_same(made: list[Case]) -> None:
    roster = generator().roster
    for case in made:
        denials = " ".join(
            re.findall(r"\bNo ([^.]*)\.", case.presentation.history)
            + [d for t in case.tests for d in re.findall(r"\bNo ([^.]*)\.", t.result)]
        )
        for phenotype in case.metadata["findings"]:
            how = roster.how(phenotype)
            assert how is not None
            words = [w for w in how[0].words if not w.endswith(".") and len(w) > 6]
            assert not [w for w in words if re.search(rf"\b{re.escape(w)}\b", denials)], case.id


def test_the_number_of_findings_and_tests_is_not_the_disease(made: list[Case]) -> None:
    assert {len(case.tests) for case in made} <= set(range(8, 15))
    assert 0.35 < np.mean([any(t.category == "genetics" for t in c.tests) for c in made]) < 0.65


def test_every_case_loads_and_can_be_won(made: list[Case], tmp_path: Path) -> None:
    CaseSet(made).save(tmp_path / "made.jsonl")
    loaded = CaseSet.load(tmp_path / "made.jsonl")
    assert loaded.hash == CaseSet(made).hash
    env = DiagnosisEnv(loaded)
    for case in loaded:
        trajectory = rollout(env, CheatingOracle(), case)
        assert trajectory.right, case.id


def test_tests_are_called_as_the_catalogue_calls_them() -> None:
    catalogue = Catalogue.load()
    unknown = [t.name for t in tables.tests().values() if not catalogue.find(t.name)]
    assert unknown == []


def test_the_tables_name_concepts_that_exist() -> None:
    graph = generator().graph
    for name in ("manifestations", "values", "onsets"):
        for row in tables.rows(name):
            assert graph.name(row["id"]) == row["name"], row
    tests = {*tables.tests(), tables.HISTORY, tables.EXAMINATION, tables.NEVER}
    assert {row["shown"] for row in tables.rows("manifestations")} <= tests
    denied = {d for of in tables.normals().values() for n in of for d in n.denies}
    assert denied <= set(graph)


def test_a_set_is_a_case_set() -> None:
    cases = SyntheticCases(seed=4, size=300)
    assert len(cases) == 300
    assert cases[-1].id == "synthetic-4-299"
    assert cases.get("synthetic-4-7") == cases[7]
    assert [case.id for case in cases[3:5]] == ["synthetic-4-3", "synthetic-4-4"]
    train, test = cases.split(train=0.8, test=0.2)
    assert len(train) + len(test) == 300
    assert {c.id for c in train[:3]}.isdisjoint(c.id for c in test[:3])
    again = [part[0].id for part in SyntheticCases(seed=4, size=3000).split(train=0.8, test=0.2)]
    assert again == [train[0].id, test[0].id]  # a case stays in its part
    drawn = cases.sample(4, np.random.default_rng(0))
    assert len({case.id for case in drawn}) == 4
    assert pickle.loads(pickle.dumps(cases))[7] == cases[7]
    with pytest.raises(KeyError, match="synthetic-4-N"):
        cases.get("synthetic-5-7")
    with pytest.raises(KeyError, match="from 0 to 299"):
        cases.get("synthetic-4-300")
    with pytest.raises(ValueError, match="at least 1"):
        SyntheticCases(size=0)
    with pytest.raises(IndexError):
        cases[300]


def test_a_disease_can_be_asked_for() -> None:
    row = generator().roster.rows[5]
    disease = generator().graph.identifier(row)
    case = generator().case(1, 0, disease=disease)
    assert case.metadata["disease"] == disease
    with pytest.raises(ValueError, match="no patient can have 'MONDO:0005301'"):
        generator().case(1, 0, disease="MONDO:0005301")


def test_the_environment_conforms() -> None:
    check_env(gym.make("MedAction-Synthetic-v0").unwrapped)
    env = gym.make("MedAction-Synthetic-v0", seed_cases=3, size=20, max_turns=5, show_menu=True)
    first, info = env.reset(seed=1)
    assert info["case_id"].startswith("synthetic-3-")
    assert env.reset(seed=1)[0]["message"] == first["message"]
    with pytest.raises(TypeError):
        gym.make("MedAction-Synthetic-v0", cases=CaseSet.teaching())


def test_the_command_writes_what_the_set_holds(tmp_path: Path) -> None:
    out = tmp_path / "made.jsonl"
    result = CliRunner().invoke(
        app, ["cases", "synthesise", "--number", "5", "--seed", "3", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert CaseSet.load(out).hash == SyntheticCases(seed=3, size=5).hash
