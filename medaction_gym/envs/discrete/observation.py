"""Layout of the discrete view's observation, and how its parts are computed.

Everything here works on batches of rows, so that one environment and a thousand see the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from medaction_gym.envs.discrete.reader import UNIT, Floats, Ints, Reader
from medaction_gym.episode import Rules

PER_SLOT = 4  # probability, gap, coded, specific
COUNTS = 4  # turns, tests, dollars, uncertainty
MOST_FOUND = 8.0
FAR = 32.0  # nats behind the leader at which the gap is 1
# Tests and dollars that make 1 where the rules set no limit.
TESTS_SCALE, USD_SCALE, MOST_COUNTED = 20.0, 5_000.0, 10.0
_PLACES = 12  # bits of a key that hold the candidate's place
# A key must fit 31 bits. 64 pieces of a record and its presentation stay below this.
MOST_SUPPORT = (1 << (30 - _PLACES)) - 1

Places = NDArray[np.int64]


class Layout(NamedTuple):
    """Where each part of the observation stands.

    Attributes:
        found: What was found in each organ system: log(1 + findings).
        denied: What was denied in each organ system.
        systems: The organ systems that the slots' diseases touch, weighted by probability.
        asked: For each test 0 if it was not ordered, 1 if it gave a result, -1 if it gave none.
        slots: For each slot four numbers: its probability among the slots, how far it lies behind
            the leader, whether ICD-10-CM has the disease, its specificity in the graph.
        counts: Share of the turns used; of the tests and of the budget, or, where there is no
            limit, tests / 20 and dollars / 5,000; and the entropy of the slots.
        size: The length of the observation.
    """

    found: slice
    denied: slice
    systems: slice
    asked: slice
    slots: slice
    counts: slice
    size: int

    @property
    def space(self) -> Box:
        """The observation space."""
        low, high = np.zeros(self.size, np.float32), np.ones(self.size, np.float32)
        high[self.found] = high[self.denied] = MOST_FOUND
        low[self.asked] = -1.0
        high[self.counts] = MOST_COUNTED
        return Box(low, high, dtype=np.float32)


class Writer:
    """Writes observations of one catalogue under one set of rules.

    Attributes:
        layout: Where each part stands.
        slots: How many candidates have a slot.

    Args:
        reader: The catalogue's reader.
        rules: The limits that turns, tests and dollars are told as shares of.
    """

    def __init__(self, reader: Reader, rules: Rules) -> None:
        self._profile, self._traits = reader.profile, reader.traits
        self.slots = reader.catalogue.slots
        systems, tests = len(reader.systems), len(reader.catalogue.tests)
        sizes = (systems, systems, systems, tests, PER_SLOT * self.slots, COUNTS)
        ends = np.cumsum(sizes).tolist()
        parts = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
        self.layout = Layout._make([*parts, ends[-1]])
        self._rules = rules
        self._turns = float(rules.max_turns)
        self._tests = float(TESTS_SCALE if rules.max_tests is None else max(rules.max_tests, 1))
        self._usd = float(USD_SCALE if rules.budget is None else max(rules.budget, 1.0))

    def rank(self, support: Ints) -> Places:
        """The candidates with most support, best first; of equals the earlier one first."""
        count = support.shape[1]
        keys = support << _PLACES
        keys |= np.arange(count - 1, -1, -1, dtype=np.int32)
        best = np.partition(keys, count - self.slots, axis=1)[:, count - self.slots :]
        best.sort(axis=1)
        places: Places = count - 1 - (best[:, ::-1] & ((1 << _PLACES) - 1)).astype(np.int64)
        return places

    def evidence(self, out: Floats, support: Ints, systems: Ints) -> Places:
        """Write the findings and the belief into rows; returns the candidates in the slots."""
        layout, half = self.layout, systems.shape[1] // 2
        told = np.minimum(np.log1p(systems.astype(np.float32) / UNIT), MOST_FOUND)
        out[:, layout.found] = told[:, :half]
        out[:, layout.denied] = told[:, half:]
        slots = self.rank(support)
        held = np.take_along_axis(support, slots, axis=1).astype(np.float32) / UNIT
        gap = held - held[:, :1]
        share = np.exp(gap)
        share /= share.sum(axis=1, keepdims=True)
        block = np.empty((*slots.shape, PER_SLOT), np.float32)
        block[:, :, 0] = share
        block[:, :, 1] = np.minimum(-gap / FAR, 1.0)
        block[:, :, 2:] = self._traits[slots]
        out[:, layout.slots] = block.reshape(len(out), -1)
        # Summed over a middle axis, i.e. in one order, so that batches agree to the bit.
        touched = (share[:, :, None] * self._profile[slots]).sum(axis=1)
        out[:, layout.systems] = np.minimum(touched, 1.0)
        entropy = -(share * np.log(np.maximum(share, 1e-9))).sum(axis=1) / np.log(self.slots + 1)
        out[:, layout.counts.stop - 1] = np.maximum(entropy, 0.0)
        return slots

    def counts(self, out: Floats, turns: Any, tests: Any, usd: Any) -> None:
        """Write the turns, tests and dollars used so far into rows."""
        first = self.layout.counts.start
        out[:, first] = turns / self._turns
        out[:, first + 1] = np.minimum(tests / self._tests, MOST_COUNTED)
        out[:, first + 2] = np.minimum(usd / self._usd, MOST_COUNTED)

    def spent_up(self, tests: Any, usd: Any) -> Any:
        """Whether the rules allow no further test, of one episode or of many."""
        limit, budget = self._rules.max_tests, self._rules.budget
        over = tests < 0  # never: False, in the shape of what is given
        if limit is not None:
            over = over | (tests >= limit)
        if budget is not None:
            over = over | (usd >= budget)
        return over
