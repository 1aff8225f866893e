"""Runs the Python blocks of the pages, each page in a folder of its own.

The folder holds ``my_cases.jsonl`` and a run of them, ``runs/first``; blocks find a ``case`` and
its ``trajectory``. A block behind ``<!-- skip: next "why" -->`` is not run: it needs an extra, and
a test of that extra runs it or what it shows.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.rollout import run


def enter(namespace: dict[str, Any]) -> None:
    """Go to a new folder with some cases."""
    namespace["_was"], namespace["_folder"] = Path.cwd(), tempfile.TemporaryDirectory()
    os.chdir(namespace["_folder"].name)
    cases = CaseSet.teaching()[:3]
    cases.save("my_cases.jsonl")
    namespace["case"] = cases[0]
    namespace["trajectory"] = run(cases, "protocol", "runs/first")[0]


def leave(namespace: dict[str, Any]) -> None:
    """Go back."""
    os.chdir(namespace["_was"])
    namespace["_folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser()],
    patterns=["*.md"],
    setup=enter,
    teardown=leave,
).pytest()
