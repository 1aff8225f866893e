"""Compiler: what turns an article into cases, or says why it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from medaction_gym.articles.article import Article
from medaction_gym.cases.case import Case

Reason = Literal[
    "not English",
    "no case report",
    "no patient",
    "several patients, not told apart",
    "no first observation",
    "no test with a result",
    "no diagnosis",
    "diagnosis cannot be kept back",
    "no valid case",
    "not compiled",
]


@dataclass(frozen=True)
class Refusal:
    """Why an article, or one patient of it, becomes no case.

    Attributes:
        article: The article's id.
        reason: One of a few kinds, to be counted.
        detail: What was found, and where it is not plain, what to do.
    """

    article: str
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.article}: {self.reason}" + (f": {self.detail}" if self.detail else "")


class Refused(Exception):
    """Stops the work on an article or a patient; becomes a `Refusal`."""

    def __init__(self, reason: Reason, detail: str = ""):
        self.reason, self.detail = reason, detail
        super().__init__(detail)


@dataclass(frozen=True)
class Compiled:
    """What became of one article.

    Attributes:
        cases: One case a patient.
        refusals: Why there are no more.
        mended: How many places gave a diagnosis away before they were masked.
    """

    cases: tuple[Case, ...] = ()
    refusals: tuple[Refusal, ...] = field(default=())
    mended: int = 0


class Compiler(Protocol):
    """What every compiler offers, whether it goes by rules or asks a language model.

    A compiler is deterministic for equal articles, and holds no state that one article leaves for
    the next: any number of processes give the same cases.
    """

    @property
    def name(self) -> str:
        """What its cases state in their provenance."""
        ...

    def compile(self, article: Article) -> Compiled:
        """Turn one article into cases."""
        ...
