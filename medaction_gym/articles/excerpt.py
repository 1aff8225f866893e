"""Excerpt: as much of an article as a language model is shown, the case before all else."""

from __future__ import annotations

from typing import NamedTuple

from medaction_gym.articles.article import Article, Figure, Section, Table
from medaction_gym.articles.headings import CASE, topic_under
from medaction_gym.articles.sentence import sentences

CUT = "[…]"


class Excerpt(NamedTuple):
    """The text that is sent, and in words what was left out; ``""`` if nothing was."""

    text: str
    unread: str


def excerpt(article: Article, limit: int) -> Excerpt:
    r"""As much of an article as fits.

    First come the sections that tell the case, with the tables and captions beside them, then the
    abstract, discussion, introduction, methods, and what stands behind the article. What fits no
    more is cut behind a sentence or left out, and `CUT` stands in its place. The order is the
    article's.

    Args:
        article: The article.
        limit: Characters of its text.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "T\n\nIntroduction\n\nRare.\n\nCase report\n\nA man coughed. He died."
        >>> excerpt(article_of(text, "demo"), 16).text
        '[…]\n\n# Case report\n\nA man coughed. […]'
        >>> excerpt(article_of(text, "demo"), 16).unread
        '14 of 28 characters were read; left out: Introduction, the end of Case report'
    """
    parts: list[Section | Table | Figure] = sorted(
        (*article.sections, *article.tables, *article.figures), key=lambda part: part.start
    )
    room, until, lost = limit, {}, []
    for i in sorted(range(len(parts)), key=lambda i: (_rank(article, parts[i]), i)):
        part = parts[i]
        end = part.end
        if end - part.start > room:
            end = max(
                (s.end for s in sentences(article.text, part.start, part.end)
                 if s.end - part.start <= room),
                default=part.start,
            )  # fmt: skip
            lost.append((i, f"the end of {_name(part)}" if end > part.start else _name(part)))
        until[i] = end
        room -= end - part.start
    told: list[str] = []
    titles: tuple[str, ...] = ()
    for i, part in enumerate(parts):
        text = article.text[part.start : until[i]]
        if text and isinstance(part, Section) and part.titles and part.titles != titles:
            titles = part.titles
            told.append(f"# {' / '.join(titles)}")
        if text:
            told.append(f"{text} {CUT}" if until[i] < part.end else text)
        elif told[-1:] != [CUT]:
            told.append(CUT)
    read = limit - room
    whole = sum(part.end - part.start for part in parts)
    names = ", ".join(dict.fromkeys(name for _, name in sorted(lost)))
    unread = f"{read} of {whole} characters were read; left out: {names}" if lost else ""
    return Excerpt("\n\n".join(told), unread)


_ORDER = ("discussion", "introduction", "methods", "back")


def _rank(article: Article, part: Section | Table | Figure) -> int:
    """How soon a part is wanted: the case, the abstract, the rest by its topic."""
    if isinstance(part, Section):
        section: Section | None = part
    else:
        section = next((s for s in reversed(article.sections) if s.start <= part.start), None)
    if section is None:
        return 0
    topic = topic_under(section.titles)
    if section.part == "back" or topic == "back":
        return 1 + len(_ORDER)
    if topic in CASE and section.part == "body":
        return 0
    return 2 + _ORDER.index(topic) if topic in _ORDER else 1


def _name(part: Section | Table | Figure) -> str:
    if isinstance(part, Section):
        return part.titles[-1] if part.titles else part.part
    return part.label or type(part).__name__.lower()
