"""Context: what a case as a whole makes plain where a single report does not say it."""

from __future__ import annotations

from dataclasses import dataclass

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue, Mention
from medaction_gym.catalogue.tokens import tokenize, words
from medaction_gym.oracle.sites import sites_of_findings


@dataclass(frozen=True, slots=True)
class Context:
    """What the whole case makes plain where a single report does not say it.

    Attributes:
        sites: Sites in the complaint and the diagnosis.
        lead: Those of the diagnosis, and the first of the complaint.
        specimens: Specimens named anywhere in the record.
        sides: The side of the complaint, if there is just one.
        words: The words of the complaint and the diagnosis.
    """

    sites: frozenset[str]
    lead: frozenset[str]
    specimens: frozenset[str]
    sides: frozenset[str]
    words: frozenset[str]


def context_of(case: Case) -> Context:
    """Read what the case as a whole makes plain."""

    def ids(mentions: list[Mention], kind: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind == kind)

    def read(text: str) -> tuple[list[Mention], frozenset[str]]:
        tokens = tokenize(text)
        mentions = Catalogue.load().find(tokens)
        return mentions, ids(mentions, "site") | sites_of_findings(tokens, mentions)

    complaint = f"{case.presentation.chief_complaint}; {case.diagnosis.name}"
    mentions, sites = read(complaint)
    first = next((m.term.id for m in mentions if m.term.kind == "site"), None)
    record = "; ".join(f"{test.name}; {test.result}" for test in case.tests)
    # The appendix of an "appendectomy".
    operated = tokenize("; ".join(t.name for t in case.tests if t.category == "pathology"))
    told = sites_of_findings(operated, [])
    said = frozenset(words(complaint))
    sides = said & {"left", "right"}
    return Context(
        sites=sites | told,
        lead=read(case.diagnosis.name)[1].union(told, {first} if first else ()),
        specimens=ids(Catalogue.load().find(record), "specimen"),
        sides=sides if len(sides) == 1 else frozenset(),
        words=said,
    )
