"""Probe: play a case again with the same evidence in another order.

The agent first plays the case as it is. Then it plays against a `Desk`, which hands out the results
of that first play, and no others, whatever is ordered: the k-th order gets what the k-th order of
the first play got, once in the same order (the test–retest floor) and once with the results
permuted among the orders that gave one. So results come in as a laboratory has them ready, each
under its own name, and all plays end with the same evidence. Any `Agent` can play; `begin` must
start it anew, as in a rollout.

What it cannot do: an agent that ignores a result unless it asked for it in that turn will be found
to depend on the order, and rightly so only if that is held to be a fault. Plays that end before all
evidence is in cannot be compared; they are counted as incomplete. With fewer than two results there
is no other order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medaction_gym.actions import OrderTest, Outcome
from medaction_gym.agents.base import Agent
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.catalogue.prices import Price
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.episode import Episode, Turn
from medaction_gym.metrics.order_effect import OrderEffect, order_effect
from medaction_gym.oracle import Oracle, Part, Release, oracle_for
from medaction_gym.rollout import rollout


class Desk:
    """Answers the k-th order with the k-th result of a list, and with no other result.

    It counts, so it serves one play of one case.

    Args:
        turns: The orders of the first play, in the order in which they are to be answered.
        oracle: Answers whatever of an order has no result.
    """

    def __init__(self, turns: Sequence[Turn], oracle: Oracle) -> None:
        self._left = list(reversed(turns))
        self._oracle = oracle
        self._given: set[Release] = set()

    @property
    def done(self) -> bool:
        """Whether all results are handed out."""
        return not any(turn.released for turn in self._left)

    def answer(self, request: str) -> tuple[Part, ...]:
        """The next result of the list in place of the order's own, or why there is none."""
        turn = self._left.pop() if self._left else None
        parts = [self._withheld(part) for part in self._oracle.answer(request)]
        if turn is None or not turn.released:
            return tuple(part for part in parts if part is not None) or (_nothing(request),)
        self._given.update(turn.released)
        price = Price("probe", turn.usd, turn.hours, "the first play")
        result = Part(request, Outcome.RESULT, turn.released, "the next result", price)
        at = parts.index(None) if None in parts else 0
        return (
            *(part for part in parts[:at] if part is not None),
            result,
            *(part for part in parts[at:] if part is not None),
        )

    def _withheld(self, part: Part) -> Part | None:
        """A part as it is, or None for a result that is not out yet."""
        known = all({r, Release(r.item)} & self._given for r in part.releases)
        return part if part.outcome is not Outcome.RESULT or known else None


def _nothing(request: str) -> Part:
    why = "the record holds no more of it"
    return Part(request, Outcome.UNAVAILABLE, (), why, Price("probe", 0.0, 0.0, "nothing done"))


def probe(agent: Agent, case: Case, seeds: Sequence[int], *, max_turns: int = 30) -> OrderEffect:
    """How far an agent's final belief depends on the order of the evidence.

    Args:
        agent: The agent; it plays 1 + 2 · (len(seeds) - 1) episodes.
        case: The case.
        seeds: At least two. The first seeds the first play. Each other seeds a play in the same
            order and one in another, and the order itself, so that floor and effect differ in
            nothing but the order.
        max_turns: Turns of every play.

    Raises:
        ValueError: If there are fewer than two seeds.

    Example:
        >>> from medaction_gym.agents.base import make_agent
        >>> case = CaseSet.teaching()[0]
        >>> probe(make_agent("cheating-oracle"), case, [0, 1, 2])
        OrderEffect(effect=0.0, floor=0.0, permuted=2, again=2, incomplete=0)
    """
    if len(seeds) < 2:
        raise ValueError(f"seeds: {len(seeds)} given; a first play and another need two")
    first, failed = _play(agent, case, seeds[0], oracle_for(case), max_turns)
    orders = [turn for turn in first.turns if isinstance(turn.action, OrderTest)]
    results = [n for n, turn in enumerate(orders) if turn.released]
    if failed or len(results) < 2:
        return order_effect(first, (), (), incomplete=2 * (len(seeds) - 1) if failed else 0)
    permuted, again, incomplete = list[Episode](), list[Episode](), 0
    for seed in seeds[1:]:
        for plays, shuffle in ((again, False), (permuted, True)):
            turns = list(orders)
            if shuffle:
                for place, taken in zip(results, _other_order(results, seed), strict=True):
                    turns[place] = orders[taken]
            desk = Desk(turns, oracle_for(case))
            episode, failed = _play(agent, case, seed, desk, max_turns)
            if failed or not desk.done:
                incomplete += 1
            else:
                plays.append(episode)
    return order_effect(first, permuted, again, incomplete)


def _play(
    agent: Agent, case: Case, seed: int, oracle: Oracle, max_turns: int
) -> tuple[Episode, bool]:
    """One play, and whether it failed."""
    env = DiagnosisEnv(CaseSet([case]), max_turns=max_turns, oracle=lambda _: oracle)
    played = rollout(env, agent, case, seed=seed)
    return env.episode, played.status == "errored"


def _other_order(places: Sequence[int], seed: int) -> list[int]:
    """A random order of at least two places that is not the one they have."""
    rng = np.random.default_rng(seed)
    while True:
        order = [int(place) for place in rng.permutation(places)]
        if order != list(places):
            return order
