"""Catalogue: which diagnostic tests exist, what they are called, and how they nest.

Data, not code: tab-separated tables in ``data/`` (analytes, panels, procedures, organisms,
specimens, sites, their relations, prices) that a clinician can read and mend. Nothing in them is
taken from the cases this package plays; they are a general vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, KeysView
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from medaction_gym.catalogue.base import Base, bases
from medaction_gym.catalogue.term import (
    HEADS,
    Kind,
    Mention,
    Term,
    adjectives,
    by_noun,
    cell_list,
    read_table,
    variants,
)
from medaction_gym.catalogue.tokens import Token, tokenize, words

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


# Abbreviations that are ordinary words: they count only in capitals (a TOE is no toe).
_ORDINARY = frozenset(
    (word,)
    for word in """
    arm band be blast cast em fast fee fish fix flip got had hint if la lat nag nil nip pad pas rug
    sat seg sep sis slum snip spin tag tat tee toe torch tut ver vital wise
    """.split()
) | {("a", "scan")}

# What stands between the parts of a list, as text and as words.
_LISTS = re.compile(r"/|,| (?:and|or|with) |[&+]")
_LISTING = frozenset({"and", "or", "with"})

# Of these, the words that mean a test in the plural: bands are cells, and a band is anything.
_PLURAL_TESTS = frozenset((word,) for word in "band blast sat sep vital".split())

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
    # Terms by folded name, and, by a name's last word, the lengths that such names have.
    _named: dict[tuple[str, ...], list[Term]] = field(default_factory=dict)
    _lengths: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Catalogue:
        """Read the tables that ship with the package (once a process, some tenths of a second)."""
        return cls.of(
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
        )

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Catalogue:
        """Build a catalogue from terms; of two tests that share a name the first keeps it.

        A panel's name that only lists its members ("urea and electrolytes", "LH, FSH") is left
        out, so that asking for two things is not asking for a panel.
        """
        catalogue = cls({})

        def add(term: Term, name: str) -> None:
            phrase = words(name)
            if not phrase:
                return
            namesakes = catalogue._named.setdefault(phrase, [])
            # A test and a site may share a name (TOE, toe); two tests, or two sites, may not.
            if all((other.kind in HEADS) != (term.kind in HEADS) for other in namesakes):
                namesakes.append(term)
                lengths = catalogue._lengths.setdefault(phrase[-1], [])
                if len(phrase) not in lengths:
                    lengths.append(len(phrase))
                    lengths.sort(reverse=True)

        later: list[tuple[Term, str]] = []
        for term in terms:
            catalogue.terms[term.id] = term
            for name in dict.fromkeys((term.name, *term.synonyms, *variants(term))):
                listing = term.kind in HEADS and (" and " in name or "/" in name or "," in name)
                # "PET/MRI" is one scanner.
                listing &= term.kind != "procedure" or name != term.name
                if term.kind == "panel" or listing:
                    later.append((term, name))
                else:
                    add(term, name)
        lists = {name for _, name in later if catalogue._is_list(name)}
        for term, name in later:
            if name not in lists:
                add(term, name)
        for term in catalogue.terms.values():
            for name in (*by_noun(term), *adjectives(term)):
                add(term, name)
        return catalogue

    def _is_list(self, name: str) -> bool:
        tokens = [Token(word, 0, 0) for word in words(name) if word not in _LISTING]
        found = self.find(tokens)
        covered = sum(mention.last - mention.first for mention in found)
        # "ANCA serology" is one test.
        kinds = ("analyte", "procedure") if _LISTS.search(name) else ("analyte",)
        return (
            # "Anti-Ro/SSA" is one by two names.
            len({mention.term.id for mention in found}) > 1
            and covered == len(tokens)
            and all(mention.term.kind in kinds for mention in found)
        )

    def find(self, text: str | list[Token]) -> list[Mention]:
        """Find terms in a text, without overlaps, so that long names cover as much as they can.

        Of two ways to cover a text the one with the longer names wins (sum of squared lengths), and
        of equal ones the one with the longer name at the end, where the head of an English name
        stands: "cerebral CT angiography" is an angiography, not a "cerebral CT". A name never
        spans a comma, colon or semicolon.
        """
        tokens = tokenize(text) if isinstance(text, str) else text
        texts = tuple(token.text for token in tokens)
        # best[i]: the score of the first i tokens, and the mention that ends there, if any.
        best: list[tuple[int, Mention | None]] = [(0, None)]
        for i in range(1, len(texts) + 1):
            score, chosen = best[i - 1][0], None
            for length in self._lengths.get(texts[i - 1], ()):
                first = i - length
                gained = best[first][0] + length**2 if first >= 0 else 0
                if gained <= score:
                    continue
                phrase = texts[first:i]
                terms = self._named.get(phrase, ())
                if _is_ordinary(phrase, tokens[first]):
                    terms = [term for term in terms if term.kind not in HEADS]
                if terms and not any(token.after_break for token in tokens[first + 1 : i]):
                    score, chosen = gained, Mention(terms[0], first, i)
            best.append((score, chosen))
        mentions, i = [], len(texts)
        while i > 0:
            mention = best[i][1]
            if mention is not None:
                mentions.append(mention)
            i = mention.first if mention is not None else i - 1
        return mentions[::-1]

    def phrases(self) -> KeysView[tuple[str, ...]]:
        """All names, as folded words."""
        return self._named.keys()

    def named(self, phrase: tuple[str, ...]) -> Term | None:
        """The test of that name, in folded words."""
        tests = (term for term in self._named.get(phrase, ()) if term.kind in HEADS)
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

    def site_called(self, word: str) -> str | None:
        """The site of that name in one folded word, whatever else bears it."""
        return self._qualifiers["site"].get((word,))

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
        return self._same.get(id) or self._alone[id]

    @cached_property
    def _same(self) -> dict[str, frozenset[str]]:
        same: dict[str, frozenset[str]] = {}
        for row in read_table("kin"):
            if row["relation"] == "same":
                group = frozenset(cell_list(row["terms"]))
                for id in group:
                    same[id] = same.get(id, frozenset()) | group
            elif row["relation"] == "covers":
                wider, *narrower = cell_list(row["terms"])
                for id in narrower:
                    same[id] = same.get(id, frozenset({id})) | {wider}
        return same

    def always(self, panel: str) -> frozenset[str]:
        """The values that a panel always measures, as far as that is known."""
        return self._always.get(panel, frozenset())

    def core(self, panel: str) -> frozenset[str]:
        """What makes a panel of a group of values, with their parts; empty if any of them does."""
        return frozenset().union(*map(self.members, self._core.get(panel, ())))

    @cached_property
    def _always(self) -> dict[str, frozenset[str]]:
        return _groups("always")

    @cached_property
    def _core(self) -> dict[str, frozenset[str]]:
        return _groups("core")

    @cached_property
    def _alone(self) -> dict[str, frozenset[str]]:
        return {id: frozenset({id}) for id in self.terms}

    @cached_property
    def _bases(self) -> dict[str, Base]:
        return bases(self.terms, {phrase: terms[-1] for phrase, terms in self._named.items()})

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


def _groups(relation: str) -> dict[str, frozenset[str]]:
    """The rows of a relation in ``kin.tsv``, by their first term."""
    rows = (cell_list(r["terms"]) for r in read_table("kin") if r["relation"] == relation)
    return {first: frozenset(rest) for first, *rest in rows}


def _is_ordinary(phrase: tuple[str, ...], first: Token) -> bool:
    """Whether a name is written as the ordinary word that it also is."""
    plural = phrase in _PLURAL_TESTS and first.end - first.start > len(first.text)
    return phrase in _ORDINARY and not first.capital and not plural


def _inverse(relation: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    inverse: dict[str, set[str]] = {}
    for id, others in relation.items():
        for other in others:
            inverse.setdefault(other, set()).add(id)
    return inverse
