"""Distillation: trees of trajectories, judged and pruned, become training data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medaction_gym.distill.engine import distill
    from medaction_gym.distill.node import Candidate, Node
    from medaction_gym.distill.selection import Thresholds
    from medaction_gym.distill.settings import Settings
    from medaction_gym.distill.teachers import Teacher, make_teacher
    from medaction_gym.distill.tree import Growth, Tree, TreeDistiller

_PUBLIC = {
    "Candidate": "node",
    "Growth": "tree",
    "Node": "node",
    "Settings": "settings",
    "Teacher": "teachers",
    "Thresholds": "selection",
    "Tree": "tree",
    "TreeDistiller": "tree",
    "distill": "engine",
    "make_teacher": "teachers",
}

__all__ = [
    "Candidate",
    "Growth",
    "Node",
    "Settings",
    "Teacher",
    "Thresholds",
    "Tree",
    "TreeDistiller",
    "distill",
    "make_teacher",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
