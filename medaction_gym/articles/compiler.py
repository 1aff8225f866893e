"""Compiler: what turns an article into cases, or says why it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from medaction_gym.articles.article import Article
from medaction_gym.cases.case import Case
from medaction_gym.cases.problems import field_and_message

Reason = Literal[
    "not English",
    "no case report",
    "no patient",
    "several patients, not told apart",
    "no first observation",
    "no test with a result",
    "no diagnosis",
    "evidence not in the article",
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

    @classmethod
    def invalid(cls, error: ValueError) -> Refused:
        """What breaks the bounds of a case: an article may hold anything."""
        return cls("no valid case", ": ".join(filter(None, field_and_message(error))))


@dataclass(frozen=True)
class Compiled:
    """What became of one article.

    Attributes:
        cases: One case a patient.
        refusals: Why there are no more.
        mended: How many places gave a diagnosis away before they were masked.
        dropped: Tests and sentences that were refused while the case was kept: where, what, why.
        unread: What the compiler was not shown, since the article is too long.
        failure: What went wrong with the compiler's machinery; it says nothing about the article,
            and there are no cases and no refusals then.
    """

    cases: tuple[Case, ...] = ()
    refusals: tuple[Refusal, ...] = field(default=())
    mended: int = 0
    dropped: tuple[str, ...] = ()
    unread: str = ""
    failure: str = ""


class Compiler(Protocol):
    """What every compiler offers, whether it goes by rules or asks a language model.

    A compiler holds no state that one article leaves for the next: the cases are the same in any
    order and by any number of workers. By rules they are also the same every time; a language model
    gives the same ones as long as its answers are kept.
    """

    @property
    def name(self) -> str:
        """What its cases state in their provenance."""
        ...

    def compile(self, article: Article) -> Compiled:
        """Turn one article into cases."""
        ...
