"""Runs the Python blocks of the pages, each page in a folder of its own.

The folder holds ``my_cases.jsonl`` and a run of them, ``runs/first``; blocks find a ``case`` and
its ``trajectory``. A block of the language ``output`` must be what the Python block before it
printed. A block behind ``<!-- skip: next "why" -->`` is not run: it needs an extra, and
a test of that extra runs it or what it shows.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, SkipParser

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


class Printed(PythonEvaluator):
    """Runs a block, and keeps what it prints for the block of output behind it."""

    def __call__(self, example: Example) -> None:
        """Run it."""
        with redirect_stdout(StringIO()) as said:
            super().__call__(example)
        example.namespace["_said"] = said.getvalue()


def compare(example: Example) -> str | None:
    """What is wrong with a block of output."""
    said, stated = example.namespace["_said"].strip(), str(example.parsed).strip()
    return None if said == stated else f"the block before printed:\n{said}\nnot:\n{stated}"


pytest_collect_file = Sybil(
    parsers=[
        SkipParser(),
        CodeBlockParser("python", Printed()),
        CodeBlockParser("output", compare),
    ],
    patterns=["*.md"],
    setup=enter,
    teardown=leave,
).pytest()
