"""The tables under ``data/``: how findings come to light, and what tests say."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

HISTORY, EXAMINATION, NEVER = "history", "examination", "never"


class Manifestation(NamedTuple):
    """How a phenotype comes to light.

    Attributes:
        id: The phenotype.
        shown: ``history``, ``examination``, ``never`` or the id of a test.
        axis: Of the findings on one axis a patient has one; ``""`` for no axis.
        youngest: Years of age from which it can be told.
        oldest: Years of age up to which it can be told.
        sex: ``"m"`` or ``"f"`` where only one sex can have it.
        mild: Common enough to be nobody's disease.
        words: Ways to say it; a full sentence ends in a full stop.
    """

    id: str
    shown: str
    axis: str = ""
    youngest: float = 0.0
    oldest: float = 120.0
    sex: str = ""
    mild: bool = False
    words: tuple[str, ...] = ()


class Test(NamedTuple):
    """A test that a record may hold."""

    id: str
    name: str
    aliases: tuple[str, ...]
    category: str
    youngest: float  # ages at which it is done without a finding that asks for it
    oldest: float
    base: bool


class Analyte(NamedTuple):
    """A measured value: the range printed beside it, and the ranges that values are drawn from."""

    id: str
    test: str
    label: str
    unit: str
    reference: str
    drawn: dict[str, tuple[float, float]]  # "normal", "high", "low"
    decimals: int
    who: str


class Normal(NamedTuple):
    """Words for a normal result, and the phenotypes that they deny."""

    denies: tuple[str, ...]
    text: str


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``data/<name>.tsv``."""
    with (files(__package__) / "data" / f"{name}.tsv").open(encoding="utf-8") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {key: value or "" for key, value in row.items() if key}


@cache
def manifestations() -> dict[str, Manifestation]:
    """The rows of ``manifestations.tsv`` by phenotype."""
    found = {}
    for row in rows("manifestations"):
        youngest, _, oldest = row["ages"].partition("-")
        found[row["id"]] = Manifestation(
            row["id"],
            row["shown"],
            row["axis"],
            float(youngest or 0),
            float(oldest or 120),
            row["sex"],
            row["mild"] == "y",
            tuple(part.strip() for part in row["words"].split(" | ") if part.strip()),
        )
    return found


@cache
def tests() -> dict[str, Test]:
    """The rows of ``tests.tsv`` by id."""
    found = {}
    for row in rows("tests"):
        youngest, _, oldest = row["ages"].partition("-")
        aliases = tuple(part for part in row["aliases"].split(" | ") if part)
        ages = float(youngest or 0), float(oldest or 120)
        found[row["id"]] = Test(
            row["id"], row["name"], aliases, row["category"], *ages, row["base"] == "b"
        )
    return found


@cache
def analytes() -> dict[str, tuple[Analyte, ...]]:
    """The rows of ``analytes.tsv`` by test."""
    found: dict[str, list[Analyte]] = defaultdict(list)
    for row in rows("analytes"):
        drawn = {}
        for state in ("normal", "high", "low"):
            low, _, high = row[state].partition("-")
            if high:
                drawn[state] = (float(low), float(high))
        found[row["test"]].append(
            Analyte(
                row["analyte"],
                row["test"],
                row["label"],
                row["unit"],
                row["reference"],
                drawn,
                int(row["decimals"]),
                row["who"],
            )
        )
    return {test: tuple(of) for test, of in found.items()}


@cache
def values() -> dict[str, tuple[tuple[str, str], ...]]:
    """What values a phenotype is read from: (analyte, ``"high"`` or ``"low"``) by phenotype.

    The names of values above and below their range are those of the knowledge's own table;
    ``values.tsv`` comes first where it speaks.
    """
    from medaction_gym.knowledge.laboratory import analytes as known

    names = known()
    found: dict[str, tuple[tuple[str, str], ...]] = {
        row["id"]: tuple(
            (part.partition(":")[0], part.partition(":")[2]) for part in row["values"].split()
        )
        for row in rows("values")
    }
    for of in analytes().values():
        for analyte in of:
            if analyte.id not in names:
                continue
            for state, concepts in (
                ("high", names[analyte.id].high[:1]),
                ("low", names[analyte.id].low[:1]),
            ):
                if state in analyte.drawn:
                    for concept in concepts:
                        found.setdefault(concept, ((analyte.id, state),))
    return found


@cache
def inherited() -> frozenset[str]:
    """The phenotypes whose values also stand for what is narrower."""
    return frozenset(row["id"] for row in rows("values") if row["narrower"])


@cache
def test_of() -> dict[str, str]:
    """The test that measures an analyte."""
    return {analyte.id: test for test, of in analytes().items() for analyte in of}


test_of.__test__ = False  # type: ignore[attr-defined]  # not a pytest function


@cache
def onsets() -> dict[str, tuple[float, float]]:
    """The rows of ``onsets.tsv``: years of onset by disease."""
    return {row["id"]: (float(row["from"]), float(row["to"])) for row in rows("onsets")}


@cache
def normals() -> dict[str, tuple[Normal, ...]]:
    """The rows of ``normals.tsv`` by test."""
    found: dict[str, list[Normal]] = defaultdict(list)
    for row in rows("normals"):
        found[row["test"]].append(Normal(tuple(row["denies"].split()), row["text"]))
    return {test: tuple(of) for test, of in found.items()}
