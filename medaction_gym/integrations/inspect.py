"""Inspect: cases as an Inspect task, with its logs, retries and providers (extra ``inspect``).

```console
inspect eval medaction_gym/medaction -T cases=FILE --model MODEL --limit 20
```

The model calls the three actions as tools. The score has the grade of the diagnosis, the reward
of the episode and of each turn; a sample whose provider fails is an error of Inspect's, unscored.
"""

from __future__ import annotations

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, execute_tools, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolDef

from medaction_gym.envs.diagnosis import DiagnosisEnv, case_set
from medaction_gym.integrations.session import Session
from medaction_gym.prompt.grammar import SYSTEM_PROMPT
from medaction_gym.view import render_opening

_SILENT = "No tool was called. Order a test, state the differential, or commit."


@task
def medaction(
    cases: str | None = None, max_turns: int = 20, reward: str = "shaped", limit: int | None = None
) -> Task:
    """The task.

    Args:
        cases: A case file; the teaching cases if None.
        max_turns: Actions in an episode.
        reward: A preset of `medaction_gym.reward`.
        limit: Only the first so many cases.
    """
    held = case_set(cases)
    env = DiagnosisEnv(held, max_turns=max_turns, reward=reward)  # type: ignore[arg-type]
    samples = [
        Sample(input=render_opening(case), target=case.diagnosis.name, id=case.id)
        for case in list(held)[:limit]
    ]
    return Task(
        dataset=MemoryDataset(samples, name="medaction"),
        solver=play(env),
        scorer=diagnosis(),
    )


@solver
def play(env: DiagnosisEnv) -> Solver:
    """Plays a sample's case; how it went is in the sample's store, under ``medaction``."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        session = Session(
            DiagnosisEnv(env.cases, max_turns=env.rules.max_turns, reward=env.reward_preset)
        )
        state.messages = [
            ChatMessageSystem(content=SYSTEM_PROMPT),
            ChatMessageUser(content=session.start(str(state.sample_id))),
        ]
        rewards: list[float] = []
        tools = tools_of(session, rewards)
        while not session.done and not state.completed:
            output = await get_model().generate(state.messages, tools=tools)
            state.output = output
            state.messages.append(output.message)
            before = len(rewards)
            if output.message.tool_calls:
                state.messages += (await execute_tools(state.messages, tools)).messages
            if len(rewards) == before:  # silence, or a call that no tool took, spends a turn
                session.act("")
                rewards.append(session.last)
                if not output.message.tool_calls:
                    state.messages.append(ChatMessageUser(content=_SILENT))
        total = session.stop()
        info = session.info
        told = {name: info[name] for name in ("grade", "right", "prediction", "tests", "usd")}
        state.store.set("medaction", told | {"reward": total, "rewards": rewards})
        return state

    return solve


def tools_of(session: Session, rewards: list[float]) -> list[Any]:
    """The three actions as Inspect's tools; each appends what it earned."""

    def act(action: dict[str, Any]) -> str:
        message = session.act(action)
        rewards.append(session.last)
        return message

    async def order_test(test: str) -> str:
        return act({"action": "order_test", "test": test})

    async def update_differential(differential: list[dict[str, Any]]) -> str:
        return act({"action": "update_differential", "differential": differential})

    async def commit(diagnosis: str) -> str:
        return act({"action": "commit", "diagnosis": diagnosis})

    return [
        ToolDef(
            order_test,
            description="Order one test, or a few in one request, in free text.",
            parameters={"test": "What to order."},
        ).as_tool(),
        ToolDef(
            update_differential,
            description="State the working differential. It replaces the one before.",
            parameters={
                "differential": 'Objects with "disease" and "probability", from 0 to 1; what they '
                "lack to 1 is something else."
            },
        ).as_tool(),
        ToolDef(
            commit,
            description="Commit to a final diagnosis. This ends the episode.",
            parameters={"diagnosis": "The final diagnosis."},
        ).as_tool(),
    ]


@scorer(metrics={"grade": [mean(), stderr()], "reward": [mean(), stderr()]})
def diagnosis() -> Scorer:
    """Grade of the final diagnosis in [0, 1], and the reward of the episode."""

    async def score(state: TaskState, target: Target) -> Score:
        told = state.store.get("medaction")
        return Score(
            value={"grade": told["grade"], "reward": told["reward"]},
            answer=told["prediction"],
            metadata=told,
        )

    return score
