"""Fixtures that many tests share, the real cases among them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medaction_gym.cases.caseset import CaseSet

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real cases, which is never committed."""
    folder = Path(os.environ.get("MEDACTION_DATA", _ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real cases at {folder}; set MEDACTION_DATA to have them tested")
    return folder


@pytest.fixture(scope="session")
def medrbench(real_data: Path) -> CaseSet:
    return CaseSet.load(real_data / "medrbench" / "diagnosis_488_cases.json")


@pytest.fixture(scope="session")
def agentclinic(real_data: Path) -> CaseSet:
    return CaseSet.load(real_data / "agentclinic" / "agentclinic_medqa_107.jsonl")


@pytest.fixture(scope="session")
def real_cases(medrbench: CaseSet, agentclinic: CaseSet) -> CaseSet:
    return CaseSet([*medrbench, *agentclinic])


@pytest.fixture(scope="session")
def teaching() -> CaseSet:
    return CaseSet.teaching()
