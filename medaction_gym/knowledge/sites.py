"""Where an observation is: "mass" becomes a tumour of the organ that the sentence or test names.

Also what a wholly normal test denies: "ECG: normal" says that the ECG is not abnormal.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.signs import Sign, Span, mentions_of

COLUMNS = ("morphology", "neoplasm", "effusion", "stenosis", "atrophy", "signal")
_FALLBACK = {"obstruction": "stenosis", "dilatation": "morphology", "thickening": "morphology"}
_NORMAL = re.compile(
    r"(?<![\w-])(?:normal|unremarkable|within (?:the )?(?:normal|reference) (?:limits?|range)s?|wnl"
    r"|no (?:\w+ ){0,2}?(?:abnormalit(?:y|ies)|abnormal findings|pathology|significant findings"
    r"|lesions?|alterations?)|negative(?! for)|non-?contributory|non-?revealing|no growth|sterile"
    r"|non-?significant|without abnormalit(?:y|ies)|insignificant|clear|intact)(?![\w-])",
    re.I,
)
_CHUNK = re.compile(
    r"[;\n]|\.(?:\s|$)|\b(?:but|except|however|although|with|apart from|while)\b", re.I
)
MAX_DISTANCE = 90  # characters, a comma counting as 60
_VIEWING = ("imaging", "endoscopy")
_LISTED = re.compile(r"[^,()]*|[\s(:,–-]*|[^()]*\b(?:were|are|all)\b[^(),]*", re.I)


class Place:
    """The sites that a stretch of text names."""

    def __init__(self, spans: list[Span]) -> None:
        self.sites: list[tuple[int, int, str]] = []  # named
        self.viewed: list[tuple[int, int, str]] = []  # the sites of examinations, too
        for term, start, end in spans:
            if term.kind == "site":
                self.sites.append((start, end, term.id))
                self.viewed.append((start, end, term.id))
            elif term.category in _VIEWING:
                self.viewed += [(start, end, site) for site in term.sites[:1]]

    def nearest(self, text: str, start: int, end: int, low: int, high: int) -> str | None:
        """The site named next to a span, inside a sentence; a comma keeps it at a distance."""
        inside = [
            (_distance(text, first, last, start, end), -first, site)
            for first, last, site in self.sites
            if low <= first and last <= high and site in _region_of()
        ]
        best = min(inside, default=(MAX_DISTANCE, 0, ""))
        return best[2] if best[0] < MAX_DISTANCE else None


def _distance(text: str, first: int, last: int, start: int, end: int) -> int:
    if first < end and start < last:
        return 0
    between = (end, first) if first >= end else (last, start)
    return between[1] - between[0] + 60 * text.count(",", *between)


@cache
def _regions() -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        row["site"]: {column: vocabulary.split(row[column]) for column in COLUMNS}
        for row in vocabulary.rows("regions")
    }


@cache
def _region_of() -> dict[str, str]:
    """Every site of the catalogue that lies in a region of the table, and the closest such one."""
    catalogue, found = Catalogue.load(), {}
    for term in catalogue.terms.values():
        queue, seen = [term.id], {term.id}
        while queue:
            site = queue.pop(0)
            if site in _regions():
                found[term.id] = site
                break
            for parent in catalogue.terms[site].parents if site in catalogue.terms else ():
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)
    return found


def narrowed(at: str, site: str | None) -> tuple[str, ...]:
    """What an observation at a site is called; empty where the table does not know.

    >>> narrowed("neoplasm", "liver")
    ('HP:0002896',)
    """
    region = _regions().get(_region_of().get(site or "", ""))
    if region is None:
        return ()
    column = at if at in COLUMNS else _FALLBACK.get(at, "morphology")
    return region[column] or region["morphology"]


@lru_cache(20_000)
def site_of(test: str) -> str | None:
    """The site that a test's name tells."""
    place = Place(mentions_of(test))
    sites = [site for _, _, site in place.viewed if site in _region_of()]
    return sites[-1] if sites else None


@cache
def _tests() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    table = {
        name: vocabulary.split(row["concepts"])
        for row in vocabulary.rows("normals")
        for name in vocabulary.split(row["tests"])
    }
    names = sorted(table, key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.I), table


def normals(
    text: str, test: str = "", place: Place | None = None, *, viewed: bool = True
) -> list[Sign]:
    """What a text denies by calling a test, or all of it, normal or negative.

    A site is normal only where it was `viewed`: a negative sputum culture says nothing of the form
    of a lung.

    >>> [sign.negated for sign in normals("Unremarkable.", test="Chest X-ray")]
    [True]
    """
    if not _NORMAL.search(text):
        return []
    place = Place(mentions_of(text)) if place is None else place
    pattern, table = _tests()
    found, start = [], 0
    for stop in [*_CHUNK.finditer(text), None]:
        end = stop.start() if stop else len(text)
        normal = _NORMAL.search(text, start, end)
        if normal:
            named = [
                (m.start(), m.end(), table[m[0].lower()])
                for m in pattern.finditer(text, start, end)
            ]
            if not named:
                named = [
                    (first, last, narrowed("morphology", site))
                    for first, last, site in place.viewed
                    if start <= first and last <= end and site in _region_of()
                ]
            rest = text[normal.end() : end].strip(" .)")
            if not named and test and normal.start() - start < 30 and len(rest) < 20:
                match = pattern.search(test)
                site = site_of(test) if viewed else None
                concepts = table[match[0].lower()] if match else narrowed("morphology", site)
                named = [(normal.start(), normal.end(), concepts)]
            for first, last, concepts in named[:6]:
                low, high = min(first, normal.start()), max(last, normal.end())
                apart = last <= normal.start() and not _LISTED.fullmatch(text, last, normal.start())
                if concepts and high - low < 120 and not apart:
                    found.append(Sign(concepts, low, high, "normal", 0.7, True))
        start = stop.end() if stop else end
    return found
