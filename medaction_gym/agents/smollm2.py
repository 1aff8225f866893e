"""SmolLM2Agent: the packaged 135M model, in this process; no key, no server, no GPU.

It is far too small to be a doctor. It shows that a language model plays, on any machine, and is
the base that `medaction-gym train` starts from.
"""

from __future__ import annotations

from medaction_gym.agents.chat import ChatAgent
from medaction_gym.chat.embedded import CONTEXT, EmbeddedModel, need_engine
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.models import fetch_gguf

REPLY = 320  # tokens of an answer; the schema's bounds keep nearly all below


class SmolLM2Agent(ChatAgent):
    """Plays with SmolLM2-135M-Instruct, held to the schema of actions.

    Raises:
        RuntimeError: If the model or what runs it is missing; says what to install.
    """

    def __init__(self) -> None:
        endpoint = Endpoint(
            model="smollm2",
            form="json",
            # So small a model repeats itself without end unless that is made dear (DRY sampling).
            options={"temperature": 0.7, "dry_multiplier": 0.8, "max_tokens": REPLY},
            context=CONTEXT // 2,
        )
        need_engine()  # before a model is downloaded for nothing
        super().__init__(endpoint, EmbeddedModel(fetch_gguf("smollm2")))
