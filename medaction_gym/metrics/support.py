"""Support: how much a test result speaks for a diagnosis, in logits.

A result is heard in three ways, each compared with what it says for a fixed panel of other diseases
and so turned into a standard score z:

- ``z_f``: its findings, by the graph. A finding matches a disease through its most informative
  ancestor a among the disease's phenotypes and broader classes, by IC(a)² · √frequency(a); what is
  denied counts against a disease by how often it was to be expected, times its IC.
- ``z_n``: the words of the diagnosis (as stated, and the graph's names for it) that the result
  affirms, by squared rarity.
- ``z_d``: in the same way, the words of the disease's phenotypes (by √frequency) and classes.

The support is λ = `FINDINGS`·asinh(z_f) + `NAMES`·asinh(z_n) + `DESCRIPTION`·asinh(z_d), at most
`MOST`; what is negative counts by `AGAINST`. The three weights are a logistic regression's that
tells the own results of a patient from those that another patient got from the same kind of test
(`scripts/fit_support.py`), so that λ is about the logarithm of how much likelier the result is
under this diagnosis. There is no intercept:
a result that says nothing of any disease has λ = 0.

    >>> lenses = Result("Slit lamp", "Ectopia lentis on both sides.", "examination")
    >>> support().weigh("Marfan syndrome", lenses) > 0.5 > support().weigh("Asthma", lenses)
    True
    >>> support().weigh("Gout", Result("Note", "See report.", "other"))
    0.0
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.assertions import Assertions
from medaction_gym.knowledge.findings import evidence, findings
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.normalise import tokens
from medaction_gym.knowledge.shared import knowledge, link
from medaction_gym.knowledge.tables import Relation
from medaction_gym.metrics.judge import judge

FINDINGS, NAMES, DESCRIPTION = 0.1, 1.1, 0.4
AGAINST = 0.5  # the share of a negative λ that counts
MOST = 4.0  # no single result is worth more

PANEL = 150
MAX_KINDS = 30  # annotated kinds of a broad disease that its profile is averaged over
UNKNOWN_FREQUENCY = 0.5
RARE = 0.05  # how often a phenotype is seen, above which its words describe the disease
LEAST_SPREAD, LEAST_WORDS = 0.05, 5.0  # floors of the panel's standard deviations
OF_CLASSES, OF_PHENOTYPES = 0.5, 0.8  # a word of a name counts 1
PHRASE = 4  # words of an unknown name that make it a phrase from a report
SHORTEST = 3  # letters; shorter words tell too little
MAX_TEXT = 20_000  # characters of a result that are read

_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n+")
_PLAIN = re.compile(r"\w+")
_WORD = re.compile(r"\S+")
_NAME_WORD = re.compile(r"\b(?!(?:of|the|and|with|in|due|to|a|an|by|s|type)\b)[a-z]\w*")


class Result(NamedTuple):
    """What a test gave: its name, its text, and its category in the case."""

    test: str
    text: str
    category: str


class Heard(NamedTuple):
    """A result as it is weighed: findings by row of the graph, words, and the panel's scores."""

    findings: tuple[tuple[int, float], ...]
    words: tuple[str, ...]
    panel: tuple[tuple[float, float], ...]

    @property
    def speaks(self) -> bool:
        """Whether it says anything that the graph knows."""
        return bool(self.findings)


class Profile(NamedTuple):
    """A diagnosis as it is weighed: what the disease shows, its names' words, and other words."""

    shows: Mapping[int, float]
    names: Mapping[str, float]
    description: Mapping[str, float]


class Support:
    """Weighs results for and against diagnoses, over one graph."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._ic: list[float] = graph.arrays["ic"].tolist()
        self._ancestors = graph.arrays["ancestor"]
        self._ancestor_at: list[int] = graph.arrays["ancestor.at"].tolist()
        self._weight = judge().reader.weight
        has = graph.arrays["edge.relation"] == Relation.HAS_PHENOTYPE
        self._annotated: dict[int, list[tuple[int, float]]] = {}
        for source, target, weight in zip(
            graph.arrays["edge.source"][has].tolist(),
            graph.arrays["edge.target"][has].tolist(),
            graph.arrays["edge.weight"][has].tolist(),
            strict=True,
        ):
            often = UNKNOWN_FREQUENCY if math.isnan(weight) else weight
            self._annotated.setdefault(source, []).append((target, often))
        self._above = lru_cache(50_000)(self._read_above)
        self._named = lru_cache(50_000)(self._read_named)
        self._plain = lru_cache(50_000)(self._read_plain)
        self._shows = lru_cache(5_000)(self._read_shows)
        self._shown = lru_cache(10_000)(self._read_shown)
        self._described = lru_cache(10_000)(self._read_described)
        self._of_panel = lru_cache(20_000)(self._read_panel)
        self.profile = lru_cache(10_000)(self._profile)
        self.hear = lru_cache(20_000)(self._hear)
        self.weigh = lru_cache(100_000)(self._weigh)

        self._all_kinds = self._read_kinds()
        rows = sorted(self._annotated, key=graph.identifier)
        self._panel = rows[:: max(1, len(rows) // PANEL)][:PANEL]
        self._panel_names = self._spread(self._named(row) for row in self._panel)
        self._panel_described = self._spread(self._described(row) for row in self._panel)

    def scores(self, diagnosis: str, result: Result) -> tuple[float, float, float]:
        """Asinh of z_f, z_n and z_d; 0 for what cannot be compared."""
        heard, profile = self.hear(result), self.profile(diagnosis)
        (f_mean, f_std), (n_mean, n_std), (d_mean, d_std) = heard.panel
        found = 0.0
        if heard.findings and profile.shows:
            score = math.fsum(w * self._match(f, w > 0, profile.shows) for f, w in heard.findings)
            found = math.asinh((score - f_mean) / max(f_std, LEAST_SPREAD))
        named = self._words_in(heard.words, profile.names)
        if not profile.shows and _stands_in(diagnosis, result.text):
            # No disease by that name is known: a phrase read out again supports nothing.
            named = n_mean
        described = self._words_in(heard.words, profile.description)
        return (
            found,
            math.asinh((named - n_mean) / max(n_std, LEAST_WORDS)),
            math.asinh((described - d_mean) / max(d_std, LEAST_WORDS)),
        )

    def _weigh(self, diagnosis: str, result: Result) -> float:
        """λ of a diagnosis and a result, in [-MOST, MOST]."""
        found, named, described = self.scores(diagnosis, result)
        value = FINDINGS * found + NAMES * named + DESCRIPTION * described
        # Reports leave out more than they deny: that a result speaks of other things is weak.
        return min(MOST, value) if value > 0 else max(-MOST, AGAINST * value)

    def _hear(self, result: Result) -> Heard:
        text = result.text[:MAX_TEXT]
        found = evidence(text, result.test, result.category)
        findings = tuple((self._graph.row(f), w) for f, w in sorted(found.items()))
        size = np.zeros(len(self._panel))
        shown = sum((w * self._of_panel(f, w > 0) for f, w in findings), size)
        words = _affirmed(text)
        panel = [shown]
        for spread in (self._panel_names, self._panel_described):
            own = ((self._weight(w) ** 2) * spread[w] for w in words if w in spread)
            panel.append(sum(own, size))
        return Heard(findings, words, tuple((float(p.mean()), float(p.std())) for p in panel))

    def _profile(self, diagnosis: str) -> Profile:
        """A diagnosis by all that its best disease is in the graph, and by its own words."""
        names = _words(diagnosis) | dict.fromkeys(initials(diagnosis), 1.0)
        best = next(iter(link(diagnosis)), None)
        if best is None:
            return Profile({}, {} if findings(diagnosis) else names, {})
        if not _is_disease(best.id):
            # A finding, not a diagnosis of it: to read it out again is no support.
            return Profile({}, {}, {})
        row = self._graph.row(best.id)
        names = names | self._named(row)
        described = {w: x for w, x in self._described(row).items() if w not in names}
        return Profile(self._shown(row), names, described)

    def _words_in(self, words: Iterable[str], weights: Mapping[str, float]) -> float:
        return math.fsum(self._weight(w) ** 2 * weights[w] for w in words if w in weights)

    def _match(self, finding: int, positive: bool, shows: Mapping[int, float]) -> float:
        if not positive:
            return shows.get(finding, 0.0) * self._ic[finding]
        return max(
            (self._ic[a] ** 2 * math.sqrt(shows[a]) for a in self._above(finding) if a in shows),
            default=0.0,
        )

    def _spread(self, words: Iterable[Mapping[str, float]]) -> dict[str, NDArray[np.float64]]:
        """The panel's words: for each, its weight in every disease of the panel."""
        spread: dict[str, NDArray[np.float64]] = {}
        for place, weights in enumerate(words):
            for word, weight in weights.items():
                spread.setdefault(word, np.zeros(len(self._panel)))[place] = weight
        return spread

    def _read_panel(self, finding: int, positive: bool) -> NDArray[np.float64]:
        return np.array([self._match(finding, positive, self._shown(d)) for d in self._panel])

    def _read_above(self, row: int) -> frozenset[int]:
        start, end = self._ancestor_at[row], self._ancestor_at[row + 1]
        return frozenset(self._ancestors[start:end].tolist())

    def _read_named(self, row: int) -> dict[str, float]:
        """The words of a disease's names."""
        own = self._graph.identifier(row)
        names: dict[str, float] = {}
        for name in (self._graph.name(own), *self._graph.synonyms(own)):
            names |= _words(name)
        return names

    def _read_described(self, row: int) -> dict[str, float]:
        """The words of a disease's classes and phenotypes that are not in its names."""
        weights: dict[str, float] = {}
        parts = [(p, OF_PHENOTYPES * math.sqrt(f)) for p, f in self._shown(row).items() if f > RARE]
        parts += [(above, OF_CLASSES) for above in self._above(row)]
        for part, weight in parts:
            for word in self._plain(part):
                if weight > weights.get(word, 0.0):
                    weights[word] = weight
        named = self._named(row)
        return {w: x for w, x in weights.items() if w not in named}

    def _read_plain(self, row: int) -> tuple[str, ...]:
        return tuple(_words(self._graph.name(self._graph.identifier(row))))

    def _read_shown(self, row: int) -> dict[int, float]:
        """How often a disease shows each phenotype or a narrower one; its own classes always."""
        kinds = self._kinds(row)
        shown: dict[int, float] = {}
        if kinds:
            rows, often = (np.concatenate(p) for p in zip(*map(self._shows, kinds), strict=True))
            which, at = np.unique(rows, return_inverse=True)
            mean = np.bincount(at, weights=often) / len(kinds)
            shown = dict(zip(which.tolist(), mean.tolist(), strict=True))
        return shown | dict.fromkeys(self._above(row), 1.0)

    def _read_shows(self, kind: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The phenotypes of an annotated disease and all above them, and how often each is seen."""
        own: dict[int, float] = {}
        for phenotype, often in self._annotated[kind]:
            for above in self._above(phenotype):
                if often > own.get(above, 0.0):
                    own[above] = often
        return np.array(list(own), np.int64), np.array(list(own.values()))

    def _read_kinds(self) -> dict[int, list[int]]:
        """The annotated kinds of every disease that has some, itself included."""
        kinds: dict[int, list[int]] = {}
        for kind in sorted(self._annotated):
            for above in self._above(kind):
                kinds.setdefault(above, []).append(kind)
        return kinds

    def _kinds(self, row: int) -> list[int]:
        """The annotated kinds of a disease, or of the nearest broader disease that has some."""
        level, seen = [row], {row}
        while level:
            kinds = {kind for one in level for kind in self._all_kinds.get(one, ())}
            if kinds:
                ordered = sorted(kinds)
                return ordered[:: math.ceil(len(ordered) / MAX_KINDS)]
            above = {
                self._graph.row(parent)
                for one in level
                for parent in self._graph.parents(self._graph.identifier(one))
            }
            level = sorted(above - seen)
            seen |= above
        return []


@cache
def support() -> Support:
    """The support that a process shares."""
    return Support(knowledge())


def _is_disease(identifier: str) -> bool:
    return not identifier.startswith("HP:")


@lru_cache(100_000)
def _words(name: str) -> dict[str, float]:
    return dict.fromkeys((w for w in tokens(name) if len(w) >= SHORTEST), 1.0)


def _stands_in(name: str, text: str) -> bool:
    """Whether a name of `PHRASE` words or more stands word for word in a text."""
    words = _PLAIN.findall(name.casefold())
    inside = " ".join(_PLAIN.findall(text.casefold()))
    return len(words) >= PHRASE and f" {' '.join(words)} " in f" {inside} "


def initials(name: str) -> tuple[str, ...]:
    """What doctors make of a name, if anything.

    Example:
        >>> initials("Rathke's cleft cyst, recurrent"), initials("Gout")
        (('rcc',), ())
    """
    first = "".join(word[0] for word in _NAME_WORD.findall(re.split(r"[,(;]", name)[0].casefold()))
    return (first,) if len(first) >= SHORTEST else ()


def _affirmed(text: str) -> tuple[str, ...]:
    """The words that a text neither denies, nor tells of a relative, nor only considers."""
    said: dict[str, float] = {}
    for sentence in _SENTENCE.split(text):
        scopes = Assertions(sentence)
        kept = []
        for word in _WORD.finditer(sentence):
            how = scopes.at(word.start())
            if not (how.negated or how.family or how.hypothetical):
                kept.append(word[0])
        said |= dict.fromkeys((w for w in tokens(" ".join(kept)) if len(w) >= SHORTEST), 1.0)
    return tuple(said)
