"""Behaviour: what a doctor does wrong on the way, beside how right the end is.

Three failures, each a `Share` with its denominator: tests ordered that nothing on the table calls
for (`grounding`), beliefs changed without or against the evidence (`updates`), and a loss of the
thread over many turns. Of a test asked for, "with a result" means that the record released
something new for it.

    ungrounded     tests that are uncalled; of the tests that could be judged
    judged         tests that could be judged; of the tests asked for
    recall         items of the record that were seen (a part of a panel counts as its part); of all
    precision      tests asked for that gave a result; of the tests asked for
    repeated       tests asked for before, under whatever name, or already answered; of the same
    unheeded       results after which no differential was stated; of the results handed out
    contradiction  1 where the committed disease does not stand in the last differential; out of 1,
                   or of 0 where none was stated, or results came in after it
    malformed      turns that were no action; of all turns
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from medaction_gym.actions import Commit, OrderTest, Outcome
from medaction_gym.actions import UpdateDifferential as Update
from medaction_gym.cases.case import Case
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.tokens import words
from medaction_gym.episode import Episode, Turn
from medaction_gym.knowledge.findings import evidence
from medaction_gym.metrics.belief import Belief, Beliefs, Moment, concept_of, moments
from medaction_gym.metrics.grounding import Grounds, grounds
from medaction_gym.metrics.judge import judge
from medaction_gym.metrics.share import Share
from medaction_gym.metrics.updates import Updates, presented, updates


class Behaviour(NamedTuple):
    """The behaviour of one episode; see the module, and `Updates`.

    `orders` holds the verdict on every test asked for, in order.
    """

    ungrounded: Share
    judged: Share
    recall: Share
    precision: Share
    repeated: Share
    unheeded: Share
    contradiction: Share
    malformed: Share
    updates: Updates
    turns: int
    tests: int
    usd: float
    hours: float
    orders: tuple[tuple[int, Grounds], ...]

    def shares(self) -> dict[str, Share]:
        """All shares by name, those of the updates among them."""
        own = {**self._asdict(), **self.updates._asdict()}
        return {name: value for name, value in own.items() if isinstance(value, Share)}


def behaviour(episode: Episode, found: Sequence[Moment] | None = None) -> Behaviour:
    """Judge an episode; of a trajectory, its `Trajectory.episode`.

    Args:
        episode: Its last state.
        found: Its `moments`, if they are at hand.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> start = Episode.start(case)
        >>> end = start.act((0, "flurbometry")).act((0, "flurbometry")).act((2, "Gout"))
        >>> seen = behaviour(end)
        >>> str(seen.repeated), str(seen.precision), str(seen.contradiction), seen.turns
        ('0.500 (1/2)', '0.000 (0/2)', '– (0/0)', 3)
    """
    found = moments(episode) if found is None else found
    turns = episode.turns
    orders = tuple(_judged(episode))
    tests = [len(_asked(turn, episode.case)) for turn in turns]
    asked = sum(tests)
    judged = [g for _, g in orders if g.verdict != "unknown"]
    results = sum(len(turn.released) for turn in turns)
    stated = max((n for n, turn in enumerate(turns) if isinstance(turn.action, Update)), default=-1)
    return Behaviour(
        ungrounded=Share(sum(g.verdict == "uncalled" for g in judged), len(judged)),
        judged=Share(len(judged), asked),
        recall=Share(_seen(episode), len(episode.case.tests)),
        precision=Share(
            sum(min(turn.tests, n) for turn, n in zip(turns, tests, strict=True)), asked
        ),
        repeated=Share(sum(_repeats(turns, episode.case)), asked),
        unheeded=Share(sum(len(turn.released) for turn in turns[stated + 1 :]), results),
        contradiction=_contradiction(turns),
        malformed=Share(sum(turn.outcome is Outcome.MALFORMED for turn in turns), len(turns)),
        updates=updates(found, episode.case.presentation),
        turns=len(turns),
        tests=episode.tests,
        usd=episode.usd,
        hours=episode.hours,
        orders=orders,
    )


def _asked(turn: Turn, case: Case) -> tuple[Order, ...]:
    """The tests that a turn asks for; a name of the record is one test, whatever it lists."""
    if not isinstance(turn.action, OrderTest):
        return ()
    tests = parse_orders(turn.action.test) or (Order(turn.action.test, None),)
    whole = {words(case.tests[release.item].name) for release in turn.released}
    if words(turn.action.test) in whole:
        return tests[:1]
    return tests


def _judged(episode: Episode) -> Iterator[tuple[int, Grounds]]:
    """The verdict on each test asked for, by what was on the table when it was ordered."""
    case = episode.case
    seen = {
        concept
        for result in presented(case.presentation)
        for concept, weight in evidence(result.text, result.test, result.category).items()
        if weight > 0
    }
    beliefs, belief = Beliefs(), Belief()
    for number, turn in enumerate(episode.turns, 1):
        for order in _asked(turn, case):
            yield number, grounds(order, belief.held, seen)
        for release in turn.released:
            test = case.tests[release.item]
            part = test if release.analyte < 0 else test.analytes[release.analyte]
            said = evidence(part.result, part.name, test.category)
            seen |= {concept for concept, weight in said.items() if weight > 0}
        if isinstance(turn.action, Update):
            belief = beliefs.read(turn.action.differential)


def _repeats(turns: Sequence[Turn], case: Case) -> Iterator[int]:
    """How many of each turn's tests were asked for before."""
    before: set[str] = set()
    for turn in turns:
        titles = [(order.title or order.text).casefold() for order in _asked(turn, case)]
        again = sum(title in before for title in titles)
        if turn.outcome is Outcome.REPEATED:
            again = max(1, again)
        elif turn.tests:  # what brought something new is no repetition
            again = min(again, len(titles) - turn.tests)
        yield max(0, again)
        before.update(titles)


def _seen(episode: Episode) -> float:
    """How many items of the record were seen, parts of panels as fractions."""
    parts = {release.item: 0 for release in episode.seen}
    for release in episode.seen:
        parts[release.item] += release.analyte >= 0
    whole = {release.item for release in episode.seen if release.analyte < 0}
    return math.fsum(
        1.0 if item in whole else count / len(episode.case.tests[item].analytes)
        for item, count in sorted(parts.items())
    )


def _contradiction(turns: Sequence[Turn]) -> Share:
    """Whether the commitment leaves the last differential, with nothing learnt in between."""
    last: Update | None = None
    for turn in turns:
        if isinstance(turn.action, Update):
            last = turn.action
        elif turn.released:
            last = None
        elif isinstance(turn.action, Commit) and last is not None:
            name = turn.action.diagnosis
            held = any(_same(h.disease, name) for h in last.differential if h.probability > 0)
            return Share(int(not held), 1)
    return Share(0, 0)


def _same(one: str, other: str) -> bool:
    """Whether two names are one disease, as `Beliefs` sees it."""
    if one.casefold().split() == other.casefold().split():
        return True
    concept = concept_of(one)
    return bool(concept and concept == concept_of(other)) or judge()(one, other).verdict == "same"
