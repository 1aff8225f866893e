"""Patients: which sections of an article tell of whom, or why it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medaction_gym.articles.article import Article, Section
from medaction_gym.articles.compiler import Refused
from medaction_gym.articles.headings import CASE, topic_under
from medaction_gym.articles.language import looks_english
from medaction_gym.articles.patient import introduced, several, speaks_of_patient
from medaction_gym.articles.sentence import sentences

_NUMBERED = re.compile(
    r"^\W*(?:case|patient)\s*(?:no\.?\s*|#\s*)?(\d{1,2}|[IVX]{1,4}|[A-F]|one|two|three|four|five|six)\b",
    re.IGNORECASE,
)
# Several who are told of in one breath.
_TOGETHER = re.compile(
    r"^\W*(?:[\w-]+ ){0,4}?(?:twins|triplets|siblings|brothers|sisters|patients|children|infants|"
    r"neonates|boys|girls|women|men|dogs|cats|horses)\b(?!['’])",
    re.IGNORECASE,
)


def patients_told(article: Article) -> Iterator[tuple[int, list[Section]]]:
    """The sections that tell each patient's case.

    Raises:
        Refused: If the article tells of none, or of several who cannot be told apart.
    """
    if not looks_english(article.text, article.language):
        raise Refused("not English", "the rules read English only")
    body = [s for s in article.under("body") if topic_under(s.titles) in CASE]
    if not body:
        body = [
            s
            for s in article.under("body")
            if topic_under(s.titles) not in ("back", "methods", "discussion", "introduction")
        ]
        methods = any(topic_under(s.titles) == "methods" for s in article.sections)
        told = (introduced(article.text[s.start : s.end][:2_000]) for s in body)
        if methods and not any(told):
            raise Refused("no case report", "has methods and results, and no case section")
    if not _tells(article, body):
        body = body or list(article.under("abstract"))
        if not _tells(article, body):
            raise Refused("no patient", "no section introduces a patient")
    numbered: dict[str, list[Section]] = {}
    current = ""
    for section in body:
        marks = [m[1] for title in section.titles if (m := _NUMBERED.match(title))]
        current = marks[0].upper() if marks else current
        numbered.setdefault(current, []).append(section)
    groups = [group for mark, group in numbered.items() if mark and _tells(article, group)]
    if len(groups) > 1:
        yield from enumerate(groups, 1)
        return
    abstract = " ".join(article.text[s.start : s.end][:1500] for s in article.under("abstract"))
    many = several(article.title, abstract)
    split = list(_run_in(article, body, many=many))
    if len(split) > 1:
        yield from enumerate(split, 1)
        return
    if _together(article, body):
        raise Refused("several patients, not told apart", "they are introduced together")
    if many and _introductions(article, body) > 1:
        raise Refused("several patients, not told apart", "no heading separates them")
    yield 1, body


def _tells(article: Article, sections: list[Section]) -> bool:
    """Whether some sections introduce a patient."""
    return any(
        speaks_of_patient(article.text[section.start : section.end][:2_000]) for section in sections
    )


_OPENING = re.compile(
    r"(?:case|patient)\s*(?:no\.?\s*)?(?:\d{1,2}|[A-F])\b|"
    r"(?:the |our )?(?:first|second|third|fourth|fifth) (?:case|patient)\b",
    re.IGNORECASE,
)
_A_PERSON = re.compile(r"An?\s+\S")


def _run_in(article: Article, sections: list[Section], *, many: bool) -> Iterator[list[Section]]:
    """Patients who follow one another inside a section.

    They are told apart by "Case 1:" or "The second patient" at the head of a sentence; where the
    article announces several, by every sentence that introduces somebody ("A 5-year-old boy ...").
    """
    for section in sections:
        starts = [
            sentence.start
            for sentence in sentences(article.text, section.start, section.end)
            if (_OPENING.match(sentence.text) and speaks_of_patient(sentence.text))
            or (many and _A_PERSON.match(sentence.text) and introduced(sentence.text[:120]))
        ]
        if len(starts) > 1:
            for start, end in zip(starts, [*starts[1:], section.end], strict=True):
                yield [section.model_copy(update={"start": start, "end": end})]
            return


def _together(article: Article, body: list[Section]) -> bool:
    """Whether the sentence that introduces somebody by age introduces more than one."""
    for section in body:
        for sentence in sentences(article.text, section.start, section.end)[:12]:
            if introduced(sentence.text):
                return bool(_TOGETHER.match(sentence.text))
    return False


def _introductions(article: Article, sections: list[Section]) -> int:
    ages = re.findall(
        r"\b(\d+)[\s-]*(?:years?|months?|weeks?|days?)[\s-]*old\b",
        " ".join(article.text[s.start : s.end] for s in sections),
    )
    return len(set(ages))
