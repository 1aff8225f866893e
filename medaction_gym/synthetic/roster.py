"""Roster: the diseases that a patient can be given, and what the graph says of each."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.leaks import gold_names
from medaction_gym.catalogue.tokens import tokenize
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.tables import Relation
from medaction_gym.synthetic import tables
from medaction_gym.synthetic.course import Course, course_of
from medaction_gym.synthetic.tables import EXAMINATION, HISTORY, NEVER, Manifestation
from medaction_gym.synthetic.wording import as_words

UNSTATED = 0.5  # the frequency of an annotation that states none; as in knowledge.inference
MIN_SEEN, MIN_TESTED = 7, 3  # phenotypes of a disease that can be seen, and that a test shows
# The graph ties no organism to a disease, so a record could not hold the culture that an infection
# calls for.
INFECTION = "MONDO:0005550"
NEOPLASM = "MONDO:0023370"
RARELY = 0.03  # what is rarer is not told of a patient

TELLING = 12  # a word that at most so many diseases have in their name points at one of them
_WORD = re.compile(r"[a-z]{4,}")

# Names that no clinician could arrive at, or that list the findings themselves.
_NO_DIAGNOSIS = re.compile(
    r"\d|\btypes?\b|\bwith\b|\band\b|\bor\b|\bdue to\b|caused by|associated|deletion|duplication"
    r"|chromosom|somy\b|susceptib|isolated|f[o]?etal|lethal|spectrum|abnormalit|dysmorph|anomal"
    r"|neurodevelopmental|intellectual|malformation syndrome|autosomal|linked|maternally|digenic"
    r"|\bsex\b|hermaphrod|gonadal|ambiguous|-.*-.*(syndrome|disease)|\bdefects?\b|\bpartial\b"
    r"|unspecified|\bgroup\b|, |obsolete|\bnon-|dysmorphic|,|\brelated\b|twin|embryo|dependence"
    r"|\bcomplex\b|variant|envenom|poison|intoxic|\bshock\b|\bacute\b|pregnan|eclampsia|HELLP|placent"
    r"|maternal|partum|Sheehan|ploid|renal agenesis"
    r"|alobar|thanatophoric|iniencephal|phallia|\brings\b|\binjury\b|transplant|\bform\b|\b[IVX]+[a-z]?$|-related",
    re.I,
)
_OF_SEX = {
    "m": re.compile(
        r"\b(?:males?|pen(?:is|ile)|scrot\w+|test(?:is|es|icular)|erectile|prostat\w+)\b", re.I
    ),
    "f": re.compile(
        r"\b(?:females?|ovar\w+|uter\w+|vagin\w+|menstru\w+|menorr\w+|labia\w*)\b", re.I
    ),
}
_ADULT = re.compile(r"carcinoma|\bcancer|prostate|menopaus|libido|erectile|fertility", re.I)
# HPO names that say only that something is wrong somewhere.
_VAGUE = re.compile(
    r"^(abnormal|functional abn|aplasia/|morphological|atypical|unusual|any )", re.I
)


class Trait(NamedTuple):
    """A phenotype of a disease that a record can show, and how often the disease has it."""

    phenotype: str
    row: int
    often: float
    how: Manifestation
    values: tuple[tuple[str, str], ...]  # analytes and their direction, where it is measured
    above: frozenset[str]  # the phenotype and all that is broader


class Rival(NamedTuple):
    """A disease that shares findings with the patient's."""

    id: str
    name: str
    traits: tuple[Trait, ...]
    genes: tuple[str, ...]


class Disease(NamedTuple):
    """A disease that a patient can be given."""

    id: str
    row: int
    diagnosis: Diagnosis
    traits: tuple[Trait, ...]
    untold: tuple[Trait, ...]  # traits that say the diagnosis: never stated, never denied
    genes: tuple[str, ...]
    course: Course
    coded: bool  # ICD-10-CM knows it by its own name
    neoplastic: bool


class Roster:
    """The diseases of a graph that are annotated well enough to make a patient of.

    Args:
        graph: The knowledge graph.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self.disease = lru_cache(6_000)(self._disease)
        self.rival = lru_cache(6_000)(self._rival)
        self._said = lru_cache(20_000)(self._says)
        self._traits = lru_cache(6_000)(self._read_traits)
        self.how = lru_cache(20_000)(self._how)
        arrays = graph.arrays
        edges = np.flatnonzero(arrays["edge.relation"] == Relation.HAS_PHENOTYPE)
        source = arrays["edge.source"][edges].astype(np.int64)
        target = arrays["edge.target"][edges].astype(np.int64)
        often = np.nan_to_num(arrays["edge.weight"][edges].astype(np.float64), nan=UNSTATED)
        source, target = source[often >= RARELY], target[often >= RARELY]
        pair = np.unique(source * len(graph) + target)
        self._source, self._target = np.divmod(pair, len(graph))
        shown = np.zeros(len(graph), np.int8)
        for row in np.unique(self._target).tolist():
            if found := self.how(graph.identifier(row)):
                shown[row] = 1 if found[0].shown in (HISTORY, EXAMINATION) else 2
        kind = shown[self._target]
        seen = np.bincount(self._source[kind == 1], minlength=len(graph))
        tested = np.bincount(self._source[kind == 2], minlength=len(graph))
        enough = np.flatnonzero((seen >= MIN_SEEN) & (tested >= MIN_TESTED)).tolist()
        self.rows: tuple[int, ...] = tuple(row for row in enough if self._is_diagnosis(row))
        keep = np.isin(self._source, np.array(self.rows, np.int64)) & (kind > 0)
        order = np.argsort(self._target[keep], kind="stable")
        self._by_trait = self._source[keep][order]
        self._by_trait_at = np.searchsorted(self._target[keep][order], np.arange(len(graph) + 1))
        # The part of a term's rarity that one finding adds; whole numbers, so that sums and
        # their order are the same on every machine.
        self._worth = np.round(arrays["ic"].astype(np.float64) * 1000).astype(np.int64)
        self.coded = tuple(row for row in self.rows if row in self._icd)
        self.uncoded = tuple(row for row in self.rows if row not in self._icd)

    @cached_property
    def _icd(self) -> frozenset[int]:
        """The diseases that ICD-10-CM knows by their own name."""
        arrays = self.graph.arrays
        same = np.flatnonzero(arrays["edge.relation"] == Relation.EQUIVALENT)
        return frozenset(
            int(arrays["edge.target"][edge])
            for edge in same.tolist()
            if self.graph.identifier(int(arrays["edge.source"][edge])).startswith("ICD10CM:")
        )

    def sharing(self, phenotypes: list[int]) -> list[tuple[int, int]]:
        """The diseases that are annotated with some phenotypes, best first, with their score."""
        score = np.zeros(len(self.graph), np.int64)
        for row in phenotypes:
            span = slice(int(self._by_trait_at[row]), int(self._by_trait_at[row + 1]))
            score[self._by_trait[span]] += self._worth[row]
        found = np.flatnonzero(score)
        order = np.lexsort((found, -score[found]))[:60]
        return [(int(found[k]), int(score[found[k]])) for k in order]

    def _is_diagnosis(self, row: int) -> bool:
        identifier = self.graph.identifier(row)
        return (
            identifier.startswith("MONDO:")
            and not self.graph.arrays["hidden"][row]
            and not _NO_DIAGNOSIS.search(self.graph.name(identifier))
            and INFECTION not in self.graph.ancestors(identifier)
        )

    @cached_property
    def in_names(self) -> Counter[str]:
        """In how many names of annotated diseases each word stands."""
        names = (self.graph.name(self.graph.identifier(row)) for row in set(self._source.tolist()))
        return Counter(word for name in names for word in set(_WORD.findall(name.lower())))

    def _rare(self, word: str) -> bool:
        """Whether few diseases have a word in their name, so that it points at one of them."""
        return self.in_names[word] <= TELLING

    def _how(self, phenotype: str) -> tuple[Manifestation, tuple[tuple[str, str], ...]] | None:
        """How a phenotype comes to light: by the nearest row of the tables above it."""
        graph, known, values = self.graph, tables.manifestations(), tables.values()
        wide = tables.inherited()
        above = [
            a
            for a in graph.ancestors(phenotype)
            if a in known or a in wide or (a == phenotype and a in values)
        ]
        if not above:
            return None
        nearest = max(above, key=lambda a: (a == phenotype, graph.information_content(a), a))
        if nearest in values:
            analyte = values[nearest][0][0]
            test = tables.test_of().get(analyte)
            return (Manifestation(phenotype, test), values[nearest]) if test else None
        row = known[nearest]
        name = graph.name(phenotype)
        own = nearest == phenotype and row.words
        if row.shown == NEVER or (not own and _VAGUE.search(name)):
            return None
        if tables.analytes().get(row.shown) and row.shown not in tables.normals():
            return None  # a panel of numbers that has no number for this
        if _ADULT.search(name):
            row = row._replace(youngest=max(row.youngest, 18.0))
        for sex, pattern in _OF_SEX.items():
            if pattern.search(name):
                row = row._replace(sex=row.sex or sex)
        words = row.words if own else (as_words(name),)
        return row._replace(id=phenotype, words=words, mild=row.mild and nearest == phenotype), ()

    def _read_traits(self, row: int) -> tuple[Trait, ...]:
        """The traits of a disease; of several annotations of one phenotype, the mean frequency."""
        found: dict[str, list[float]] = {}
        for annotation in self.graph.annotations(self.graph.identifier(row)):
            if not annotation.excluded:
                often = UNSTATED if annotation.frequency is None else annotation.frequency
                found.setdefault(annotation.phenotype, []).append(often)
        traits = []
        for phenotype in sorted(found):
            often = round(sum(found[phenotype]) / len(found[phenotype]), 3)
            how = self.how(phenotype)
            if how and often >= RARELY:
                above = self.graph.ancestors(phenotype)
                traits.append(Trait(phenotype, self.graph.row(phenotype), often, *how, above))
        return tuple(traits)

    def traits(self, row: int) -> tuple[Trait, ...]:
        """What a disease can show, by its row in the graph."""
        return self._traits(row)

    def _disease(self, row: int) -> Disease:
        graph = self.graph
        identifier = graph.identifier(row)
        name = graph.name(identifier)
        diagnosis = Diagnosis(name=name, synonyms=_synonyms(name, graph.synonyms(identifier)))
        edges = graph.edges(identifier)
        annotated = sorted(
            {part for e in edges for part in e.provenance.split("|")[1:2] if ":" in part}
        )
        golds = gold_names(diagnosis)
        untold = tuple(t for t in self.traits(row) if self._tells(t.phenotype, golds))
        return Disease(
            identifier,
            row,
            diagnosis,
            tuple(t for t in self.traits(row) if t not in untold),
            untold,
            self._genes(identifier),
            course_of(identifier, name, annotated),
            row in self._icd,
            NEOPLASM in graph.ancestors(identifier),
        )

    def _rival(self, row: int) -> Rival:
        identifier = self.graph.identifier(row)
        name = self.graph.name(identifier)
        return Rival(identifier, name, self.traits(row), self._genes(identifier))

    def _genes(self, disease: str) -> tuple[str, ...]:
        edges = self.graph.edges(disease, incoming=True)
        of = {self.graph.name(e.source) for e in edges if e.relation == Relation.GENE_OF}
        return tuple(sorted(of))

    def _says(self, phenotype: str) -> tuple[tuple[str, ...], ...]:
        """The names of a phenotype and the words it is told in, as folded words."""
        how = self.how(phenotype)
        names = (self.graph.name(phenotype), *(how[0].words if how else ()))
        names = (*names, *self.graph.synonyms(phenotype))
        return tuple({tuple(token.text for token in tokenize(name)): None for name in names})

    def _tells(self, phenotype: str, golds: tuple[tuple[str, ...], ...]) -> bool:
        """Whether a finding would say the diagnosis, in its own or in other words."""
        long = [{word for word in gold if len(word) > 3} for gold in golds]
        for words in self._said(phenotype):
            content = {word for word in words if len(word) > 3}
            for gold, of_gold in zip(golds, long, strict=True):
                if gold[0] in words and any(
                    words[k : k + len(gold)] == gold for k in range(len(words))
                ):
                    return True
                # "spastic paraplegia" of a familial spastic paraplegia: the class in other words
                told = content & of_gold
                if (
                    len(told) >= 2
                    or (told and len(gold) <= 2 and len(content) == 1)
                    or any(self._rare(word) for word in told)
                ):
                    return True
        return False


def _synonyms(name: str, others: list[str]) -> tuple[str, ...]:
    """Names that a person would use: no lists of findings, none twice in other spelling.

    >>> _synonyms("Fabry disease", ["Fabry Disease", "Fd", "FD", "Pain, rash, and more"])
    ('FD',)
    """
    found: dict[str, str] = {}
    for other in sorted(others):
        short = len(other) <= 3
        if (other.isupper() or not short) and len(other) <= 80 and other.count(",") < 2:
            found.setdefault(re.sub(r"[\W_]+", "", other).casefold(), other)
    found.pop(re.sub(r"[\W_]+", "", name).casefold(), None)
    return tuple(sorted(found.values()))
