"""Verifiers: cases as a taskset, and the environment that plays them (extra ``verifiers``).

```console
vf-eval medaction_vf --env.taskset.cases FILE --model MODEL --client.base-url URL
```

The policy answers with one JSON object a turn; the episode is the user, and answers it. The trace's
reward is the episode's, and its ``info["rewards"]`` has that of every turn. verifiers finds plugins
by a top-level module's name: `medaction_vf` stands for this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import verifiers.v1 as vf

from medaction_gym.envs.diagnosis import DiagnosisEnv, case_set
from medaction_gym.integrations.session import Session
from medaction_gym.prompt.grammar import AS_JSON, SYSTEM_PROMPT
from medaction_gym.prompt.reply import read_text
from medaction_gym.reward import Preset
from medaction_gym.view import render_opening

__all__ = ["MedActionTaskset", "MedActionVerifiersEnv"]

_cases = lru_cache(case_set)  # a file is read once in a process, not once an episode


class MedActionTasksetConfig(vf.TasksetConfig):
    """Which cases, and how they are played."""

    cases: str | None = None
    """A case file; the teaching cases if None."""
    max_turns: int = 20
    reward: Preset = "shaped"


class MedActionData(vf.TaskData):
    """A task's data: the presentation is its prompt. The gold diagnosis is not in it."""

    case_id: str
    cases: str | None
    max_turns: int
    reward: Preset


class MedActionTask(vf.Task[MedActionData, vf.State, vf.TaskConfig]):
    """One case."""

    @property
    def key(self) -> str:
        """The case's id."""
        return str(self.data.case_id)


class MedActionTaskset(vf.Taskset[MedActionTask, MedActionTasksetConfig]):
    """The cases of a file, in its order."""

    def load(self) -> Iterator[MedActionTask]:
        """A task for each case."""
        config = self.config
        for case in _cases(config.cases):
            yield MedActionTask(
                MedActionData(
                    id=case.id,
                    name=case.id,
                    prompt=render_opening(case),
                    system_prompt=SYSTEM_PROMPT + AS_JSON,
                    case_id=case.id,
                    cases=config.cases,
                    max_turns=config.max_turns,
                    reward=config.reward,
                ),
                config.task,
            )


class MedActionVerifiersEnvConfig(vf.EnvConfig):
    """One player, without tools of the harness: it speaks, and is answered."""

    # The player runs no code, so that it needs no sandbox.
    player: vf.AgentConfig = vf.AgentConfig(harness={"id": "null"}, runtime=vf.SubprocessConfig())


class MedActionVerifiersEnv(vf.Env[MedActionVerifiersEnvConfig]):
    """Plays a task's case with the player."""

    async def run(self, task: MedActionTask, agents: Any) -> None:
        """One episode. A player who stops before its end is graded on the working differential."""
        data = task.data
        session = Session(
            DiagnosisEnv(_cases(data.cases), max_turns=data.max_turns, reward=data.reward)
        )
        session.start(data.case_id)
        rewards: list[float] = []
        async with agents.player.interaction(task) as interaction:
            said = await interaction.turn()
            while not said.terminated:
                answer = session.act(read_text(said.last_reply).action)
                rewards.append(session.last)
                if session.done:
                    break
                said = await interaction.turn(answer)
        trace = interaction.trace
        if trace.errors:  # of the endpoint, say: no fact about the player
            return
        total = session.stop()
        trace.info["rewards"] = [*rewards, total - math.fsum(rewards)]
        trace.info["prediction"] = session.info["prediction"]
        trace.record_reward("episode", total)
        for name in ("grade", "tests", "usd"):
            trace.record_metric(name, float(session.info[name]))
        trace.record_metric("committed", float(bool(session.env.episode.committed)))
