"""Whole: a file that appears complete or not at all, whenever its writer dies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(target: str | os.PathLike[str]) -> Iterator[TextIO]:
    """Open a UTF-8 text file for writing that takes its place when the block ends well.

    Args:
        target: The file; its folder is made if missing. An old one stays until the new is whole.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder) / "a.txt") as file:
        ...         _ = file.write("x")
        ...     (Path(folder) / "a.txt").read_text()
        'x'
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
        temporary.chmod(0o644)  # mkstemp's own 0600 would shut everybody else out
        temporary.replace(target)
    except OSError as error:
        # A full disk does not say which file it was, and the temporary name tells nobody anything.
        if error.filename in (None, name):
            error.filename, error.filename2 = str(target), None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove what writers that were killed left in a folder; nobody else may be writing there."""
    for name in (".*.json.*", ".*.jsonl.*", ".*.md.*"):
        for left in Path(folder).glob(name):
            left.unlink(missing_ok=True)
