"""Ids: a benchmark's list of cases, in any of the forms that such lists come in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medaction_gym.benchmarks.provenance import BenchError, sha256

# What the field or column with the id is called, in the order of preference.
_NAMES = ("id", "case_id", "ids", "cases", "pmcid", "pmc_id", "pmc")
_PMC = re.compile(r"(?:PMC)?(\d{5,9})(?:\.0)?", re.IGNORECASE)


def read_ids(path: str | Path) -> tuple[str, ...]:
    r"""The ids of a list, in its order.

    Known are: a JSON array of ids or of objects with an id; a JSON object that is keyed by id, or
    holds an array "ids" or "cases"; JSON lines; CSV or TSV with a column of ids; and plain text, an
    id a line. A bare number of a PMC article gets its "PMC".

    Raises:
        BenchError: If it holds no ids, or one twice.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "list.csv"
        ...     _ = file.write_text("pmcid,split\nPMC1234567,hard\n7654321,hard\n")
        ...     read_ids(file)
        ('PMC1234567', 'PMC7654321')
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: cannot be read as a list of ids: {error}") from None
    ids = [_plain(id) for id in _ids(text)]
    if not ids or not all(ids):
        raise BenchError(f"{path}: holds no list of ids that is known; an id a line will do")
    twice = next((id for id in ids if ids.count(id) > 1), None)
    if twice:
        raise BenchError(f"{path}: holds {twice!r} twice")
    return tuple(ids)


def ids_sha256(ids: Sequence[str]) -> str:
    """SHA-256 of the ids, a line each: the same in whatever form the list comes."""
    return sha256("".join(f"{id}\n" for id in ids).encode())


def _ids(text: str) -> list[str]:
    try:
        return _of_json(json.loads(text))
    except ValueError:
        pass
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return _of_json([json.loads(line) for line in lines])
    except ValueError:
        pass
    head = lines[0] if lines else ""
    delimiter = "\t" if "\t" in head else ","
    columns = next(csv.reader([head], delimiter=delimiter), [])
    names = {column.strip().lower(): column for column in columns}
    column = next((names[name] for name in _NAMES if name in names), None)
    if column is None:
        return [line.strip() for line in lines if not line.startswith("#")]
    return [row[column] or "" for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)]


def _of_json(value: Any) -> list[str]:
    if isinstance(value, dict):
        inner = next((value[name] for name in _NAMES if isinstance(value.get(name), list)), None)
        return _of_json(list(value) if inner is None else inner)
    if not isinstance(value, list):
        raise ValueError("no list")
    return [_of_entry(entry) for entry in value]


def _of_entry(entry: Any) -> str:
    if isinstance(entry, dict):
        entry = next((entry[name] for name in _NAMES if name in entry), "")
    return str(entry)


def _plain(id: str) -> str:
    number = _PMC.fullmatch(id.strip())
    return f"PMC{number[1]}" if number else id.strip()
