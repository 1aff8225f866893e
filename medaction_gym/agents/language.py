"""LanguageAgent: what all agents with a language model share: one conversation an episode.

How an episode reads, how an answer is read and how long conversations are shortened is
`medaction_gym.prompt`'s; the agents below only differ in who is asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from medaction_gym.actions import Action, Malformed
from medaction_gym.agents.base import Start
from medaction_gym.prompt.messages import exchange, opening, recorded
from medaction_gym.prompt.reply import Move


class Session:
    """One episode as a language model sees it.

    Args:
        start: As the agent was given it.

    Attributes:
        messages: The conversation up to the environment's last answer.
        moves: The moves so far, with their reasons.
        rng: The episode's source of randomness.
    """

    def __init__(self, start: Start) -> None:
        self.messages = opening(start.observation["message"])
        self.moves: list[Move] = []
        self.rng = start.rng
        self._answered = 0

    def say(self, move: Move) -> None:
        """Add a move; the environment's answer is to be heard next."""
        self.moves.append(move)

    def hear(self, answer: str) -> None:
        """Add what the environment said to the last move; nothing before the first."""
        if self._answered == len(self.moves):
            return
        move, self._answered = self.moves[-1], len(self.moves)
        self.messages += exchange(recorded(move.action), move.rationale, answer, self._answered)


class LanguageAgent(ABC):
    """Plays with a language model; several episodes at a time if asked through `moves`."""

    privileged = False

    @abstractmethod
    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """The next move of each session.

        What a model says is always a move, malformed or not. An exception in a move's place says
        that the model could not be asked; that episode is over, the others go on.
        """

    def begin(self, start: Start) -> None:
        """Start an episode."""
        self.session = Session(start)

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Action | Malformed:
        """Ask for the next action.

        Raises:
            Exception: The model could not be asked.
        """
        self.session.hear(observation["message"])
        (move,) = self.moves([self.session])
        if isinstance(move, Exception):
            raise move
        self.session.say(move)
        return move.action
