"""GRPO's trainer takes the tools and learns from them, on a tiny model made here (extra trl)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="needs the extra: pip install 'medaction-gym[trl]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's and TRL's own

from tests.pages import DOCS, example_output, stated_output


def script(name: str) -> Any:
    """A script as a module."""
    path = DOCS.parent / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_trainer_takes_the_tools(tmp_path: Path) -> None:
    log = script("train_grpo").train(tmp_path, steps=3, warm=20, seed=0)
    assert len(log) == 3
    for entry in log:
        assert 0 <= entry["rewards/well_formed/mean"] <= 1
        # The environment's own reward is added to it.
        assert any("well_formed" not in key for key in entry if key.startswith("rewards/"))


def test_the_pages_example_prints_what_the_page_says() -> None:
    page = DOCS / "integrations.md"
    assert example_output("trl_tools.py") == stated_output(page, "trl_tools.py")
