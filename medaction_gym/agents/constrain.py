"""Constrain: holds a model to the schema of actions while it writes, by llguidance."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from medaction_gym.prompt.grammar import action_schema

# As `json.dumps` writes, and so as the model was trained.
_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class SchemaConstraint:
    """A logits processor for one call of ``generate``: tokens that leave the schema get -inf.

    It fixes the form of an answer, not what is chosen: what a model would rather not have said at
    all comes out as a well-formed action too.

    Args:
        tokenizer: The model's, a fast one.
        start: Tokens of the prompt, padding included; what follows is held to the schema.
    """

    def __init__(self, tokenizer: Any, start: int) -> None:
        self._tokenizer, self._read = _tokenizer(tokenizer), start
        self._matchers: list[Any] = []
        self._end = tokenizer.eos_token_id

    def __call__(self, tokens: Any, scores: Any) -> Any:
        """As transformers calls it: token ids (rows, length) and scores (rows, vocabulary)."""
        import torch
        from llguidance import LLMatcher

        if not self._matchers:
            grammar = LLMatcher.grammar_from_json_schema(action_schema(), defaults=_STYLE)
            self._matchers = [LLMatcher(self._tokenizer, grammar) for _ in range(len(tokens))]
        new = tokens[:, self._read :].tolist()
        self._read = tokens.shape[1]
        allowed = np.zeros(tuple(scores.shape), dtype=bool)
        for row, matcher in enumerate(self._matchers):
            if not matcher.is_stopped():
                matcher.consume_tokens(new[row])
            if matcher.is_stopped():
                allowed[row, self._end] = True
            else:
                bias = np.frombuffer(matcher.compute_logit_bias(), dtype=np.uint8)
                width = min(len(bias), allowed.shape[1])
                allowed[row, :width] = bias[:width] != 0
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))


@lru_cache(maxsize=4)
def _tokenizer(tokenizer: Any) -> Any:
    from llguidance.hf import from_tokenizer

    return from_tokenizer(tokenizer)
