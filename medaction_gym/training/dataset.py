"""Dataset: chosen rows as packed tokens, and the account of what went in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from medaction_gym.prompt import PromptSettings, lessons
from medaction_gym.prompt.cut import token_counter
from medaction_gym.training.mask import Example, examples
from medaction_gym.training.packing import pack, summary
from medaction_gym.training.recipe import Data
from medaction_gym.training.rows import Row, brief, draw

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


class Dataset(NamedTuple):
    """Packed rows, in no order, and their account: counts, and the ids of the cases."""

    rows: list[list[Example]]
    account: dict[str, Any]


def build(
    rows: Iterable[Row], data: Data, tokenizer: Tokenizer, settings: PromptSettings, seed: int
) -> Dataset:
    """Tokenise and pack what a recipe takes of a distilled data set.

    Args:
        rows: What `rows.read` gives.
        data: The recipe's part on data.
        tokenizer: The base's.
        settings: How the model is prompted.
        seed: Of the choice among rows.
    """
    count = token_counter(tokenizer)
    made: list[Example] = []
    cases: dict[str, int] = {}
    tokens = 0
    for row in draw(rows, data.per_case, seed, data.prefer):
        messages = brief(row.messages, rationales=data.rationales, hypotheses=data.hypotheses)
        new = [
            example
            for lesson in lessons(messages, settings, count)
            for example in examples(lesson, tokenizer, settings)
        ]
        tokens += sum(len(example.ids) for example in new)
        if data.tokens is not None and tokens > data.tokens:
            break
        made += new
        cases[row.case_id] = cases.get(row.case_id, 0) + 1
    if not made:
        raise ValueError(f"data.tokens is {data.tokens}: less than the first path has")
    packed = pack(made, data.row)
    account = {
        "paths": sum(cases.values()),
        "cases": len(cases),
        **summary(packed, data.row),
        "case_ids": sorted(cases),
    }
    return Dataset(packed, account)
