"""Reasons: which findings a move may cite, chosen from what has been revealed and nothing else.

Whatever the teacher knows, what it writes beside a move is argued from the pages that the path has
read: what they say for the diseases of the differential, and how the path's own belief moved when
they came in.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from medaction_gym.actions import Outcome, UpdateDifferential
from medaction_gym.distill.chart import OPENING, Chart, clause
from medaction_gym.distill.grounding import cited
from medaction_gym.distill.node import Node
from medaction_gym.distill.teachers import words
from medaction_gym.distill.teachers.evidence import Point, points
from medaction_gym.distill.teachers.words import Shift
from medaction_gym.oracle import Release

WORN = 1.0  # what a citation loses each time the path has used it
RISE = 3.0  # logits that a rise from 0 to 1 is worth when an end is argued
BESIDE = 0.5  # of the weight of the first citation, with which a second stands beside it
LEAST_RISE = 0.2  # with which a result may be called what the diagnosis rests on
VARIETY = 0.3  # logits of chance in the choice of a citation


def first(chart: Chart, belief: Mapping[str, float], rng: random.Random) -> str:
    """Why these diseases, before any result."""
    names = _ranked(belief)
    told = points(chart, [OPENING], names[0], names[1:]) if names else []
    speaking = _chosen(rng, [p for p in told if p.supports], {})
    apart = [p for p in speaking[1:2] if not _says_the_same(p, speaking[0])]
    speaking = [*speaking[:1], *apart]
    left = 1.0 - sum(belief.values())
    return words.first_impression(rng, names, speaking, complaint(chart), left)


def order(chart: Chart, node: Node, request: str, category: str, rng: random.Random) -> str:
    """Why this test, at this point."""
    episode = node.episode
    names = _ranked({h.disease: h.probability for h in episode.differential})[:2]
    worn = Counter(w for n in node.path if n.candidate for w in cited(n.candidate.rationale))
    pages = [OPENING, *sorted(episode.seen)]
    point = None
    for name, rivals in ((n, [m for m in names if m != n]) for n in names):
        fitting = [p for p in points(chart, pages, name, rivals) if p.supports]
        fitting = [p for p in _chosen(rng, fitting, worn) if worn[p.words] < 2]
        if fitting:
            point, names = fitting[0], [name, *rivals]
            break
    news = None
    if node.score.fresh and episode.turn and episode.turn.released:
        news = points(chart, episode.turn.released, "")[0]
    if news and point and news.words == point.words:
        news = None
    if point is None:
        plain = [p for p in points(chart, pages, "") if not p.normal]
        point = min([complaint(chart), *plain], key=lambda p: worn[p.words])
        if news and (worn[point.words] > 1 or news.words == point.words):
            point = None
    return words.ordering(rng, request, category, names, point, news, refused=refused(node))


def update(
    chart: Chart,
    node: Node,
    before: Mapping[str, float],
    belief: Mapping[str, float],
    rng: random.Random,
    gold: str = "",
    decides: Callable[[int], float] = lambda item: 0.0,
) -> str:
    """What the new results say, and whom they move.

    Args:
        chart: The case as read.
        node: The state.
        before: The belief before.
        belief: The belief now.
        rng: Chooses among wordings.
        gold: The name of the disease that `decides` is about.
        decides: What an item of the record decides for it, in [0, 1].
    """
    fresh = node.score.fresh or (OPENING,)
    moves = {
        name: round(belief.get(name, 0.0) - before.get(name, 0.0), 2)
        for name in dict.fromkeys([*belief, *before])
    }
    gain = max(moves, key=lambda n: moves[n], default="")
    loss = min(moves, key=lambda n: moves[n], default="")

    def shift(name: str) -> Shift:
        told = points(chart, fresh, name, [n for n in moves if n != name])
        says = chart.weigh(name, *fresh)
        now = belief.get(name, 0.0)
        if now < before.get(name, 0.0):
            best = min(told, key=lambda p: p.speaks)
        elif told[0].supports or name != gold:
            best = told[0]
        else:
            # Of the result that decides most, what the graph has no word for.
            page = max(fresh, key=lambda r: 0.0 if r == OPENING else decides(r.item))
            told = points(chart, [page], name, [n for n in moves if n != name])
            best = next((p for p in told if p.decides), told[0])
        return Shift(name, before.get(name, 0.0), now, says, best)

    up = shift(gain) if gain and moves[gain] > 0 else None
    down = shift(loss) if loss and moves[loss] < 0 else None
    result = points(chart, fresh, "")[0]
    leaders = [_ranked(b)[:1] for b in (before, belief)]
    return words.updating(rng, result, up, down, *("".join(n) for n in leaders))


def commit(
    chart: Chart,
    node: Node,
    name: str,
    belief: Mapping[str, float],
    rng: random.Random,
    *,
    decides: Callable[[int], float] = lambda item: 0.0,
    out_of_tests: bool,
) -> tuple[str, bool]:
    """What the diagnosis rests on: the results that decide most and moved the belief most.

    Args:
        chart: The case as read.
        node: The state.
        name: The diagnosis.
        belief: The differential.
        rng: Chooses among wordings.
        decides: What an item of the record decides, in [0, 1].
        out_of_tests: Whether there is nothing left to learn.

    Returns:
        The words, and whether they rest on anything: a citation that speaks for the diagnosis, or
        what a deciding kind of test states.
    """
    rivals = [n for n in _ranked(belief) if n != name]
    rises = dict(_rises(node, name))
    weighed = []
    for page in sorted(node.episode.seen):
        told = points(chart, [page], name, rivals[:2])
        # What speaks for it, or else what the graph has no word for.
        for point in [p for p in told if p.supports or p.decides][:1]:
            rise = rises.get(page, 0.0)
            bearing = max(rise, decides(page.item))
            if point.supports or (point.decides and bearing >= LEAST_RISE):
                worth = point.speaks * point.supports + RISE * (rise + decides(page.item))
                weighed.append((worth, point))
    weighed.sort(key=lambda w: -w[0])
    # A second citation stands beside the first only if it bears a good part of the weight.
    cites = [p for worth, p in weighed[:2] if worth >= BESIDE * weighed[0][0]]
    if not cites:
        told = [p for p in points(chart, [OPENING], name, rivals[:2]) if p.supports]
        cites = told[:2] or [complaint(chart)]
    rival = rivals[0] if rivals else ""
    said = words.committing(
        rng,
        name,
        cites,
        rival,
        belief.get(rival, 0.0),
        belief.get(name, 0.0),
        out_of_tests=out_of_tests,
    )
    return said, cites[0].supports or cites[0].decides


def complaint(chart: Chart) -> Point:
    """What the patient comes with, as a citation that claims nothing."""
    text = chart.opening.text
    said = chart.case.presentation.chief_complaint
    at = text.find(said) if said else 0
    found = clause(text, at, at) or next((c.words for c in chart.cites(OPENING)), "")
    return Point(found or text.split()[0], "presentation", "", True, 0.0, False)


def refused(node: Node) -> bool:
    """Whether the test just asked for was not to be had."""
    turn = node.episode.turn
    return turn is not None and turn.outcome is Outcome.UNAVAILABLE


def _rises(node: Node, name: str) -> Iterator[tuple[Release, float]]:
    """How much a disease rose on the path when each page was read."""
    before = 0.0
    for step in node.path:
        action = step.candidate.action if step.candidate else None
        if isinstance(action, UpdateDifferential):
            now = next((h.probability for h in action.differential if h.disease == name), 0.0)
            fresh = step.parent.score.fresh if step.parent else ()
            yield from ((page, now - before) for page in fresh)
            before = now


def _chosen(rng: random.Random, found: Sequence[Point], worn: Mapping[str, int]) -> list[Point]:
    """Points by what they say, with some chance, the worn ones last."""
    value = {p: p.speaks + rng.uniform(0, VARIETY) - WORN * worn.get(p.words, 0) for p in found}
    return sorted(found, key=lambda p: -value[p])


def _says_the_same(one: Point, other: Point) -> bool:
    a, b = one.words.casefold(), other.words.casefold()
    return a in b or b in a


def _ranked(belief: Mapping[str, float]) -> list[str]:
    return sorted(belief, key=lambda n: -belief[n])
