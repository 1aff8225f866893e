"""Parquet: the exported rows as `datasets` tables, tool arguments intact.

Inferred features would give every tool call the arguments of all tools, as None. Features that say
"JSON" for what varies keep each call as it was, and travel inside the parquet file.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from medaction_gym.distill.export import read_rows

TABLES = ("sft", "truncated", "preferences")
_VARYING = frozenset({"messages", "prompt", "chosen", "rejected", "tools"})


def need_datasets() -> None:
    """Raise RuntimeError, naming the extra, if `datasets` is not installed."""
    if find_spec("datasets") is None:
        raise RuntimeError(
            "parquet needs the packages of the extra: pip install 'medaction-gym[distill]'"
        )


def to_parquet(folder: str | Path) -> list[Path]:
    """Write a parquet file beside each table of an exported data set that has rows.

    Args:
        folder: The data set's folder.

    Raises:
        RuntimeError: If `datasets` is not installed.
    """
    need_datasets()
    import datasets

    folder = Path(folder)
    written = []
    for table in TABLES:
        source = folder / f"{table}.jsonl"
        first = next(read_rows(source), None)
        if first is None:
            continue
        target = source.with_suffix(".parquet")
        rows = datasets.Dataset.from_generator(
            read_rows,
            gen_kwargs={"path": source},
            features=features(first),
            cache_dir=str(folder / ".datasets"),
        )
        rows.to_parquet(str(target))
        written.append(target)
    return written


def features(row: dict[str, Any]) -> Any:
    """The features of a table, from one of its rows."""
    import datasets

    return datasets.Features(
        {
            name: datasets.List(datasets.Json()) if name in _VARYING else _feature(value)
            for name, value in row.items()
        }
    )


def _feature(value: Any) -> Any:
    import datasets

    if isinstance(value, dict):
        return {name: _feature(part) for name, part in value.items()}
    if isinstance(value, list):
        return datasets.List(datasets.Value("string"))
    kind = {bool: "bool", int: "int64", float: "float64", str: "string"}[type(value)]
    return datasets.Value(kind)
