"""Rules: the offline compiler. No language model, no network, the same cases in every process."""

from __future__ import annotations

import re

from medaction_gym.articles.abbreviations import abbreviations
from medaction_gym.articles.article import Article, Section, Span
from medaction_gym.articles.compiler import Compiled, Compiler, Refusal, Refused
from medaction_gym.articles.diagnosis import Confirmed, confirmed
from medaction_gym.articles.diseases import DISEASE
from medaction_gym.articles.guard import guarded
from medaction_gym.articles.headings import CASE, topic_under
from medaction_gym.articles.patients import patients_told
from medaction_gym.articles.presentation import First, first_observation
from medaction_gym.articles.sentence import Sentence, sentences
from medaction_gym.articles.tables import tabulated
from medaction_gym.articles.timeline import timeline
from medaction_gym.articles.workup import Recorded, workup
from medaction_gym.cases.case import MAX_NAME, Case, Diagnosis, Provenance, TestResult
from medaction_gym.cases.problems import field_and_message
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import fold_word

VERSION = "rules/1"
_MIN_SENTENCES = 4


class RulesCompiler:
    r"""Compiles articles by the words that case reports use.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> article = article_of(
        ...     "Marfan syndrome in a tall man: a case report\n\nCase report\n\n"
        ...     "A 20-year-old man presented with chest pain. He had no family history. "
        ...     "On examination, he was tall with long fingers. Blood pressure was 120/70 mmHg. "
        ...     "Echocardiography showed a dilated aortic root of 48 mm. "
        ...     "A diagnosis of Marfan syndrome was made. He was treated with losartan.",
        ...     "demo",
        ... )
        >>> case = RulesCompiler().compile(article).cases[0]
        >>> case.diagnosis.name, case.tests[0].name, case.presentation.chief_complaint
        ('Marfan syndrome', 'Echocardiography', 'Chest pain')
    """

    name = VERSION

    def compile(self, article: Article) -> Compiled:
        """Turn one article into cases, one a patient."""
        try:
            patients = list(patients_told(article))
        except Refused as refused:
            return Compiled(refusals=(Refusal(article.id, refused.reason, refused.detail),))
        cases, refusals, mended = [], [], 0
        for number, sections in patients:
            id = article.id if len(patients) == 1 else f"{article.id}-{number}"
            try:
                case, masked = _case(article, id, sections, alone=len(patients) == 1)
                cases.append(case)
                mended += masked
            except Refused as refused:
                refusals.append(Refusal(id, refused.reason, refused.detail))
        return Compiled(tuple(cases), tuple(refusals), mended)


def compiler_named(name: str) -> Compiler:
    """The compiler that the command line calls by a name.

    Raises:
        ValueError: If there is none.
    """
    if name == "rules":
        return RulesCompiler()
    if name == "llm":
        raise ValueError("the llm compiler is not there yet; use --compiler rules")
    raise ValueError(f"no compiler {name!r}; there are rules and llm")


def _case(article: Article, id: str, sections: list[Section], *, alone: bool) -> tuple[Case, int]:
    """One patient's case, without leaks.

    Raises:
        Refused: If something that a case needs is not there.
    """
    told = timeline(
        (
            (topic_under(s.titles), s.titles[-1] if s.titles else "", _told(article, s))
            for s in sections
        ),
        _no_tests(article),
    )
    if len(told) < _MIN_SENTENCES:
        raise Refused("no case report", f"its case has only {len(told)} sentences")
    diagnosis = confirmed(article)
    if diagnosis is None:
        raise Refused("no diagnosis", "neither the title nor the text names a disease")
    first = first_observation(told)
    if first.presentation is None:
        raise Refused("no first observation", "no sentence tells complaint, history or examination")
    recorded = workup(told)
    if alone:
        tables = [table for table in article.tables if _of_case(article, table.start)]
        tabulated(recorded, article.text, tables)
    tests = _menu(recorded)
    if not tests:
        raise Refused("no test with a result", f"{len(told)} sentences name none")
    try:
        case = Case(
            id=id,
            provenance=Provenance(
                source=f"{article.id}, compiled by {VERSION}",
                license=article.license,
                url=_url(article),
                note="Sentences are the article's own; what they mean was decided by rules.",
            ),
            presentation=first.presentation,
            tests=tuple(test for test, _ in tests),
            diagnosis=Diagnosis(name=diagnosis.name[:MAX_NAME], synonyms=diagnosis.synonyms),
            differential=diagnosis.others[:8],
            metadata=_metadata(article, first, diagnosis, tests),
        )
    except ValueError as error:
        field, message = field_and_message(error)
        raise Refused("no valid case", f"{field}: {message}") from None
    kept = guarded(case, _telling(diagnosis))
    if kept.case is None:
        raise Refused("diagnosis cannot be kept back", kept.left)
    return kept.case, kept.mended


def _no_tests(article: Article) -> frozenset[str]:
    """Abbreviations that this article defines as something that is no test."""
    find = Catalogue.load().find
    heads = ("analyte", "panel", "procedure")
    return frozenset(
        fold_word(short)
        for short, long in abbreviations(article.text).items()
        if not any(mention.term.kind in heads for mention in find(long))
    )


_NORMAL = re.compile(r"(?:no|normal|unremarkable|without)\b", re.IGNORECASE)


def _telling(diagnosis: Confirmed) -> tuple[str, ...]:
    """Further conclusions of the article that must be kept back as well."""
    named = (name for name in diagnosis.firm[:4] if DISEASE.search(name))
    return tuple(name for name in named if not _NORMAL.match(name)) + diagnosis.parts


def _told(article: Article, section: Section) -> tuple[Sentence, ...]:
    return sentences(article.text, section.start, section.end)


def _of_case(article: Article, place: int) -> bool:
    """Whether a table at a place belongs to the case, not to the discussion's review."""
    before = [s for s in article.sections if s.start <= place]
    return not before or topic_under(before[-1].titles) in CASE or not before[-1].titles


def _menu(recorded: list[Recorded]) -> list[tuple[TestResult, Recorded]]:
    """The items under names of their own."""
    tests: list[tuple[TestResult, Recorded]] = []
    taken: set[str] = set()
    for item in recorded:
        if not item.pieces:
            continue
        name, number = item.name, 2
        while name.casefold() in taken:
            name, number = f"{item.name} ({number})", number + 1
        taken.add(name.casefold())
        tests.append((item.result(name), item))
    return tests


def _metadata(
    article: Article, first: First, diagnosis: Confirmed, tests: list[tuple[TestResult, Recorded]]
) -> dict[str, object]:
    """Who, and the evidence: where in the article's text each thing stands."""

    def pairs(spans: list[Span]) -> list[list[int]]:
        return [[span.start, span.end] for span in spans]

    return {
        "compiler": VERSION,
        "title": article.title,
        "ids": article.ids,
        "species": first.species,
        "age_years": first.age,
        "sex": first.sex,
        "evidence": {
            "text_sha256": article.checksum,
            "diagnosis": pairs([diagnosis.span]),
            "presentation": {key: pairs(spans) for key, spans in first.spans.items() if spans},
            "tests": [[test.name, pairs(item.spans)] for test, item in tests],
        },
    }


def _url(article: Article) -> str:
    if pmc := article.ids.get("pmc"):
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{pmc}/"
    return f"https://doi.org/{article.ids['doi']}" if "doi" in article.ids else ""
