"""Families of synthetic doctors that a process metric must tell apart.

Each family turns a case into actions; `play` runs them on the real record. All but the parrots are
told the gold diagnosis, honest ones included: what is tested is the metric and not the doctor. None
looks at the graph's links or at a score: when an honest belief moves is set by a schedule or by the
kind of test, never by what the metric would say of it. Random choices are seeded by case and
family.
"""

from types import ModuleType

from medaction_gym.metrics.families import honest, knowing, limits, parrots
from medaction_gym.metrics.families.situation import Family, Situation, play, situation


def _of(module: ModuleType) -> dict[str, Family]:
    """The families that a module defines, in the order in which it does."""
    own = [f for f in vars(module).values() if getattr(f, "__module__", "") == module.__name__]
    return {f.__name__: f for f in own if not f.__name__.startswith("_")}


HONEST = _of(honest)
EXPLOITS = _of(knowing) | _of(parrots)
# They look like an honest doctor whom one test convinces; reported, and not counted as exploits.
LIMITS = _of(limits)

__all__ = ["EXPLOITS", "HONEST", "LIMITS", "Family", "Situation", "play", "situation"]
