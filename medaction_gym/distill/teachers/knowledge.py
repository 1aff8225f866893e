"""KnowledgeTeacher: plays what the knowledge agent would, without being told the answer.

Its beliefs are the agent's (`Hypotheses` over all that the path has read), its tests those that the
leading hypotheses and the findings call for (`workup`), and it commits when it is sure or has
nothing left to ask. It reads the presentation, the answers it got, and nothing else of the case.

A hypothesis is only stated once something that was read supports it, by the rule that the checker
holds the gold diagnosis to (`grounding`), since the teacher cannot know which of them that is.

Moves, by name: a statement is the ``posterior``, ``cautious`` or ``bold``; an order is a ``step``
of up to three tests, the ``single`` loudest, ``ahead`` of its step, or ``closer`` where the record
has several such tests; an end is ``sure``, ``early``, ``exhausted`` or
``unproven``.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medaction_gym.actions import Commit, OrderTest
from medaction_gym.agents.hypotheses import Hypotheses
from medaction_gym.agents.hypotheses import Hypothesis as Believed
from medaction_gym.agents.knowledge import MOVED, SURE
from medaction_gym.agents.workup import STEPS, ambiguous, called, sites, table
from medaction_gym.cases.case import Case
from medaction_gym.distill.chart import Chart
from medaction_gym.distill.grounding import grounds_of, supported
from medaction_gym.distill.node import UNPROVEN, Candidate, Node
from medaction_gym.distill.teachers import beliefs, reasons
from medaction_gym.oracle import Release

LEAST = 0.015  # of a hypothesis that is stated
EARLY = 0.5  # belief at which one may stop before being sure
TOGETHER = 3  # tests of one request
WARMTH = {"posterior": 1.0, "cautious": 0.7, "bold": 1.4}  # exponents of what is believed
# What kind of test a step is made of, for the words.
KIND = {
    "laboratory": "laboratory",
    "imaging": "imaging",
    "function": "physiology",
    "tissue": "pathology",
    "surgery": "procedure",
}


class Sight(NamedTuple):
    """What a path has read, as the knowledge agent sees it."""

    case: Hypotheses
    belief: tuple[Believed, ...]
    texts: tuple[str, ...]


class KnowledgeTeacher:
    """See the module.

    Args:
        cases: Not looked at; every offline teacher is made in the same way.
    """

    name = "knowledge"
    privileged = False

    def __init__(self, cases: Iterable[Case] = ()) -> None:
        self._chart: Chart | None = None
        self._sights: dict[tuple[Release, ...], Sight] = {}

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """Propose at most k moves, the agent's own first."""
        chart = grounds_of(node.episode.case).chart
        if chart is not self._chart:
            self._chart, self._sights = chart, {}
        sight = self._sight(tuple(sorted(node.episode.seen)))
        belief = {h.name: h.p for h in sight.belief if supported(chart, h.name, node.episode.seen)}
        stated = {h.disease: h.probability for h in node.episode.differential}
        if _distance(_tempered(belief, 1.0), stated) >= MOVED and (
            node.score.fresh or not node.score.beliefs
        ):
            found = self._statements(chart, node, belief, stated, rng)
            if len(found) < k or k > 2:
                found = [*found[: k - 1], *self._orders(chart, node, sight, rng)]
            return found[:k]
        return self._next(chart, node, sight, belief, rng)[:k]

    def _sight(self, seen: tuple[Release, ...]) -> Sight:
        """What some releases show, from what all but the last of them show."""
        if seen not in self._sights:
            assert self._chart is not None, "candidates chooses the chart"
            texts: tuple[str, ...] = ()
            if not seen:
                case, texts = Hypotheses(), (self._chart.opening.text,)
                case.read_presentation(self._chart.opening.text)
            else:
                before = self._sight(seen[:-1])
                case = copy.deepcopy(before.case)
                test, text = _told(self._chart, seen[-1])
                case.read_result(text, test)
                texts = (*before.texts, text)
            self._sights[seen] = Sight(case, tuple(case.posterior()), texts)
        return self._sights[seen]

    def _statements(
        self,
        chart: Chart,
        node: Node,
        belief: Mapping[str, float],
        stated: Mapping[str, float],
        rng: random.Random,
    ) -> list[Candidate]:
        found = []
        for plan, warmth in WARMTH.items():
            masses = _tempered(belief, warmth)
            if node.score.fresh:
                said = reasons.update(chart, node, stated, masses, rng)
            else:
                said = reasons.first(chart, masses, rng)
            found.append(Candidate(beliefs.differential(masses), said, plan))
        return found

    def _next(
        self,
        chart: Chart,
        node: Node,
        sight: Sight,
        belief: Mapping[str, float],
        rng: random.Random,
    ) -> list[Candidate]:
        episode = node.episode
        name = next(iter(belief), "") or next((h.name for h in sight.belief), "unknown")
        sure = belief.get(name, 0.0)
        last = episode.number + 1 >= episode.rules.max_turns
        orders = [] if last or sure >= SURE else self._orders(chart, node, sight, rng)
        if orders and sure < EARLY:
            return orders
        # Only what has been stated is weighed against it.
        known = {name, *(h.disease for h in episode.differential)}
        weighed = {n: p for n, p in belief.items() if n in known}
        said, proven = reasons.commit(chart, node, name, weighed, rng, out_of_tests=not orders)
        plan = "sure" if sure >= SURE else "early" if orders else "exhausted"
        plan = plan if proven else UNPROVEN
        end = Candidate(Commit(diagnosis=name), said, plan)
        return [*orders[:1], end, *orders[1:]]

    def _orders(
        self, chart: Chart, node: Node, sight: Sight, rng: random.Random
    ) -> list[Candidate]:
        requests = _requests(node, sight)
        return [
            Candidate(
                OrderTest(test=request),
                reasons.order(chart, node, request, KIND[step], rng),
                plan,
            )
            for plan, step, request in requests
        ]


def _requests(node: Node, sight: Sight) -> list[tuple[str, str, str]]:
    """What may be asked for next, each with its plan and its step."""
    asked = [
        (turn.action.test, turn.message)
        for turn in node.episode.turns
        if isinstance(turn.action, OrderTest)
    ]
    tried = {part.strip().casefold() for request, _ in asked for part in request.split(";")}
    sited = {test.order: test.step for test in table() if test.sited}
    found: list[tuple[str, str, str]] = []
    for request, message in asked:
        for order in ambiguous([part.strip() for part in request.split(";")], message):
            if order in sited:
                closer = [f"{order} {site}" for site in sites(sight.texts)]
                closer = [c for c in closer if c.casefold() not in tried][:TOGETHER]
                found += [("closer", sited[order], c) for c in closer]
    steps = [
        (step, [t.order for t, _ in called(step, sight.belief, sight.case.found)]) for step in STEPS
    ]
    left = [(s, [o for o in orders if o.casefold() not in tried]) for s, orders in steps]
    left = [(s, orders) for s, orders in left if orders]
    for plan, (step, orders) in zip(("step", "ahead"), left[:2], strict=False):
        found.append((plan, step, "; ".join(orders[:TOGETHER])))
        if plan == "step" and len(orders) > 1:
            found.append(("single", step, orders[0]))
    return found


def _told(chart: Chart, release: Release) -> tuple[str, str]:
    """A release as the environment tells it: the test's name, and the text."""
    page, test = chart.page(release), chart.case.tests[release.item]
    if release.analyte < 0:
        return test.name, page.text
    return f"{test.name}: {page.source}", f"{page.source}: {page.text}"


def _tempered(belief: Mapping[str, float], warmth: float) -> dict[str, float]:
    """A belief made flatter or sharper, something else included, as it may be stated.

    Example:
        >>> _tempered({"gout": 0.8, "lupus": 0.05}, 0.7)
        {'gout': 0.67, 'lupus': 0.1}
    """
    rest = max(0.0, 1.0 - sum(belief.values()))
    total = sum(p**warmth for p in (*belief.values(), rest)) or 1.0
    return beliefs.stated({n: p**warmth / total for n, p in belief.items()}, LEAST)


def _distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Total variation between two beliefs."""
    names: Sequence[str] = sorted({*one, *other})
    return sum(abs(one.get(n, 0.0) - other.get(n, 0.0)) for n in names) / 2
