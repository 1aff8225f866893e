"""Hypotheses: which diseases a case may be, and how likely, given what has been read so far.

Every disease of the graph that the findings suggest, or whose name a text holds wholly or in part,
is a candidate; so is "something else". Each is measured (`MEASURES`), and a conditional logistic
model, fitted to real cases (`scripts/fit_hypotheses.py`; the weights file says on which), makes the
measurements a probability.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.agents.traits import traits, written
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.knowledge.findings import evidence
from medaction_gym.knowledge.inference import Method, inference
from medaction_gym.knowledge.naming import Naming, affirmed, naming
from medaction_gym.knowledge.shared import knowledge, link

Vector = NDArray[np.float64]

WEIGHTS = "hypothesis_weights.json"
TOP = 40  # candidates by each way of finding them
PARTLY, MOSTLY, WHOLLY = 0.6, 0.8, 0.93  # coverage of a name

# Where something was read. A report that looks at tissue, organisms or genes names the disease
# itself; one that looks at organs suggests it; the presentation tells of other diseases as well.
SOURCES = ("presentation", "confirming", "looking", "other")
_SOURCE = {
    "pathology": "confirming",
    "microbiology": "confirming",
    "genetics": "confirming",
    "imaging": "looking",
    "endoscopy": "looking",
    "procedure": "looking",
}
MEASURES = (
    "explains", "prominence", "coded",
    "covered_presentation", "covered_confirming", "covered_looking", "covered_other",
    "covered_concluded", "linked_concluded", "named_confirming", "named_other", "named_concluded",
    "words", "words_concluded", "sources",
    "found_presentation", "found_confirming", "found_looking", "found_other",
    "sign", "phenotype", "also_phenotype", "also_phenotype_named", "icd", "specific",
)  # fmt: skip
# "Something else" before any result, and what the first results and later ones add to it.
REST = ("rest", "rest_results", "rest_more_results")

# What follows in the sentence is what the report concludes.
_CONCLUDES = re.compile(
    r"\b(?:consistent with|suggest(?:ive of|ing|s|ed)|compatible with|diagnos(?:tic of|is|ed)|"
    r"in keeping with|confirm(?:ed|s|ing|atory of)|indicat(?:ive of|ing|ed|es)|reveal(?:ed|s|ing)|"
    r"identif(?:ied|ying)|suspicious for|typical of|characteristic of|favou?r(?:ed|ing|s)|"
    r"pointing to|concluded|impression)\b",
    re.I,
)

_CLAUSE = re.compile(r"[.;,()\n]|\b(?:but|with|which|without|and no)\b")
MAX_PHRASE = 120  # characters of a conclusion that are read as one name


class Hypothesis(NamedTuple):
    """A disease, and how likely it is."""

    id: str
    name: str
    p: float


class Hypotheses:
    """Collects what is read of one case, and says what it may be.

    Example:
        >>> case = Hypotheses()
        >>> case.read_presentation("A man with a painful, red first toe")
        >>> case.read_result("Synovial fluid shows gout crystals", "Synovial fluid microscopy")
        >>> best = case.posterior()[0]
        >>> best.name, 0 < best.p < 1
        ('gout', True)
    """

    def __init__(self, method: Method = "similarity") -> None:
        self._method: Method = method
        self.results = 0
        self.found: dict[str, float] = {}
        self._by_source: dict[str, dict[str, float]] = {source: {} for source in SOURCES}
        empty = np.zeros(len(naming().weight))
        self._covered = {place: empty.copy() for place in (*SOURCES, "concluded")}
        self._linked: dict[str, float] = {}

    def read_presentation(self, text: str) -> None:
        """Read what the doctor is told first."""
        self._read(text, "presentation", evidence(text))

    def read_result(self, text: str, test: str) -> None:
        """Read the result of a test."""
        category = department(test)
        self._read(text, _SOURCE.get(category, "other"), evidence(text, test, category))
        self.results += 1

    def _read(self, text: str, source: str, found: Mapping[str, float]) -> None:
        names = naming()
        conclusions = [m.end() for m in _CONCLUDES.finditer(text)] if source != SOURCES[0] else []
        for sentence in affirmed(text):
            if not sentence:
                continue
            self._cover(source, names.coverage(f for word in sentence for f in word.forms))
            first = next((end for end in conclusions if end >= sentence[0].start), None)
            if first is not None and first <= sentence[-1].start:
                later = [f for word in sentence if word.start >= first for f in word.forms]
                self._cover("concluded", names.coverage(later))
                phrase = _CLAUSE.split(text[first : first + MAX_PHRASE], maxsplit=1)[0]
                for named in link(phrase):
                    if named.role == "main":
                        surest = max(self._linked.get(named.id, 0.0), named.confidence)
                        self._linked[named.id] = surest
        for whole in (self.found, self._by_source[source]):
            for concept, weight in found.items():
                whole[concept] = max(-1.0, min(1.0, whole.get(concept, 0.0) + weight))

    def _cover(self, place: str, coverage: Vector) -> None:
        np.maximum(self._covered[place], coverage, out=self._covered[place])

    def posterior(self, most: int = 8) -> list[Hypothesis]:
        """The likeliest diseases, best first; what their probabilities lack is something else."""
        rows, measures = self.measured()
        p = probabilities(measures @ weights().measures, float(self.rest() @ weights().rest))[:-1]
        graph = knowledge()
        best = np.lexsort((rows, -p))[:most]
        ids = [graph.identifier(int(rows[place])) for place in best]
        return [
            Hypothesis(concept, written(graph.name(concept)), float(p[place]))
            for concept, place in zip(ids, best, strict=True)
        ]

    def rest(self) -> Vector:
        """The measures of "something else"."""
        return np.array([1.0, self.results > 0, self.results > 2])

    def measured(self) -> tuple[NDArray[np.int64], Vector]:
        """The candidates' rows in the graph, and a line of `MEASURES` for each."""
        graph, names, known = knowledge(), naming(), traits()
        covered = {place: names.by_concept(held) for place, held in self._covered.items()}
        found = {source: self._weights_of(self._by_source[source]) for source in SOURCES}
        explains = inference(self._method).scores(self.found)
        in_results = np.maximum.reduce([self._covered[p] for p in self._covered if p != SOURCES[0]])
        columns = dict(known.columns)
        columns["explains"] = explains
        columns["words"] = _words(names, in_results, MOSTLY)
        columns["words_concluded"] = _words(names, self._covered["concluded"], MOSTLY)
        columns["sources"] = sum(
            ((covered[s] >= WHOLLY).astype(float) for s in SOURCES), np.zeros(len(graph))
        )
        for place, share in covered.items():
            columns[f"covered_{place}"] = share**2
            columns[f"named_{place}"] = (share >= WHOLLY).astype(float)
        for source, weight in found.items():
            columns[f"found_{source}"] = weight
        columns["linked_concluded"] = self._weights_of(self._linked)
        named = names.by_concept(in_results) >= WHOLLY
        columns["also_phenotype_named"] = columns["also_phenotype"] * named

        prior = explains + 0.5 * columns["prominence"]
        picked = [_best(np.where(known.disease & (columns["icd"] == 0), prior, 0.0))]
        for held in self._covered.values():
            partly = np.where(held >= PARTLY, held * held * held * names.weight, 0.0)
            picked.append(_best(names.by_concept(partly)))
        for weight in (*found.values(), columns["linked_concluded"]):
            picked.append(np.flatnonzero(weight))
        rows = np.unique(np.concatenate(picked))
        rows = rows[known.sayable[rows]]
        return rows, np.stack([columns[name][rows] for name in MEASURES], axis=1)

    def _weights_of(self, found: Mapping[str, float]) -> Vector:
        """Weights of concepts as a vector over the rows of the graph; denials are left out."""
        graph, known = knowledge(), traits()
        weight = np.zeros(len(graph))
        for concept, value in found.items():
            if value > 0 and concept in graph:
                row = known.same[graph.row(concept)]
                weight[row] = max(weight[row], value)
        return weight


def department(test: str) -> str:
    """The category of a test by its name alone; "other" where the catalogue does not know it.

    Example:
        >>> department("Liver biopsy"), department("Flurbometry")
        ('pathology', 'other')
    """
    return next((order.head.category for order in parse_orders(test) if order.head), "other")


def probabilities(scores: Vector, rest: float) -> Vector:
    """Probabilities of the candidates, and of something else at the end."""
    whole = np.append(scores, rest)
    shares = np.exp(whole - whole.max())
    return np.asarray(shares / shares.sum())


class Weights(NamedTuple):
    """The fitted model."""

    measures: Vector
    rest: Vector
    provenance: Mapping[str, Any]


@cache
def weights() -> Weights:
    """The weights that ship."""
    text = files(__package__).joinpath(WEIGHTS).read_text(encoding="utf-8")
    fitted = json.loads(text)
    return Weights(
        np.array([fitted["measures"][name] for name in MEASURES]),
        np.array([fitted["rest"][name] for name in REST]),
        fitted["provenance"],
    )


def _words(names: Naming, coverage: Vector, least: float) -> Vector:
    """The weight of the longest name of each concept that is covered so far, in tens."""
    return names.by_concept(np.where(coverage >= least, coverage * names.weight, 0.0)) / 10


def _best(values: Vector) -> NDArray[np.int64]:
    """The rows of the `TOP` highest values above 0."""
    some = np.flatnonzero(values > 0)
    order: NDArray[np.int64] = some[np.argsort(-values[some], kind="stable")[:TOP]]
    return order
