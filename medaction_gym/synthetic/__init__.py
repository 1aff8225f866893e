"""Fictional patients without end, drawn from the knowledge graph by a seed.

Item i of a set depends on the seed and i alone (and on the releases of HPO and MONDO that are
installed): no case was ever published, so none can have been learned by heart.
"""

from __future__ import annotations

from medaction_gym.synthetic.caseset import SyntheticCases
from medaction_gym.synthetic.generator import Generator, generator

__all__ = ["Generator", "SyntheticCases", "generator"]
