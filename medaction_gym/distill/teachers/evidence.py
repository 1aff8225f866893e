"""Evidence: what may be cited for a diagnosis, and what is honestly said of it.

A point is a citation with what it says for one disease. It speaks for it only where the graph
hears more in it for this disease than for its rivals, and only if it states something out of the
ordinary: a value within its reference range supports nothing, whatever words stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.distill.chart import MAX_WORDS, OPENING, Chart, Cite, denies
from medaction_gym.knowledge.findings import Finding, findings
from medaction_gym.oracle import Release

RIVAL = 0.5  # what counts against a citation that it speaks for a rival too
PREDICTED = 80  # per cent of the predicted value, from which a lung is normal
# Logits by which a citation speaks for a disease. Of citations of results out of the ordinary, 4 %
# reach it for another patient's diagnosis, 39 % for their own (development half).
SPEAKS = 0.5
AGAINST = 0.25  # by which one speaks against it: the support counts what is negative by half
# Kinds of result that decide by themselves, though the graph may have no word for what they say.
DECIDES = frozenset("pathology genetics microbiology imaging endoscopy procedure".split())
# Kinds whose bare values say nothing without a range.
_MEASURED = frozenset("laboratory physiology imaging examination other".split())

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_RANGE = re.compile(
    rf"{_NUMBER}[^\d()]*\((?:(?P<below>[<≤])|(?P<above>[>≥]))?\s*{_NUMBER}(?:\s*[-–—]\s*{_NUMBER})?"
)
_ORDINARY = re.compile(
    r"\b(?:sinus rhythm|unremarkable|regular|intact|clear|patent|compressible|in place|preserved"
    r"|undisturbed|within|well)\b"
    r"|[<≤]\s*1:\d",
    re.I,
)
_POWER = re.compile(r"[x×*]?\s?10(?:\^|\*\*)\d+")
_PREDICTED = re.compile(r"(\d+)% (?:of )?predicted")
_BARE = re.compile(r"[^\d:]{0,40}:?\s*[<>~≤≥]?\d[\d.,/ -]*\s*[^\s\d]{0,12}(?: \w+)?")
_ASIDE = re.compile(
    r"\b(?:treated|later|cycle threshold|not (?:specified|provided)|improved|laboratory notes)\b",
    re.I,
)
_PLACE = re.compile(r"\b(?:clinic|ward|hospital|referred|year-old)\b", re.I)  # who and where


class Point(NamedTuple):
    """A citation, and what it says for a disease.

    Attributes:
        words: Verbatim.
        source: The test, or "presentation".
        category: The kind of test, "" for the presentation.
        telling: Whether a finding is among the words.
        speaks: For the disease against its rivals, in logits.
        normal: Whether it states nothing out of the ordinary.
        known: Whether the graph has a word for something that it states.
    """

    words: str
    source: str
    category: str
    telling: bool
    speaks: float
    normal: bool
    known: bool = True

    @property
    def supports(self) -> bool:
        """Whether it speaks for the disease."""
        return self.speaks >= SPEAKS and not self.normal

    @property
    def decides(self) -> bool:
        """Whether a deciding kind of test states what the graph has no word for, as "47,XXY"."""
        return self.category in DECIDES and not self.normal and not self.known


def points(
    chart: Chart, pages: Iterable[Release], name: str, rivals: Sequence[str] = ()
) -> list[Point]:
    """What can be cited of some pages for a disease, what speaks most for it first.

    Args:
        chart: The case as read.
        pages: Pages that have been revealed.
        name: The disease; "" to take them as they come, what is out of the ordinary first.
        rivals: What it is weighed against.
    """
    against = tuple(n for n in rivals if n != name)
    found = [p for page in pages for p in _points(chart, page, name, against)]
    # Sorting is stable: what is equal stays in the order of the record.
    return sorted(found, key=lambda p: (-p.speaks * (not p.normal), p.normal, not p.telling))


@lru_cache(4_000)
def _points(chart: Chart, page: Release, name: str, rivals: tuple[str, ...]) -> tuple[Point, ...]:
    found = []
    for cite in chart.cites(page) or _whole(chart, page):
        if (_PLACE if page == OPENING else _ASIDE).search(cite.words):
            continue
        own = chart.like(name, cite) if name else 0.0
        other = max((chart.like(n, cite) for n in rivals), default=0.0)
        speaks = own - RIVAL * max(0.0, other)
        found.append(Point(*cite, speaks, normal(cite), _affirms(cite)))
    if not found:  # nothing but asides
        found = [Point(*c, 0.0, True) for c in _whole(chart, page)]
    return tuple(found)


@lru_cache(10_000)
def normal(cite: Cite) -> bool:
    """Whether a citation states nothing out of the ordinary: it denies, is in range, or is a name.

    Example:
        >>> normal(Cite("Cortisol 34 nmol/L (<50)", "Dexamethasone test", "laboratory", True))
        True
        >>> normal(Cite("Platelets 236 x10^9/L (150-400)", "Blood count", "laboratory", True))
        True
        >>> normal(Cite("PR 208 ms", "Electrocardiogram", "physiology", True))
        True
        >>> normal(Cite("47,XXY in 30 of 30 metaphases", "Karyotype", "genetics", False))
        False
    """
    if shares := _PREDICTED.findall(cite.words):
        return all(int(share) >= PREDICTED for share in shares)
    # A unit's power of ten would be taken for the value.
    ranged = list(_RANGE.finditer(_POWER.sub("", cite.words)))
    if ranged:
        return all(map(_within, ranged))
    if denies(cite.words) or cite.words.casefold() == cite.source.casefold():
        return True
    found = _found(cite)
    if not found and cite.category in _MEASURED and _BARE.fullmatch(cite.words):
        return True
    return all(f.negated for f in found) if found else bool(_ORDINARY.search(cite.words))


def _found(cite: Cite) -> tuple[Finding, ...]:
    source = "" if cite.source == "presentation" else cite.source
    return findings(cite.words, source, cite.category)


@lru_cache(10_000)
def _affirms(cite: Cite) -> bool:
    return any(not f.negated for f in _found(cite))


def telling(chart: Chart, release: Release) -> bool:
    """Whether a result of a deciding kind states something that the graph has no word for."""
    return any(point.decides for point in points(chart, [release], ""))


def _whole(chart: Chart, release: Release) -> tuple[Cite, ...]:
    """A page that is too bare to be cut into clauses, such as a percentage alone."""
    page = chart.page(release)
    words = page.text.splitlines()[0].strip(" .")
    return (Cite(" ".join(words.split(" ")[:MAX_WORDS]), page.source, page.category, False),)


def idle(chart: Chart, release: Release) -> bool:
    """Whether a result holds nothing out of the ordinary."""
    return all(point.normal for point in points(chart, [release], ""))


def _within(match: re.Match[str]) -> bool:
    value, low, high = (_number(n) if n else None for n in match.group(1, 4, 5))
    assert value is not None, "the pattern has a value"
    assert low is not None, "the pattern has a bound"
    if match["below"]:
        return value <= low
    if match["above"]:
        return value >= low
    return high is None or low <= value <= high


def _number(text: str) -> float:
    """A number as reports write it: 1,200 is a thousand, 4,5 is not."""
    return float(re.sub(r",(?=\d{3}$)", "", text).replace(",", "."))
