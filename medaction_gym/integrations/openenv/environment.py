"""Environment: the episodes of one session, as OpenEnv plays them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import EnvironmentMetadata

from medaction_gym import __version__
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.integrations.openenv.records import (
    MedActionAction,
    MedActionObservation,
    MedActionState,
)
from medaction_gym.integrations.session import Session


class MedActionEnvironment(Environment[MedActionAction, MedActionObservation, MedActionState]):
    """A `Session` behind OpenEnv's interface. Sessions share nothing but the cases.

    Args:
        env: The environment; the session's own.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, env: DiagnosisEnv) -> None:
        super().__init__()
        self._session = Session(env)
        self._episode_id: str | None = None

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        case_id: str | None = None,
        **_: Any,
    ) -> MedActionObservation:
        """Start an episode.

        Args:
            seed: Seeds the choice of the case.
            episode_id: A name for the episode; a random one if None.
            case_id: The case; drawn if None.

        Raises:
            ValueError: If there is no such case, or an id is no string.
        """
        for name, given in (("episode_id", episode_id), ("case_id", case_id)):
            if not isinstance(given, str | None):
                raise ValueError(f"{name} must be a string, not {type(given).__name__}")
        try:
            message = self._session.start(case_id, seed)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None
        self._episode_id = episode_id or str(uuid4())
        return MedActionObservation(message=message, metadata={"case_id": self._case_id})

    def step(
        self, action: MedActionAction, timeout_s: float | None = None, **_: Any
    ) -> MedActionObservation:
        """Take an action; after the end it changes nothing.

        Raises:
            RuntimeError: Before the first `reset`. Over plain HTTP every request is a session of
                its own, so episodes need the WebSocket, which `client.MedActionEnv` uses.
        """
        if self._episode_id is None:
            raise RuntimeError(
                "no episode in this session: send reset first, over the same WebSocket"
            )
        message = self._session.act(action.given())
        info = self._session.info
        return MedActionObservation(
            message=message,
            done=self._session.done,
            reward=self._session.last,
            outcome=info["outcome"],
            turn=self._session.env.episode.number,
            tests=info["tests"],
            usd=info["usd"],
            diagnosis=info["diagnosis"],
            right=info["right"],
            metadata={"reward_terms": info["reward_terms"], "released": list(info["released"])},
        )

    @property
    def state(self) -> MedActionState:
        """Where the session stands."""
        return MedActionState(
            episode_id=self._episode_id,
            step_count=self._session.env.episode.number if self._episode_id else 0,
            case_id=self._case_id,
            done=self._session.done,
            reward=self._session.reward,
        )

    def get_metadata(self) -> EnvironmentMetadata:
        """What the server says of itself."""
        return EnvironmentMetadata(
            name="medaction-gym",
            description="Active diagnosis on case reports. For research, not for patients.",
            version=__version__,
            author="The medaction-gym developers",
        )

    @property
    def _case_id(self) -> str:
        return str(self._session.info.get("case_id", ""))
