"""Timeline: what each sentence of a case report does, in the order in which it is told.

A report mixes what the doctor heard and saw, what tests showed, what was done and how it ended.
Each sentence gets one role, by the words that reports use for it, by the tests it names, and by the
heading above it. The doctor is shown the first two roles, and can ask for the third.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from medaction_gym.articles.cues import cue
from medaction_gym.articles.headings import Topic
from medaction_gym.articles.patient import introduced
from medaction_gym.articles.sentence import Sentence
from medaction_gym.cases.prose import STATE, VERB
from medaction_gym.catalogue.catalogue import Catalogue, Mention
from medaction_gym.catalogue.tokens import Token, tokenize

Role = Literal["history", "examination", "test", "diagnosis", "treatment", "outcome", "other"]

SURGICAL = cue("surgical")
# Verbs of `VERB` that say that a test was done, not what it showed.
ORDERED = re.compile(r"was|were|is|are|performed|obtained|taken|included?", re.IGNORECASE)
# Tests that look at the patient as the doctor does: they belong to the first observation.
_BEDSIDE = frozenset({"examination"})
# Tests that may still tell after the treatment has begun: they are read off what was taken out.
_LATE = frozenset({"pathology", "genetics", "microbiology"})
# Tests that show something to somebody: what was done is told first, what was seen next.
_SEEING = frozenset({"imaging", "pathology", "endoscopy", "physiology", "genetics", "microbiology"})
# A needle went "under ultrasound guidance": nobody read the images.
_GUIDING = re.compile(r"[\s-]+(?:guidance|control|guided)\b", re.IGNORECASE)
# Words that name a test and stand here for what it looks at.
LOOKED_AT = re.compile(
    r"pathologies|chromosomes?|home visits?|genetic counsell?ing|"
    r"echo(?=[\s-]*(?:density|densities|texture|pattern|signals?)\b)",
    re.IGNORECASE,
)
# Abbreviations that are words of every day: they name a test in capitals only.
_SPOKEN = frozenset("pet us mass ana pt trace tab".split())
OPERATION = cue("operation")
SURGERY = "Intraoperative findings"


class Told(NamedTuple):
    """A sentence with the part it plays.

    Attributes:
        sentence: The sentence.
        role: What it does.
        topic: What the heading above it is about.
        title: That heading.
        heads: The tests it names.
        reports: Whether it says what a test showed.
        early: Whether it comes before any treatment or outcome.
    """

    sentence: Sentence
    role: Role
    topic: Topic
    title: str
    heads: tuple[Mention, ...]
    reports: bool
    early: bool


def tests_named(text: str, tokens: list[Token], ignored: frozenset[str]) -> Iterator[Mention]:
    """The tests that a sentence names; an examination by hand is none, nor is a unit.

    Args:
        text: The sentence.
        tokens: Its words.
        ignored: Folded abbreviations that stand for something else in this article.
    """
    ground = cue("ground").match(text)
    for mention in Catalogue.load().find(tokens):
        term, first, last = mention.term, tokens[mention.first], tokens[mention.last - 1]
        if term.kind not in ("analyte", "panel", "procedure"):
            continue
        if term.category in _BEDSIDE or term.category == "procedure" or term.id == "spo2":
            continue
        if ground and first.start < ground.end():
            continue
        if OPERATION.search(text[first.start : last.end]):
            continue
        if _GUIDING.match(text, last.end):
            continue
        looked_at = LOOKED_AT.match(text, first.start)
        if looked_at and looked_at.end() == last.end:
            continue
        if term.id == "pathology" and cue("a_pathology").search(text[: first.start]):
            continue
        if mention.last - mention.first == 1:
            if first.text in ignored and first.capital:
                continue
            if first.text in _SPOKEN and not first.capital:
                continue
            short = last.end - first.start <= 2
            unit = re.search(r"[\d/^µμ]\s*$", text[: first.start])
            if short and (unit or not (first.capital or text[first.start].isupper())):
                continue
            if (
                short
                and term.kind == "analyte"
                and not re.match(r"[+\s]*(?:\(|[:=<>]|\d|was|of|level|is|at)", text[last.end :])
            ):
                continue
        yield mention


def timeline(
    stretches: Iterable[tuple[Topic, str, Iterable[Sentence]]],
    ignored: frozenset[str] = frozenset(),
) -> list[Told]:
    """Give every sentence of a case its role.

    Args:
        stretches: The case's sections: topic of the headings, the last heading, the sentences.
        ignored: Folded abbreviations that name no test in this article.
    """
    findings = Catalogue.load().findings
    told: list[Told] = []
    treated = given = False
    tests = 0
    previous: Role = "history"
    for topic, title, sentences in stretches:
        before = tests
        for sentence in sentences:
            if topic in ("history", "examination") and tests > before:
                topic = "case"  # the rest of the case stands under its first heading
            text = sentence.text
            tokens = tokenize(text)
            heads = tuple(tests_named(text, tokens, ignored))
            reports = _reports(text, tokens, heads) or (
                not heads and any(token.text in findings for token in tokens)
            )
            first = tokens[heads[0].first].start if heads else len(text)
            role = _role(text, topic, heads, reports, previous, treated, tests, given, first)
            # What is found after death can be asked for by nobody.
            if cue("after_death").search(text) and not introduced(text):
                role = "outcome"
            told.append(Told(sentence, role, topic, title, heads, reports, not treated))
            given |= role == "treatment"
            operated = bool(cue("operated").search(text))
            treated |= role in ("treatment", "outcome") and (tests >= 2 or (operated and tests > 0))
            tests += role == "test"
            if _seeing(heads) and role in ("history", "examination", "other"):
                previous = "test"  # what it showed is told next
            elif role != "other":
                previous = role
    return told


def _reports(text: str, tokens: list[Token], heads: tuple[Mention, ...]) -> bool:
    """Whether a sentence says what the tests it names showed: a finding, a state or a value."""
    if not heads:
        return False
    said = cue("purpose").sub(" ", text)
    if cue("undone").search(text):
        return False
    measured = any(mention.term.kind != "procedure" for mention in heads)
    if (measured and cue("value").search(said)) or STATE.search(said) or cue("found").search(said):
        return True
    return any(not ORDERED.fullmatch(verb.group()) for verb in VERB.finditer(said))


def _seeing(heads: tuple[Mention, ...]) -> bool:
    return any(mention.term.category in _SEEING for mention in heads)


def _role(
    text: str,
    topic: Topic,
    heads: tuple[Mention, ...],
    reports: bool,
    previous: Role,
    treated: bool,
    tests: int,
    given: bool,
    first: int,
) -> Role:
    categories = {mention.term.category for mention in heads}
    told = bool(heads) and reports
    if topic == "differential" or (cue("general").search(text) and not introduced(text)):
        return "diagnosis" if topic == "differential" else "other"
    if topic in ("outcome", "treatment") and not (told and categories & _LATE):
        return "outcome" if topic == "outcome" else "treatment"
    if cue("ground").match(text) and cue("reasoned").search(text) and not introduced(text):
        return "diagnosis"
    if not heads and cue("variant").search(text):
        return "test" if tests else "diagnosis"
    examined, done = cue("examination").search(text), cue("treatment").search(text)
    history, later = bool(cue("history").search(text)), bool(cue("later").search(text))
    if not tests and introduced(text) and (history or not heads):
        return "history"
    if told:
        if cue("apart").search(text) or (
            cue("relative").search(text) and not cue("patient_meant").search(text)
        ):
            return "other"
        if later and tests and not categories & _LATE:
            return "outcome"
        measured = all(mention.term.kind != "procedure" for mention in heads)
        if measured and done and cue("dose").search(text):
            return "treatment"
        presenting = cue("presenting").search(text)
        if presenting and presenting.start() < first and not treated and tests < 2 and first > 30:
            return "history"
        if examined and not tests and not cue("firm").search(text[: examined.end()]):
            return "examination" if examined.start() < 60 else "test"
        if (
            measured
            and categories == {"laboratory"}
            and history
            and cue("strong_history").search(text)
        ):
            return "history" if not cue("value").search(text) else "test"
        return "test"
    seen = _seeing(heads) and not introduced(text) and not cue("strong_history").search(text)
    if seen and not cue("presenting").search(text):
        return "other"
    if topic in ("history", "examination") and not treated and not (done and not history):
        return topic
    if SURGICAL.search(text) and cue("seen").search(text) and not later:
        return "test"
    if later and (tests or given):
        return "outcome"
    if done and cue("dose").search(text) and not cue("long_since").search(text):
        return "treatment"
    if cue("outcome").search(text) and treated:
        return "outcome"
    if cue("strong_history").search(text) and not treated:
        return "history"
    if examined and not treated and not (done and tests):
        return "examination"
    if done and (tests or not history):
        return "treatment"
    if cue("diagnosis").search(text) and (tests or not cue("past").search(text)) and not history:
        return "diagnosis"
    if reports and (tests or not history):
        return "test"  # an abnormal value by its name: "hyponatremia"
    if history and not tests:
        return "history"
    if previous == "test" and topic != "history" and not cue("other_subject").match(text):
        return "test"
    if history and tests < 2 and not treated and not cue("diagnosis").search(text):
        return "history"
    if treated:
        return "treatment"
    # What goes on about the same.
    return previous if previous in ("history", "examination") else "other"
