"""BioC: PMC's JSON of passages, each with its place in the article (``section_type``, ``type``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medaction_gym.articles.article import Article, Figure, Part, Section, Table, Writer

_PARTS: dict[str, Part] = {
    "ABSTRACT": "abstract",
    "REF": "back",
    "ACK_FUND": "back",
    "COMP_INT": "back",
    "AUTH_CONT": "back",
    "SUPPL": "back",
    "ABBR": "back",
    "APPENDIX": "back",
}
_HEADINGS = {"INTRO": "Introduction", "METHODS": "Methods", "RESULTS": "Results",
             "DISCUSS": "Discussion", "CONCL": "Conclusion", "CASE": "Case report"}  # fmt: skip


def recognises(document: object) -> bool:
    """Whether a JSON value is a BioC collection, or a list of them as PMC serves it."""
    if isinstance(document, list):
        return any(map(recognises, document))
    return isinstance(document, dict) and (
        "documents" in document or isinstance(document.get("passages"), list)
    )


def documents_of(document: Any) -> Iterator[Any]:
    """The documents of a BioC collection or of a list of them, whatever they hold.

    Raises:
        ValueError: If a collection has no list of documents.
    """
    if isinstance(document, list):
        for collection in document:
            yield from documents_of(collection)
    elif isinstance(document, dict) and "documents" in document:
        if not isinstance(document["documents"], list):
            raise ValueError("documents: is not a list")
        yield from document["documents"]
    else:
        yield document


def article_of(document: Any, source: str = "") -> Article:
    """The article of one BioC document.

    Raises:
        ValueError: If it has no passages, or one of them no text.
    """
    if not isinstance(document, dict) or not isinstance(document.get("passages"), list):
        raise ValueError("documents: an entry has no list of passages")
    return _article(document, source)


def _said(passage: Any) -> str:
    """A passage's text; BioC may give it sentence by sentence."""
    text = passage.get("text") if isinstance(passage, dict) else None
    if text is None and isinstance(passage, dict) and isinstance(passage.get("sentences"), list):
        said = [s.get("text") for s in passage["sentences"] if isinstance(s, dict)]
        text = " ".join(s for s in said if isinstance(s, str)) or None
    if not isinstance(text, str):
        raise ValueError("passages: an entry has no text")
    return text


def _article(document: dict[str, Any], source: str) -> Article:
    writer = Writer()
    title, license = "", "unknown"
    ids: dict[str, str] = {}
    keywords: tuple[str, ...] = ()
    sections: list[Section] = []
    tables: list[Table] = []
    figures: list[Figure] = []
    titles: tuple[str, ...] = ()
    for passage in document["passages"]:
        whole = _said(passage)
        infons = passage.get("infons")
        infons = infons if isinstance(infons, dict) else {}
        kind = str(infons.get("type", "")).lower()
        where = str(infons.get("section_type", "")).upper()
        text = " ".join(whole.split())
        if where == "TITLE" or (kind in ("front", "title") and not title):
            title, license = title or text, str(infons.get("license") or license)
            ids |= {
                name: str(infons[key])
                for name, key in (
                    ("pmc", "article-id_pmc"),
                    ("pmid", "article-id_pmid"),
                    ("doi", "article-id_doi"),
                )
                if infons.get(key)
            }
            keywords = tuple(str(infons.get("kwd", "")).split())
        if not text or where == "REF":
            continue
        span = writer.write(text)
        if kind.startswith(("title", "abstract_title")) and where != "TITLE":
            depth = int(kind[-1]) if kind[-1:].isdigit() else 1
            titles = (*titles[: max(0, depth - 1)], text)
        elif where == "TABLE":
            xml_free = tuple(
                tuple(cell.strip() for cell in row.split("\t"))
                for row in whole.splitlines()
                if row.strip()
            )
            tables.append(Table(caption="", rows=xml_free, **span._asdict()))
        elif where == "FIG":
            figures.append(Figure(caption=text, **span._asdict()))
        elif where != "TITLE":
            part = _PARTS.get(where, "body")
            above = titles or ((_HEADINGS[where],) if where in _HEADINGS else ())
            if part == "abstract":
                above = tuple(t for t in above if t != "Introduction")
            sections.append(Section(titles=above, part=part, **span._asdict()))
    pmc = ids.get("pmc") or str(document.get("id", ""))
    pmc = pmc.upper().removeprefix("PMC")
    name = f"PMC{pmc}" if pmc.isdigit() else str(document.get("id") or source or "article")
    return Article(
        id=name[:200],
        title=title,
        text=writer.text,
        sections=tuple(sections),
        tables=tuple(tables),
        figures=tuple(figures),
        ids=ids | ({"pmc": name} if pmc.isdigit() else {}),
        license=license[:300],
        keywords=keywords,
        source=source,
    )
