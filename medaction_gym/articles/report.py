"""Report: many articles compiled, in order, by any number of processes, and what became of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
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
        mended_cases: Cases with such a place.
    """

    articles: int = 0
    cases: list[Case] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    mended: int = 0
    mended_cases: int = 0

    def add(self, compiled: Compiled) -> None:
        """Take in what became of one article; a second case of an id is a refusal."""
        self.articles += 1
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
        if self.problems:
            yield f"files or entries that are no articles: {len(self.problems)}"
        yield f"leaks found and mended: {self.mended} in {self.mended_cases} articles"
        tests = [len(case.tests) for case in self.cases]
        if tests:
            sizes = ", ".join(f"{size}: {n}" for size, n in sorted(Counter(tests).items()))
            yield f"tests a case: mean {sum(tests) / len(tests):.1f} ({sizes})"


def compile_paths(
    paths: Iterable[str | os.PathLike[str]], compiler: Compiler, *, jobs: int = 1
) -> Report:
    """Read and compile everything at some paths.

    The cases are the same, and in the same order, for any number of processes.

    Args:
        paths: Files, archives or folders; see `reader.read`.
        compiler: Who compiles; it is sent to the processes.
        jobs: How many processes.

    Raises:
        FileNotFoundError: If there is nothing at a path.
        ValueError: If ``jobs`` is not positive.
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
    if jobs == 1:
        for compiled in map(work, articles):
            report.add(compiled)
        return report
    with ProcessPoolExecutor(jobs) as pool:
        for compiled in pool.map(work, articles, chunksize=_CHUNK):
            report.add(compiled)
    return report


def _compile(compiler: Compiler, article: Article) -> Compiled:
    return compiler.compile(article)


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
