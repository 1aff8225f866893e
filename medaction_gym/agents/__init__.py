"""Agents that play episodes.

`TreeDistiller` lies in `medaction_gym.distill`, which uses the rooms below; here stands its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name != "TreeDistiller":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("medaction_gym.distill").TreeDistiller
