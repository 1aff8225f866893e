"""Code as it stands on a documentation page, and what it is said to print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_blocks(page: Path) -> list[str]:
    """The Python blocks of a page, in order."""
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


def stated_output(page: Path, example: str) -> str:
    """The text block that follows an example on a page."""
    _, _, after = page.read_text(encoding="utf-8").partition(
        f"{{literalinclude}} examples/{example}"
    )
    [block] = re.findall(r"^```text\n(.*?)^```$", after, re.MULTILINE | re.DOTALL)[:1]
    return block


def example_output(example: str, *arguments: str) -> str:
    """What an example of the documentation prints, in a process of its own.

    Raises:
        AssertionError: If it fails; with what it said.
    """
    done = subprocess.run(
        [sys.executable, str(DOCS / "examples" / example), *arguments],
        env={**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
