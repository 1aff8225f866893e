"""SkyRL-gym: a case as a `BaseTextEnv`, text in, text out, a reward a turn (extra ``skyrl``).

```python
import skyrl_gym

from medaction_gym.integrations.skyrl import ID, register

register()
env = skyrl_gym.make(ID, extras={"case_id": "teaching-cardiology-01-breathlessness"})
```

The policy answers with one JSON object a turn. `rows` makes the data set's rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import skyrl_gym
from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput, ConversationType

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv, case_set
from medaction_gym.integrations.session import Session
from medaction_gym.prompt.grammar import AS_JSON, SYSTEM_PROMPT
from medaction_gym.prompt.reply import read_text

ID = "medaction"


class MedActionTextEnv(BaseTextEnv):
    """One episode.

    Args:
        env_config: Arguments of `DiagnosisEnv`, ``cases`` among them.
        extras: The data set's row; ``case_id`` and ``seed`` are read.
    """

    def __init__(
        self, env_config: Mapping[str, Any] | None = None, extras: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self._session = Session(DiagnosisEnv(**dict(env_config or {})))
        self._row = dict(extras or {})
        self.max_turns = self._session.env.rules.max_turns

    def init(self, prompt: ConversationType) -> tuple[ConversationType, dict[str, Any]]:
        """Start the episode: the row's prompt, and the presentation as the user's message."""
        told = self._session.start(self._row.get("case_id"), self._row.get("seed"))
        return [*prompt, {"role": "user", "content": told}], {
            "case_id": self._session.info["case_id"]
        }

    def step(self, action: str) -> BaseTextEnvStepOutput:
        """Take one reply of the policy."""
        self.turns += 1
        message = self._session.act(read_text(action).action)
        done = self._session.done
        return BaseTextEnvStepOutput(
            observations=[] if done else [{"role": "user", "content": message}],
            reward=self._session.last,
            done=done,
            metadata={"outcome": self._session.info["outcome"]},
        )

    def get_metrics(self) -> dict[str, Any]:
        """Grade, turns, tests and dollars of the episode."""
        info = self._session.info
        return {
            "right": float(info["right"]),
            "grade": info["grade"],
            "turns": self.turns,
            "tests": info["tests"],
            "usd": info["usd"],
        }


def register() -> None:
    """Make the environment known to SkyRL-gym as `ID`; doing it again changes nothing."""
    if ID not in skyrl_gym.envs.registration.registry:
        skyrl_gym.register(id=ID, entry_point="medaction_gym.integrations.skyrl:MedActionTextEnv")


def rows(cases: CaseSet | str | os.PathLike[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a SkyRL data set, one a case: ``prompt``, ``env_class``, ``extra_info``."""
    for case in case_set(cases):
        yield {
            "prompt": [{"role": "system", "content": SYSTEM_PROMPT + AS_JSON}],
            "env_class": ID,
            "extra_info": {"case_id": case.id},
        }
