"""Process: DTC and RAC of an episode as it stands, carried along from turn to turn.

`dtc` and `rac` read a whole episode and explain it; this reads only what the last turn added, for
rewards and for the branches of a tree. It is immutable, and its values are theirs to the bit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from medaction_gym.actions import UpdateDifferential
from medaction_gym.episode import Episode
from medaction_gym.metrics.belief import Beliefs, Moment, Names, learnt
from medaction_gym.metrics.dtc import belief_potential
from medaction_gym.metrics.rac import Move, Tally
from medaction_gym.metrics.support import Result

# The DTC from which RAC counts in full, which the least sure of the honest doctors of `families`
# reach: below it RAC would count whatever the belief is about.
ARRIVED = 0.6


class Process(NamedTuple):
    """The sums that the two metrics are made of.

    Attributes:
        names: The names that beliefs have used, each with its concept.
        fresh: Results that came in since the last belief.
        potential: Φ of the last belief.
        way: The sum of abs(Φ_t − Φ_{t−1}) so far.
        tally: RAC's sums.
        move: How the last belief moved; None before the first.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> sure = [{"disease": case.diagnosis.name, "probability": 1.0}]
        >>> state = Episode.start(case).act(
        ...     {"action": "update_differential", "differential": sure}
        ... )
        >>> now = Process().after(state)
        >>> now.dtc, now.rac
        (1.0, 0.0)
    """

    names: Names = ()
    fresh: tuple[Result, ...] = ()
    potential: float = 0.0
    way: float = 0.0
    tally: Tally = Tally()
    move: Move | None = None

    @classmethod
    def of(cls, episode: Episode) -> Process:
        """The process of an episode from its start."""
        states = []
        state: Episode | None = episode
        while state is not None and state.turn is not None:
            states.append(state)
            state = state.previous
        process = cls()
        for state in reversed(states):
            process = process.after(state)
        return process

    @property
    def dtc(self) -> float:
        """DTC in [0, 1]."""
        if not self.potential:
            return 0.0
        return self.potential * min(1.0, self.potential / self.way)

    @property
    def rac(self) -> float:
        """RAC in [0, 1]."""
        return self.tally.value

    @property
    def combined(self) -> float:
        """√(DTC · RAC) · min(1, DTC / `ARRIVED`) in [0, 1].

        A belief that follows its evidence, but to nowhere, is worth little.
        """
        return math.sqrt(self.dtc * self.rac) * self.arrived

    @property
    def arrived(self) -> float:
        """How far the belief has come to the truth, in [0, 1]: 1 from a DTC of `ARRIVED`."""
        return min(1.0, self.dtc / ARRIVED)

    def after(self, episode: Episode) -> Process:
        """The process after the turn that led to a state."""
        turn = episode.turn
        assert turn is not None, "a start state has no turn"
        fresh = self.fresh + learnt(episode.case, turn.released) if turn.released else self.fresh
        if type(turn.action) is not UpdateDifferential:
            return self if fresh is self.fresh else self._replace(fresh=fresh)
        beliefs = Beliefs(self.names)
        belief = beliefs.read(turn.action.differential)
        tally, move = self.tally.after(Moment(episode.number, belief, fresh))
        potential = belief_potential(episode.case.diagnosis, belief)
        way = self.way + abs(potential - self.potential)
        return Process(beliefs.names, (), potential, way, tally, move)
