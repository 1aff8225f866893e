"""Reader: articles from files, archives and folders, whatever format they are in.

Nothing is unpacked to disk, so that no name in an archive can point anywhere; what is too large is
refused before it is read. Every file that cannot be used becomes a `Problem` that says why.
"""

from __future__ import annotations

import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from medaction_gym.articles import bioc, jats, plain
from medaction_gym.articles.article import Article
from medaction_gym.cases.problems import Problem

MAX_BYTES = jats.MAX_BYTES  # of one article's file
MAX_JSON_BYTES = 256 * 1024 * 1024  # of a file that may hold many
MAX_TEXT = 2_000_000  # characters of one article
MAX_MEMBERS = 100_000  # of an archive
MAX_UNPACKED = 8 * 1024**3  # bytes of all members of an archive
_XML = (".nxml", ".xml")
_ARCHIVE = (".tar.gz", ".tgz", ".tar")
SUFFIXES = (*_XML, ".json", ".txt", *_ARCHIVE)


def read(path: str | os.PathLike[str]) -> Iterator[Article | Problem]:
    """Read a file, an archive, or a folder with everything below it.

    Args:
        path: ``.nxml`` or ``.xml`` (JATS), ``.json`` (PMC's BioC, or the MedR-Bench file with its
            ``raw_case`` texts), ``.txt``, ``.tar.gz`` (the open-access package), or a folder.

    Yields:
        Articles, and a problem for each file or entry that is none.

    Raises:
        FileNotFoundError: If there is nothing at the path.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such article, archive or folder")
    if not path.is_dir():
        yield from _file(path)
        return
    found = False
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name.lower().endswith(SUFFIXES):
            found = True
            yield from _file(file)
    if not found:
        yield Problem(str(path), f"holds no article ({', '.join(SUFFIXES)})")


def _file(path: Path) -> Iterator[Article | Problem]:
    name = path.name.lower()
    if name.endswith(_ARCHIVE):
        yield from _archive(path)
        return
    limit = MAX_JSON_BYTES if name.endswith(".json") else MAX_BYTES
    try:
        size = path.stat().st_size
        if size > limit:
            yield Problem(str(path), f"has {size:,} bytes; at most {limit:,} are read")
            return
        data = path.read_bytes()
    except OSError as error:
        yield Problem(str(path), f"cannot be read: {error}")
        return
    yield from articles_in(data, str(path))


def articles_in(data: bytes, source: str, place: str = "") -> Iterator[Article | Problem]:
    """Read the bytes of one file; its name says nothing that its content does not confirm.

    Args:
        data: The bytes.
        source: The file, for messages.
        place: The member of an archive, for messages.
    """
    stem = PurePosixPath(place or Path(source).name).name
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    head = data[:512].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    try:
        if not data.strip():
            raise ValueError("is empty")
        if head.startswith(b"<"):
            yield _bounded(jats.article_of(data, stem))
        elif head.startswith((b"{", b"[")) and source.lower().endswith((".json", *_ARCHIVE)):
            yield from _json(data, source)
        elif (place or source).lower().endswith(_XML):
            raise ValueError("is no XML: it does not begin with '<'")
        elif (place or source).lower().endswith(".json"):
            raise ValueError("is no JSON object or list")
        else:
            yield _bounded(plain.article_of(_decoded(data), stem, source=source))
    except (ValueError, RecursionError) as error:
        yield Problem(source, str(error) or type(error).__name__, place)


def _json(data: bytes, source: str) -> Iterator[Article | Problem]:
    try:
        document = json.loads(_decoded(data))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not valid JSON (truncated?): {error}") from None
    if bioc.recognises(document):
        yield from _bioc(document, source)
    elif isinstance(document, dict) and any(
        isinstance(entry, dict) and "raw_case" in entry for entry in document.values()
    ):
        for key, entry in document.items():
            yield _entry(key, entry, source)
    else:
        raise ValueError("is JSON, but neither BioC nor entries with a raw_case")


def _bioc(document: Any, source: str) -> Iterator[Article | Problem]:
    """The documents of a BioC file; a bad one costs no other."""
    number = 0
    for number, one in enumerate(bioc.documents_of(document), 1):
        try:
            yield _bounded(bioc.article_of(one, source))
        except ValueError as error:
            yield Problem(source, str(error), f"document {number}")
    if not number:
        raise ValueError("is BioC without a document")


def _entry(key: str, entry: Any, source: str) -> Article | Problem:
    """One entry of the MedR-Bench file: the article's own text, not the summary made of it."""
    text = entry.get("raw_case") if isinstance(entry, dict) else None
    try:
        if not key.isprintable():
            raise ValueError("its key holds characters that cannot be printed")
        if not isinstance(text, str):
            raise ValueError("raw_case: is missing or not a string")
        article = plain.article_of(
            text,
            key,
            ids={"pmc": key} if key.startswith("PMC") else {},
            license="PMC open access (the article's own licence)",
            source=source,
        )
        return _bounded(article)
    except ValueError as error:
        shown = ascii(key)[:200]
        return Problem(source, str(error), f"key {shown}", key if key.isprintable() else shown)


def _archive(path: Path) -> Iterator[Article | Problem]:
    """The articles of a tar archive, read member by member in memory."""
    found, unpacked = False, 0
    try:
        with tarfile.open(path, "r|*") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_MEMBERS:
                    yield Problem(
                        str(path), f"holds more than {MAX_MEMBERS:,} members; the rest is left"
                    )
                    break
                unpacked += member.size
                if unpacked > MAX_UNPACKED:
                    message = f"unpacks to more than {MAX_UNPACKED:,} bytes; the rest is left"
                    yield Problem(str(path), message, member.name)
                    break
                if not member.name.lower().endswith((*_XML, ".json")):
                    continue
                found = True
                if not member.isreg():
                    yield Problem(
                        str(path), "is a link or device, not a file; skipped", member.name
                    )
                elif member.size > MAX_BYTES:
                    message = f"has {member.size:,} bytes; at most {MAX_BYTES:,} are read"
                    yield Problem(str(path), message, member.name)
                else:
                    file = archive.extractfile(member)
                    assert file is not None
                    yield from articles_in(file.read(), str(path), member.name)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        yield Problem(str(path), f"is no readable tar archive (truncated?): {error}")
        return
    if not found:
        yield Problem(str(path), "holds no .nxml, .xml or .json file")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot be read as UTF-8 text: {error}") from None


def _bounded(article: Article) -> Article:
    if not article.id.isprintable():
        raise ValueError("its id holds characters that cannot be printed")
    if len(article.text) > MAX_TEXT:
        raise ValueError(
            f"has {len(article.text):,} characters; an article has at most {MAX_TEXT:,}"
        )
    return article
