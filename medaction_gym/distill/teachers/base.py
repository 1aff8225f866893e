"""Teacher: anything that proposes actions at a node, each with the words that go with it."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Protocol, runtime_checkable

from medaction_gym.cases.case import Case
from medaction_gym.chat import Usage
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.distill.node import Candidate, Node


class TeacherError(RuntimeError):
    """A teacher could not be asked: an endpoint failed. It says nothing about the case."""


class Teacher(Protocol):
    """Proposes candidates.

    Attributes:
        name: Who it is, for the record.
        privileged: Whether it may look at ``node.episode.case``, gold diagnosis included.
    """

    name: str
    privileged: bool

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """Propose actions for a state.

        Args:
            node: The state, with the path that led there.
            k: How many are wanted, at most.
            rng: The only source of randomness.

        Raises:
            TeacherError: If the teacher cannot be asked.
        """
        ...


@runtime_checkable
class Paid(Protocol):
    """A teacher that costs money.

    Attributes:
        usage: What it has used so far.
    """

    usage: Usage


TEACHERS: dict[str, str] = {
    "privileged": "medaction_gym.distill.teachers.privileged:PrivilegedTeacher",
    "rounds": "medaction_gym.distill.teachers.rounds:RoundsTeacher",
    "knowledge": "medaction_gym.distill.teachers.knowledge:KnowledgeTeacher",
    "chat": "medaction_gym.distill.teachers.chat:ChatTeacher",
}


def make_teacher(
    name: str, cases: tuple[Case, ...] = (), endpoint: Endpoint | None = None
) -> Teacher:
    """Make a teacher by name, or by ``"module:Class"`` for one's own.

    Args:
        name: The teacher.
        cases: The run's cases, from which a privileged teacher takes further wrong diagnoses.
        endpoint: The model that the teacher "chat" asks.

    Raises:
        ValueError: If there is no such teacher, or it cannot be loaded.
    """
    target = TEACHERS.get(name, name)
    if ":" not in target:
        raise ValueError(
            f"no teacher {name!r}; known: {', '.join(TEACHERS)}, or your own as 'module:Class'"
        )
    module, _, attribute = target.partition(":")
    try:
        made = getattr(import_module(module), attribute)
        teacher: Teacher = made(cases, endpoint) if name == "chat" else made(cases)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"teacher {name!r} cannot be loaded: {error}") from error
    return teacher
