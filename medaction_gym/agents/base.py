"""Agent: anything that plays an episode. Two methods, no base class needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import stable_fraction
from medaction_gym.chat.endpoint import Endpoint


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


# Agents with a language model, which need an extra. What two of them are made of may follow their
# name: "chat:MODEL", "sft:FOLDER", "llama:FOLDER".
LANGUAGE_AGENTS: dict[str, str] = {
    "chat": "medaction_gym.agents.chat:ChatAgent",
    "llama": "medaction_gym.agents.llama:LlamaPolicy",
    "sft": "medaction_gym.agents.sft:SFTPolicy",
    "smollm2": "medaction_gym.agents.smollm2:SmolLM2Agent",
}


def agent_rng(seed: int, case: Case) -> np.random.Generator:
    """An agent's source of randomness for a case: the same alone or among others."""
    return np.random.default_rng([seed, int(stable_fraction(case.id, "rollout") * 2**63)])


def failure(error: Exception) -> str:
    """What an errored episode says of the exception that ended it."""
    return f"{type(error).__name__}: {error}"[:1_000]


def make_agent(name: str, endpoint: Endpoint | None = None) -> Agent:
    """Make an agent by name, or by ``"module:Class"`` for one's own.

    Args:
        name: The agent; ``chat:MODEL`` and ``sft:FOLDER`` say what it is made of.
        endpoint: How the agent "chat", or a wrapper around it, reaches its model, if not as the
            environment says.

    Raises:
        ValueError: If there is no such agent, or the module has no such class, or it is no agent.
        RuntimeError: If it needs an extra that is not installed; names the command.

    Example:
        >>> make_agent("random").privileged
        False
    """
    head, _, rest = name.partition(":")
    if head not in LANGUAGE_AGENTS:
        head, rest = name, ""
    known = AGENTS | LANGUAGE_AGENTS
    target = known.get(head, head)
    if ":" not in target:
        raise ValueError(
            f"no agent {name!r}; known: {', '.join(known)}, or give your own as 'module:Class'"
        )
    module, _, attribute = target.partition(":")
    try:
        made: Callable[..., Agent] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"agent {name!r} cannot be loaded: {error}") from error
    made_of = endpoint or rest
    agent = made(made_of) if made_of else made()
    missing = [part for part in ("privileged", "begin", "act") if not hasattr(agent, part)]
    if missing:
        raise ValueError(f"agent {name!r} is none: it has no {', no '.join(missing)}")
    return agent
