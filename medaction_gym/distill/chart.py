"""Chart: what each page of a case says, word for word and to the knowledge graph.

A page is the presentation or one result. The teacher reads it to choose what to cite and how far to
move a belief; the checker reads it to see whether a rationale was entitled to what it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import MASK
from medaction_gym.knowledge.findings import findings
from medaction_gym.metrics.support import Result, support
from medaction_gym.oracle import Release
from medaction_gym.view import render_opening

OPENING = Release(-1)  # the presentation as a page

MAX_WORDS = 18  # of a citation
PLAIN = 3  # words of a clause that is cited though it names no finding
SHORT = 4  # words of a clause of a result, below which its sentence is cited
MAX_CLAUSES = 6  # of a result, from its start, that are looked at for such
# Not inside 1.5, 1:80 or c.148C>T, nor after the initial of "C. difficile".
_BREAK = re.compile(r"(?:(?<!\b[A-Z])\.|[;:,])(?=\s|$)|[\n“”]|\s[-–—•]\s")
_JOINS = re.compile(r"^(?:and|but|or|with)\s+(?=\S+)", re.I)
_VALUE = re.compile(r":\s*[^\s:]+(?:\s[^\s:A-Z][^\s:]*)?(?=[\s.;,]|$)")
_STOP = re.compile(r"(?:(?<!\b[A-Z])\.|;)(?=\s|$)|[\n“”]")
_DENIAL = re.compile(
    r"\b(?:no|not|non|without|never|nor|neither|neg|negative|normal|none|nil|denie\w+|absen\w+"
    r"|rul\w+ out|exclud\w+|inconclusive|non-?diagnostic)\b",
    re.I,
)


class Page(NamedTuple):
    """One piece of the record: where it stands, its words, its kind."""

    source: str
    text: str
    category: str


class Cite(NamedTuple):
    """Words of a page, verbatim, where they stand, and whether a finding is among them."""

    words: str
    source: str
    category: str
    telling: bool


def denies(words: str) -> bool:
    """Whether words deny or call normal.

    Example:
        >>> denies("No ST-T change"), denies("Fever")
        (True, False)
    """
    return bool(_DENIAL.search(words))


class Chart:
    """Reads one case. Everything is worked out once and kept.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> chart = Chart(CaseSet.teaching().get("teaching-pulmonology-01-chest-pain"))
        >>> all(c.words in chart.page(OPENING).text for c in chart.cites(OPENING))
        True
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._cites: dict[Release, tuple[Cite, ...]] = {}
        self._results: dict[Release, Result] = {}
        self._texts: dict[frozenset[Release], str] = {}

    @cached_property
    def opening(self) -> Page:
        """The presentation."""
        return Page("presentation", render_opening(self.case), "")

    def page(self, release: Release) -> Page:
        """The page that a release hands out."""
        if release == OPENING:
            return self.opening
        test = self.case.tests[release.item]
        if release.analyte < 0:
            return Page(test.name, test.result, test.category)
        analyte = test.analytes[release.analyte]
        return Page(analyte.name, analyte.result, test.category)

    def text(self, seen: Iterable[Release]) -> str:
        """All that has been read: the presentation and what was released, names included."""
        key = frozenset(seen)
        if key not in self._texts:
            pages = map(self.page, sorted(key))
            parts = [self.opening.text, *(f"{p.source}: {p.text}" for p in pages)]
            self._texts[key] = "\n".join(parts)
        return self._texts[key]

    def result(self, release: Release) -> Result:
        """A page as the support reads it."""
        if release not in self._results:
            page = self.page(release)
            source = "" if release == OPENING else page.source
            self._results[release] = Result(source, page.text, page.category)
        return self._results[release]

    def weigh(self, name: str, *releases: Release) -> float:
        """What pages together say for a disease, in logits; 0 where they are silent."""
        return math.fsum(support().weigh(name, self.result(r)) for r in sorted(releases))

    def cites(self, release: Release) -> tuple[Cite, ...]:
        """What can be cited of a page: clauses with a finding, and the first of a result."""
        if release not in self._cites:
            self._cites[release] = tuple(self._read(release))
        return self._cites[release]

    def affirms(self, release: Release) -> bool:
        """Whether a page states a finding, and does not only deny."""
        return any(c.telling and not denies(c.words) for c in self.cites(release))

    def like(self, name: str, cite: Cite) -> float:
        """What a citation says for a disease, in logits."""
        return support().weigh(name, Result(cite.source, cite.words, cite.category))

    def _read(self, release: Release) -> Iterable[Cite]:
        page = self.page(release)
        found: dict[str, bool] = {}
        for f in findings(page.text, page.source if release != OPENING else "", page.category):
            if f.family or f.hypothetical or f.kind == "normal":
                continue
            words = clause(page.text, f.start, f.end)
            if release != OPENING:
                words = _fuller(page.text, words, f.start)
            # A clause must say of itself that it denies, or it would say the opposite.
            if not words or denies(words) != f.negated:
                continue
            found[words] = True
        if release != OPENING:
            # Reports say in plain words what no phenotype has a name for.
            starts = [0, *(m.end() for m in _BREAK.finditer(page.text))][:MAX_CLAUSES]
            for words in (clause(page.text, start, start) for start in starts):
                heads = page.text[page.text.find(words) + len(words) :].startswith(":")
                if len(words.split()) >= PLAIN and not denies(words) and not heads:
                    found.setdefault(words, False)
        if not found and (words := clause(page.text, 0, 0)):
            found[_fuller(page.text, words, 0)] = False
        return [Cite(w, page.source, page.category, telling) for w, telling in found.items()]


def clause(text: str, start: int, end: int) -> str:
    """The clause around a span, verbatim, at most `MAX_WORDS` long; "" if it cannot be cited.

    Example:
        >>> clause("Fever for two days, no rash. Cough.", 0, 5)
        'Fever for two days'
    """
    left = max((m.end() for m in _BREAK.finditer(text, 0, start)), default=0)
    stop = _BREAK.search(text, max(end, left + 1))
    right = stop.start() if stop else len(text)
    words = _JOINS.sub("", text[left:right].strip())
    if len(words.split()) > MAX_WORDS:
        # Whole words around the span, the start of the clause first.
        kept = words.split()[:MAX_WORDS]
        shorter = words[: _nth_end(words, len(kept))]
        words = shorter if end <= left + len(shorter) + 1 else text[start:end].strip()
    if words.count("(") != words.count(")"):
        # Cut at a bracket that does not close: its inside may not stand alone.
        words = words.split("(")[0].strip() if "(" in words else text[start:end].strip()
    if MASK in words or len(words) < 3 or not any(c.isalpha() for c in words):
        return ""
    return words


def _fuller(text: str, words: str, start: int) -> str:
    """A clause too short to be understood alone, with its value or as the sentence that holds it.

    Example:
        >>> _fuller("Bacterial, fungal cultures negative. None.", "Bacterial", 0)
        'Bacterial, fungal cultures negative'
        >>> _fuller("Urea Nitrogen: 20 mg/dL Creatinine: 1 mg/dL", "Urea Nitrogen", 0)
        'Urea Nitrogen: 20 mg/dL'
    """
    if len(words.split()) >= SHORT or any(map(str.isdigit, words)):
        return words
    if value := _VALUE.match(text, text.find(words, max(0, start - len(words))) + len(words)):
        return words + value[0]
    left = max((m.end() for m in _STOP.finditer(text, 0, start)), default=0)
    stop = _STOP.search(text, max(start, left + 1))
    whole = text[left : stop.start() if stop else len(text)].strip()
    return whole if MASK not in whole and len(whole.split()) <= MAX_WORDS else words


def _nth_end(text: str, count: int) -> int:
    """Where the count-th word of a text ends."""
    ends = [m.end() for m in re.finditer(r"\S+", text)]
    return ends[count - 1]


def entropy(masses: Iterable[float]) -> float:
    """Shannon entropy in bits of masses and what they lack to 1.

    Example:
        >>> entropy([0.5, 0.5]), entropy([1.0])
        (1.0, 0.0)
    """
    given = [p for p in masses if p > 0]
    rest = 1.0 - math.fsum(given)
    parts = [*given, rest] if rest > 1e-9 else given
    return abs(-math.fsum(p * math.log2(p) for p in parts))
