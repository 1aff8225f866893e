"""Catalogue: which diagnostic tests exist, what they are called, and how they nest.

Data, not code: seven tab-separated tables in ``data/`` (analytes, panels, procedures, organisms,
specimens, sites, prices) that a clinician can read and mend. Nothing in them is taken from the
cases this package plays; they are a general vocabulary.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from medaction_gym.catalogue.tokens import Token, tokenize, words

Kind = Literal["analyte", "panel", "procedure", "organism", "specimen", "site"]

_TABLES: tuple[tuple[str, Kind], ...] = (
    ("procedures", "procedure"),
    ("panels", "panel"),
    ("analytes", "analyte"),
    ("organisms", "organism"),
    ("sites", "site"),
    ("specimens", "specimen"),
)


@dataclass(frozen=True, slots=True)
class Term:
    """One row of a table.

    Attributes:
        id: Stable identifier, e.g. ``"crp"``.
        kind: Which table it stands in.
        name: Preferred name.
        synonyms: Other names.
        category: A case's test category (analytes, panels and procedures only).
        price: Price class, a key of `prices.PRICES`.
        specimens: Default specimen ids of an analyte or panel.
        members: Analyte and panel ids a panel consists of.
        parents: Broader procedures, containing sites, or more general specimens.
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


class Base(NamedTuple):
    """A test taken apart: what is done, on which specimens, at which sites."""

    term: Term
    specimens: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()


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


def _list(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())


@dataclass(frozen=True)
class Catalogue:
    """All terms, with the lookups that matching needs.

    Example:
        >>> catalogue = Catalogue.load()
        >>> [m.term.id for m in catalogue.find("ultrasound of the thyroid, CRP")]
        ['ultrasound', 'thyroid', 'crp']
        >>> catalogue.within("liver", "abdomen")
        True
    """

    terms: dict[str, Term]
    _phrases: dict[str, list[tuple[tuple[str, ...], Term]]] = field(default_factory=dict)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Catalogue:
        """Read the tables that ship with the package (once a process, some 30 ms)."""
        return cls.of(
            Term(
                id=row["id"],
                kind=kind,
                name=row["name"],
                synonyms=_list(row.get("synonyms")),
                category=row.get("category", ""),
                price=row.get("price", ""),
                specimens=_list(row.get("specimen")),
                members=_list(row.get("members")),
                parents=_list(row.get("broader") or row.get("parent")),
                sites=_list(row.get("sites")),
            )
            for table, kind in _TABLES
            for row in read_table(table)
        )

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Catalogue:
        """Build a catalogue from terms; of two terms that share a name the first keeps it."""
        catalogue = cls({})
        taken: set[tuple[str, ...]] = set()
        for term in terms:
            catalogue.terms[term.id] = term
            for name in (term.name, *term.synonyms):
                phrase = words(name)
                if phrase and phrase not in taken:
                    taken.add(phrase)
                    catalogue._phrases.setdefault(phrase[0], []).append((phrase, term))
        for phrases in catalogue._phrases.values():
            phrases.sort(key=lambda entry: -len(entry[0]))
        return catalogue

    def find(self, text: str | list[Token]) -> list[Mention]:
        """Find terms in a text, left to right, the longest name first, without overlaps."""
        tokens = tokenize(text) if isinstance(text, str) else text
        texts = tuple(token.text for token in tokens)
        mentions, i = [], 0
        while i < len(texts):
            for phrase, term in self._phrases.get(texts[i], ()):
                if texts[i : i + len(phrase)] == phrase:
                    mentions.append(Mention(term, i, i + len(phrase)))
                    i += len(phrase)
                    break
            else:
                i += 1
        return mentions

    def ancestors(self, id: str) -> frozenset[str]:
        """The term itself and everything broader than it."""
        return self._ancestors[id]

    def within(self, id: str, other: str) -> bool:
        """Whether ``id`` is ``other`` or lies inside it (liver in abdomen, CTA in CT)."""
        return other in self._ancestors[id]

    def base(self, id: str) -> Base:
        """A test without the specimen or site in its name, and these beside it.

        "CSF glucose" is glucose measured in CSF, a "CXR" is an X-ray of the chest: two ways to
        write one test become one.

        Example:
            >>> glucose = Catalogue.load().base("csf_glucose")
            >>> xray = Catalogue.load().base("chest_xray")
            >>> glucose.term.id, sorted(glucose.specimens)
            ('glucose', ['csf'])
            >>> xray.term.id, "chest" in xray.sites
            ('xray', True)
        """
        return self._bases.get(id) or Base(self.terms[id])

    def members(self, id: str) -> frozenset[str]:
        """A panel's analytes and sub-panels, all the way down, itself included."""
        return self._members[id]

    @cached_property
    def findings(self) -> dict[str, Term]:
        """Folded words for an abnormal value ("hyponatremia") and what they are read from."""
        return {
            " ".join(words(row["finding"])): self.terms[row["analyte"]]
            for row in read_table("findings")
        }

    @cached_property
    def _bases(self) -> dict[str, Base]:
        named = {phrase: term for phrases in self._phrases.values() for phrase, term in phrases}
        bases: dict[str, Base] = {}
        for term in self.terms.values():
            phrase = words(term.name)
            for cut in range(1, len(phrase)):
                for part, rest in ((phrase[:cut], phrase[cut:]), (phrase[cut:], phrase[:cut])):
                    qualifier, base = named.get(part), named.get(rest)
                    if qualifier is None or base is None or base.kind != term.kind:
                        continue
                    if qualifier.id in term.specimens and base.id != term.id:
                        bases[term.id] = Base(base, specimens=frozenset({qualifier.id}))
                    elif qualifier.kind == "site" and base.id in term.parents and term.sites:
                        bases[term.id] = Base(base, sites=frozenset(term.sites))
        return bases

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        return {id: self._closure(id, "parents") for id in self.terms}

    @cached_property
    def _members(self) -> dict[str, frozenset[str]]:
        return {id: self._closure(id, "members") for id in self.terms}

    def _closure(self, id: str, relation: Literal["parents", "members"]) -> frozenset[str]:
        seen, queue = {id}, [id]
        while queue:
            for other in getattr(self.terms[queue.pop()], relation):
                if other in self.terms and other not in seen:
                    seen.add(other)
                    queue.append(other)
        return frozenset(seen)
