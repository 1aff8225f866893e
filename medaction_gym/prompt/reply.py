"""Reply: what a model said, read as a move. It never raises: bad output is a malformed action."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from medaction_gym.actions import MAX_JSON, Action, Malformed, parse
from medaction_gym.chat.reply import Candidate

_RECEIVED = 200  # characters of bad output that are kept
_TRIES = 50  # braces at which an object is looked for
_DECODER = json.JSONDecoder(strict=False)  # models put line breaks into strings
# What stands around a call that a model writes as text: fences, and the tags of chat templates.
_WRAPPING = re.compile(r"```(?:json|tool_call)?|</?tool_call>|<\|[\w|]+\|>")


class Move(NamedTuple):
    """An action, or what was malformed, and the model's reason for it ("" if none was given)."""

    action: Action | Malformed
    rationale: str = ""


def read_call(name: str, arguments: str | Mapping[str, Any], rationale: str = "") -> Move:
    """A tool call as a move.

    Args:
        name: The tool.
        arguments: A mapping, or JSON as the model wrote it, well formed or not.
        rationale: What was said beside the call.

    Example:
        >>> read_call("commit", '{"diagnosis": "Gout"}').action
        Commit(action='commit', diagnosis='Gout')
        >>> read_call("commit", '{"diagnosis": ').action.reason
        'commit: Expecting value: line 1 column 15 (char 14)'
    """
    try:
        given = _DECODER.decode(arguments or "{}") if isinstance(arguments, str) else arguments
        if not isinstance(given, Mapping):
            raise ValueError("the arguments are no object")
    except (ValueError, RecursionError) as error:
        said = f"{name}({arguments})"
        return Move(_malformed(f"{name}: {error}", said), rationale)
    return Move(parse({**given, "action": name}), rationale)


def read_answer(answer: Candidate) -> Move:
    """An endpoint's answer as a move: its first tool call, else what its text holds."""
    if not answer.tool_calls:
        return read_text(answer.text)
    call = answer.tool_calls[0]
    return read_call(call.name, call.arguments, answer.answer)


def read_text(text: str) -> Move:
    r"""A move written as text: the first JSON object that names an action.

    The object is ``{"action": "commit", "diagnosis": ...}``, or a call as chat templates write it:
    ``{"name": "commit", "arguments": {...}}``, or with ``parameters``. The reason is its field
    ``rationale``, or the text before it. Thoughts up to ``</think>`` and whatever follows
    the object are left out.

    Example:
        >>> read_text('Sounds like gout. {"action": "commit", "diagnosis": "Gout"}')
        Move(action=Commit(action='commit', diagnosis='Gout'), rationale='Sounds like gout.')
        >>> call = '{"name": "order_test", "arguments": {"test": "CT head"}}'
        >>> read_text(f"I look.\n<tool_call>\n{call}\n</tool_call>")
        Move(action=OrderTest(action='order_test', test='CT head'), rationale='I look.')
        >>> read_text("I would rather not.").action.reason
        'no tool was called, and no action written'
    """
    thoughts, _, said = text.rpartition("</think>")
    if not thoughts and "<think>" in said:
        return Move(_malformed("the thoughts did not end, and no action was written", said))
    said = said[:MAX_JSON].strip()
    fault = "no tool was called, and no action written"
    braces = (match.start() for match in re.finditer(r"\{", said))
    for _, start in zip(range(_TRIES), braces, strict=False):
        try:
            given, _ = _DECODER.raw_decode(said, start)
        except (ValueError, RecursionError) as error:
            fault = f"not JSON: {error}" if "written" in fault else fault
            continue
        before = _WRAPPING.sub("", said[:start]).strip()
        if "action" in given:
            reason = str(given.pop("rationale", "") or "").strip()
            return Move(parse(given), reason or before)
        if "name" in given:
            arguments = given.get("arguments", given.get("parameters", {}))
            return read_call(str(given["name"]), _plain(arguments), before)
        fault = "the JSON object names no action"
    return Move(_malformed(fault, said))


def _plain(arguments: Any) -> str | Mapping[str, Any]:
    known: str | Mapping[str, Any]
    known = arguments if isinstance(arguments, (str, Mapping)) else json.dumps(arguments)
    return known


def _malformed(reason: str, said: str) -> Malformed:
    # What is kept becomes part of the conversation: tags of the template must not.
    return Malformed(reason=reason[:300], received=_WRAPPING.sub("", said)[:_RECEIVED].strip())
