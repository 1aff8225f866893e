"""Immunostains: "positive for CD20 and PAX5; negative for CD3", "S-100+", "Ki-67 of 40 %"."""

from __future__ import annotations

import re
from functools import cache

from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.signs import Sign

_CUE = re.compile(
    r"immuno|stain|\bihc\b|expression|reactiv|flow cytometry|\bcd\d|\bck\d|s-?100|ki-?67|vimentin"
    r"|desmin|cytokeratin|synaptophysin|ttf-?1",
    re.I,
)
_SERUM = re.compile(
    r"\b(?:serum|plasma|level|levels|ng/ml|u/ml|antibod\w+|count|counts|titer|cells)\b", re.I
)
_POSITIVE = re.compile(
    r"(?<!no )(?:\bpositiv\w*|\bexpress(?:ed|es|ing|ion)\b|\b(?:immuno)?reactiv(?:e|ity)\b|"
    r"\bstain(?:ed|s|ing)?\b|\bstrong(?:ly)?\b|\bdiffuse(?:ly)?\b|\bpatchy\b|\bfocal(?:ly)?\b)",
    re.I,
)
_NEGATIVE = re.compile(
    r"\bnegativ\w*|\bno (?:expression|staining|immunoreactivity)|\black\w*|\babsen\w+|\bloss of"
    r"|\bwithout\b|\bnon-?reactive|\b(?:not|did not|didn't) (?:express|stain|reactive)\w*",
    re.I,
)
_PLUS = re.compile(
    r"^\s?[-–]?\s?(?:\(?\+{1,3}\)?|\(?(?:weakly |focal |diffuse |strong )?positiv\w*)", re.I
)
_MINUS = re.compile(
    r"^(?:\s?\(\s?[-–−]\s?\)|\s?[-–]?\s?negativ\w*|[-–−](?=[\s,.;)]|$)|\s?\(neg)", re.I
)
_STATEMENT = re.compile(r"[;\n]|\.(?:\s|$)|\bbut\b|\bwhile\b|\bwhereas\b", re.I)


@cache
def _markers() -> tuple[re.Pattern[str], dict[str, tuple[tuple[str, ...], tuple[str, ...]]]]:
    table: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for row in vocabulary.rows("stains"):
        for name in vocabulary.split(row["names_of"]):
            table[name.lower()] = (vocabulary.split(row["positive"]), vocabulary.split(row["lost"]))
    names = sorted(table, key=lambda name: (-len(name), name))
    pattern = "|".join(re.escape(name) for name in names)
    return re.compile(rf"(?<![\w/])(?:{pattern})(?![\w/])", re.I), table


def stains(text: str, *, pathology: bool = False) -> list[Sign]:
    """Markers with a polarity, where a text is about a stained tissue.

    >>> [s.negated for s in stains("Immunostains: positive for CD20; negative for CD3")]
    [False, True]
    """
    pattern, table = _markers()
    if not (pathology or _CUE.search(text)):
        return []
    found, start = [], 0
    for stop in [*_STATEMENT.finditer(text), None]:
        end = stop.start() if stop else len(text)
        matches = list(pattern.finditer(text, start, end))
        for match in matches:
            if len(match[0]) < 4 and not match[0][:2].isupper():
                continue  # "er", "pr" and "ck" in lower case are no markers
            if not pathology and _SERUM.search(
                text[max(start, match.start() - 12) : match.end() + 14]
            ):
                continue
            positive = _polarity(text, match, start, end)
            said, lost = table[match[0].lower()]
            if positive is None:
                continue
            if not positive and lost:
                found.append(Sign(lost, match.start(), match.end(), "pathology", 0.7, False))
            elif said:
                found.append(
                    Sign(said, match.start(), match.end(), "pathology", 0.55, not positive)
                )
        start = stop.end() if stop else end
    return found


def _polarity(text: str, match: re.Match[str], start: int, end: int) -> bool | None:
    after = text[match.end() : end]
    if _MINUS.match(after):
        return False
    if _PLUS.match(after):
        return True
    before = text[start : match.start()]
    last = max((m.end() for m in _POSITIVE.finditer(before)), default=-1)
    denied = max((m.end() for m in _NEGATIVE.finditer(before)), default=-1)
    if max(last, denied) >= 0:
        return last > denied
    first = _POSITIVE.search(after)
    no = _NEGATIVE.search(after)
    if first or no:
        return bool(first and (not no or first.start() < no.start()))
    return None
