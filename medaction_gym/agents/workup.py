"""Workup: which tests the leading hypotheses and the findings call for, and where to look.

A table says which diseases and phenotypes call for each test. It is ordered step by step, cheap
things first, a request a step; where the record holds several such tests, at the sites that the
texts speak of.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from medaction_gym.agents.hypotheses import Hypothesis
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.oracle import MAX_TESTS_PER_REQUEST

STEPS = ("laboratory", "imaging", "function", "tissue", "surgery")
CALLED = 0.25  # share of the belief, or of the findings, that calls for a test
MOST = 9  # tests of one request
MOST_SITES = 5
# Regions that are examined as a whole; a text's sites are counted under them.
REGIONS = ("head", "neck", "chest", "abdomen", "pelvis", "spine", "upper_limb", "lower_limb")

_AMBIGUOUS = ": not specific enough;"
# The lines of an answer that tell of an order without a result.
NO_RESULT = re.compile(
    r"^(?:.*(?:: already reported above\.|: not available; .*|: not specific enough; .*)"
    r"|'.*' was not understood: .*)\n?",
    re.M,
)


class Test(NamedTuple):
    """A row of the table.

    Attributes:
        step: When it is ordered.
        order: What is ordered.
        calls: Diseases and phenotypes that call for it; none: every case does.
        sited: Whether it can be ordered of a part of the body.
    """

    step: str
    order: str
    calls: frozenset[str]
    sited: bool


@cache
def table() -> tuple[Test, ...]:
    """The tests in order.

    Example:
        >>> table()[0].order
        'laboratory tests'
    """
    lines = files(__package__).joinpath("workup.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple(
        Test(step, order, frozenset(filter(None, calls.split(" | "))), site == "site")
        for step, order, calls, site in cells[1:]
    )


def called(
    step: str, belief: Sequence[Hypothesis], found: Mapping[str, float]
) -> list[tuple[Test, float]]:
    """A step's tests that the hypotheses or the findings call for, and how loudly, loudest first.

    Args:
        step: One of `STEPS`.
        belief: Hypotheses; their probabilities are taken relative to each other.
        found: Weights of findings; denied ones do not count.

    Example:
        >>> tests = called("function", [Hypothesis("MONDO:0005027", "epilepsy", 0.5)], {})
        >>> [test.order for test, _ in tests]
        ['physical examination', 'electroencephalogram']
    """
    mass = _broader({h.id: h.p for h in belief})
    seen = _broader({finding: weight for finding, weight in found.items() if weight > 0})
    tests = []
    for test in table():
        if test.step == step:
            loudest = max((max(mass[c], seen[c]) for c in test.calls), default=1.0)
            if loudest >= CALLED:
                tests.append((test, loudest))
    return sorted(tests, key=lambda pair: -pair[1])[:MOST]


def _broader(weights: Mapping[str, float]) -> defaultdict[str, float]:
    """The share of each concept in some weights, with all that is narrower than it."""
    graph = knowledge()
    total = sum(weights.values()) or 1.0
    shares: defaultdict[str, float] = defaultdict(float)
    for concept in sorted(weights):
        if concept in graph:
            for above in sorted(graph.ancestors(concept)):
                shares[above] += weights[concept] / total
    return shares


def sites(texts: Sequence[str]) -> list[str]:
    """The parts of the body that texts speak of, regions first, the most often named first.

    Example:
        >>> sites(["Pain in the abdomen. The liver is large, the abdomen tender."])
        ['abdomen', 'liver']
    """
    catalogue = Catalogue.load()
    regions: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for text in texts:
        for mention in catalogue.find(text):
            if mention.term.kind == "site":
                above = catalogue.ancestors(mention.term.id)
                regions.update(region for region in REGIONS if region in above)
                if mention.term.id not in REGIONS and mention.term.id != "whole_body":
                    parts[mention.term.id] += 1
    chosen = [site for site, _ in regions.most_common(3)]
    chosen += [site for site, _ in parts.most_common(MOST_SITES - len(chosen))]
    return [catalogue.terms[site].name for site in chosen]


def requests(orders: Sequence[str]) -> Iterator[str]:
    """Orders as requests of no more tests than one may hold."""
    for first in range(0, len(orders), MAX_TESTS_PER_REQUEST):
        yield "; ".join(orders[first : first + MAX_TESTS_PER_REQUEST])


def ambiguous(orders: Sequence[str], message: str) -> list[str]:
    """Those of some orders that the answer calls not specific enough.

    Example:
        >>> ambiguous(["CT", "MRI"], "computed tomography: not specific enough; 2 tests fit")
        ['CT']
    """
    asked = {line.partition(_AMBIGUOUS)[0] for line in message.splitlines() if _AMBIGUOUS in line}
    return [
        order
        for order in orders
        if order in asked or any(part.title in asked for part in parse_orders(order))
    ]
