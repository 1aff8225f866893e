"""Tier: how well an item of the record answers an order; `matching` says what each means."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """How good a match is; lower is better."""

    NAME = 1
    SAME = 2
    KIN = 3
    PART = 4
    UNSITED = 5
    GENERAL = 6
    DESCRIBED = 7
    UNSTATED = 8
