"""The tables of general medical vocabulary under ``data/``: how each is read.

Every table is tab-separated, with comments after ``#``, and holds ids of HPO and MONDO with their
names beside them for a reader. Nothing in them is taken from the cases this package plays.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Phrases(NamedTuple):
    """Ways to say one thing, and the concepts it stands for; `at` narrows them to a site."""

    phrases: tuple[str, ...]
    concepts: tuple[str, ...]
    at: str = ""


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``data/<name>.tsv``."""
    with (files(__package__) / "data" / f"{name}.tsv").open(encoding="utf-8") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {key: value or "" for key, value in row.items() if key}


def split(cell: str) -> tuple[str, ...]:
    """A cell's parts.

    >>> split("HP:0002027|HP:0002574")
    ('HP:0002027', 'HP:0002574')
    """
    return tuple(part.strip() for part in cell.split("|") if part.strip())


@cache
def phrases(table: str) -> tuple[Phrases, ...]:
    """The rows of a table of phrases."""
    return tuple(
        Phrases(split(row["phrases"]), split(row["concepts"]), row.get("at", ""))
        for row in rows(table)
    )


@cache
def concepts(table: str, key: str, column: str = "concepts") -> dict[str, tuple[str, ...]]:
    """A column of concepts by the key of its row."""
    return {row[key]: split(row[column]) for row in rows(table)}


@cache
def inflections() -> tuple[tuple[str, ...], ...]:
    """Groups of words that are one in a finding: "swollen", "swelling"."""
    return tuple(tuple(row["words"].split()) for row in rows("inflections"))
