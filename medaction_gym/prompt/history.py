"""History: a conversation within a budget of tokens, the same in training and at play.

Three steps, each a function of the messages so far, so that a training row is shortened to the
prompts that the policy will see:

1. The presentation and each answer are cut to limits of their own (`cut`), whether or not there is
   room. So a text reads the same in every later prompt.
2. As long as the whole fits, nothing else is done.
3. When an exchange makes it too long, exchanges are folded into a note at the end of the
   presentation: all but that one, the last order, and the one that states the differential. The
   note names every test ordered, with a gist of its answer; superseded differentials and malformed
   input leave no trace. Then the conversation grows again.

So three things are never lost: the differential, the latest result, and which tests were ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from medaction_gym.prompt.cut import Count, cut, estimate
from medaction_gym.prompt.messages import Message
from medaction_gym.prompt.settings import PromptSettings

_NOTE = "Ordered so far:"
_NAME = 24  # tokens of a test's name in the note
Exchange = list[Message]  # an assistant message and what follows it


class Lesson(NamedTuple):
    """A part of a conversation to train on.

    Attributes:
        messages: A conversation; its last message is the assistant's.
        first: Index of the first message to train on. Assistant messages before it are context,
            and are trained on in an earlier lesson.
    """

    messages: list[Message]
    first: int


def shorten(
    messages: Sequence[Message], settings: PromptSettings, count: Count = estimate
) -> list[Message]:
    """A conversation within ``settings.limits``.

    Args:
        messages: As `conversation` gives them, up to the environment's last answer.
        settings: The limits, and the form in which the prompt is sent.
        count: Counts the tokens of a text.

    Returns:
        A conversation of the same form. It is over the total only if the presentation, the note,
        the differential and the latest exchange are.
    """
    *_, last = _states(messages, settings, count)
    return _prompt(*last)


def lessons(
    messages: Sequence[Message], settings: PromptSettings, count: Count = estimate
) -> Iterator[Lesson]:
    """A whole conversation as lessons; one that fits is one lesson.

    Each assistant message is trained on once, after the very prompt that `shorten` gives at play.

    Args:
        messages: A row's messages; what follows the last assistant message is left out.
        settings: As in `shorten`.
        count: As in `shorten`.
    """
    start: list[Message] = []  # the prompt with which the present lesson began
    taught: list[Message] = []  # that lesson up to its last move
    _, exchanges = _head_and_exchanges(messages)
    for state, exchange in zip(_states(messages, settings, count), exchanges, strict=False):
        prompt = _prompt(*state)
        if taught and prompt[: len(taught)] != taught:
            yield Lesson(taught, len(start))
            start = []
        start = start or prompt
        taught = [*prompt, exchange[0]]
    if taught:
        yield Lesson(taught, len(start))


def _states(
    messages: Sequence[Message], settings: PromptSettings, count: Count
) -> Iterator[tuple[list[Message], list[Exchange]]]:
    """Head and exchanges before each move, the first to the one after the last answer."""
    limits = settings.limits
    head, exchanges = _head_and_exchanges(messages)
    bare = [*head[:-1], _cut(head[-1], limits.opening, count)]
    head, kept, folded = bare, list[Exchange](), list[Exchange]()
    yield head, kept
    total = limits.total - settings.overhead(count)
    size = settings.size(head, count)
    for exchange in exchanges:
        if len(exchange) < 2:
            return  # a move without an answer: the last of a row
        exchange = [exchange[0], *(_cut(m, limits.answer, count) for m in exchange[1:])]
        kept = [*kept, exchange]
        size += settings.size(exchange, count)
        if size > total:
            stay = _standing(kept)
            folded += [e for e in kept if all(e is not one for one in stay)]
            kept = stay
            head = [*bare[:-1], _noted(bare[-1], folded, settings, count)]
            size = settings.size(_prompt(head, kept), count)
        yield head, kept


def _standing(exchanges: list[Exchange]) -> list[Exchange]:
    """The last exchange, the last order, and the one that states the differential."""
    stay = {len(exchanges) - 1}
    for name in ("order_test", "update_differential"):
        stay |= set([n for n, e in enumerate(exchanges) if _called(e) == name][-1:])
    return [exchanges[n] for n in sorted(stay)]


def _noted(
    opening: Message, folded: list[Exchange], settings: PromptSettings, count: Count
) -> Message:
    """The presentation with a note of the tests ordered in exchanges that are folded."""
    ordered = {
        _cut_line(e[0]["tool_calls"][0]["function"]["arguments"]["test"], _NAME, count): e
        for e in folded
        if _called(e) == "order_test"
    }
    if not ordered:
        return opening
    # The more tests, the less is told of each; the names stay.
    gist = min(settings.limits.gist, settings.limits.total // 4 // len(ordered))
    lines = [_line(name, e[1]["content"], gist, count) for name, e in ordered.items()]
    return {**opening, "content": "\n".join([opening["content"], _NOTE, *lines])}


def _line(name: str, answer: str, gist: int, count: Count) -> str:
    """A test and what came of it; a report that begins with the test's name says it once."""
    told = _cut_line(answer, gist, count) if gist >= 4 else ""
    return f"- {told}" if told.startswith(name) else f"- {name} → {told}"


def _head_and_exchanges(
    messages: Sequence[Message],
) -> tuple[list[Message], list[Exchange]]:
    """The messages before the first of the assistant, and the rest in exchanges."""
    starts = [n for n, m in enumerate(messages) if m["role"] == "assistant"]
    bounds = [*starts, len(messages)]
    exchanges = [list(messages[a:b]) for a, b in pairwise(bounds)]
    return list(messages[: bounds[0]]), exchanges


def _prompt(head: list[Message], exchanges: list[Exchange]) -> list[Message]:
    return [*head, *(message for exchange in exchanges for message in exchange)]


def _called(exchange: Exchange) -> str:
    """The tool that an exchange's move called, "" for none."""
    calls = exchange[0].get("tool_calls")
    return calls[0]["function"]["name"] if calls else ""


def _cut(message: Message, limit: int, count: Count) -> Message:
    return {**message, "content": cut(message["content"], limit, count)}


def _cut_line(text: str, limit: int, count: Count) -> str:
    return cut(" ".join(text.split()), limit, count)
