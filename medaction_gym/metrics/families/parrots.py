"""Parrots: exploits that do not know the diagnosis and give back what they read."""

from __future__ import annotations

import re

from medaction_gym.actions import Action, Commit
from medaction_gym.cases.case import TestResult
from medaction_gym.knowledge.findings import findings
from medaction_gym.metrics.families.situation import Situation, end, order, ramp, say, truth


def parrot(s: Situation) -> list[Action]:
    """The words of each result as the diagnosis."""
    actions = [truth(s, 0.1)]
    for test in s.tests:
        actions += [order(test), say((test.result[:300].strip(), 0.9))]
    return [*actions, end(s)]


def parrot_findings(s: Situation) -> list[Action]:
    """Not told the diagnosis: the surest finding of each result as the diagnosis."""
    actions, last = list[Action](), "unknown"
    for test in s.tests:
        found = _findings(test)
        last = found[0] if found else last
        actions += [order(test), say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def pile_up_findings(s: Situation) -> list[Action]:
    """Not told the diagnosis: all that the results found, strung together, as the diagnosis."""
    actions, seen = list[Action](), list[str]()
    for test in s.tests:
        seen += _findings(test)[:2]
        last = " with ".join(dict.fromkeys(seen))[:200] or "unknown"
        actions += [order(test), say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def first_words(s: Situation) -> list[Action]:
    """Not told the diagnosis: the first six words of each result as the diagnosis."""
    actions, last = list[Action](), "unknown"
    for test in s.tests:
        last = " ".join(test.result.split()[:6])[:200] or last
        actions += [order(test), say((last, 0.9))]
    return [*actions, Commit(diagnosis=last)]


def broad_class(s: Situation) -> list[Action]:
    """Not told the diagnosis: ever surer of "neoplasm"."""
    actions: list[Action] = []
    for test, p in zip(s.tests, ramp(len(s.tests))[1:], strict=True):
        actions += [order(test), say(("neoplasm", p))]
    return [*actions, Commit(diagnosis="neoplasm")]


def longest_words(s: Situation) -> list[Action]:
    """Not told the diagnosis: the three longest words of each result as the diagnosis."""
    actions, last = list[Action](), "unknown"
    for test, p in zip(s.tests, ramp(len(s.tests))[1:], strict=True):
        last = " ".join(_longest(test)[:3]) or last
        actions += [order(test), say((last, p))]
    return [*actions, Commit(diagnosis=last)]


def cumulated_words(s: Situation) -> list[Action]:
    """Not told the diagnosis: the longest words of all results so far, surer each time."""
    actions, seen, last = list[Action](), dict[str, None](), "unknown"
    for test, p in zip(s.tests, ramp(len(s.tests))[1:], strict=True):
        seen |= dict.fromkeys(_longest(test)[:2])
        last = " ".join(list(seen)[-6:]) or last
        actions += [order(test), say((last, p))]
    return [*actions, Commit(diagnosis=last)]


def one_disease(s: Situation) -> list[Action]:
    """Not told the diagnosis: ever surer of the same disease, whoever the patient is."""
    actions: list[Action] = []
    for i, p in enumerate(ramp(len(s.tests))):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say(("Sarcoidosis", p)))
    return [*actions, Commit(diagnosis="Sarcoidosis")]


def _longest(test: TestResult) -> list[str]:
    """The words of a result, longest first."""
    return sorted(
        dict.fromkeys(re.findall(r"[a-z]{5,}", test.result.casefold())), key=lambda w: -len(w)
    )


def _findings(test: TestResult) -> list[str]:
    """What a result affirms, surest first."""
    found = findings(test.result, test.name, test.category)
    ranked = sorted((f for f in found if not f.negated), key=lambda f: -f.confidence)
    return [f.name for f in ranked]
