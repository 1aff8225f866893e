"""Play: the model in training plays cases it is not trained on, and its log says how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from medaction_gym.agents.sft import SFTPolicy
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.lockstep import lockstep
from medaction_gym.metrics.judge import judge
from medaction_gym.metrics.share import Share
from medaction_gym.prompt import PromptSettings
from medaction_gym.rollout import make_env
from medaction_gym.training.compare import measures
from medaction_gym.training.curves import PLAYED
from medaction_gym.trajectory import Settings, Trajectory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

# What the curve shows; the comparison afterwards shows more.
SHOWN = ("valid actions", "committed", "examination recall", "DTC", "RAC", "accuracy")
SEATS = 8


class PlayCallback(TrainerCallback):
    """Plays before the first step, every so many steps, and at the end.

    Args:
        tokenizer: The model's.
        prompt: How it is prompted.
        cases: What it plays.
        every: Steps between.
        settings: The environment's settings.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        prompt: PromptSettings,
        cases: CaseSet,
        every: int,
        settings: Settings | None = None,
    ) -> None:
        self.tokenizer, self.prompt, self.cases, self.every = tokenizer, prompt, cases, every
        self.settings = settings or Settings()

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Play if it is time."""
        if state.global_step % self.every == 0 or state.global_step == state.max_steps:
            self._play(state, given["model"])

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Play as the base does; not when a stopped run goes on."""
        if state.global_step == 0:
            self._play(state, given["model"])

    def _play(self, state: Any, model: Any) -> None:
        if not state.is_world_process_zero:
            return
        model.eval()
        policy = SFTPolicy.of(model, self.tokenizer, self.prompt)
        played = lockstep(
            self.cases,
            policy,
            lambda: make_env(self.cases, self.settings),
            seats=SEATS,
            settings=self.settings,
        )
        found = summarised(list(played), self.cases)
        model.train()
        state.log_history.append({"step": state.global_step, **found})


def summarised(played: Sequence[Trajectory], cases: CaseSet) -> dict[str, float]:
    """What a curve shows of some episodes, by name."""
    judging = judge()
    each = [measures(one, cases.get(one.case_id), judging) for one in played]
    pooled = {name: Share.pooled(one[name] for one in each).value for name in SHOWN}
    return {
        PLAYED + name.replace(" ", "_"): round(value, 4)
        for name, value in pooled.items()
        if value is not None
    }
