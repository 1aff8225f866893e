"""Many articles at once: killed workers, a compiler's bugs, hostile and odd files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medaction_gym.articles.article import Article
from medaction_gym.articles.compiler import Compiled
from medaction_gym.articles.reader import articles_in, read
from medaction_gym.articles.report import compile_paths
from medaction_gym.articles.rules import RulesCompiler
from medaction_gym.cases.problems import Problem
from tests.articles.texts import BODY, CASE, bioc, jats


class Faulty:
    """Compiles by rules, but for one article."""

    name = "faulty"

    def __init__(self, *, dies: bool) -> None:
        self.dies = dies

    def compile(self, article: Article) -> Compiled:
        if article.id == "PMC2":
            if self.dies:
                os._exit(9)
            raise KeyError("nothing")
        return RulesCompiler().compile(article)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(1, 4):
        (tmp_path / f"{number}.nxml").write_bytes(jats(BODY, pmc=str(number)))
    return tmp_path


def test_a_bug_costs_one_article(folder: Path) -> None:
    report = compile_paths([folder], Faulty(dies=False))
    assert [case.id for case in report.cases] == ["PMC1", "PMC3"]
    (failure,) = report.failures
    assert failure.startswith("PMC2: this is a bug of the compiler: KeyError in compile, line ")


def test_a_killed_worker_is_named(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="worker process was killed after 0 articles"):
        compile_paths([folder], Faulty(dies=True), jobs=2)


def test_a_killed_command_leaves_what_was_there(tmp_path: Path) -> None:
    """Killed at any time, the file is the old one, or the whole new one; nothing lies beside it."""
    source = tmp_path / "articles"
    source.mkdir()
    for number in range(60):
        (source / f"{number}.nxml").write_bytes(jats(BODY, pmc=str(number + 1)))
    target = tmp_path / "cases.jsonl"
    target.write_text("old", encoding="utf-8")
    command = [sys.executable, "-m", "medaction_gym", "cases", "compile", source, "--out", target]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    time.sleep(1)
    process.kill()
    process.wait()
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["articles", "cases.jsonl"]


def test_every_process_and_hash_seed_gives_the_same_bytes(folder: Path) -> None:
    files = []
    for seed, jobs in (("1", "1"), ("77", "2")):
        target = folder / f"{seed}.jsonl"
        command = [sys.executable, "-m", "medaction_gym", "cases", "compile", str(folder)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(
            [*command, "--out", str(target), "--jobs", jobs], env=environment, check=True
        )
        files.append(target.read_bytes())
    assert files[0] == files[1]


def told(document: object) -> list[str]:
    return [
        str(one) if isinstance(one, Problem) else one.id
        for one in articles_in(json.dumps(document).encode(), "a.json")
    ]


def test_a_bad_document_costs_no_other() -> None:
    (collection,) = json.loads(bioc())
    good = collection["documents"][0]
    assert told({"documents": [good, {"id": "2"}, "x", good]}) == [
        "PMC900001",
        "a.json: document 2: documents: an entry has no list of passages",
        "a.json: document 3: documents: an entry has no list of passages",
        "PMC900001",
    ]
    assert told([collection, {"x": 1}])[0] == "PMC900001"
    assert told({"documents": []}) == ["a.json: is BioC without a document"]
    assert told({"documents": {"a": good}}) == ["a.json: documents: is not a list"]


def test_bioc_may_give_sentences() -> None:
    infons = {"section_type": "CASE", "type": "paragraph"}
    passages = [{"infons": infons, "sentences": [{"text": text}]} for text in CASE]
    (article,) = articles_in(
        json.dumps({"documents": [{"id": "1", "passages": passages}]}).encode(), "a.json"
    )
    assert isinstance(article, Article)
    assert CASE[0] in article.text


@pytest.mark.parametrize("key", ["a\x1b[31m", "a\nb", "\ud800"])
def test_ids_that_cannot_be_printed_are_refused(key: str) -> None:
    (collection,) = json.loads(bioc())
    document = {**collection["documents"][0], "id": key}
    document["passages"][0]["infons"].pop("article-id_pmc")
    (said,) = told({"documents": [document]})
    assert "cannot be printed" in said or "unicode" in said
    (said,) = told({key: {"raw_case": "A 34-year-old woman."}})
    assert "its key holds characters that cannot be printed" in said
    assert said.isprintable()


@pytest.mark.parametrize("closed", [True, False])
def test_nesting_without_end_is_refused_at_once(closed: bool) -> None:
    data = b"<article>" + b"<sec>" * 1_000_000 + b"</sec>" * (1_000_000 * closed)
    started = time.process_time()
    (problem,) = articles_in(data, "a.nxml")
    assert "nests elements deeper than 200" in str(problem)
    assert time.process_time() - started < 2


def test_an_outside_dtd_and_an_inclusion_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret", encoding="utf-8")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}"/>'
    doctype = f'<!DOCTYPE article SYSTEM "{secret.as_uri()}">'
    (tmp_path / "a.nxml").write_bytes(jats(BODY + include, doctype=doctype))
    (article,) = read(tmp_path / "a.nxml")
    assert isinstance(article, Article)
    assert "secret" not in article.text
