"""Evidence: what of an answer stands in the article, where, and why the rest does not count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from medaction_gym.articles.abbreviations import spelt_out
from medaction_gym.articles.answer import Stated
from medaction_gym.articles.article import Article, Figure, Section, Span, Table
from medaction_gym.articles.compiler import Refused
from medaction_gym.articles.diseases import GENERAL
from medaction_gym.articles.headings import CASE, topic_under
from medaction_gym.articles.quotes import Quotable
from medaction_gym.cases.case import MAX_NAME
from medaction_gym.catalogue.tokens import words

# Sections that tell of other patients, or of none.
_NOT_THIS_PATIENT = frozenset({"introduction", "methods", "back"})
_LEAST = 3  # words: "was normal" stands in every article
_SHOWN = 120


class Unsupported(NamedTuple):
    """A part of an answer that was left out.

    Attributes:
        field: Which part.
        quote: What it claims.
        why: What is wrong with it.
    """

    field: str
    quote: str
    why: str

    def __str__(self) -> str:
        """For a report, and for the model."""
        quote = " ".join("".join(c if c.isprintable() else " " for c in self.quote).split())
        short = quote if len(quote) <= _SHOWN else f"{quote[: _SHOWN - 1]}…"
        return f"{self.field}: {short!r} {self.why}"


class Evidence:
    """Checks an answer against one article."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self._quotable = Quotable(article.text)

    def spans(self, field: str, quotes: Iterable[str], faults: list[Unsupported]) -> list[Span]:
        """Where quotes stand, in the article's order; those that do not stand there are noted."""
        found: list[Span] = []
        for quote in quotes:
            if len(quote.split()) < _LEAST:
                faults.append(Unsupported(field, quote, "is too short to be checked; copy more"))
                continue
            if span := self._place(field, quote, faults):
                found.append(span)
        return _merged(found)

    def phrase(self, field: str, quote: str, faults: list[Unsupported]) -> list[Span]:
        """Where a few words stand, if they do; no words are no fault."""
        span = self._place(field, quote, faults) if quote.strip() else None
        return [span] if span else []

    def names(self, field: str, names: Iterable[str], faults: list[Unsupported]) -> tuple[str, ...]:
        """Those of some names that the article uses."""
        found: dict[str, None] = {}
        for name in names:
            name = " ".join(name.split())
            if 2 <= len(name) <= MAX_NAME and self._quotable.find(name):
                found[name] = None
            else:
                faults.append(Unsupported(field, name, "is not in the article"))
        return tuple(found)

    def stated(self, diagnosis: Stated) -> Span:
        """Where the article states the diagnosis.

        Raises:
            Refused: If it does not.
        """
        places = self._quotable.find(diagnosis.quote)
        if not places or len(diagnosis.quote.split()) < 2:
            why = str(Unsupported("diagnosis", diagnosis.quote, "is not in the article"))
            raise Refused("evidence not in the article", why)
        span = min(places, key=lambda place: (self._rank(place), place))
        said = spelt_out(self.article.text[span.start : span.end], self.article.text)
        telling = {w for w in words(spelt_out(diagnosis.name, self.article.text)) if len(w) > 2}
        telling = (telling - GENERAL) or telling
        if not telling & set(words(said)):
            fault = Unsupported("diagnosis", diagnosis.name, f"is not named by {said!r}")
            raise Refused("evidence not in the article", str(fault))
        return span

    def _place(self, field: str, quote: str, faults: list[Unsupported]) -> Span | None:
        """The place of a quote where the case is told, else another one of this patient."""
        places = self._quotable.find(quote)
        if not places:
            faults.append(Unsupported(field, quote, "is not in the article"))
            return None
        rank, span = min((self._rank(place), place) for place in places)
        if rank > 2:
            faults.append(Unsupported(field, quote, "does not stand where the case is told"))
            return None
        return span

    def _rank(self, span: Span) -> int:
        """How likely a place speaks of the patient; above 2 it does not."""
        part = self._section(span)
        if part is None:
            return 1 if self._beside(span) else 3
        topic = topic_under(part.titles)
        if part.part == "back" or topic in _NOT_THIS_PATIENT:
            return 3 if part.part != "abstract" else 2
        return 0 if topic in CASE and part.part == "body" else 1

    def _section(self, span: Span) -> Section | None:
        inside = (s for s in self.article.sections if s.start <= span.start < s.end)
        return next(inside, None)

    def _beside(self, span: Span) -> bool:
        """Whether a place lies in a table or caption."""
        parts: tuple[Table | Figure, ...] = (*self.article.tables, *self.article.figures)
        return any(part.start <= span.start < part.end for part in parts)


def _merged(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
