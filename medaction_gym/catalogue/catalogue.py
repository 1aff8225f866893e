"""Catalogue: which diagnostic tests exist, what they are called, and how they nest.

Data, not code: tab-separated tables in ``data/`` (analytes, panels, procedures, organisms,
specimens, sites, their relations, prices) that a clinician can read and mend. Nothing in them is
taken from the cases this package plays; they are a general vocabulary.
"""

from __future__ import annotations

from collections.abc import KeysView
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from medaction_gym.catalogue.base import Base, bases
from medaction_gym.catalogue.kin import as_one, groups
from medaction_gym.catalogue.names import Names
from medaction_gym.catalogue.term import HEADS, Kind, Mention, Term, cell_list, read_table
from medaction_gym.catalogue.tokens import Token, words

__all__ = ["HEADS", "Base", "Catalogue", "Kind", "Mention", "Term", "read_table"]

_TABLES: tuple[tuple[str, Kind], ...] = (
    ("procedures", "procedure"),
    ("markers", "procedure"),
    ("panels", "panel"),
    ("analytes", "analyte"),
    ("organisms", "organism"),
    ("sites", "site"),
    ("specimens", "specimen"),
    ("measures", "measure"),
)

# Specimens whose names are part of other names: a "white cell count" is counted in blood.
_CELLS = frozenset({"leukocytes_specimen", "red_cells", "platelets_specimen", "tissue", "blood"})


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
    names: Names

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Catalogue:
        """Read the tables that ship with the package (once a process, some tenths of a second)."""
        terms = [
            Term(
                id=row["id"],
                kind=kind,
                name=row["name"],
                synonyms=cell_list(row.get("synonyms")),
                category=row.get("category", "pathology" if table == "markers" else ""),
                price=row.get("price", "ihc" if table == "markers" else ""),
                specimens=cell_list(row.get("specimen")),
                members=cell_list(row.get("members")),
                parents=cell_list(row.get("broader") or row.get("parent")),
                sites=cell_list(row.get("sites")),
            )
            for table, kind in _TABLES
            for row in read_table(table)
        ]
        return cls({term.id: term for term in terms}, Names.of(terms))

    def find(self, text: str | list[Token]) -> list[Mention]:
        """Find terms in a text, without overlaps, so that long names cover as much as they can."""
        return self.names.find(text)

    def phrases(self) -> KeysView[tuple[str, ...]]:
        """All names, as folded words."""
        return self.names.named.keys()

    def named(self, phrase: tuple[str, ...]) -> Term | None:
        """The test of that name, in folded words."""
        tests = (term for term in self.names.named.get(phrase, ()) if term.kind in HEADS)
        return next(tests, None)

    def in_specimen(self, phrase: tuple[str, ...], specimen: str) -> Term | None:
        """The test called by a specimen and a phrase: the "protein" of CSF."""
        for id in (specimen, *self.terms[specimen].parents):
            term = self.terms[id]
            for name in (term.name, *term.synonyms):
                found = self.named(words(name) + phrase)
                if found is not None:
                    return found
        return None

    def called(self, kind: Kind, phrase: tuple[str, ...]) -> Term | None:
        """The specimen, organism or site of that name, whatever else bears it."""
        id = self._qualifiers[kind].get(phrase)
        return self.terms[id] if id else None

    def fluids_of(self, sites: frozenset[str]) -> frozenset[str]:
        """The body fluids that come from some sites: the pleura's is pleural fluid."""
        return frozenset(
            term.id
            for term in self.terms.values()
            if term.kind == "specimen" and "body_fluid" in term.parents and sites & {*term.sites}
        )

    def regions(self, site: str) -> tuple[str, ...]:
        """The parts of a site that is a union by its name: "abdomen and pelvis" is two sites."""
        term = self.terms[site]
        union = len(term.parents) > 1 and any(" and " in n for n in (term.name, *term.synonyms))
        return term.parents if union else (site,)

    def within_name(self, phrase: tuple[str, ...], kind: Kind) -> frozenset[str]:
        """The specimen or site a longer name begins or ends with (the sputum of "sputum PCR")."""
        known, sites = self._qualifiers[kind], self._qualifiers["site"]
        found = set()
        for cut in range(1, len(phrase)):
            for part, rest in ((phrase[:cut], phrase[cut:]), (phrase[cut:], phrase[:cut])):
                if part not in known or ("gm" in phrase and part == ("csf",)):
                    continue  # a growth factor is no fluid
                # The "salivary" of a salivary gland is no saliva.
                organ = any(part + rest[:i] in sites for i in range(1, len(rest)))
                if kind != "specimen" or not organ:
                    found.add(known[part])
        return frozenset(found)

    def specimens_named(self, term: Term, phrase: tuple[str, ...]) -> frozenset[str]:
        """The specimens that one of a test's names says, or that all that say one agree on.

        Example:
            >>> catalogue = Catalogue.load()
            >>> sorted(catalogue.specimens_named(catalogue.terms["bone_marrow_biopsy"], ("bmb",)))
            ['bone_marrow']
        """
        if term.kind != "procedure":
            return self._measured_in(term, phrase)
        own = self.within_name(phrase, "specimen")
        return own or self._agreed_specimens.get(term.id, frozenset())

    def _measured_in(self, term: Term, phrase: tuple[str, ...]) -> frozenset[str]:
        """The specimen of "urine calcium"; "bile acids" are no acids in bile."""
        known = self._qualifiers["specimen"]
        cuts = range(1, len(phrase))
        pairs = [p for i in cuts for p in ((phrase[:i], phrase[i:]), (phrase[i:], phrase[:i]))]
        return frozenset(
            known[part]
            for part, rest in pairs
            if part in known and (known[part] in term.specimens or self.named(rest))
        )

    @cached_property
    def _agreed_specimens(self) -> dict[str, frozenset[str]]:
        """The one specimen that the names of a procedure speak of, its first name among them."""
        agreed = {}
        for term in self.terms.values():
            first = self.within_name(words(term.name), "specimen")
            if term.kind == "procedure" and first:
                others = (self.within_name(words(name), "specimen") for name in term.synonyms)
                if all(other <= first for other in others):
                    agreed[term.id] = first
        return agreed

    def pathogens(self, id: str) -> frozenset[str]:
        """What a test looks for by its name: hepatitis C in "hepatitis C antibody"."""
        return self._pathogens.get(id, frozenset())

    @cached_property
    def _pathogens(self) -> dict[str, frozenset[str]]:
        return {
            term.id: self.within_name(words(term.name), "organism") | self.base(term.id).organisms
            for term in self.terms.values()
            if term.kind == "analyte"
        }

    @cached_property
    def _qualifiers(self) -> dict[Kind, dict[tuple[str, ...], str]]:
        return {
            kind: {
                words(name): term.id
                for term in self.terms.values()
                if term.kind == kind and term.id not in _CELLS
                for name in (term.name, *term.synonyms)
            }
            for kind in ("specimen", "site", "organism")
        }

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
        base = self._bases.get(id)
        if base is None or base.term.id == id:
            return base or Base(self.terms[id])
        inner = self.base(base.term.id)
        return Base(
            inner.term,
            base.specimens | inner.specimens,
            base.sites | inner.sites,
            base.organisms | inner.organisms,
        )

    def members(self, id: str) -> frozenset[str]:
        """A panel's analytes and sub-panels, all the way down, itself included."""
        return self._members[id]

    def related(self, id: str) -> frozenset[str]:
        """A test with its kinds, what it is a kind of, and all that share a part with it."""
        sharing = (self._holders[member] for member in self._members[id])
        return self._ancestors[id].union(self._kinds[id], *sharing)

    @cached_property
    def findings(self) -> dict[str, Term]:
        """Folded words for an abnormal value ("hyponatremia") and what they are read from."""
        return {
            " ".join(words(row["finding"])): self.terms[row["analyte"]]
            for row in read_table("findings")
        }

    @cached_property
    def homonyms(self) -> dict[tuple[str, ...], tuple[Term, ...]]:
        """Folded abbreviations with several meanings, and these."""
        return {
            words(row["name"]): tuple(self.terms[id] for id in cell_list(row["terms"]))
            for row in read_table("homonyms")
        }

    def same(self, id: str) -> frozenset[str]:
        """The tests that a doctor orders as one with this one or that hold it, itself included."""
        return self._same.get(id, frozenset({id}))

    @cached_property
    def _same(self) -> dict[str, frozenset[str]]:
        return as_one()

    def always(self, panel: str) -> frozenset[str]:
        """The values that a panel always measures, as far as that is known."""
        return self._always.get(panel, frozenset())

    def core(self, panel: str) -> frozenset[str]:
        """What makes a panel of a group of values, with their parts; empty if any of them does."""
        return frozenset().union(*map(self.members, self._core.get(panel, ())))

    @cached_property
    def _always(self) -> dict[str, frozenset[str]]:
        return groups("always")

    @cached_property
    def _core(self) -> dict[str, frozenset[str]]:
        return groups("core")

    @cached_property
    def _bases(self) -> dict[str, Base]:
        return bases(self.terms, {phrase: terms[-1] for phrase, terms in self.names.named.items()})

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        return {id: self._closure(id, "parents") for id in self.terms}

    @cached_property
    def _members(self) -> dict[str, frozenset[str]]:
        return {id: self._closure(id, "members") for id in self.terms}

    @cached_property
    def _kinds(self) -> dict[str, set[str]]:
        return _inverse(self._ancestors)

    @cached_property
    def _holders(self) -> dict[str, set[str]]:
        return _inverse(self._members)

    def _closure(self, id: str, relation: Literal["parents", "members"]) -> frozenset[str]:
        seen, queue = {id}, [id]
        while queue:
            for other in getattr(self.terms[queue.pop()], relation):
                if other in self.terms and other not in seen:
                    seen.add(other)
                    queue.append(other)
        return frozenset(seen)


def _inverse(relation: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    inverse: dict[str, set[str]] = {}
    for id, others in relation.items():
        for other in others:
            inverse.setdefault(other, set()).add(id)
    return inverse
