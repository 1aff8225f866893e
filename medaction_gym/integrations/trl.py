"""TRL: a case as the tools of `GRPOTrainer` (extra ``trl``).

```python
from functools import partial
from trl import GRPOTrainer

from medaction_gym.integrations.trl import MedActionTools, prompts

GRPOTrainer(
    model=...,
    train_dataset=prompts(),
    environment_factory=partial(MedActionTools, max_turns=12),
)
```

This module imports nothing of TRL, which asks for a shape only: ``reset(**row)``, ``get_reward()``,
and every other public method is a tool, told to the model by its docstring.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv, case_set
from medaction_gym.integrations.session import Session
from medaction_gym.prompt.grammar import SYSTEM_PROMPT
from medaction_gym.reward import MISUSE

if TYPE_CHECKING:
    from datasets import Dataset


class MedActionTools:
    """One rollout at a time of ``MedAction-v0``.

    Args:
        cases: As for `DiagnosisEnv`; the teaching cases if None.
        **settings: Other arguments of `DiagnosisEnv`, such as ``max_turns`` or ``reward``.

    Example:
        >>> tools = MedActionTools(reward="outcome", max_turns=10)
        >>> case = CaseSet.teaching()[0]
        >>> tools.reset(case_id=case.id).startswith("Patient: ")
        True
        >>> tools.update_differential([{"disease": case.diagnosis.name, "probability": 1.0}])
        'Differential noted.'
        >>> round(tools.get_reward(), 2)  # left open: the working differential is graded
        0.99
    """

    def __init__(
        self, cases: CaseSet | str | os.PathLike[str] | None = None, **settings: Any
    ) -> None:
        self._session = Session(DiagnosisEnv(cases, **settings))

    def reset(self, case_id: str | None = None, seed: int | None = None, **_row: Any) -> str:
        """Start an episode; the trainer appends what is returned to the prompt.

        Args:
            case_id: The row's case; drawn if there is none.
            seed: The row's seed for the choice of the case.
            **_row: The row's other columns, which do not matter here.
        """
        return self._session.start(case_id, seed)

    def order_test(self, test: str) -> str:
        """Order one test, or a few in one request, in free text.

        Args:
            test: What to order, for example "CT head" or "CBC and CRP".

        Returns:
            What the patient's record holds of it.
        """
        return self._session.act({"action": "order_test", "test": test})

    def update_differential(self, differential: list[dict[str, Any]]) -> str:
        """State the working differential. It replaces the one before.

        Args:
            differential: Objects with "disease", a name, and "probability", from 0 to 1; what they
                lack to 1 is something else.

        Returns:
            Whether it was noted.
        """
        return self._session.act({"action": "update_differential", "differential": differential})

    def commit(self, diagnosis: str) -> str:
        """Commit to a final diagnosis. This ends the episode.

        Args:
            diagnosis: The final diagnosis.

        Returns:
            That it was noted.
        """
        return self._session.act({"action": "commit", "diagnosis": diagnosis})

    def get_reward(self) -> float:
        """The reward of the whole rollout, which ends here if it is still open."""
        return self._session.stop()


def well_formed(
    environments: list[MedActionTools], completions: list[list[dict[str, Any]]], **_: Any
) -> list[float]:
    """A reward function for the first steps of training, in [0, 1] for each rollout.

    Half for the share of the model's messages that were valid actions, half for a commitment at
    the end. What is malformed, not understood or repeated is no valid action; neither is a message
    without a call, nor a call that TRL could not read.
    """
    rewards = []
    for tools, messages in zip(environments, completions, strict=True):
        episode = tools._session.env.episode
        said = sum(message["role"] == "assistant" for message in messages)
        valid = sum(turn.outcome not in MISUSE for turn in episode.turns)
        rewards.append(0.5 * min(1.0, valid / max(1, said)) + 0.5 * bool(episode.committed))
    return rewards


def prompts(
    cases: CaseSet | str | os.PathLike[str] | None = None, instructions: str = SYSTEM_PROMPT
) -> Dataset:
    """A data set for the trainer: one row a case, with ``prompt`` and ``case_id``.

    Args:
        cases: The cases that the tools are given.
        instructions: The system prompt.

    Raises:
        ImportError: If ``datasets`` is not installed.
    """
    from datasets import Dataset

    held = case_set(cases)
    # The user's message is empty: `MedActionTools.reset` gives the presentation.
    prompt = [{"role": "system", "content": instructions}, {"role": "user", "content": ""}]
    return Dataset.from_list([{"prompt": prompt, "case_id": case.id} for case in held])
