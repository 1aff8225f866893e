"""Cut: a text that is too long, shortened by whole sentences from its middle.

What a record says first tells what was looked at, and what it says last is the conclusion; so two
thirds of what may stay come from the beginning and one third from the end. Paragraphs (the
sections of a presentation, the reports of several tests) share the room: short ones stay whole, and
the long ones get equal parts of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

from medaction_gym.cases.prose import sentences

Count = Callable[[str], int]
GAP = "[…]"
_PARAGRAPH = 12  # tokens below which a paragraph of its own says nothing


def estimate(text: str) -> int:
    """Tokens of a text, for whoever has no tokenizer: one for three characters, rounded up.

    On the safe side: SmolLM2's tokenizer needs one for 3.4 in the distiller's rows.
    """
    return -(-len(text) // 3)


def token_counter(tokenizer: Any) -> Count:
    """What a transformers tokenizer makes of texts, in tokens."""

    @lru_cache(maxsize=10_000)
    def count(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False)["input_ids"])

    return count


def cut(text: str, limit: int, count: Count = estimate) -> str:
    r"""Shorten a text to a limit.

    Args:
        text: The text.
        limit: Tokens it may have, at least 1.
        count: Counts the tokens of a text.

    Example:
        >>> cut("CT head: Normal skull. No bleeding. Ventricles wide. Old scar. Stroke.", 17)
        'CT head: Normal skull. […] Stroke.'
        >>> print(cut("Patient: a man\nHistory: Fever. Rash. " + "Then more. " * 9 + "Tired.", 24))
        Patient: a man
        History: Fever. Rash. […] Tired.
    """
    if count(text) <= limit:
        return text
    paragraphs = text.split("\n")
    if len(paragraphs) == 1:
        return _ends(sentences(text), " ", limit, count)
    if limit < _PARAGRAPH * len(paragraphs):
        return _ends(paragraphs, "\n", limit, count)
    sizes = [count(paragraph) + 1 for paragraph in paragraphs]
    share = _share(sizes, limit)
    return "\n".join(
        paragraph if size <= share else cut(paragraph, share - 1, count)
        for paragraph, size in zip(paragraphs, sizes, strict=True)
    )


def _share(sizes: Sequence[int], limit: int) -> int:
    """The largest size that each may have so that all fit: smaller ones leave theirs to others."""
    left, room = len(sizes), limit
    for size in sorted(sizes):
        if size * left > room:
            break
        left, room = left - 1, room - size
    return room // max(left, 1)


def _ends(pieces: Sequence[str], between: str, limit: int, count: Count) -> str:
    """Pieces from both ends, as many as fit."""
    room = limit - count(GAP) - 1
    sizes = [count(piece) + 1 for piece in pieces]
    tail = sum(total <= room // 3 for total in accumulate(reversed(sizes)))
    room -= sum(sizes[len(sizes) - tail :])
    head = sum(total <= room for total in accumulate(sizes[: len(sizes) - tail]))
    kept = [*pieces[:head], GAP, *pieces[len(pieces) - tail :]]
    if not head:  # the first piece names what was looked at: as much of it as fits
        words = pieces[0].split(" ")
        fit = sum(total <= room for total in accumulate(count(word) + 1 for word in words))
        kept = [" ".join([*words[:fit], GAP]), *kept[1:]]
    return between.join(kept)
