"""Diagnosis: what the patient had, by the article's title and by what it states.

The title of a case report nearly always names the disease, among words about how rare it is; the
text says it again where it is diagnosed ("a diagnosis of ... was made"). Both are read as
candidates; the one that most of the article agrees on is taken, verbatim, with its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.articles.abbreviations import spelt, spelt_out
from medaction_gym.articles.article import Article, Span
from medaction_gym.articles.cues import cue, statements
from medaction_gym.articles.diseases import DISEASE, GENERAL, says_little
from medaction_gym.articles.headings import topic_under
from medaction_gym.articles.sentence import sentences
from medaction_gym.articles.titles import phrases, titled
from medaction_gym.catalogue.tokens import fold_word, words
from medaction_gym.knowledge.shared import knowledge

_SMALL = frozenset(
    "a an the of in on at to and or with by for from due secondary is was as after".split()
)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_NORMAL = re.compile(r"(?:no|normal|unremarkable|without)\b", re.IGNORECASE)
FIRM = 1.6  # the weight of a statement that this is the diagnosis
REPORTED = 4.0  # a title that says "a report of" it weighs more
NEARLY = 0.5  # what a fuller name may weigh less
MOST = 8  # content words of a fuller name
RARE = -1.5  # what words that the article hardly uses take from a candidate


class Candidate(NamedTuple):
    """A possible diagnosis, where it stands, and how surely the article means it."""

    name: str
    span: Span
    score: float


class Confirmed(NamedTuple):
    """The diagnosis that was found.

    Attributes:
        name: The article's words.
        span: Where they stand.
        synonyms: Names of the same: spelt out or abbreviated in the article, and the graph's.
        parts: Abbreviations, or spelt-out names, of diseases inside the name.
        others: Further candidates, best first: what the article calls it elsewhere.
        firm: Those of them that the title names or a diagnosis is stated with.
    """

    name: str
    span: Span
    synonyms: tuple[str, ...]
    parts: tuple[str, ...]
    others: tuple[str, ...]
    firm: tuple[str, ...] = ()

    @property
    def telling(self) -> tuple[str, ...]:
        """Further conclusions of the article that must be kept back as well."""
        named = (name for name in self.firm[:8] if DISEASE.search(name))
        return tuple(name for name in named if not _NORMAL.match(name)) + self.parts


def confirmed(article: Article) -> Confirmed | None:
    """The diagnosis of an article; None where nothing names a disease."""
    pool = list(_candidates(article))
    if not pool:
        return None
    counts = Counter(map(fold_word, _WORD.findall(article.text)))
    title = frozenset(words(article.title))
    votes = Counter(w for c in pool for w in set(words(c.name)) - _SMALL - GENERAL)
    firm = {candidate.name for candidate in pool if candidate.score >= FIRM}
    scored = sorted(
        (c._replace(score=_score(c, counts, title, votes)) for c in pool),
        key=lambda c: (-c.score, c.span.start, c.name),
    )
    best = scored[0]
    if best.score <= 0:
        return None
    best = _in_full(best, scored)
    best = best._replace(name=spelt_out(_itself(best.name), article.text))
    others = tuple(dict.fromkeys(c.name for c in scored[1:] if c.name != best.name))
    surely = tuple(name for name in others if name in firm)
    return Confirmed(best.name, best.span, *short_forms(article.text, best.name), others, surely)


def _in_full(best: Candidate, scored: list[Candidate]) -> Candidate:
    """The candidate that says more before the words of the best one, if meant as surely."""
    said = set(_content(best.name))
    last = _content(best.name)[-1]
    fuller = (
        c
        for c in scored
        if c.score >= best.score - NEARLY
        and said < set(_content(c.name))
        and _content(c.name)[-1] == last
        and len(_content(c.name)) <= MOST
    )
    return next(fuller, best)


def short_forms(text: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a text defines for a diagnosis: other forms of the whole, and diseases inside it.

    Example:
        >>> short_forms("Pulmonary alveolar proteinosis (PAP) is rare.", "PAP")
        (('Pulmonary alveolar proteinosis',), ())
    """
    size = len(_content(name))
    synonyms: list[str] = []
    parts: list[str] = []
    for short, long in spelt(text, name):
        whole = len(_content(long)) >= 0.6 * size
        (synonyms if whole else parts).append(short if short not in name else long)
    return tuple(synonyms), tuple(p for p in parts if DISEASE.search(p) or p.isupper())


def _candidates(article: Article) -> Iterator[Candidate]:
    """What the title and every statement of a diagnosis name."""
    at = article.text.find(article.title) if article.title else -1
    for name, weight in titled(article.title):
        start = at + article.title.find(name) if at >= 0 else 0
        yield Candidate(name, Span(max(start, 0), max(start, 0) + len(name)), weight)
    for section in article.sections:
        topic = topic_under(section.titles)
        if section.part == "back" or topic in ("methods", "back"):
            continue
        general = topic == "introduction" and section.part == "body"
        for sentence in sentences(article.text, section.start, section.end):
            if not cue("hint").search(sentence.text):
                continue
            for weight, pattern in statements():
                match = pattern.search(sentence.text)
                if match is None or (general and weight != 2.5):
                    continue
                if topic == "discussion" and weight < 2.5:
                    continue
                if cue("denied").search(sentence.text[max(0, match.start() - 60) : match.start(1)]):
                    weight *= 0.25
                if section.part == "abstract":
                    weight *= 1.2
                for name in phrases(match[1]):
                    start = sentence.start + match.start(1) + match[1].find(name)
                    yield Candidate(name, Span(start, start + len(name)), weight)
                break


def _score(
    candidate: Candidate, counts: Counter[str], title: frozenset[str], votes: Counter[str]
) -> float:
    """How much of the article stands behind a candidate."""
    content = _content(candidate.name)
    telling = [w for w in content if w not in GENERAL] or content
    if not content:
        return -1.0
    score = candidate.score
    score += 2.0 * sum(w in title for w in telling) / len(telling)
    score += 1.5 * sum(min(counts[w], 10) for w in telling) / (10 * len(telling))
    score += 1.0 * sum(min(votes[w], 5) for w in telling) / (5 * len(telling))
    score += RARE * sum(counts[w] < 3 for w in telling) / len(telling)
    if not DISEASE.search(candidate.name):
        # "A case report of X" calls X a disease, whatever its name.
        score -= 2.0 - _linked(candidate.name) - (candidate.score > REPORTED)
    if cue("no_disease").search(candidate.name) or cue("no_start").search(candidate.name):
        score -= 3.0
    if says_little(tuple(telling)):
        score -= 2.5  # a symptom, or a site and "mass": many diseases
    if len(content) > 10:
        score -= 0.15 * (len(content) - 10)
    return score


@lru_cache(maxsize=4_096)
def _linked(name: str) -> bool:
    return bool(knowledge().linker.link(name))


def _itself(name: str) -> str:
    """A name without what the disease presented as, where that leaves a disease.

    Example:
        >>> _itself("Graves' disease presenting as palpitations")
        "Graves' disease"
    """
    disease = cue("presenting_as").split(name, maxsplit=1)[0].strip(" ,")
    return disease if disease and DISEASE.search(disease) else name


def _content(name: str) -> list[str]:
    return [word for word in words(name) if word not in _SMALL]
