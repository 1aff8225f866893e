"""Records: what travels between client and server."""

from __future__ import annotations

from typing import Any

from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field


class MedActionAction(Action):
    """An action in the form that `medaction_gym.actions.parse` reads, with one field filled.

    The fields are not checked here: what is malformed is an event of the episode, which spends a
    turn and says what was wrong, and no error of the transport.

    Attributes:
        action: "order_test", "update_differential" or "commit".
        test: What to order, in free text.
        differential: Objects with "disease" and "probability".
        diagnosis: The final diagnosis.
    """

    action: Any = Field(default=None, description='"order_test", "update_differential", "commit"')
    test: Any = Field(default=None, description="What to order, in free text.")
    differential: Any = Field(default=None, description='[{"disease": ..., "probability": ...}]')
    diagnosis: Any = Field(default=None, description="The final diagnosis.")

    def given(self) -> dict[str, Any]:
        """The fields that were sent, as `DiagnosisEnv.step` takes them."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set - {"metadata"})}


class MedActionObservation(Observation):
    """The answer to an action; ``metadata`` has the reward's terms.

    Attributes:
        message: What the doctor is told.
        outcome: As ``info["outcome"]`` of `DiagnosisEnv`; "" at reset.
        turn: Actions taken.
        tests: Tests that gave a result.
        usd: Dollars spent.
        diagnosis: The gold diagnosis, once the episode is over; "" before.
        right: Whether the final diagnosis counts as right; False before the end.
    """

    message: str
    outcome: str = ""
    turn: int = 0
    tests: int = 0
    usd: float = 0.0
    diagnosis: str = ""
    right: bool = False


class MedActionState(State):
    """Where a session stands. It holds nothing that the player may not know.

    Attributes:
        case_id: The case that is played; "" before the first reset.
        done: Whether the episode is over.
        reward: Sum of the rewards so far.
    """

    case_id: str = ""
    done: bool = True
    reward: float = 0.0
