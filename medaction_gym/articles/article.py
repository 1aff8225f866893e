"""Article: a published text with its parts, whatever format it came in.

One string, `Article.text`, holds everything that is read; sections, tables and figures are spans of
it. So a character offset means the same to the compiler, to a case's evidence and to a reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

Part = Literal["abstract", "body", "back"]


class Span(NamedTuple):
    """A half-open stretch of characters of an article's text."""

    start: int
    end: int


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(_Frozen):
    """A stretch of the text under one heading, its subsections left out.

    Attributes:
        titles: The headings above it, outermost first; empty where there is none.
        part: Abstract, body, or what stands behind it (consent, funding, references).
        start: Where its text begins, the heading left out.
        end: Where it ends (half-open).
    """

    titles: tuple[str, ...] = ()
    part: Part = "body"
    start: int
    end: int


class Table(_Frozen):
    """A table: its caption, its cells, and where both stand in the text."""

    label: str = ""
    caption: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    start: int
    end: int


class Figure(_Frozen):
    """A figure's caption, and where it stands in the text."""

    label: str = ""
    caption: str = ""
    start: int
    end: int


class Article(_Frozen):
    """A published article.

    Attributes:
        id: What cases made of it are called after, e.g. ``"PMC11298319"``.
        title: Its title.
        text: Everything that is read: title, abstract, body, tables, captions.
        sections: Stretches of the text by heading, in order.
        tables: Tables, in order.
        figures: Captions, in order.
        ids: Its other names: ``pmc``, ``pmid``, ``doi``.
        license: The licence as the article states it, or ``"unknown"``.
        language: Two-letter code as the article states it, or ``""``.
        kind: The article's type as stated, e.g. ``"case-report"``, or ``""``.
        keywords: As stated.
        source: The file it was read from, for messages.

    Example:
        >>> article = Article(id="demo", title="A cough", text="A cough", sections=())
        >>> article.checksum[:8]
        '86bddc51'
    """

    id: str = Field(min_length=1, max_length=200)
    title: str
    text: str
    sections: tuple[Section, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    ids: dict[str, str] = Field(default_factory=dict)
    license: str = "unknown"
    language: str = ""
    kind: str = ""
    keywords: tuple[str, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _spans_lie_inside(self) -> Article:
        parts: tuple[Section | Table | Figure, ...] = (
            *self.sections,
            *self.tables,
            *self.figures,
        )
        for part in parts:
            if not 0 <= part.start <= part.end <= len(self.text):
                raise ValueError(f"{part!r} lies outside a text of {len(self.text)} characters")
        return self

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) of the text, to check that offsets mean this text."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()

    @property
    def url(self) -> str:
        """The article's page, by its PMC id or DOI; ``""`` where it has neither."""
        if pmc := self.ids.get("pmc"):
            return f"https://pmc.ncbi.nlm.nih.gov/articles/{pmc}/"
        return f"https://doi.org/{self.ids['doi']}" if "doi" in self.ids else ""

    def under(self, part: Part) -> Iterator[Section]:
        """The sections of one part, in order."""
        return (section for section in self.sections if section.part == part)


class Writer:
    r"""Puts an article's text together, noting where each part begins and ends.

    Example:
        >>> writer = Writer()
        >>> writer.write("Cough")
        Span(start=0, end=5)
        >>> writer.write("Fever")
        Span(start=7, end=12)
        >>> writer.text
        'Cough\n\nFever'
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def write(self, text: str) -> Span:
        """Add a paragraph, and say where it stands."""
        if self._pieces:
            self._pieces.append("\n\n")
            self._length += 2
        start = self._length
        self._pieces.append(text)
        self._length += len(text)
        return Span(start, self._length)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return "".join(self._pieces)
