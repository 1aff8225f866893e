"""JATS: the XML that PMC serves (.nxml).

Read without a network, without DTDs and without entities of the document's own: a file that
declares any is refused. Citations are left out of the text; tables and captions stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from medaction_gym.articles.article import Article, Figure, Part, Section, Span, Table, Writer

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 200

_SPACE = re.compile(r"\s+")
# What is no running text: references, formulas' sources, contributors.
_SILENT = frozenset(
    "ref-list table-wrap table-wrap-group fig fig-group tex-math supplementary-material "
    "media object-id label fn-group glossary ack app-group alternatives-source graphic".split()
)
_BLOCKS = frozenset(
    "p list list-item disp-quote def-list def-item def disp-formula statement".split()
)
_PAIRED = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200b": ""})


def article_of(data: bytes, source: str = "") -> Article:
    """Read one JATS document.

    Args:
        data: The file's bytes.
        source: Its name, for messages and as a last resort for the id.

    Raises:
        ValueError: If it is too large, no XML, no article, or uses entities; says which.
    """
    root = _root(data)
    if root.tag == "pmc-articleset" or (
        root.tag != "article" and root.find(".//article") is not None
    ):
        articles = root.findall(".//article")
        if len(articles) != 1:
            raise ValueError(f"holds {len(articles)} articles in one document; give one file each")
        root = articles[0]
    if root.tag != "article":
        raise ValueError(f"is XML, but no JATS article: its root is <{root.tag}>")
    meta = root.find("front/article-meta")
    if meta is None:
        meta = root.find("front-stub")
    if meta is None:
        raise ValueError("is a JATS article without front/article-meta")
    return _Reader(root, meta, source).article()


def _root(data: bytes) -> Element:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if len(data) > MAX_BYTES:
        raise ValueError(f"has {len(data):,} bytes; an article has at most {MAX_BYTES:,}")
    parser = DefusedXMLParser(
        target=_Shallow(), forbid_dtd=False, forbid_entities=True, forbid_external=True
    )
    # The names that the JATS DTD, which is not read, would have defined.
    parser.entity.update({name: chr(code) for name, code in name2codepoint.items()})
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        kind = type(error).__name__
        raise ValueError(
            f"declares entities or refers to outside files; refused ({kind})"
        ) from None
    except _TooDeep:
        raise ValueError(f"nests elements deeper than {MAX_DEPTH}") from None
    except (ParseError, ValueError, LookupError) as error:
        raise ValueError(f"is not well-formed XML (truncated?): {error}") from None
    return root


class _TooDeep(Exception):
    """Raised while the parser still reads: what is nested a million times is never built."""


class _Shallow(TreeBuilder):
    """Builds the tree, and stops where it gets too deep."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)


class _Reader:
    """Walks one document."""

    def __init__(self, root: Element, meta: Element, source: str):
        self.root, self.meta, self.source = root, meta, source
        self.writer = Writer()
        self.sections: list[Section] = []
        self.tables: list[Table] = []
        self.figures: list[Figure] = []

    def article(self) -> Article:
        title = _text(self.meta.find("title-group/article-title"))
        if title:
            self.writer.write(title)
        for abstract in self.meta.findall("abstract"):
            if abstract.get("abstract-type") not in ("graphical", "teaser", "toc", "precis"):
                self.section(abstract, (), "abstract")
        body, back = self.root.find("body"), self.root.find("back")
        if body is not None:
            self.section(body, (), "body")
        for node in back if back is not None else ():
            if node.tag in ("sec", "app", "ack", "notes"):
                self.section(node, _titles(node, ()), "back")
        for node in self.root.findall("floats-group"):
            self.floats(node)
        ids = {
            node.get("pub-id-type", ""): _text(node)
            for node in self.meta.findall("article-id")
            if _text(node)
        }
        pmc = (ids.get("pmc") or ids.get("pmcid") or "").upper().removeprefix("PMC")
        name = f"PMC{pmc}" if pmc else ids.get("pmid") or ids.get("doi") or self.source
        known = {"pmc": f"PMC{pmc}" if pmc else "", "pmid": ids.get("pmid"), "doi": ids.get("doi")}
        return Article(
            id=name[:200] or "article",
            title=title,
            text=self.writer.text,
            sections=tuple(self.sections),
            tables=tuple(self.tables),
            figures=tuple(self.figures),
            ids={key: value for key, value in known.items() if value},
            license=self.license(),
            language=(self.root.get("{http://www.w3.org/XML/1998/namespace}lang") or "")[
                :2
            ].lower(),
            kind=self.root.get("article-type", ""),
            keywords=tuple(filter(None, map(_text, self.meta.findall(".//kwd-group/kwd")))),
            source=self.source,
        )

    def license(self) -> str:
        node = self.meta.find("permissions/license")
        if node is None:
            return _text(self.meta.find("permissions/copyright-statement"))[:300] or "unknown"
        for element in node.iter():
            for key, value in element.attrib.items():
                if key.endswith("href") and "creativecommons.org" in value:
                    return value
        return (node.get("license-type") or _text(node) or "unknown")[:300]

    def section(self, node: Element, titles: tuple[str, ...], part: Part) -> None:
        """Write a section's own paragraphs as one `Section`, then its subsections."""
        own: list[Span] = []

        def flush() -> None:
            if own:
                span = Span(own[0].start, own[-1].end)
                self.sections.append(Section(titles=titles, part=part, **span._asdict()))
                own.clear()

        for child in node:
            if child.tag == "sec":
                flush()
                heading = _text(child.find("title"))
                if heading:
                    self.writer.write(heading)
                self.section(child, _titles(child, titles), part)
            elif child.tag in _BLOCKS:
                for paragraph in _paragraphs(child):
                    own.append(self.writer.write(paragraph))
                if child.find(".//table-wrap") is not None or child.find(".//fig") is not None:
                    flush()
                    self.floats(child)
            elif child.tag in ("table-wrap", "fig", "table-wrap-group", "fig-group", "boxed-text"):
                flush()
                if child.tag == "boxed-text":
                    self.section(child, _titles(child, titles), part)
                else:
                    self.floats(child, itself=True)
        flush()

    def floats(self, node: Element, *, itself: bool = False) -> None:
        """Take in the tables and figures of a stretch."""
        for element in node.iter():
            if element is node and not itself:
                continue
            if element.tag == "table-wrap":
                self.table(element)
            elif element.tag == "fig":
                label, caption = _text(element.find("label")), _text(element.find("caption"))
                if caption:
                    span = self.writer.write(f"{label} {caption}".strip())
                    self.figures.append(Figure(label=label, caption=caption, **span._asdict()))

    def table(self, node: Element) -> None:
        label, caption = _text(node.find("label")), _text(node.find("caption"))
        rows = tuple(
            tuple(_text(cell) for cell in row if cell.tag in ("td", "th"))
            for row in node.iter("tr")
        )
        rows = tuple(row for row in rows if any(row))
        spans = [self.writer.write(f"{label} {caption}".strip())] if label or caption else []
        spans += [self.writer.write(" | ".join(row)) for row in rows]
        if spans:
            self.tables.append(
                Table(
                    label=label, caption=caption, rows=rows, start=spans[0].start, end=spans[-1].end
                )
            )


def _titles(node: Element, above: tuple[str, ...]) -> tuple[str, ...]:
    title = _text(node.find("title"))
    return (*above, title) if title else above


def _paragraphs(node: Element) -> Iterator[str]:
    """A block's text, and each block inside it as a paragraph of its own."""
    text = _text(node)
    inner = [child for child in node if child.tag in _BLOCKS and node.tag != "p"]
    if inner:
        for child in inner:
            yield from _paragraphs(child)
    elif text:
        yield text


def _text(node: Element | None) -> str:
    """All text of a node on one line, without citations and what is no running text."""
    if node is None:
        return ""
    pieces: list[str] = []
    _collect(node, pieces)
    return _SPACE.sub(" ", "".join(pieces).translate(_PAIRED)).strip()


def _collect(node: Element, pieces: list[str]) -> None:
    pieces.append(node.text or "")
    for child in node:
        cited = child.tag == "xref" and child.get("ref-type") == "bibr"
        if isinstance(child.tag, str) and not cited and child.tag not in _SILENT:
            if child.tag in ("break", "title", "p") and pieces and not pieces[-1].endswith(" "):
                pieces.append(" ")
            _collect(child, pieces)
            if child.tag in ("title", "p"):
                pieces.append(" ")
        pieces.append(child.tail or "")
