"""Measured: what episodes cost in time and tokens, which no replay can confirm."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from medaction_gym.agents.base import Agent
from medaction_gym.chat import Usage
from medaction_gym.oracle.patient import Patients

MEASURED = "measured.jsonl"


class Cost(BaseModel):
    """What one episode cost: what a replay cannot confirm.

    Attributes:
        case_id: The case.
        seed: The trial's seed.
        wall_s: Seconds on the clock.
        usage: Requests and tokens, if the agent counts them in an attribute ``usage``.
        patient: Requests and tokens of the language model that played the patient, if one did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    case_id: str
    seed: int
    wall_s: float
    usage: Usage | None = None
    patient: Usage | None = None


class Meter:
    """Time and tokens since it was last read."""

    def __init__(self, agent: Agent, patients: Patients | None) -> None:
        self.agent, self.patients = agent, patients
        self.time, self.used = time.perf_counter(), self._used()

    def read(self, case_id: str, seed: int) -> Cost:
        """What was spent since then."""
        now, used = time.perf_counter(), self._used()
        usage, patient = map(_spent, used, self.used)
        wall, self.time, self.used = round(now - self.time, 3), now, used
        return Cost(case_id=case_id, seed=seed, wall_s=wall, usage=usage, patient=patient)

    def _used(self) -> tuple[Usage | None, Usage | None]:
        patient = self.patients.client.usage if self.patients else None
        return getattr(self.agent, "usage", None), patient


def _spent(now: Usage | None, before: Usage | None) -> Usage | None:
    if now is None:
        return None
    was = (before or Usage()).model_dump()
    return Usage.model_construct(None, **{k: v - was[k] for k, v in now.model_dump().items()})


def costs(folder: str | Path) -> list[Cost]:
    """What the episodes of a run cost; the last line of each counts, a torn line does not."""
    file = Path(folder) / MEASURED
    found: dict[tuple[int, str], Cost] = {}
    for line in file.read_bytes().split(b"\n") if file.exists() else ():
        with suppress(ValidationError):
            cost = Cost.model_validate_json(line)
            found[cost.seed, cost.case_id] = cost
    return list(found.values())
