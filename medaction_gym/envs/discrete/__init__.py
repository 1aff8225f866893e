"""The discrete view: numbered actions, a mask and a vector of numbers, for classic RL."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue, discrete_catalogue
    from medaction_gym.envs.discrete.env import DiscreteEnv
    from medaction_gym.envs.discrete.played import Played, play_each
    from medaction_gym.envs.discrete.tables import CaseTables
    from medaction_gym.envs.discrete.vector import DiscreteVectorEnv
    from medaction_gym.envs.discrete.view import DiscreteView

_PUBLIC = {
    "CaseTables": "tables",
    "DiscreteCatalogue": "catalogue",
    "DiscreteEnv": "env",
    "DiscreteVectorEnv": "vector",
    "DiscreteView": "view",
    "Played": "played",
    "discrete_catalogue": "catalogue",
    "play_each": "played",
}

__all__ = [
    "CaseTables",
    "DiscreteCatalogue",
    "DiscreteEnv",
    "DiscreteVectorEnv",
    "DiscreteView",
    "Played",
    "discrete_catalogue",
    "play_each",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
