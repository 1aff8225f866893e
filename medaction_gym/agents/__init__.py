"""Agents that play episodes.

Here stand the names of three that are heavier than an agent should be to import. `TreeDistiller`
lies in `medaction_gym.distill`, which uses the rooms below.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "ChatAgent": "medaction_gym.agents.chat",
    "SFTPolicy": "medaction_gym.agents.sft",
    "TreeDistiller": "medaction_gym.distill",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
