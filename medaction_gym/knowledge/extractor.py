"""Text to findings, and findings to evidence that the graph can weigh.

What a text states, denies or only considers: phenotypes, conditions and abnormal values by name
(`mentions`, `laboratory`), and what pathology, microbiology, genetics and imaging say without
naming a phenotype (`stains`, `organisms`, `genes`, `sites`). Every finding keeps its place in the
text, so a reader can check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from medaction_gym.knowledge.assertions import Assertions
from medaction_gym.knowledge.genes import Genes
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.laboratory import fluid_of, laboratory, measured
from medaction_gym.knowledge.mentions import Names
from medaction_gym.knowledge.organisms import organisms
from medaction_gym.knowledge.passages import MAX_CHARS, Sentence, read
from medaction_gym.knowledge.signs import Sign, Span, mentions_of
from medaction_gym.knowledge.sites import Place, narrowed, normals, site_of
from medaction_gym.knowledge.stains import stains
from medaction_gym.knowledge.tables import Relation

UNSURE = 0.7  # what "possible" and "suspected" leave of a finding's confidence
MIN_WEIGHT = 0.05
_UNSEEN = ("laboratory", "microbiology", "genetics")  # tests that look at no organ
_TESTED = re.compile(
    r"[\s-]*(?:tests?\b|serolog|screen|panel|markers?\b|antibod|pcr\b|antigen|titer|work-?up)", re.I
)
_SOMETHING = ("HP:0000118",)  # an abnormality of no stated site: found, but no evidence
_NAMED_DENIAL = re.compile(r"\b(?:absen|lack|no |not |without|never|negativ|exclu)", re.I)


class Finding(NamedTuple):
    """A concept that a text speaks of.

    Attributes:
        id: The concept.
        name: Its name.
        start: Where the words begin in the text.
        end: Where they end (half-open).
        negated: Whether the text denies it.
        kind: "phenotype", "condition", "laboratory", "pathology", "microbiology", "genetics",
            "imaging", or "normal" for what a normal test denies.
        confidence: How surely the words mean this concept, in (0, 1].
        family: Whether it is said of a relative.
        hypothetical: Whether it is only considered, feared or tested for.
        also: Other concepts that the same words speak for.
    """

    id: str
    name: str
    start: int
    end: int
    negated: bool
    kind: str
    confidence: float
    family: bool = False
    hypothetical: bool = False
    also: tuple[str, ...] = ()


class Findings:
    """Finds what texts state, over one graph.

    >>> findings = Findings(graph)                                          # doctest: +SKIP
    >>> [(f.name, f.negated) for f in findings.find("Fever without rash")]  # doctest: +SKIP
    [('Fever', False), ('Skin rash', True)]
    """

    def __init__(self, graph: KnowledgeGraph, cache_size: int = 20_000) -> None:
        self._graph = graph
        self._names = Names(graph.arrays)
        self._genes = Genes(graph.arrays)
        self._same = _equivalents(graph)
        self.find = lru_cache(cache_size)(self._find)
        self.evidence = lru_cache(cache_size)(self._evidence)

    def _find(self, text: str, test: str = "", category: str = "") -> tuple[Finding, ...]:
        """All findings of a text, in order.

        Args:
            text: Any text; only its first 50,000 characters are read.
            test: The name of the test whose result the text is, if it is one.
            category: The test's category, as a case states it.
        """
        text = text[:MAX_CHARS]
        signs: list[tuple[Sign, Assertions | None, int]] = []
        spans = mentions_of(text)
        place = Place(spans)
        site = site_of(test) if test else None
        kin_until = 0
        for sentence in read(text):
            scopes: Assertions | None = None
            kin_until = max(kin_until, _family_section(text, sentence))
            mentioned = list(self._mentioned(text, sentence, place, site))
            for sign in mentioned:
                if scopes is None:
                    stretch = _plain(text, sentence, mentioned)
                    scopes = Assertions(stretch, family=sentence.start < kin_until)
                if sign.kind != "imaging" and _TESTED.match(text, sign.end):
                    continue  # the name of a test, whose result other ears hear
                signs.append((sign, scopes, sentence.start))
        ears: list[Sign] = []
        if category != "pathology":
            ears += [_undenied(text, sign) for sign in _values(text, spans, test)]
        if category != "laboratory":
            ears += stains(text, pathology=category == "pathology")
        ears += organisms(text, spans, microbiology=category == "microbiology", test=test)
        ears += self._genes.find(text, genetics=category == "genetics")
        ears += _undisturbed(
            normals(text, test, place, viewed=category not in _UNSEEN),
            [sign for sign, *_ in signs] + ears,
        )
        signs += [(sign, None, 0) for sign in ears]
        found = [self._finding(sign, scopes, at) for sign, scopes, at in signs if sign.concepts]
        return tuple(_without_doubles(found))

    def _mentioned(
        self, text: str, sentence: Sentence, place: Place, site: str | None
    ) -> Iterable[Sign]:
        for mention in self._names.find(sentence):
            entry = mention.entry
            concepts = entry.concepts
            if entry.at:
                here = place.nearest(text, mention.start, mention.end, sentence.start, sentence.end)
                concepts = narrowed(entry.at, here or site) or concepts or _SOMETHING
            confidence = round(entry.confidence - 0.05 * mention.extra, 3)
            if concepts == _SOMETHING:
                confidence = 0.4
            yield Sign(concepts, mention.start, mention.end, entry.kind, confidence)

    def _finding(self, sign: Sign, scopes: Assertions | None, at: int) -> Finding:
        first, *rest = sign.concepts
        also = dict.fromkeys([*rest, *self._same.get(first, ())])
        negated, family, hypothetical, unsure = bool(sign.negated), False, False, False
        if scopes is not None:
            said = scopes.at(sign.start - at)
            negated, family, hypothetical, unsure = said
        confidence = round(sign.confidence * (UNSURE if unsure else 1), 3)
        return Finding(
            first,
            self._graph.name(first),
            sign.start,
            sign.end,
            negated,
            sign.kind,
            confidence,
            family,
            hypothetical,
            tuple(concept for concept in also if concept in self._graph and concept != first),
        )

    def _evidence(self, text: str, test: str = "", category: str = "") -> dict[str, float]:
        """What a text says for (positive) and against (negative) each concept, in [-1, 1].

        Independent statements add up as 1 - product(1 - w), a denial and a statement of the same
        concept cancel. What is said of relatives or only considered does not count.
        """
        for_, against = dict[str, float](), dict[str, float]()
        for finding in self.find(text, test, category):
            if finding.family or finding.hypothetical or finding.id in _SOMETHING:
                continue
            side = against if finding.negated else for_
            share = finding.confidence / max(1.0, len(finding.also)) ** 0.5
            weights = {finding.id: finding.confidence} | dict.fromkeys(finding.also, share)
            for concept, weight in weights.items():
                side[concept] = 1 - (1 - side.get(concept, 0.0)) * (1 - weight)
        whole = {
            concept: round(for_.get(concept, 0.0) - against.get(concept, 0.0), 4)
            for concept in dict.fromkeys([*for_, *against])
        }
        return {concept: weight for concept, weight in whole.items() if abs(weight) >= MIN_WEIGHT}


def _values(text: str, spans: list[Span], test: str) -> list[Sign]:
    """Values in a text; a bare value belongs to the analyte that the test is called after."""
    found = measured(text, spans)
    if found:
        return laboratory(text, found, fluid_of(test) if test else "")
    named = measured(test) if test and len(text) < 200 else []
    if len({value.id for value in named}) != 1:
        return []
    shift = len(test) + 2
    return [
        sign._replace(start=max(0, sign.start - shift), end=max(1, sign.end - shift))
        for sign in laboratory(f"{test}: {text}", named[-1:], fluid_of(test))
    ]


def _undenied(text: str, sign: Sign) -> Sign:
    """A value as its sentence means it: "negative for ... antithrombin deficiency"."""
    if sign.negated or not sign.start:
        return sign
    start = max(text.rfind(mark, 0, sign.start) for mark in (". ", ";", ":", "\n")) + 1
    denied = Assertions(text[start : sign.end]).at(sign.start - start).negated
    return sign._replace(negated=True) if denied else sign


def _undisturbed(normal: list[Sign], others: list[Sign]) -> list[Sign]:
    """Denials by "normal" with nothing abnormal said between the test and that word."""
    spans = [(sign.start, sign.end) for sign in others if sign.negated is not True]
    return [
        sign
        for sign in normal
        if not any(start < sign.end and sign.start < end for start, end in spans)
    ]


def _family_section(text: str, sentence: Sentence) -> int:
    """Where a section ends that begins here with "Family history:"."""
    if text[sentence.end : sentence.end + 1] != ":" or sentence.end - sentence.start > 40:
        return 0
    if not re.search(r"famil", text[sentence.start : sentence.end], re.I):
        return 0
    line = text.find("\n", sentence.end)
    return len(text) if line < 0 else line


def _plain(text: str, sentence: Sentence, mentioned: list[Sign]) -> str:
    """A sentence without the denials that belong to a name: "absence of the left kidney"."""
    stretch = text[sentence.start : _end(text, sentence.end)]
    for sign in mentioned:
        first, last = sign.start - sentence.start, sign.end - sentence.start
        if _NAMED_DENIAL.search(stretch, first, last):
            stretch = stretch[:first] + "~" * (last - first) + stretch[last:]
    return stretch


def _end(text: str, end: int) -> int:
    """A sentence's end with a little of what follows: "fever: absent" is one statement."""
    return min(len(text), end + 12) if text[end : end + 1] in ":" and end < len(text) else end


def _equivalents(graph: KnowledgeGraph) -> dict[str, tuple[str, ...]]:
    """Concepts that are the same thing in another vocabulary, both ways."""
    arrays = graph.arrays
    same: dict[str, list[str]] = {}
    for edge in np.flatnonzero(arrays["edge.relation"] == Relation.EQUIVALENT).tolist():
        one = graph.identifier(int(arrays["edge.source"][edge]))
        other = graph.identifier(int(arrays["edge.target"][edge]))
        same.setdefault(one, []).append(other)
        if not one.startswith("ICD10CM"):
            same.setdefault(other, []).append(one)
    return {concept: tuple(sorted(others)) for concept, others in same.items()}


def _without_doubles(found: list[Finding]) -> list[Finding]:
    """In order of place; of two ears that hear the same concept at the same place, the surer."""
    surest = sorted(found, key=lambda f: (f.hypothetical, -f.confidence, f.start, f.end, f.kind))
    kept: dict[str, list[Finding]] = {}
    for finding in surest:
        same = kept.setdefault(finding.id, [])
        if not any(finding.start < other.end and other.start < finding.end for other in same):
            same.append(finding)
    return sorted(
        (finding for same in kept.values() for finding in same),
        key=lambda f: (f.start, f.end, f.kind, f.id),
    )
