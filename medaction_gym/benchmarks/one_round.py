"""OneRound: any agent, held to one round of orders.

Orders after the first are kept from the oracle, but not from the trajectory: they stand in it as
what they are, no valid action, so they spend turns and whoever never commits is truncated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medaction_gym.actions import Malformed, OrderTest, Outcome, parse
from medaction_gym.agents.base import AGENTS, LANGUAGE_AGENTS, Agent, Start, make_agent

REFUSED = "Not ordered: this protocol has one round of orders. Commit to a diagnosis."


class OneRound:
    """Passes the first request on, and answers those after it with `REFUSED`.

    Args:
        agent: The agent that is held to it.

    Example:
        >>> make_agent("medaction_gym.benchmarks.one_round:random").privileged
        False
    """

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.privileged = agent.privileged

    def __getattr__(self, name: str) -> Any:
        """What else the agent has to tell: its usage, its prompt; not `moves`, which is unruled."""
        if name not in ("usage", "prompt"):
            raise AttributeError(name)
        return getattr(self.agent, name)

    def begin(self, start: Start) -> None:
        """Start an episode."""
        self.ordered = self.refused = False
        self.agent.begin(start)

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Any:
        """The agent's action, or a note of an order too many."""
        if self.refused:
            observation = {**observation, "message": REFUSED}
            info = {**info, "outcome": Outcome.UNAVAILABLE.value, "explanation": REFUSED}
        raw = self.agent.act(observation, info)
        action = parse(raw)
        self.refused = False
        if isinstance(action, OrderTest):
            if self.ordered:
                self.refused = True
                return Malformed(reason=REFUSED, received=action.test)
            self.ordered = True
        return raw


def __getattr__(name: str) -> Callable[..., OneRound]:
    """Every agent is an attribute by its name, so that worker processes make the same one."""
    if name not in AGENTS | LANGUAGE_AGENTS and ":" not in name:
        raise AttributeError(name)
    return lambda endpoint=None: OneRound(make_agent(name, endpoint))
