"""Packing: examples of any length side by side in rows of one, so that no step pads.

A row is several examples one after the other; positions begin again at each, from which attention
knows that they are strangers to one another (``flash_attention_2`` by variable lengths, ``sdpa`` by
a mask). The labels of each example's first token are ignored, as nothing precedes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medaction_gym.training.mask import IGNORED, Example

if TYPE_CHECKING:
    import torch


def pack(examples: Sequence[Example], room: int) -> list[list[Example]]:
    """Examples in rows, the longest first, each into the fullest row that has room for it.

    Args:
        examples: Each of at most ``room`` tokens.
        room: Tokens of a row.

    Returns:
        The rows. None holds more than ``room`` tokens; each example is in one.

    Raises:
        ValueError: If an example has more tokens than a row.

    Example:
        >>> sizes = [5, 3, 4, 4]
        >>> rows = pack([Example([0] * n, [0] * n) for n in sizes], 8)
        >>> [[len(e.ids) for e in row] for row in rows]
        [[5, 3], [4, 4]]
    """
    longest = max((len(e.ids) for e in examples), default=0)
    if longest > room:
        raise ValueError(
            f"an example has {longest:,} tokens and a row {room:,}; raise the recipe's 'row', or "
            "lower its limits.total"
        )
    rows: list[list[Example]] = []
    left: list[int] = []
    for example in sorted(examples, key=lambda e: -len(e.ids)):
        size = len(example.ids)
        fitting = [n for n, free in enumerate(left) if free >= size]
        if not fitting:
            rows.append([])
            left.append(room)
            fitting = [len(rows) - 1]
        best = min(fitting, key=lambda n: left[n])
        rows[best].append(example)
        left[best] -= size
    return rows


def collate(rows: Sequence[Sequence[Example]]) -> dict[str, torch.Tensor]:
    """Rows as one row of tensors: a batch without padding.

    Logits are computed only where a token is trained on, which saves much of the memory and, of a
    small model with a large vocabulary, a fifth of the time.

    Args:
        rows: What `pack` made.

    Returns:
        ``input_ids`` and ``position_ids`` of shape (1, tokens); ``logits_to_keep``: the n places
        whose next token is trained on; ``labels`` of shape (1, 1 + n): those tokens, after one
        that is ignored, because `transformers.Trainer` does not count a row's first label.
    """
    import torch

    packed = [example for row in rows for example in row]
    ids = [token for e in packed for token in e.ids]
    labels = [label for e in packed for label in [IGNORED, *e.labels[1:]]]
    places = [at for at, label in enumerate(labels) if label != IGNORED]
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([[n for e in packed for n in range(len(e.ids))]]),
        "logits_to_keep": torch.tensor([at - 1 for at in places]),
        "labels": torch.tensor([[IGNORED, *(labels[at] for at in places)]]),
    }


def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross entropy of a collated batch's labels, a mean over all tokens of the step.

    Args:
        outputs: Of the model; ``logits`` of shape (1, n, vocabulary).
        labels: As `collate` gives them.
        num_items_in_batch: Tokens trained on in the whole step, over all its batches and devices.
    """
    from torch.nn.functional import cross_entropy

    targets = labels[0, 1:]
    total = cross_entropy(outputs.logits[0].float(), targets, reduction="sum")
    return total / (len(targets) if num_items_in_batch is None else num_items_in_batch)


def summary(rows: Sequence[Sequence[Example]], room: int) -> dict[str, Any]:
    """Counts of a packed data set, for the record."""
    tokens = sum(len(e.ids) for row in rows for e in row)
    return {
        "rows": len(rows),
        "examples": sum(len(row) for row in rows),
        "tokens": tokens,
        "taught": sum(label != IGNORED for row in rows for e in row for label in e.labels[1:]),
        "filled": round(tokens / (len(rows) * room), 4) if rows else 0.0,
    }
