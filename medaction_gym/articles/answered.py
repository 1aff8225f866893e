"""Answered: one patient of a language model's answer, as far as the article bears it out."""

from __future__ import annotations

from collections.abc import Iterable

from medaction_gym.articles.answer import Told
from medaction_gym.articles.article import Article, Span
from medaction_gym.articles.compiler import Refused
from medaction_gym.articles.diagnosis import confirmed, short_forms
from medaction_gym.articles.draft import Draft
from medaction_gym.articles.evidence import Evidence, Unsupported
from medaction_gym.articles.guard import free_name
from medaction_gym.cases.analytes import analytes_in
from medaction_gym.cases.case import MAX_NAME, Presentation, TestResult
from medaction_gym.cases.prose import STATE

_OLDEST = 200  # years; there are tortoises


def draft_of(
    told: Told, id: str, compiler: str, evidence: Evidence, faults: list[Unsupported]
) -> Draft:
    """One patient, of whom all that has no evidence is left out.

    Args:
        told: What the model says.
        id: What to call the case.
        compiler: Who made it.
        evidence: What the article holds.
        faults: Takes in what was left out, and why.

    Raises:
        Refused: If what is left is no case.
        ValueError: If it breaks the bounds of one.
    """
    article = evidence.article
    stated = evidence.stated(told.diagnosis)
    tests = _menu(told, evidence, faults)
    if not tests:
        raise Refused("no test with a result", "the article bears none out")
    results = [span for _, spans in tests for span in spans]
    shown = {
        section: _apart(evidence.spans(section, quotes, faults), results, section, evidence, faults)
        for section, quotes in (("history", told.history), ("examination", told.examination))
    }
    shown["chief_complaint"] = evidence.phrase("complaint", told.complaint, faults)
    if not any(shown.values()):
        raise Refused("no first observation", "the article bears no sentence of it out")
    name = " ".join(told.diagnosis.name.split())
    short, parts = short_forms(article.text, name)
    synonyms = evidence.names("diagnosis.synonyms", told.diagnosis.synonyms, faults)
    considered = evidence.names("considered", told.considered, faults)
    known = {n.casefold() for n in (name, *synonyms, *short)}
    ruled = confirmed(article)
    age = told.age_years
    if age is not None and not 0 <= age <= _OLDEST:
        faults.append(Unsupported("age_years", str(age), "is no age"))
        age = None
    shown["patient"] = evidence.phrase("who", told.who, faults)
    texts = {section: _text(article, spans) for section, spans in shown.items()}
    complaint = texts["chief_complaint"]
    texts["chief_complaint"] = complaint[:1].upper() + complaint[1:]
    return Draft(
        id=id,
        compiler=compiler[:MAX_NAME],
        note=(
            "Sentences are the article's own, found in it; what they mean was decided by a "
            "language model."
        ),
        presentation=Presentation(**texts),
        shown=shown,
        tests=tests,
        diagnosis=name,
        stated=stated,
        synonyms=tuple(dict.fromkeys((*synonyms, *short))),
        others=tuple(n for n in considered if n.casefold() not in known),
        telling=(*parts, *(ruled.telling if ruled else ())),
        person={
            "species": brief(told.species).casefold() or "human",
            "age_years": age,
            "sex": told.sex,
        },
    )


def _menu(
    told: Told, evidence: Evidence, faults: list[Unsupported]
) -> list[tuple[TestResult, list[Span]]]:
    """The tests whose results stand in the article."""
    tests: list[tuple[TestResult, list[Span]]] = []
    taken: set[str] = set()
    for test in told.tests:
        name = " ".join(test.name.split())[:MAX_NAME]
        if not any(map(str.isalnum, name)):
            faults.append(Unsupported("tests", test.name, "has no name"))
            continue
        if said := STATE.search(name):
            why = f"its name tells the result ({said.group()!r})"
            faults.append(Unsupported("tests", name, why))
            continue
        before = len(faults)
        spans = evidence.spans(f"tests[{name!r}]", test.quotes, faults)
        if not spans:
            if len(faults) == before:
                faults.append(Unsupported("tests", name, "has no quote"))
            continue
        result = _text(evidence.article, spans)
        laboratory = test.category == "laboratory"
        name = free_name(name, taken)
        taken.add(name.casefold())
        tests.append(
            (
                TestResult(
                    name=name[:MAX_NAME],
                    category=test.category,
                    result=result,
                    analytes=analytes_in(result) if laboratory else (),
                ),
                spans,
            )
        )
    return tests


def _apart(
    spans: list[Span],
    results: list[Span],
    section: str,
    evidence: Evidence,
    faults: list[Unsupported],
) -> list[Span]:
    """The sentences of the first observation that tell no test's result: that must be ordered."""
    kept = []
    for span in spans:
        if any(span.start < other.end and other.start < span.end for other in results):
            text = evidence.article.text[span.start : span.end]
            why = "tells the result of a test, which must be ordered"
            faults.append(Unsupported(section, text, why))
        else:
            kept.append(span)
    return kept


def _text(article: Article, spans: Iterable[Span]) -> str:
    """The article's own words at some places."""
    return " ".join(" ".join(article.text[s.start : s.end].split()) for s in spans)


def brief(text: str) -> str:
    """A model's words as one short line of a report."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else f"{line[:199]}…"
