"""Outcome: how right a final diagnosis is, by comparing strings.

A simple, documented judge that needs nothing but the words: good enough to tell an exact answer
from a wrong one, strict with paraphrases, and deaf to medicine (it does not know that two names
mean one disease). Do not set its accuracy beside figures from an LLM judge.

The grade of a prediction against a gold name is the F1 of their content words, a word counting as
found when it is spelt within rapidfuzz ratio 88 of its partner. F1, not containment, so that a
list of fifty guesses scores next to nothing. Differing numbers or types ("type 1", "type 2")
and a negation ("no evidence of ...") cap the grade below `RIGHT`.
"""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.fuzz import ratio

from medaction_gym.actions import Hypothesis
from medaction_gym.cases.case import Diagnosis
from medaction_gym.cases.leaks import gold_names
from medaction_gym.catalogue.tokens import fold_word, words

# A grade at or above this counts as right.
RIGHT = 0.8

_SMALL = frozenset(
    """
    a an the of in on at to by for with and or due secondary caused from as is s case
    patient diagnosis final confirmed likely probable disease syndrome disorder
    """.split()
)
_NEGATIONS = frozenset(
    map(fold_word, "no not non without excluded unlikely absence negative incorrect ruled".split())
)
# Words that tell one disease of a family from another.
_DISTINGUISHING = frozenset(
    map(
        fold_word,
        """
    i ii iii iv v vi vii viii ix x a b c d e hypo hyper benign malignant acute chronic
    bacterial viral fungal arterial venous upper lower medullary papillary follicular
    ischemic hemorrhagic central peripheral
    """.split(),
    )
)


def grade(diagnosis: Diagnosis, prediction: str) -> float:
    """How right a prediction is, in [0, 1].

    Args:
        diagnosis: The gold diagnosis.
        prediction: A diagnosis in free text.

    Returns:
        The best F1 over the gold's name, its synonyms and its main part (before "due to" and the
        like), rounded to 4 digits.

    Example:
        >>> gold = Diagnosis(name="Type 2 diabetes mellitus", synonyms=("T2DM",))
        >>> grade(gold, "diabetes mellitus type 2"), grade(gold, "T2DM")
        (1.0, 1.0)
        >>> grade(gold, "Type 1 diabetes mellitus") < RIGHT
        True
        >>> grade(gold, "gout, lupus, asthma, sepsis, stroke, type 2 diabetes mellitus") < RIGHT
        True
    """
    return _grade(_gold(diagnosis), _content(words(prediction)))


def expected_grade(diagnosis: Diagnosis, differential: tuple[Hypothesis, ...]) -> float:
    """The grade of a differential: its hypotheses' grades weighted by their probabilities.

    Probabilities are divided by their sum where it exceeds 1. What is missing counts as wrong.
    Two spellings of one disease share its mass and gain nothing.

    Example:
        >>> gold = Diagnosis(name="Gout")
        >>> expected_grade(gold, (Hypothesis(disease="Gout", probability=0.5),))
        0.5
    """
    total = max(1.0, sum(h.probability for h in differential))
    return round(sum(h.probability * grade(diagnosis, h.disease) for h in differential) / total, 4)


def top(differential: tuple[Hypothesis, ...]) -> str:
    """The likeliest disease of a differential (the first of equals), or ``""``."""
    return max(differential, key=lambda h: h.probability).disease if differential else ""


@lru_cache(maxsize=10_000)
def _gold_of(name: str, synonyms: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    diagnosis = Diagnosis(name=name, synonyms=synonyms)
    full = [words(n) for n in (name, *synonyms)]
    return tuple(
        dict.fromkeys(filter(None, (_content(n) for n in (*full, *gold_names(diagnosis)))))
    )


def _gold(diagnosis: Diagnosis) -> tuple[tuple[str, ...], ...]:
    return _gold_of(diagnosis.name, diagnosis.synonyms)


def _content(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w for w in name if w not in _SMALL)) or name


@lru_cache(maxsize=100_000)
def _grade(golds: tuple[tuple[str, ...], ...], prediction: tuple[str, ...]) -> float:
    return max((_f1(gold, prediction) for gold in golds), default=0.0)


def _f1(gold: tuple[str, ...], prediction: tuple[str, ...]) -> float:
    if not gold or not prediction:
        return 0.0
    if set(gold) == set(prediction):
        return 1.0
    free = list(prediction)
    hits = 0
    for word in gold:
        match = next((other for other in free if _same(word, other)), None)
        if match is not None:
            free.remove(match)
            hits += 1
    score = 2 * hits / (len(gold) + len(prediction))
    differing = set(gold) ^ set(prediction)
    if any(w.isdigit() or w in _DISTINGUISHING for w in differing) or _NEGATIONS & (
        set(prediction) - set(gold)
    ):
        score = min(score, RIGHT - 0.01)
    return round(score, 4)


def _same(a: str, b: str) -> bool:
    return a == b or (len(a) >= 5 and len(b) >= 5 and ratio(a, b) >= 88)
