"""Draft: what a compiler has found of one patient, with the places it was read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from medaction_gym.articles.article import Article, Span
from medaction_gym.articles.causes import blamed, brands, shortened_in_title
from medaction_gym.articles.compiler import Refused
from medaction_gym.articles.focus import akin, dwelt_on, either_form, known_before, turns_on
from medaction_gym.articles.guard import guarded, names_of, proper_names
from medaction_gym.cases.case import MAX_NAME, Case, Diagnosis, Presentation, Provenance, TestResult
from medaction_gym.cases.leaks import gold_names

_OTHERS = 8  # diseases of the differential that a case keeps


class Draft(NamedTuple):
    """A case before the guard has seen it.

    Attributes:
        id: The case's id.
        compiler: Name of the compiler.
        note: What a reader must know of how it was made.
        presentation: What is seen first.
        shown: Where its sentences stand, by section.
        tests: The menu, each item with the places that its result was read from.
        diagnosis: Name of the diagnosis.
        stated: Where the article states it.
        synonyms: Names that mean the same.
        others: Diseases that the article considers.
        telling: Further names to keep back.
        person: ``species``, ``age_years`` and ``sex``.
    """

    id: str
    compiler: str
    note: str
    presentation: Presentation
    shown: Mapping[str, Sequence[Span]]
    tests: Sequence[tuple[TestResult, Sequence[Span]]]
    diagnosis: str
    stated: Span
    synonyms: tuple[str, ...]
    others: tuple[str, ...]
    telling: tuple[str, ...]
    person: Mapping[str, object]

    def case(self, article: Article) -> tuple[Case, int]:
        """The case without leaks, and how many places were mended.

        Raises:
            Refused: If it is no valid case, or cannot keep its diagnosis back.
        """
        try:
            case = Case(
                id=self.id,
                provenance=Provenance(
                    source=f"{article.id}, compiled by {self.compiler}",
                    license=article.license,
                    url=article.url,
                    note=self.note,
                ),
                presentation=self.presentation,
                tests=tuple(test for test, _ in self.tests),
                diagnosis=Diagnosis(name=self.diagnosis[:MAX_NAME], synonyms=self.synonyms),
                differential=self.others[:_OTHERS],
            )
        except ValueError as error:
            raise Refused.invalid(error) from None
        seen = " ".join(text for section, text in case.presentation if section != "patient")
        others = (
            *self.telling,
            *proper_names((self.diagnosis, *self.synonyms), article.text),
            *akin(article, gold_names(case.diagnosis)),
        )
        forms = either_form(article, names_of(case.diagnosis, others))
        causes = (
            *blamed(article, seen, self.diagnosis),
            *brands(article, seen, self.diagnosis),
            *shortened_in_title(article),
        )
        told = case.presentation
        before = known_before(article, told.history, told.chief_complaint)
        alone = (*turns_on(article, seen), *before, *forms, *causes)
        kept = guarded(case, others, alone, dwelt_on(article, seen))
        if kept.case is None:
            raise Refused("diagnosis cannot be kept back", kept.left)
        return kept.case.model_copy(
            update={"metadata": self._metadata(article, kept.renamed)}
        ), kept.mended

    def _metadata(self, article: Article, renamed: Mapping[str, str]) -> dict[str, Any]:
        """Who, and the evidence: where in the article's text each thing stands."""
        return {
            "compiler": self.compiler,
            "title": article.title,
            "ids": article.ids,
            **self.person,
            "evidence": {
                "text_sha256": article.checksum,
                "diagnosis": _pairs([self.stated]),
                "presentation": {key: _pairs(spans) for key, spans in self.shown.items() if spans},
                "tests": [
                    [renamed.get(test.name, test.name), _pairs(spans)] for test, spans in self.tests
                ],
            },
        }


def _pairs(spans: Iterable[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]
