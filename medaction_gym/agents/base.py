"""Agent: anything that plays an episode. Two methods, no base class needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Any, NamedTuple, Protocol

import numpy as np

from medaction_gym.cases.case import Case


class Start(NamedTuple):
    """What an agent is given at the start of an episode.

    Attributes:
        observation: The first observation.
        info: The first info.
        rng: The only source of randomness the agent may use.
        case: The case, for privileged agents; None for all others.
    """

    observation: dict[str, Any]
    info: dict[str, Any]
    rng: np.random.Generator
    case: Case | None


class Agent(Protocol):
    """Plays one episode at a time.

    Attributes:
        privileged: Whether `begin` is given the case, gold diagnosis included. Such an agent is a
            bound or a teacher, never a contestant.

    An agent with a language model may have two more: ``usage``, a `chat.Usage` of all its requests
    so far, from which runs count tokens; and ``prompt``, the fixed text it puts before every
    episode, whose hash goes into results.
    """

    privileged: bool

    def begin(self, start: Start) -> None:
        """Start an episode."""
        ...

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Any:
        """Choose the next action, in any form the environment takes."""
        ...


# Agents by name. The second half are exploits: policies that a sound reward must not pay.
AGENTS: dict[str, str] = {
    "random": "medaction_gym.agents.random:RandomAgent",
    "protocol": "medaction_gym.agents.protocol:ProtocolAgent",
    "knowledge": "medaction_gym.agents.knowledge:KnowledgeAgent",
    "cheating-oracle": "medaction_gym.agents.cheating_oracle:CheatingOracle",
    "commit-at-once": "medaction_gym.agents.exploits.commit_at_once:CommitAtOnce",
    "never-commit": "medaction_gym.agents.exploits.never_commit:NeverCommit",
    "order-everything": "medaction_gym.agents.exploits.order_everything:OrderEverything",
    "repeat-one-test": "medaction_gym.agents.exploits.repeat_one_test:RepeatOneTest",
    "dump-fifty": "medaction_gym.agents.exploits.dump_fifty:DumpFifty",
    "echo-vignette": "medaction_gym.agents.exploits.echo_vignette:EchoVignette",
}


def make_agent(name: str, **options: str) -> Agent:
    """Make an agent by name, or by ``"module:Class"`` for one's own.

    Args:
        name: The name.
        **options: Arguments of the class, as text: what a command line or a file can hold.

    Raises:
        ValueError: If there is no such agent, the module has no such class, or the class does not
            take the options.

    Example:
        >>> make_agent("random").privileged
        False
    """
    target = AGENTS.get(name, name)
    if ":" not in target:
        raise ValueError(
            f"no agent {name!r}; known: {', '.join(AGENTS)}, or give your own as 'module:Class'"
        )
    module, _, attribute = target.partition(":")
    try:
        made: Callable[..., Agent] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"agent {name!r} cannot be loaded: {error}") from error
    try:
        signature(made).bind(**options)
    except TypeError as error:
        raise ValueError(f"agent {name!r} cannot be made so: {error}") from None
    return made(**options)
