"""Reading articles: every format, and everything that a file can do wrong or do harm with."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from medaction_gym.articles.article import Article
from medaction_gym.articles.reader import MAX_BYTES, MAX_TEXT, articles_in, read
from medaction_gym.cases.problems import Problem
from tests.articles.texts import BODY, CASE, PLAIN, archive, bioc, jats


def one(data: bytes, source: str = "x.nxml") -> Article:
    (article,) = articles_in(data, source)
    assert isinstance(article, Article), article
    return article


def problem(data: bytes, source: str = "x.nxml") -> str:
    (found,) = articles_in(data, source)
    assert isinstance(found, Problem), found
    assert found.file == source
    return found.message


def test_jats() -> None:
    article = one(jats(BODY))
    assert article.id == "PMC900001"
    assert article.ids == {"pmc": "PMC900001", "doi": "10.1/x"}
    assert article.title == "Graves’ disease presenting as palpitations: a case report"
    assert article.license == "https://creativecommons.org/licenses/by/4.0/"
    assert (article.language, article.kind) == ("en", "case-report")
    assert article.keywords == ("thyroid",)
    told = {s.titles: article.text[s.start : s.end] for s in article.under("body")}
    assert told[("Case report",)] == "\n\n".join(CASE[:3])
    assert told[("Case report", "Treatment")] == CASE[3]
    assert "[1]" not in article.text
    (table,) = article.tables
    assert table.rows[1] == ("Sodium", "139 mmol/L", "135-145")
    assert "Creatinine | 61 µmol/L" in article.text[table.start : table.end]
    assert [f.caption for f in article.figures] == ["Ultrasound of the neck."]


def test_bioc_and_plain_tell_the_same() -> None:
    by_bioc, by_text = one(bioc(), "x.json"), one(PLAIN.encode(), "demo.txt")
    assert by_bioc.id == "PMC900001"
    assert by_bioc.license == "CC BY"
    assert "A reference." not in by_bioc.text
    assert by_text.id == "demo"
    assert by_text.text == PLAIN
    for article in (by_bioc, by_text):
        assert article.title.startswith("Graves' disease presenting")
        sections = [s for s in article.under("body") if "Case" in " ".join(s.titles)]
        assert article.text[sections[0].start :].startswith("A 34-year-old woman")


def test_medrbench_entries() -> None:
    data = json.dumps({"PMC1": {"raw_case": PLAIN}, "PMC2": {"raw_case": 7}, "PMC3": 1}).encode()
    first, *others = articles_in(data, "m.json")
    assert isinstance(first, Article)
    assert first.id == "PMC1"
    assert first.ids == {"pmc": "PMC1"}
    assert [o.place for o in others if isinstance(o, Problem)] == ["key 'PMC2'", "key 'PMC3'"]
    assert all("raw_case" in str(o) for o in others)


def test_archive_and_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    archive(folder / "b.tar.gz", {"PMC2/a.nxml": jats(BODY, pmc="2"), "PMC2/a.jpg": b"\xff"})
    (folder / "deep" / "c.nxml").write_bytes(jats(BODY, pmc="3"))
    (folder / "a.txt").write_text(PLAIN, encoding="utf-8")
    (folder / "notes.md").write_text("no article", encoding="utf-8")
    assert [a.id for a in read(folder) if isinstance(a, Article)] == ["a", "PMC2", "PMC3"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such article"):
        list(read(tmp_path / "nowhere"))
    (only,) = read(tmp_path)
    assert "holds no article" in str(only)


BILLION = """<!DOCTYPE article [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""
EXTERNAL = '<!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
OUTSIDE = '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "JATS-archivearticle1.dtd">'


@pytest.mark.parametrize("doctype", [BILLION, EXTERNAL], ids=["billion laughs", "external entity"])
def test_entities_are_refused(doctype: str) -> None:
    assert "declares entities" in problem(jats("<p>&c;&x;</p>", doctype=doctype))


def test_a_dtd_is_named_but_not_read() -> None:
    article = one(jats("<p>5&nbsp;&micro;g &alpha;</p>", doctype=OUTSIDE))
    assert "5 µg α" in article.text


@pytest.mark.parametrize(
    ("data", "source", "said"),
    [
        (jats(BODY)[:1500], "x.nxml", "not well-formed XML (truncated?)"),
        (b"", "x.nxml", "is empty"),
        (b"no xml", "x.nxml", "is no XML"),
        (b"<html><p>x</p></html>", "x.xml", "its root is <html>"),
        (b"<article><body/></article>", "x.nxml", "without front/article-meta"),
        (b"<article>" + b"<sec>" * 300 + b"</sec>" * 300 + b"</article>", "x.nxml", "deeper than"),
        (b'{"a": 1', "x.json", "not valid JSON (truncated?)"),
        (b'{"a": 1}', "x.json", "neither BioC nor entries with a raw_case"),
        (b'{"documents": [{"passages": [{"text": 3}]}]}', "x.json", "an entry has no text"),
        (b'{"documents": 3}', "x.json", "documents: is not a list"),
        (b"[" * 100_000, "x.json", "not valid JSON"),
        (b"\xff\xfe\xff", "x.txt", "cannot be read as UTF-8"),
        (b"   \n ", "x.txt", "is empty"),
        (b"word " * (MAX_TEXT // 4), "x.txt", "an article has at most"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_files_say_why(data: bytes, source: str, said: str) -> None:
    assert said in problem(data, source)


def test_many_megabytes_are_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.nxml"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (found,) = read(huge)
    assert "bytes; at most" in str(found)


def test_ten_megabytes_of_text_are_refused_quickly() -> None:
    assert "an article has at most" in problem(b"A cough. " * 1_200_000, "x.txt")


def test_other_encodings() -> None:
    text = jats("<p>5 µg</p>").decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert "5 µg" in one(text.encode("utf-16")).text


def test_very_deep_nesting_is_refused() -> None:
    deep = b"<article>" + b"<sec>" * 50_000 + b"</sec>" * 50_000 + b"</article>"
    assert "deeper than" in problem(deep)


def test_archives_write_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "in" / "evil.tar.gz"
    inner.parent.mkdir()
    archive(inner, {"../../escaped.nxml": jats(BODY), "/absolute.nxml": jats(BODY)})
    with tarfile.open(inner.parent / "link.tar", "w") as file:
        link = tarfile.TarInfo("a.nxml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    found = list(read(inner.parent))
    assert sorted(p.name for p in tmp_path.rglob("*")) == before
    assert sum(isinstance(a, Article) for a in found) == 2
    assert any("is a link or device" in str(p) for p in found if isinstance(p, Problem))


def test_broken_archives_say_so(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.tar.gz", {"a.nxml": jats(BODY)}).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "no.tar.gz").write_bytes(b"not a tar")
    archive(tmp_path / "pictures.tar.gz", {"a.jpg": b"x"})
    for name, said in (
        ("cut", "no readable tar archive"),
        ("no", "no readable tar archive"),
        ("pictures", "holds no .nxml"),
    ):
        messages = [str(p) for p in read(tmp_path / f"{name}.tar.gz")]
        assert said in messages[-1]


def test_the_served_articles(real_data: Path) -> None:
    articles = [a for a in read(real_data / "jats") if isinstance(a, Article)]
    assert len(articles) == 5
    assert all(a.title and a.sections and a.id.startswith("PMC") for a in articles)
    stated = [a.license for a in articles]
    assert sum("creativecommons.org" in text for text in stated) == 2
    assert sum("Creative Commons" in text for text in stated) == 2
