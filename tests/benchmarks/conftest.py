"""Fixtures of the tests of benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from medaction_gym.benchmarks.data import Choice
from tests.benchmarks.asking import CASES


@pytest.fixture
def choice(tmp_path: Path) -> Choice:
    CASES.save(tmp_path / "cases.jsonl")
    return Choice((tmp_path / "cases.jsonl",))
