"""Client: a typed client of the server; `.sync()` for code without ``await``."""

from __future__ import annotations

from typing import Any

from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient

from medaction_gym.integrations.openenv.records import (
    MedActionAction,
    MedActionObservation,
    MedActionState,
)


class MedActionEnv(EnvClient[MedActionAction, MedActionObservation, MedActionState]):
    """Plays episodes on a server; actions are `MedActionAction` or mappings like it."""

    def _step_payload(self, action: MedActionAction | dict[str, Any]) -> dict[str, Any]:
        return action if isinstance(action, dict) else action.given()

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[MedActionObservation]:
        observation = MedActionObservation(
            **payload["observation"], reward=payload.get("reward"), done=payload["done"]
        )
        return StepResult(observation, payload.get("reward"), payload["done"])

    def _parse_state(self, payload: dict[str, Any]) -> MedActionState:
        return MedActionState(**payload)
