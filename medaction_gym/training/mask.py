"""Mask: which tokens of a conversation are trained on, exactly.

The chat template itself says it. Before each of the assistant's moves the prompt is rendered as at
play, up to where the model would begin to write; the same conversation with the move rendered must
begin with that prompt, and what it has more is the move, with the token that ends the turn.
Only that is trained on. No template needs to be changed for it, and none has to be known.

Where a later prompt begins with all that came before (SmolLM2, Llama, Gemma), a conversation is
one example with many moves. Where a template rewrites earlier turns (Qwen3 takes thoughts out), a
new example begins, so that each move is learnt after the very prompt that precedes it at play.
Pieces are tokenised one by one, as a model continues a prompt: no token reaches across a border.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from medaction_gym.prompt import Lesson, PromptSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

IGNORED = -100  # the label of a token that is not trained on, as torch's cross entropy has it


class TemplateError(ValueError):
    """A chat template does not say where the assistant's words begin or end."""


class Example(NamedTuple):
    """Tokens, and for each the label: itself where it is trained on, else `IGNORED`."""

    ids: list[int]
    labels: list[int]


def examples(lesson: Lesson, tokenizer: Tokenizer, settings: PromptSettings) -> Iterator[Example]:
    """A lesson as tokens with labels.

    Args:
        lesson: A conversation and from where it is to be learnt.
        tokenizer: With a chat template.
        settings: How the template is used.

    Yields:
        One example, or more where the template rewrites earlier turns.

    Raises:
        TemplateError: If the template does not let the assistant's words be found.
    """
    pieces: list[tuple[str, bool]] = []  # text, and whether it is trained on
    for at, message in enumerate(lesson.messages):
        if message["role"] != "assistant" or at < lesson.first:
            continue
        before = _render(lesson, at, tokenizer, settings, prompt=True)
        after = _render(lesson, at + 1, tokenizer, settings, prompt=False)
        if not after.startswith(before):
            raise TemplateError(
                "the chat template writes the assistant's turn in another way than the prompt for "
                f"it begins: {_difference(before, after)}"
            )
        said = after[len(before) :].rstrip()
        so_far = "".join(text for text, _ in pieces)
        if pieces and not before.startswith(so_far):
            yield _tokens(pieces, tokenizer)
            pieces, so_far = [], ""
        pieces += [(before[len(so_far) :], False), (said, True)]
    if pieces:
        yield _tokens(pieces, tokenizer)


def _render(
    lesson: Lesson, end: int, tokenizer: Tokenizer, settings: PromptSettings, *, prompt: bool
) -> str:
    arguments = settings.render(lesson.messages[:end])
    told = tokenizer.apply_chat_template(**arguments, add_generation_prompt=prompt, tokenize=False)
    assert isinstance(told, str), "tokenize=False gives text"
    return told


def _tokens(pieces: list[tuple[str, bool]], tokenizer: Tokenizer) -> Example:
    ids: list[int] = []
    labels: list[int] = []
    for text, taught in pieces:
        new = tokenizer(text, add_special_tokens=False)["input_ids"]
        if taught and not (new and _special(new[-1], tokenizer)):
            raise TemplateError(
                "the chat template ends the assistant's turn with "
                f"{text[-20:]!r}, which is no special token of the tokenizer: a model trained so "
                "would not learn to stop"
            )
        ids += new
        labels += new if taught else [IGNORED] * len(new)
    return Example(ids, labels)


def _special(token: int, tokenizer: Tokenizer) -> bool:
    # Gemma's end of turn is special without being one of the named special tokens.
    added = tokenizer.added_tokens_decoder.get(token)
    return token in tokenizer.all_special_ids or bool(added and added.special)


def _difference(one: str, other: str, shown: int = 40) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, at - shown // 2)
    return f"{one[start : at + shown]!r} against {other[start : at + shown]!r}"
