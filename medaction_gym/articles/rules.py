"""Rules: the offline compiler. No language model, no network, the same cases in every process."""

from __future__ import annotations

from medaction_gym.articles.abbreviations import abbreviations
from medaction_gym.articles.article import Article, Section, Span
from medaction_gym.articles.compiler import Compiled, Refusal, Refused
from medaction_gym.articles.diagnosis import confirmed
from medaction_gym.articles.draft import Draft
from medaction_gym.articles.guard import free_name
from medaction_gym.articles.headings import CASE, topic_under
from medaction_gym.articles.patients import patients_told
from medaction_gym.articles.presentation import first_observation
from medaction_gym.articles.recorded import Recorded
from medaction_gym.articles.sentence import Sentence, sentences
from medaction_gym.articles.tables import tabulated
from medaction_gym.articles.timeline import timeline
from medaction_gym.articles.workup import workup
from medaction_gym.cases.case import Case, TestResult
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
            except (Refused, ValueError) as error:
                why = error if isinstance(error, Refused) else Refused.invalid(error)
                refusals.append(Refusal(id, why.reason, why.detail))
        return Compiled(tuple(cases), tuple(refusals), mended)


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
    return Draft(
        id=id,
        compiler=VERSION,
        note="Sentences are the article's own; what they mean was decided by rules.",
        presentation=first.presentation,
        shown=first.spans,
        tests=tests,
        diagnosis=diagnosis.name,
        stated=diagnosis.span,
        synonyms=diagnosis.synonyms,
        others=diagnosis.others,
        telling=diagnosis.telling,
        person={"species": first.species, "age_years": first.age, "sex": first.sex},
    ).case(article)


def _no_tests(article: Article) -> frozenset[str]:
    """Abbreviations that this article defines as something that is no test."""
    find = Catalogue.load().find
    heads = ("analyte", "panel", "procedure")
    return frozenset(
        fold_word(short)
        for short, long in abbreviations(article.text).items()
        if not any(mention.term.kind in heads for mention in find(long))
    )


def _told(article: Article, section: Section) -> tuple[Sentence, ...]:
    return sentences(article.text, section.start, section.end)


def _of_case(article: Article, place: int) -> bool:
    """Whether a table at a place belongs to the case, not to the discussion's review."""
    before = [s for s in article.sections if s.start <= place]
    return not before or topic_under(before[-1].titles) in CASE or not before[-1].titles


def _menu(recorded: list[Recorded]) -> list[tuple[TestResult, list[Span]]]:
    """The items under names of their own, with their places."""
    tests: list[tuple[TestResult, list[Span]]] = []
    taken: set[str] = set()
    for item in recorded:
        if item.pieces:
            name = free_name(item.name, taken)
            taken.add(name.casefold())
            tests.append((item.result(name), item.spans))
    return tests
