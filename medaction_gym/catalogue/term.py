"""Term: one row of a vocabulary table, and the forms in which terms travel."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, NamedTuple

Kind = Literal["analyte", "panel", "procedure", "organism", "specimen", "site", "measure"]

# The kinds that can be ordered.
HEADS = ("analyte", "panel", "procedure")
# What the markers of tissue are kinds of.
STAINING = frozenset({"ihc", "special_stains"})
# Levels in blood, and, beside a pathogen, how its antibodies are measured.
ANTIBODY_CLASSES = frozenset({"igg", "igm", "iga", "ige"})

# "Anti-Hu antibodies", "Hu antibody", "anti-Hu", each by what it is against.
_ANTIBODY = re.compile(
    r"^(anti[- ])?(.{2,40}?)( (?:auto-?)?antibod(?:y|ies)| abs?)?$", re.IGNORECASE
)

# So many letters of what it is against run together with "Ab": "TgAb".
_SHORT = 5
# What is asked for of a drug.
_MEASURED = (
    "trough",
    "trough level",
    "peak",
    "blood level",
    "concentration",
    "monitoring",
    "assay",
)

# How a marker in tissue is asked for; "PSA stain" is the tissue's, not the blood's.
_STAINS = (
    "stain", "staining", "immunostain", "immunostaining", "immunohistochemistry", "IHC",
    "expression",
)  # fmt: skip
# How a pathogen's name becomes an adjective, the longest ending first.
_ADJECTIVES = (
    ("virus", ("viral",)), ("myces", ("mycotic", "mycetic")), ("osis", ("otic",)),
    ("iasis", ("iatic", "iasic")), ("ia", ("ial",)), ("a", ("al", "ar")), ("us", ("al",)),
    ("um", ("al",)), ("is", ("al",)), ("ix", ("ical",)),
)  # fmt: skip
_WORD = 6
# The noun that a test's name ends in, and others for the same test.
_NOUNS: dict[Kind, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "procedure": (
        ("ultrasound", ("US", "USS", "USG", "sonogram", "sonography", "ultrasonography")),
        ("biopsy", ("bx", "biopsies")),
        ("examination", ("exam",)),
        ("test", ("testing",)),
        ("study", ("studies", "test")),
        ("monitoring", ("monitor",)),
    ),
    "panel": (
        ("panel", ("profile", "screen", "tests", "labs")),
        ("profile", ("panel", "tests", "labs")),
        ("screen", ("panel", "screening", "tests", "labs")),
        ("work-up", ("screen", "panel", "tests", "labs")),
        ("analysis", ("studies", "examination", "exam")),
    ),
    "analyte": (
        ("activity", ("assay", "enzyme", "enzyme activity", "enzyme assay", "activity level")),
        ("level", ("concentration",)),
        ("analysis", ("studies",)),
    ),
}
STAIN = re.compile(r"[ -](?:(?:immuno)?stain(?:s|ing)?|immunohistochemistry|IHC|expression)$")


@dataclass(frozen=True, slots=True)
class Term:
    """One row of a table.

    Attributes:
        id: Stable identifier, e.g. ``"crp"``.
        kind: Which table it stands in.
        name: Preferred name.
        synonyms: Other names.
        category: A case's test category (analytes, panels and procedures only).
        price: Price class, a key of `prices.prices()`.
        specimens: Default specimen ids of an analyte or panel.
        members: Analyte and panel ids a panel consists of.
        parents: Broader procedures, containing sites, or more general specimens; the procedures
            that tell a measure.
        sites: Body sites that a procedure implies.
    """

    id: str
    kind: Kind
    name: str
    synonyms: tuple[str, ...] = ()
    category: str = ""
    price: str = ""
    specimens: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


class Mention(NamedTuple):
    """A term found in a text, over tokens ``first`` to ``last`` (half-open)."""

    term: Term
    first: int
    last: int


def read_table(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of ``data/<name>.tsv``; lines that start with ``#`` are comments."""
    with (files(__package__) / "data" / f"{name}.tsv").open(encoding="utf-8") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {key: value or "" for key, value in row.items() if key}


def variants(term: Term) -> Iterator[str]:
    """Names that follow from a term's names by the rules of the language.

    Example:
        >>> list(variants(Term("x", "analyte", "Anti-Hu antibodies")))[:3]
        ['anti Hu', 'Hu antibody', 'anti Hu antibody']
        >>> list(variants(Term("x", "procedure", "venography")))
        ['venogram']
    """
    for name in (term.name, *term.synonyms):
        antibody = _ANTIBODY.match(name)
        if term.kind == "analyte" and antibody and (antibody[1] or antibody[3]):
            core = antibody[2]
            yield from (f"anti {core}", f"{core} antibody", f"anti {core} antibody")
            yield from (f"antibody {to} {core}" for to in ("to", "against"))
            yield from (f"{core} ab", f"anti {core} ab", f"{core} abs")
            yield from (f"{core} autoantibody", f"anti {core} autoantibody")
            if antibody[3]:
                yield from (f"{core} titer", f"{core} IgG")
            if len(core) <= _SHORT and core.isalpha():
                yield f"{core}ab"
        elif term.price == "drug-level" and name.endswith(" level"):
            drug = name.removesuffix(" level")
            yield from (f"{drug} {measured}" for measured in _MEASURED)
        elif any(parent.endswith(("ihc", "stain", "stains")) for parent in term.parents):
            marker = STAIN.sub("", name)
            yield from (f"{marker} {stain}" for stain in _STAINS)
        elif term.kind == "procedure" and name.endswith("graphy"):
            yield name.removesuffix("graphy") + "gram"
        elif term.kind == "procedure" and name.endswith("gram"):
            yield name.removesuffix("gram") + "graphy"


def by_noun(term: Term) -> Iterator[str]:
    """A term's name with other nouns for what it is, where no other term is called so.

    Example:
        >>> list(by_noun(Term("x", "procedure", "hip ultrasound")))[:2]
        ['hip US', 'hip USS']
    """
    if (term.kind, term.category) == ("panel", "microbiology"):
        return  # "Dengue tests" are any of dengue.
    if term.kind == "analyte" and " " in term.name:
        # Before "aminotransferase level" takes the alanine's half of it.
        yield f"{term.name} level"
    for noun, others in _NOUNS.get(term.kind, ()):
        if term.name.endswith(f" {noun}"):
            yield from (term.name.removesuffix(noun) + other for other in others)


def adjectives(term: Term) -> Iterator[str]:
    """The adjectives of a pathogen's one-word names, where no other term is called so.

    Example:
        >>> list(adjectives(Term("x", "organism", "Chlamydia trachomatis", ("chlamydia", "LGV"))))
        ['chlamydial']
    """
    if term.kind != "organism":
        return
    for name in (term.name, *term.synonyms):
        # Whole words alone: no codes, which are short or have capitals.
        if name.isalpha() and len(name) >= _WORD and name[1:].islower():
            for ending, others in _ADJECTIVES:
                if name.endswith(ending):
                    yield from (name.removesuffix(ending) + other for other in others)
                    break


def cell_list(cell: str | None) -> tuple[str, ...]:
    """The names or ids in a cell, which stand between bars."""
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())
