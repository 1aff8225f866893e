"""Plain text: an article as bare paragraphs, such as the ``raw_case`` of a MedR-Bench entry.

The first paragraph is the title; a short paragraph without a full stop is a heading. The text is
kept as it is, so that offsets count in the field or file itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from medaction_gym.articles.article import Article, Part, Section
from medaction_gym.articles.headings import CASE, topic_of

_PARAGRAPH = re.compile(r"\S(?:.*?\S)??(?=\s*\n\s*\n|\s*\Z)", re.DOTALL)
_MAX_HEADING = 12  # words


def article_of(text: str, id: str, **more: Any) -> Article:
    r"""Read a bare text.

    Args:
        text: The article; its first line is the title.
        id: What to call it.
        **more: Further fields of `Article`.

    Raises:
        ValueError: If the text is empty.

    Example:
        >>> a = article_of("A cough\n\nShort.\n\nCase report\n\nA man coughed.", "demo")
        >>> a.title, [(s.titles, s.part, a.text[s.start : s.end]) for s in a.sections]
        ('A cough', [((), 'abstract', 'Short.'), (('Case report',), 'body', 'A man coughed.')])
    """
    if not text.strip():
        raise ValueError("is empty")
    lead = re.match(r"\s*(\S[^\n]*)", text)
    assert lead is not None
    title = lead[1].strip()
    # A text without a title line begins with its first sentence.
    titled = len(title) <= 300 and ("\n" in text.strip())
    blocks: list[tuple[str, int, int]] = []  # heading, start, end
    heading, first, last = "", -1, -1
    for match in _PARAGRAPH.finditer(text, lead.end() if titled else 0):
        if _is_heading(match.group()):
            blocks.append((heading, first, last))
            heading, first, last = match.group().strip(), -1, -1
        else:
            first = match.start() if first < 0 else first
            last = match.end()
    blocks.append((heading, first, last))
    return Article(
        id=id,
        title=title if titled else "",
        text=text,
        sections=tuple(_sections(blocks)),
        **more,
    )


def _is_heading(paragraph: str) -> bool:
    return (
        "\n" not in paragraph
        and len(paragraph.split()) <= _MAX_HEADING
        and not paragraph.endswith((".", ",", ";", "!", "?"))
        and sum(map(str.isalpha, paragraph)) >= 3
        and (paragraph[0].isupper() or paragraph[0].isdigit())
    )


def _sections(blocks: list[tuple[str, int, int]]) -> Iterator[Section]:
    """Give each block its part, and the headings that it stands under."""
    topics = [topic_of(heading) for heading, *_ in blocks]
    # A structured abstract has an introduction and a conclusion of its own before the article's.
    again = [i for i, topic in enumerate(topics) if topic == "introduction"]
    abstract_until = again[1] if len(again) > 1 else 0
    if not abstract_until:
        told = [i for i, topic in enumerate(topics) if topic == "case"]
        abstract_until = 1 if not told or told[0] > 0 else 0
        ended = next((i for i, t in enumerate(topics) if t == "discussion"), len(topics))
        later = [i for i in told if i > ended]
        if later and told[0] < ended:
            abstract_until = next((i for i in again if i > ended), later[0])
    above = ""
    for i, (heading, start, end) in enumerate(blocks):
        topic = topics[i]
        part: Part = "abstract" if i < abstract_until else "body"
        if topic == "back":
            part = "back"
        elif topic in ("introduction", "discussion", "methods", "case"):
            above = heading
        if start < 0 or i == abstract_until:
            above = heading if topic in ("introduction", "discussion", "methods", "case") else ""
        if start < 0:
            continue
        under = above and above != heading and (topic in CASE or not topic)
        titles = (above, heading) if under else (heading,)
        yield Section(titles=tuple(filter(None, titles)), part=part, start=start, end=end)
