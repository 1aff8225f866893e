"""Grounding: is a rationale entitled to what it says?

Three rules, checked on every node of a tree and, from the messages alone, on every exported row:

1. What stands between “ ” has been revealed, word for word.
2. Every finding that the rationale names outside these marks has been revealed too (names of
   diseases and tests that it weighs apart).
3. The gold diagnosis is not named, in words or in a differential, before evidence supports it; nor
   is a cause that the gold names (the organism, the tumour) before the record has spoken of it.

Evidence supports the gold diagnosis at a level, the strongest that holds:

- ``"graph"``: the knowledge graph's support for it by all that was revealed is at least `ENOUGH`.
- ``"words"``: what was revealed names it, or holds most of its telling words.
- ``"record"``: the graph is silent on it, and a result of a deciding kind (tissue, microbe, gene,
  image, endoscopy, measurement) or half of the record has been revealed. The weakest: it says that
  there was something to conclude from, not that the conclusion follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

from medaction_gym.actions import Action, Commit, Malformed, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import gold_causes, gold_names, mask
from medaction_gym.catalogue.tokens import words
from medaction_gym.distill.chart import OPENING, Chart
from medaction_gym.knowledge.findings import findings
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.metrics.belief import similarity
from medaction_gym.metrics.outcome import RIGHT, grade
from medaction_gym.oracle import Release

Level = Literal["graph", "words", "record", ""]

ENOUGH = 0.4  # logits; nine in ten wrong diseases have less by a presentation
MOST = 0.6  # of the telling words
DECIDING = frozenset(
    "pathology microbiology genetics imaging endoscopy physiology procedure".split()
)
SAME = 0.75  # a hypothesis this like the gold is the gold
BRIEF = 6  # words of a disease's name when it is only weighed
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_CITED = re.compile(r"“([^”]*)”")
_PERCENT = re.compile(r"\b\d+%")
_CAUSE = re.compile(
    r"\b(?:secondary to|due to|caused by|associated with|resulting from|because of|"
    r"in the setting of)\b",
    re.IGNORECASE,
)
_SMALL = frozenset(
    words(
        "a an the of in on at to by for with and or due secondary caused from as is disease "
        "syndrome disorder acute chronic type left right bilateral primary severe mild"
    )
)


class Grounds:
    """When a case's gold diagnosis may be named. Answers are kept by what has been seen."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        gold = chart.case.diagnosis
        self.names = gold_names(gold) or (words(gold.name),)
        told = {w for name in (gold.name, *gold.synonyms) for w in _after_cause(name)}
        self.causes = tuple(c for c in gold_causes(gold) if told.issuperset(c))
        self._levels: dict[frozenset[Release], Level] = {}
        self._is_gold: dict[str, bool] = {}

    def level(self, seen: frozenset[Release]) -> Level:
        """By what the gold diagnosis is supported once these releases have been read."""
        if seen not in self._levels:
            self._levels[seen] = self._level(seen)
        return self._levels[seen]

    def is_gold(self, name: str) -> bool:
        """Whether a name means the gold diagnosis."""
        if name not in self._is_gold:
            gold = self.chart.case.diagnosis
            self._is_gold[name] = grade(gold, name) >= RIGHT or similarity(gold, name).value >= SAME
        return self._is_gold[name]

    def knows(self, cause: tuple[str, ...], seen: Iterable[Release]) -> bool:
        """Whether what was revealed speaks of a cause: half of its telling words or more."""
        telling = [w for w in cause if w not in _SMALL] or list(cause)
        have = set(words(self.chart.text(seen)))
        return sum(w in have for w in telling) >= len(telling) / 2

    def _level(self, seen: frozenset[Release]) -> Level:
        if found := supported(self.chart, self.chart.case.diagnosis.name, seen, self.names):
            return found
        tests = self.chart.case.tests
        deciding = any(tests[r.item].category in DECIDING for r in seen)
        half = len({r.item for r in seen}) >= len(tests) / 2
        # Silent results weigh a little against everything.
        support = self.chart.weigh(self.chart.case.diagnosis.name, OPENING, *seen)
        refuted = support < -ENOUGH - 0.1 * (1 + len(seen))
        return "record" if seen and (deciding or half) and not refuted else ""


def supported(
    chart: Chart,
    name: str,
    seen: frozenset[Release],
    names: Iterable[tuple[str, ...]] = (),
) -> Level:
    """By what a disease is supported, as far as that can be told of any: graph, words, or "".

    Args:
        chart: The case as read.
        name: The disease.
        seen: What has been released.
        names: Its names in words; its own if there are none.
    """
    if chart.weigh(name, OPENING, *seen) >= ENOUGH:
        return "graph"
    have = set(words(chart.text(seen)))
    for each in names or (words(name),):
        telling = [w for w in each if w not in _SMALL]
        if telling and sum(w in have for w in telling) >= MOST * len(telling):
            return "words"
    return ""


def _after_cause(name: str) -> tuple[str, ...]:
    """The words that a diagnosis has after "due to" and the like."""
    return words(" ".join(_CAUSE.split(name)[1:]))


def brief(name: str) -> str:
    """A disease's name without what stands in brackets, and without its cause if it is long.

    Example:
        >>> brief("Gout"), brief("Acute pancreatitis (necrotising) due to gallstones in the duct")
        ('Gout', 'Acute pancreatitis')
    """
    bare = " ".join(_BRACKETS.sub(" ", name).split()).strip(" .,;") or name
    return _CAUSE.split(bare)[0].strip(" ,;") or bare if len(bare.split()) > BRIEF else bare


def cited(rationale: str) -> list[str]:
    """What stands between “ ”.

    Example:
        >>> cited("“Fever” and “no rash”: flu.")
        ['Fever', 'no rash']
    """
    return _CITED.findall(rationale)


_latest: list[Grounds] = []


def grounds_of(case: Case) -> Grounds:
    """The grounds of a case; those of the latest are kept, since tree and teacher both ask."""
    if not _latest or _latest[0].chart.case is not case:
        _latest[:] = [Grounds(Chart(case))]
    return _latest[0]


def check(
    grounds: Grounds,
    seen: frozenset[Release],
    action: Action | Malformed,
    rationale: str,
    before: Iterable[str] = (),
) -> str:
    """What is wrong with a rationale and its action, given what was revealed before; "" if nothing.

    Args:
        grounds: The case's grounds.
        seen: What had been released when the action was taken.
        action: The action.
        rationale: The words that go with it.
        before: The diseases of the working differential so far, which it may weigh.
    """
    held = list(before)
    text = grounds.chart.text(seen)
    plain = " ".join(text.split())
    for quote in cited(rationale):
        if " ".join(quote.split()) not in plain:
            return f"cites what was not revealed: {quote[:80]!r}"
    names = _names(action)
    rest = _CITED.sub(" ", rationale)
    sources = {grounds.chart.page(release).source for release in seen}
    if unknown := _unrevealed(rest, [*names, *held, *_asked(action), *sources], text):
        return f"names a finding that was not revealed: {unknown!r}"
    # Once named on good grounds it may be doubted and dropped.
    fresh = not any(map(grounds.is_gold, held)) and not grounds.level(seen)
    if fresh and (mask(rest, grounds.names) != rest or any(map(grounds.is_gold, names))):
        return "names the gold diagnosis before evidence supports it"
    said = " ; ".join([rest, *names])
    for cause in grounds.causes:
        if not grounds.knows(cause, seen) and mask(said, [cause]) != said:
            return f"names a cause before it was revealed: {' '.join(cause)!r}"
    return ""


def _names(action: Action | Malformed) -> list[str]:
    """The diseases an action names."""
    if isinstance(action, UpdateDifferential):
        return [h.disease for h in action.differential]
    return [action.diagnosis] if isinstance(action, Commit) else []


def _asked(action: Action | Malformed) -> list[str]:
    """What an order asks for, as a whole and test by test."""
    return [action.test, *action.test.split("; ")] if isinstance(action, OrderTest) else []


def _unrevealed(rest: str, names: Collection[str], text: str) -> str:
    """A finding that the words name and the text does not, or ""."""
    names = {*names, *map(brief, names)}
    for name in sorted(names, key=lambda n: (-len(n), n)):
        if name.casefold() in rest.casefold():
            rest = re.sub(re.escape(name), " ", rest, flags=re.IGNORECASE)
    # Without its numbers a sentence is one of few, and findings are kept by their text.
    said = {f.id: f.name for f in findings(_PERCENT.sub(" ", rest)) if f.kind != "normal"}
    if not said:
        return ""
    graph = knowledge()
    have: set[str] = set()
    for f in findings(text):
        have |= {f.id, *f.also, *graph.ancestors(f.id)}
    return next((name for id, name in said.items() if id not in have), "")
