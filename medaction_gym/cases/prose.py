"""Prose: how clinical summaries are written: bullets, headings, sentences, lists and states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# Verbs that separate a test from its result in a sentence.
VERB = re.compile(
    r"\b(?:show(?:s|ed|ing)?|reveal(?:s|ed|ing)?|demonstrat(?:es|ed|ing)|confirm(?:s|ed|ing)?|"
    r"indicat(?:es|ed|ing)|identif(?:ies|ied|ying)|detect(?:s|ed|ing)|suggest(?:s|ed|ing|ive)?|"
    r"found|noted|disclosed|displayed|depicted|exhibited|yielded|grew|rul(?:es|ed|ing) out|"
    r"exclud(?:es|ed|ing)|included?|was|were|is|are|remained|appeared|returned|came back|"
    r"highlighted|visuali[sz]ed|documented|reported|described|established|led to|failed|"
    r"unremarkable|inconclusive|normal|negative|positive|performed|obtained|taken)\b",
    re.IGNORECASE,
)

# Words that state a finding: never part of a test's name, and shared along a list of analytes
# ("elevated LDH, CRP and ferritin").
STATE = re.compile(
    r"\b(?:(?:mild|moderate|marked|severe|slight|significant|persistent|transient|extreme|very|"
    r"initial|border\s*line)(?:ly)?\s+)*(?:elevated|elevation|increased?|raised|"
    # not "high-resolution CT", "low-dose test", "lower limb"
    r"(?:high|low)(?:er)?(?!-|\s*(?:resolution|power|dose|frequency|speed|limb|extremit|leg|lip|lid|"
    r"eyelid|jaw|back|gi\b|gastro|abdom|respir|urinary|lobe|quadrant|esoph|oesoph|third))|"
    r"decreased?|reduced|depressed|normal(?:ized)?|within normal (?:limits|range)|unremarkable|"
    r"abnormal|deranged|negative|positive|absent|present|undetectable|detectable|detected|"
    r"borderline|deficient|deficiency|impaired|prolonged|shortened|non-?reactive|reactive|"
    r"sterile|non-?revealing|unrevealing|no evidence of|absence of|not detected|stable|"
    r"insufficient|excess(?:ive)?)\b",
    re.IGNORECASE,
)

# Where a sentence may end: a full stop before a capital, or a semicolon. Abbreviations and
# brackets do not end one.
_SENTENCE_END = re.compile(
    r"(?<!\bvs)(?<!\bDr)(?<!\bNo)(?<!\bFig)(?<!\bca)(?<!\bi\.e)(?<!\be\.g)(?<!\bapprox)"
    r"(?:[.!?][\"”')\]]?(?=\s+[\"“(\[]?[A-Z0-9])|;(?=\s))"
)
_BULLET = re.compile(r"^(\s*)(?:[-*•+]|\d{1,2}[.)])\s+(.*)$")
_MARKUP = re.compile(r"\*\*|__|`|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")


@dataclass
class Bullet:
    """A line of a list, with the lines below it."""

    text: str
    depth: int
    children: list[Bullet] = field(default_factory=list)


def split_heading(text: str) -> tuple[str, str]:
    """Split ``Name: result`` at the first colon that stands outside brackets.

    Example:
        >>> split_heading("Lumbar puncture (CSF): Clear")
        ('Lumbar puncture (CSF)', 'Clear')
        >>> split_heading("CT showed a mass: 3 cm")
        ('', 'CT showed a mass: 3 cm')
    """
    depth = 0
    for i, character in enumerate(text[:160]):
        depth += (character in "([") - (character in ")]")
        if character == ":" and depth <= 0 and (i + 1 == len(text) or text[i + 1].isspace()):
            heading = text[:i].strip(" *-_")
            if (
                0 < len(heading) <= 100
                and len(heading.split()) <= 12
                and not sentence_like(heading)
            ):
                return heading, text[i + 1 :].strip()
            return "", text
    return "", text


def sentence_like(heading: str) -> bool:
    """Whether a text before a colon is a sentence rather than a name."""
    verb = VERB.search(heading)
    return bool(verb and verb.start() > 0 and not STATE.fullmatch(verb.group()))


def is_heading_like(text: str) -> bool:
    """Whether a bullet is short enough, and verbless, to head the bullets below it."""
    return len(text.split()) <= 8 and not sentence_like(text)


def bullets(text: str) -> list[Bullet]:
    """Read markdown bullets into a forest; prose without bullets is one bullet a paragraph."""
    roots: list[Bullet] = []
    stack: list[Bullet] = []
    for line in text.splitlines():
        line = _MARKUP.sub("", line)
        if not line.strip() or set(line.strip()) <= set("-*_="):
            continue
        match = _BULLET.match(line)
        if match:
            bullet = Bullet(match[2].strip(), len(match[1].expandtabs(4)))
            while stack and stack[-1].depth >= bullet.depth:
                stack.pop()
            (stack[-1].children if stack else roots).append(bullet)
            stack.append(bullet)
        elif stack:
            stack[-1].text += " " + line.strip()
        else:
            roots.append(Bullet(line.strip(), -1))
    return roots


def flatten(bullets: Iterable[Bullet]) -> list[str]:
    """All lines of a forest of bullets, in order."""
    return [line for b in bullets for line in (ended(b.text), *flatten(b.children))]


def ended(text: str) -> str:
    """A text with a closing mark."""
    return text if text.endswith((".", ";", ":", "!", "?")) else text + "."


def sentences(text: str) -> list[str]:
    """Sentences and clauses, each with its closing mark; never cut inside brackets."""
    pieces = []
    for line in text.splitlines():
        start = 0
        for match in _SENTENCE_END.finditer(line):
            piece = line[start : match.end()]
            if piece.count("(") <= piece.count(")") and piece.count("[") <= piece.count("]"):
                pieces.append(piece)
                start = match.end()
        pieces.append(line[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def parts_of(sentence: str) -> list[str]:
    """Split a sentence at the commas, semicolons and "and"s that stand outside brackets.

    A bracket that itself lists several values is opened ("markers (CRP: 5, ESR: 9)").
    """
    parts, start, depth = [], 0, 0
    lists = {
        m.start()
        for m in re.finditer(r"\((?=[^()]*[A-Za-z]{2}[^()]*\d[^()]*[,;])[^()]*\)", sentence)
    }
    openings: list[bool] = []
    i = 0
    while i < len(sentence):
        character = sentence[i]
        if character in "([":
            opened = i in lists
            openings.append(opened)
            if opened:
                parts.append(sentence[start:i])
                start = i + 1
            else:
                depth += 1
        elif character in ")]" and openings:
            if openings.pop():
                parts.append(sentence[start:i])
                start = i + 1
            else:
                depth -= 1
        elif depth <= 0:
            decimal = (
                character == ","
                and sentence[i - 1 : i].isdigit()
                and re.match(r",\d{3}(?!\d)", sentence[i:]) is not None
            )
            joint = re.match(r"\s(?:and|but|with|while|whereas|plus|as well as)\s", sentence[i:])
            if character in ",;" and not decimal:
                parts.append(sentence[start:i])
                start = i + 1
            elif joint:
                parts.append(sentence[start:i])
                start = i + joint.end()
                i = start - 1
        i += 1
    parts.append(sentence[start:])
    return [part.strip() for part in parts if part.strip()]
