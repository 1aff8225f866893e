"""Play: the model in training plays cases it is not trained on, and its log says how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    from transformers import TrainerCallback

# What the curve shows; the comparison afterwards shows more.
SHOWN = ("valid actions", "committed", "examination recall", "DTC", "RAC", "accuracy")
SEATS = 8


def play_callback(
    tokenizer: Tokenizer,
    prompt: PromptSettings,
    cases: CaseSet,
    every: int,
    settings: Settings | None = None,
) -> TrainerCallback:
    """A callback that plays before the first step, every so many steps, and at the end.

    Args:
        tokenizer: The model's.
        prompt: How it is prompted.
        cases: What it plays.
        every: Steps between.
        settings: The environment's settings.
    """
    from transformers import TrainerCallback

    rules = settings or Settings()

    def play(state: Any, model: Any) -> None:
        if not state.is_world_process_zero:
            return
        model.eval()
        policy = SFTPolicy.of(model, tokenizer, prompt)
        played = lockstep(
            cases, policy, lambda: make_env(cases, rules), seats=SEATS, settings=rules
        )
        found = summarised(list(played), cases)
        model.train()
        state.log_history.append({"step": state.global_step, **found})

    class Play(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.global_step == 0:  # not when a stopped run goes on
                play(state, given["model"])

        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.global_step % every == 0 or state.global_step == state.max_steps:
                play(state, given["model"])

    return Play()


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
