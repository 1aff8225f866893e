"""Measured values: "CRP 165 mg/L", "elevated LDH, CRP and ferritin", "platelets were low".

An analyte's direction comes from the words around it, from a reference range in the text, or, where
the text has neither, from wide adult bounds for the unit that is written.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.signs import Sign, Span, mentions_of

HIGH, LOW, NORMAL = "high", "low", "normal"

_DEGREE = r"(?:(?:very|mild|slight|moderate|marked|severe|significant|persistent|extreme|profound|"
_DEGREE += r"notable|borderline|grossly|progressive)(?:ly)? )*"
_STATES = {
    HIGH: r"elevat\w+|increas\w+|raised|high(?:er)?(?![- ](?:resolution|grade|power|dose))|rais\w+"
    r"|positiv\w+|prolonged|present|detect(?:ed|able)|abnormal(?:ly high)?|reactive|peaked|up to"
    r"|excess\w*|(?<!\w)\+{1,4}(?!\w)|↑",
    LOW: r"decreas\w+|reduc\w+|low(?:er|ered)?(?![- ](?:dose|grade|density|lying|limb|lobe|back))"
    r"|depress\w+|deficien\w+|suppress\w+|diminish\w+|fell|dropp\w+|declin\w+|subnormal|↓",
    NORMAL: r"(?<!ab)(?<!sub)normal(?:i[sz]ed)?\b|within (?:the )?(?:normal|reference)(?: \w+)?|wnl"
    r"|unremarkable|negative|absent|undetectable|non-?reactive|not (?:elevated|increased|detected"
    r"|raised)|no (?:elevation|increase)|stable|unaltered",
}
_STATE = re.compile(
    _DEGREE + "(?:" + "|".join(f"(?P<{k}>{v})" for k, v in sorted(_STATES.items())) + ")", re.I
)
_DIRECT = re.compile(r"(?:^|.*[\s(])" + _STATE.pattern + r"(?: (?:levels?|values?|titers?|serum|"
                     r"plasma|blood|total|circulating|urine|urinary|a|the|of|in|for|morning|"
                     r"concentrations? of|titers? of|levels? of|white|count|initial|peak|am)){0,4}"
                     r"[\s:(]*$", re.I | re.S)  # fmt: skip
_FILL = re.compile(
    r"^(?:\s*(?:levels?|counts?|concentrations?|values?|titers?|titres?|activity|results?|"
    r"antibod\w+|was|were|is|are|of|at|to|:|=|\(|\([A-Za-z0-9-]{2,9}\)|serum|remained|came back|"
    r"returned|found to be|found|both|all|also|in blood|slightly|approximately|about|around|~|≈|"
    r"and))*\s*",
    re.I,
)
_VALUE = re.compile(
    r"(?P<number>[<>≤≥]?\s?\d{1,3}(?:,\d{3})+|[<>≤≥]?\s?\d+(?:\.\d+)?)\s?"
    r"(?:[×x*]\s?10\s?\^?\s?(?P<power>[0-9³⁶⁹⁴]{1,2})\s?)?"
    r"(?P<unit>%|/\s?[a-zµμ³]+3?|[a-zµμ]+(?:\s?/\s?[a-z0-9.µμ³²]+)?)?",
    re.I,
)
_RANGE = re.compile(
    r"(?:normal|reference|ref|range|nr|rr|n|limit)\b[^0-9<>≤≥;]{0,28}"
    r"(?:(?P<bound>[<>≤≥])\s?(?P<only>\d[\d,]*(?:\.\d+)?)"
    r"|(?P<low>\d[\d,]*(?:\.\d+)?)\s?(?:[-–—]|to)\s?(?P<high>\d[\d,]*(?:\.\d+)?))",
    re.I,
)
_JOIN = re.compile(
    r"^(?:\s*\([^()]*\))?\s*(?:,|,?\s*and|/|&|,?\s*or)?\s*(?:the |serum |both )?$", re.I
)
_BREAK = re.compile(r"[;\n]|\.(?:\s|$)|\b(?:but|with|however|while|whereas|although)\b", re.I)
# Analytes of another fluid are called by the same names.
_ELSEWHERE = {
    "csf": {
        "wbc_count": "csf_cell_count",
        "glucose": "csf_glucose",
        "total_protein": "csf_protein",
    },
    "urine": {
        "total_protein": "urine_protein_dip",
        "glucose": "urine_glucose",
        "wbc_count": "urine_wbc",
        "rbc_count": "urine_rbc",
        "albumin": "uacr",
    },
    "fluid": {},
}
# "Elevated IgG anti-measles" is about one antibody, not about all IgG.
_NO_VALUE = re.compile(
    r"\s*(?:uptake|metabolism|intolerance|transporter|supplement|chloride test|therapy|infusion"
    r"|replacement|diet|channel|expression)",
    re.I,
)
_CLASSES = frozenset("igg igm iga ige".split())
_OF_ANTIBODY = re.compile(
    r"[\s(/-]*(?:and ig\w )?(?:[\w-]+ )?(?:anti|antibod|class|against|to |for |positiv|negativ"
    r"|[a-z]*virus)",
    re.I,
)
_COUNTED = re.compile(r"[\d%]\s?$")
_ONLY_BLOOD = frozenset(
    "wbc_count rbc_count neutrophils lymphocytes monocytes eosinophils glucose total_protein"
    " albumin ldh haemoglobin".split()
)
_FLUIDS = (
    ("csf", re.compile(r"\bcsf\b|cerebrospinal|lumbar puncture|spinal tap", re.I)),
    ("urine", re.compile(r"\burin|dipstick", re.I)),
    (
        "fluid",
        re.compile(
            r"\b(?:pleural|ascit\w+|peritoneal|synovial|joint|cyst|pericardial|bronchoalveolar"
            r"|lavage|thora\w*centesis|paracentesis|effusion|washing|bal|aspirate)\b",
            re.I,
        ),
    ),
)


def fluid_of(test: str) -> str:
    """The fluid other than blood that a test's name tells.

    >>> fluid_of("CSF analysis"), fluid_of("Laboratory tests")
    ('csf', '')
    """
    return next((fluid for fluid, pattern in _FLUIDS if pattern.search(test)), "")


_SUPER = str.maketrans("³⁶⁹⁴²", "36942")


class Analyte(NamedTuple):
    """What an analyte above or below its range is called, and ranges by unit."""

    high: tuple[str, ...]
    low: tuple[str, ...]
    ranges: tuple[tuple[str, float, float], ...]


@cache
def analytes() -> dict[str, Analyte]:
    """The table of analytes by the catalogue's ids."""
    table = {}
    for row in vocabulary.rows("laboratory"):
        ranges = []
        for part in vocabulary.split(row["ranges"]):
            unit, _, bounds = part.partition(" ")
            low, _, high = bounds.partition("-")
            ranges.append((unit, float(low), float(high)))
        table[row["analyte"]] = Analyte(
            vocabulary.split(row["high"]), vocabulary.split(row["low"]), tuple(ranges)
        )
    return table


class Measured(NamedTuple):
    """An analyte's mention in a text."""

    id: str
    start: int
    end: int


def measured(text: str, spans: list[Span] | None = None) -> list[Measured]:
    """The analytes that a text names, in order; the "mg" of "40 mg/L" is no magnesium."""
    return [
        Measured(span.term.id, *span[1:])
        for span in (mentions_of(text) if spans is None else spans)
        if span.term.id in analytes()
        and not (span.end - span.start < 4 and _COUNTED.search(text[: span.start][-4:]))
        and not _NO_VALUE.match(text, span.end)
        and not (span.term.id in _CLASSES and _OF_ANTIBODY.match(text, span.end))
    ]


def laboratory(text: str, found: list[Measured], fluid: str = "") -> list[Sign]:
    """Abnormal (and expressly normal) values of a text, of blood or of another fluid.

    >>> text = "CRP 165 mg/L, sodium 140 mmol/L"
    >>> [sign.negated for sign in laboratory(text, measured(text))]
    [False, True, True]
    """
    if fluid:
        found = [m._replace(id=_ELSEWHERE[fluid].get(m.id, m.id)) for m in found]
        found = [m for m in found if m.id not in _ONLY_BLOOD]
    states: list[tuple[str, int, int] | None] = []
    for row, mention in enumerate(found):
        previous = found[row - 1].end if row else 0
        following = found[row + 1].start if row + 1 < len(found) else len(text)
        states.append(_state(text, mention, previous, following))
    _share(text, found, states)
    signs = []
    for mention, state in zip(found, states, strict=True):
        if state is None:
            continue
        direction, start, end = state
        analyte = analytes()[mention.id]
        start, end = min(start, mention.start), max(end, mention.end)
        if direction == NORMAL:
            signs += [
                Sign(concepts, start, end, "laboratory", 0.85, True)
                for concepts in (analyte.high, analyte.low)
                if concepts
            ]
        elif concepts := analyte.high if direction == HIGH else analyte.low:
            signs.append(Sign(concepts, start, end, "laboratory", 0.9, False))
    return signs


def _state(
    text: str, mention: Measured, previous: int, following: int
) -> tuple[str, int, int] | None:
    """An analyte's own direction, and the span of the words or value that give it."""
    window = text[max(previous, mention.start - 50) : mention.start]
    cut = max((m.end() for m in _BREAK.finditer(window)), default=0)
    before = _DIRECT.match(window[cut:])
    after = text[mention.end : min(following, mention.end + 110)]
    stop = _BREAK.search(after)
    near = after[: stop.start()] if stop else after
    start = _FILL.match(near)
    rest = near[start.end() :] if start else near
    state = _STATE.match(rest)
    offset = mention.end + len(near) - len(rest)
    if before and not (state and before[NORMAL] and not state[NORMAL]):
        # the stretch before belongs to the analyte before where that one has no state of its own
        name = _name(before)
        at = mention.start - len(window) + cut + before.start(name)
        return name, at, mention.end
    if state:
        return _name(state), mention.start, offset + state.end()
    value = _VALUE.match(rest)
    if value is None:
        return None
    end = offset + value.end()
    bounds = _RANGE.search(after[:110])
    verdict = _against(value, bounds) if bounds else _by_unit(value, mention.id)
    if verdict is None:
        later = _STATE.match(rest[value.end() :].lstrip(" ,(;-–"))
        return (_name(later), mention.start, end) if later else None
    return verdict, mention.start, end


def _name(match: re.Match[str]) -> str:
    return next(name for name in (HIGH, LOW, NORMAL) if match[name] is not None)


def _number(text: str) -> float:
    return float(text.replace(",", "").strip(" <>≤≥"))


def _against(value: re.Match[str], bounds: re.Match[str]) -> str | None:
    number = _number(value["number"])
    if bounds["only"]:
        limit = _number(bounds["only"])
        if bounds["bound"] in "<≤":
            return HIGH if number > limit else NORMAL
        return LOW if number < limit else NORMAL
    low, high = _number(bounds["low"]), _number(bounds["high"])
    if low >= high:
        return None
    return LOW if number < low else HIGH if number > high else NORMAL


def _by_unit(value: re.Match[str], analyte: str) -> str | None:
    number, unit = _number(value["number"]), (value["unit"] or "").lower().replace(" ", "")
    below, above = value["number"][0] in "<≤", value["number"][0] in ">≥"
    unit = unit.translate(_SUPER).replace("µ", "u").replace("μ", "u").replace("mcg", "ug")
    power = (value["power"] or "").translate(_SUPER)
    if power:
        unit = f"10^{power}{unit if unit.startswith('/') else ''}"
    unit = {"/mm3": "/ul", "/cumm": "/ul", "/mm": "/ul", "cells/ul": "/ul", "cells/mm3": "/ul",
            "10^3/mm3": "10^3/ul", "10^6/mm3": "10^6/ul", "k/ul": "10^3/ul", "gm/dl": "g/dl",
            "g%": "g/dl", "mg%": "mg/dl", "iu/ml": "iu/ml", "units/l": "u/l", "ui/l": "u/l",
            "mmol": "mmol/l", "meq": "meq/l", "mg": "mg/dl" if analyte != "crp" else "mg/l",
            "mm/hour": "mm/h", "mmhg": "mmhg", "10^9": "10^9/l"}.get(unit, unit)  # fmt: skip
    for known, low, high in analytes()[analyte].ranges:
        if known == (unit or "-"):
            if number < low or (below and number <= low):
                return LOW
            return HIGH if number > high or (above and number >= high) else NORMAL
    return None


def _share(text: str, found: list[Measured], states: list[tuple[str, int, int] | None]) -> None:
    """Give members of a list the state that is said once: "raised LDH, CRP and ferritin"."""
    joined = [
        bool(_JOIN.match(text[found[row].end : found[row + 1].start]))
        for row in range(len(found) - 1)
    ]
    for row in range(1, len(found)):
        state = states[row - 1]
        if states[row] is not None or state is None or not joined[row - 1]:
            continue
        if state[1] < found[row - 1].start or (row > 1 and joined[row - 2]):
            states[row] = (state[0], found[row].start, found[row].end)
    for row in range(len(found) - 2, -1, -1):
        if states[row] is None and joined[row] and (state := states[row + 1]):
            states[row] = (state[0], found[row].start, found[row].end)
