"""Session: one episode after the other, for trainers that speak in text or in tool calls.

What every adapter needs and Gymnasium does not say: an opening prompt, answers as text, actions
that come after the end, and a player who stops before it.
"""

from __future__ import annotations

from typing import Any

from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.reward import outcome_term

OVER = "The episode is over. Nothing more can be done for this patient."


class Session:
    """Plays a `DiagnosisEnv` with text in and text out.

    Attributes:
        reward: Sum of the rewards of the episode so far.
        last: The reward of the last action.
        done: Whether the episode is over.
        info: `DiagnosisEnv`'s info of the last action; the gold diagnosis is in it only at the end.

    Args:
        env: The environment to play; it is the session's own.

    Example:
        >>> session = Session(DiagnosisEnv(reward="outcome"))
        >>> session.start(seed=1).startswith("Patient: ")
        True
        >>> session.act({"action": "commit", "diagnosis": "Gout"}), session.done
        ('Committed to: Gout.', True)
        >>> session.act({"action": "order_test", "test": "CT head"}) == OVER
        True
    """

    def __init__(self, env: DiagnosisEnv) -> None:
        self.env = env
        self.reward = self.last = 0.0
        self.done = True
        self.info: dict[str, Any] = {}

    def start(self, case_id: str | None = None, seed: int | None = None) -> str:
        """Start an episode.

        Args:
            case_id: The case; drawn by the environment if None.
            seed: Seeds the environment's choice of cases; None goes on with its stream.

        Returns:
            What the doctor sees first.

        Raises:
            KeyError: If there is no such case.
        """
        options = None if case_id is None else {"case_id": case_id}
        observation, self.info = self.env.reset(seed=seed, options=options)
        self.reward = self.last = 0.0
        self.done = False
        return str(observation["message"])

    def act(self, action: object) -> str:
        """Take an action in any form that the environment reads.

        Returns:
            The answer. After the end, `OVER`: it costs nothing and changes nothing.

        Raises:
            RuntimeError: Before `start`.
        """
        if self.done:
            if not self.info:
                raise RuntimeError("call start() first")
            self.last = 0.0
            return OVER
        observation, self.last, terminated, truncated, self.info = self.env.step(action)
        self.reward += self.last
        self.done = terminated or truncated
        return str(observation["message"])

    def stop(self) -> float:
        """End the episode where it stands: the working differential is graded, as on truncation.

        Returns:
            The reward of the whole episode. Calling it again changes nothing.
        """
        if not self.done:
            state = self.env.episode.stop()
            _, self.info = self.env.restore(state)
            self.last = outcome_term(state, self.env.reward_preset)
            self.reward += self.last
            self.done = True
        return self.reward
