"""Report: many articles compiled, in order, by any number of processes, and what became of them."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from medaction_gym.articles.article import Article
from medaction_gym.articles.compiler import Compiled, Compiler
from medaction_gym.articles.reader import read
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cases.problems import Problem

_CHUNK = 8


@dataclass
class Report:
    """What became of the articles.

    Attributes:
        articles: How many were read.
        cases: The cases, in the order of their articles.
        rejected: Refusals by reason.
        refusals: Each of them in words.
        problems: Files that could not be read as articles.
        mended: Places that gave a diagnosis away and were masked.
        mended_cases: Articles with such a place.
        dropped: Parts of accepted cases that the article does not bear out, each in words.
        unread: Articles that were too long for the compiler, and what it was not shown.
        failures: Articles that could not be compiled for no fault of theirs.
    """

    articles: int = 0
    cases: list[Case] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    mended: int = 0
    mended_cases: int = 0
    dropped: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, id: str, compiled: Compiled) -> None:
        """Take in what became of one article; a second case of an id is a refusal."""
        self.articles += 1
        self.dropped += compiled.dropped
        if compiled.unread:
            self.unread.append(f"{id}: {compiled.unread}")
        if compiled.failure:
            self.failures.append(compiled.failure)
        known = {case.id for case in self.cases}
        for case in compiled.cases:
            if case.id in known:
                self.rejected["id came before"] += 1
                self.refusals.append(f"{case.id}: an article with this id came before")
            else:
                self.cases.append(case)
        for refusal in compiled.refusals:
            self.rejected[refusal.reason] += 1
            self.refusals.append(str(refusal))
        self.mended += compiled.mended
        self.mended_cases += bool(compiled.mended)

    def lines(self) -> Iterator[str]:
        """The report in words."""
        yield f"articles read: {self.articles}"
        yield f"cases accepted: {len(self.cases)}"
        yield f"rejected: {sum(self.rejected.values())}"
        for reason, number in sorted(self.rejected.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"  {number} {reason}"
        if self.failures:
            yield f"failed, through no fault of the article: {len(self.failures)}"
        if self.problems:
            yield f"files or entries that are no articles: {len(self.problems)}"
        yield f"leaks found and mended: {self.mended} in {self.mended_cases} articles"
        if self.dropped:
            yield f"parts of accepted cases left out, without evidence: {len(self.dropped)}"
        if self.unread:
            yield f"articles too long to be read whole: {len(self.unread)}"
        tests = [len(case.tests) for case in self.cases]
        if tests:
            sizes = ", ".join(f"{size}: {n}" for size, n in sorted(Counter(tests).items()))
            yield f"tests a case: mean {sum(tests) / len(tests):.1f} ({sizes})"


def compile_paths(
    paths: Iterable[str | os.PathLike[str]],
    compiler: Compiler,
    *,
    jobs: int = 1,
    threads: bool = False,
    on_article: Callable[[], object] = lambda: None,
) -> Report:
    """Read and compile everything at some paths.

    The cases are the same, and in the same order, for any number of workers.

    Args:
        paths: Files, archives or folders; see `reader.read`.
        compiler: Who compiles; it is sent to the processes, or shared by the threads.
        jobs: How many workers.
        threads: Whether they are threads, for a compiler that waits for answers.
        on_article: Called when an article is done.

    Raises:
        FileNotFoundError: If there is nothing at a path.
        ValueError: If ``jobs`` is not positive.
        RuntimeError: If a worker process was killed.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    paths = list(paths)
    for path in paths:
        if not Path(path).exists():
            raise FileNotFoundError(f"{path}: no such article, archive or folder")
    report = Report()
    articles = _articles(paths, report.problems)
    work = partial(_compile, compiler)
    with ExitStack() as stack:
        done: Iterable[tuple[str, Compiled]]
        if jobs == 1:
            done = map(work, articles)
        elif threads:
            done = stack.enter_context(ThreadPoolExecutor(jobs)).map(work, articles)
        else:
            pool = stack.enter_context(ProcessPoolExecutor(jobs))
            done = pool.map(work, articles, chunksize=_CHUNK)
        try:
            for id, compiled in done:
                report.add(id, compiled)
                on_article()
        except BrokenProcessPool:
            raise RuntimeError(
                f"a worker process was killed after {report.articles} articles (out of memory?); "
                f"nothing is written. Try again with fewer than {jobs} jobs."
            ) from None
    return report


def _compile(compiler: Compiler, article: Article) -> tuple[str, Compiled]:
    """What becomes of one article; a bug that it meets costs no other article its case."""
    try:
        return article.id, compiler.compile(article)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__} in {place.name}, line {place.lineno}: {error}"
        return article.id, Compiled(failure=f"{article.id}: this is a bug of the compiler: {why}")


def _articles(
    paths: Iterable[str | os.PathLike[str]], problems: list[Problem]
) -> Iterator[Article]:
    for path in paths:
        for item in read(path):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                yield item


def save(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the cases as this project's JSONL, whole or not at all.

    Raises:
        ValueError: If there is no case to write.
    """
    if not report.cases:
        raise ValueError(f"no case was accepted, so {path} is not written")
    CaseSet(report.cases).save(path)
