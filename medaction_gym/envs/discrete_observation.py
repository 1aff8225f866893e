"""The numeric observation of the discrete view: its layout, and how its parts are computed.

Everything here works on batches of rows, so that one environment and a thousand see the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from medaction_gym.envs.discrete_evidence import UNIT, Floats, Ints, Reader

PER_SLOT = 4  # probability, gap, coded, specific
COUNTS = 4  # turns, tests, dollars, uncertainty
MOST_FOUND = 8.0
FAR = 32.0  # nats behind the leader at which the gap is 1
TESTS_SCALE, USD_SCALE = 20.0, 5_000.0
_PLACES = 12  # bits of a key that hold the candidate's place
_LIMIT = (1 << (30 - _PLACES)) - 1  # |support| in a key

Places = NDArray[np.int64]


class Layout(NamedTuple):
    """Where each part of the observation stands.

    Attributes:
        found: What was found in each organ system: log(1 + findings).
        denied: What was denied in each organ system.
        systems: The organ systems that the slots' diseases touch, weighted by probability.
        asked: For each test 0 if it was not ordered, 1 if it gave a result, -1 if it gave none.
        slots: For each slot: its probability among the slots, how far it lies behind the
            leader, whether ICD-10-CM has the disease, its specificity in the graph.
        counts: Turns used, tests with a result, dollars spent, entropy of the slots.
        size: The length of the observation.
    """

    found: slice
    denied: slice
    systems: slice
    asked: slice
    slots: slice
    counts: slice
    size: int


def layout_of(reader: Reader) -> Layout:
    """The layout for a catalogue."""
    count = len(reader.systems)
    sizes = (
        count, count, count, len(reader.catalogue.tests), PER_SLOT * reader.catalogue.slots, COUNTS,
    )  # fmt: skip
    ends = np.cumsum(sizes).tolist()
    found, denied, systems, asked, slots, counts = (
        slice(end - size, end) for size, end in zip(sizes, ends, strict=True)
    )
    return Layout(found, denied, systems, asked, slots, counts, ends[-1])


def space_of(layout: Layout) -> Box:
    """The observation space."""
    low, high = np.zeros(layout.size, np.float32), np.ones(layout.size, np.float32)
    high[layout.found] = high[layout.denied] = MOST_FOUND
    low[layout.asked] = -1.0
    high[layout.counts] = 10.0
    return Box(low, high, dtype=np.float32)


def ranked(support: Ints, slots: int) -> Places:
    """The candidates with most support, best first; of equals the earlier one first."""
    count = support.shape[1]
    keys = support << _PLACES
    keys |= np.arange(count - 1, -1, -1, dtype=np.int32)
    best = np.partition(keys, count - slots, axis=1)[:, count - slots :]
    best.sort(axis=1)
    places: Places = count - 1 - (best[:, ::-1] & ((1 << _PLACES) - 1)).astype(np.int64)
    return places


def clipped(support: Ints) -> Ints:
    """Support within the bounds of a key: no record of a case reaches them."""
    return np.clip(support, -_LIMIT, _LIMIT)


def write_findings(out: Floats, layout: Layout, systems: Ints) -> None:
    """Write what was found and denied."""
    told = np.minimum(np.log1p(systems.astype(np.float32) / UNIT), MOST_FOUND)
    half = systems.shape[1] // 2
    out[:, layout.found] = told[:, :half]
    out[:, layout.denied] = told[:, half:]


def write_belief(out: Floats, layout: Layout, reader: Reader, support: Ints, slots: Places) -> None:
    """Write the slots, the systems they touch, and their entropy."""
    held = np.take_along_axis(support, slots, axis=1).astype(np.float32) / UNIT
    gap = held - held[:, :1]
    share = np.exp(gap)
    share /= share.sum(axis=1, keepdims=True)
    block = np.empty((*slots.shape, PER_SLOT), np.float32)
    block[:, :, 0] = share
    block[:, :, 1] = np.minimum(-gap / FAR, 1.0)
    block[:, :, 2:] = reader.traits[slots]
    out[:, layout.slots] = block.reshape(len(out), -1)
    touched = np.zeros((len(out), len(reader.systems)), np.float32)
    for place in range(slots.shape[1]):  # in one order, so that batches agree to the bit
        touched += share[:, place, None] * reader.profile[slots[:, place]]
    out[:, layout.systems] = np.minimum(touched, 1.0)
    entropy = -(share * np.log(np.maximum(share, 1e-9))).sum(axis=1) / np.log(slots.shape[1] + 1)
    out[:, layout.counts.stop - 1] = np.maximum(entropy, 0.0)


def write_counts(
    out: Floats,
    layout: Layout,
    turns: NDArray[np.float64],
    tests: NDArray[np.int64],
    usd: NDArray[np.float64],
) -> None:
    """Write the share of the turns used, and tests and dollars so far."""
    first = layout.counts.start
    out[:, first] = turns
    out[:, first + 1] = np.minimum(tests / TESTS_SCALE, 10.0)
    out[:, first + 2] = np.minimum(usd / USD_SCALE, 10.0)
