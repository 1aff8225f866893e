"""Transcript: a chat with tool calls becomes a trajectory, by playing its actions on the record.

A row of the file is a JSON object with ``case_id`` and ``messages`` in OpenAI's form. Actions are
the assistant's tool calls (arguments as a mapping or a JSON string), or, in a message without any,
the JSON object that its content is or that its last ```` ```json ```` fence holds. Prose is no
action and no turn. What cannot be read as an action is a malformed turn, as in the environment;
what follows the end of the episode is left out and counted.

The record answers, not the transcript. Where the transcript's answer to an action has other words,
that is counted, and the first place is kept: such a chat was not played on this record, or not by
this version, and its scores are those of the record's answers.

Optional fields: ``agent`` (a name), ``settings`` (those of `Trajectory`) and ``case_hash``, which
is checked. Without settings a chat that ends with no commitment is truncated at its last turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from medaction_gym.actions import MAX_JSON, Action, Commit, Malformed, parse
from medaction_gym.cases.case import Case
from medaction_gym.episode import Episode, Rules
from medaction_gym.trajectory import Settings, Trajectory, TrajectoryFormatError

MAX_TURNS = 10_000
_FENCE = "```"
_REFUSAL = ("That was no valid action: ", ". Send order_test, update_differential or commit.")


class Said(NamedTuple):
    """An action of a transcript and the answer it shows, None where it shows none."""

    action: Action | Malformed
    answer: str | None


class Transcript(NamedTuple):
    """A chat as it plays on the record.

    Attributes:
        trajectory: What came of its actions.
        answered: Actions for which the transcript shows an answer.
        differing: Of these, how many answers are not the record's.
        first: Where they first differ, in words; "" if they do not.
        left_out: Actions after the end of the episode.
    """

    trajectory: Trajectory
    answered: int = 0
    differing: int = 0
    first: str = ""
    left_out: int = 0


def is_transcripts(path: str | Path) -> bool:
    """Whether the first row of a file holds chat messages."""
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        line = next((line for line in file if line.strip()), "")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, Mapping) and "messages" in row and "steps" not in row


def read_transcripts(path: str | Path, case_of: Callable[[str], Case]) -> Iterator[Transcript]:
    """Read a file of chats line by line.

    Args:
        path: The file, a JSON object a line.
        case_of: Finds a case by its id, such as `CaseSet.get`.

    Raises:
        FileNotFoundError: If there is no such file.
        TrajectoryFormatError: At the first bad row; names the file, the line and what is wrong.
    """
    path = Path(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield transcript(json.loads(line), case_of)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(map(str, ("settings", *first["loc"])))
                message = f"{where}: {first['msg']}"
                raise TrajectoryFormatError(f"{path}: line {number}: {message}") from None
            except (ValueError, KeyError, RecursionError) as error:
                message = str(error.args[0]) if error.args else type(error).__name__
                raise TrajectoryFormatError(f"{path}: line {number}: {message}") from None


def transcript(row: Any, case_of: Callable[[str], Case]) -> Transcript:
    """Play one row.

    Raises:
        ValueError: If the row is not as described above.
        KeyError: If there is no such case.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> cases = CaseSet.teaching()
        >>> call = {"function": {"name": "commit", "arguments": '{"diagnosis": "Gout"}'}}
        >>> chat = [{"role": "assistant", "tool_calls": [call]}]
        >>> played = transcript({"case_id": cases[0].id, "messages": chat}, cases.get)
        >>> played.trajectory.status, played.trajectory.prediction
        ('committed', 'Gout')
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"expected a JSON object, got {type(row).__name__}")
    for field, kind, wanted in (("case_id", str, "a string"), ("messages", list, "a list")):
        if not isinstance(row.get(field), kind):
            raise ValueError(f"{field}: expected {wanted}, got {type(row.get(field)).__name__}")
    case = case_of(row["case_id"])
    if row.get("case_hash", case.hash) != case.hash:
        raise ValueError(f"case {case.id}: case_hash is not that of the case at hand")
    said = list(actions(row["messages"]))
    settings = _settings(row, said)
    episode, answered, differing, first = Episode.start(case, settings.rules), 0, 0, ""
    for one in said:
        if episode.status != "open":
            break
        episode = episode.act(one.action)
        turn = episode.turn
        assert turn is not None
        if one.answer is None:
            continue
        answered += 1
        if one.answer.split() != turn.message.split():
            differing += 1
            first = first or f"turn {episode.number}: {_difference(one.answer, turn.message)}"
    agent = row.get("agent")
    trajectory = Trajectory.of(
        episode,
        settings=settings,
        agent=agent if isinstance(agent, str) else "",
        error="" if episode.status != "open" else _why_open(said),
    )
    return Transcript(trajectory, answered, differing, first, len(said) - episode.number)


def actions(messages: Sequence[Any]) -> Iterator[Said]:
    r"""The actions of a chat, each with the answer that the chat shows.

    Raises:
        ValueError: If a message is none.

    Example:
        >>> said, = actions([
        ...     {"role": "assistant", "content": 'I look.\n```json\n{"action": "order_test",'
        ...      ' "test": "CT head"}\n```'},
        ...     {"role": "user", "content": "CT head: normal."},
        ... ])
        >>> said.action.test, said.answer
        ('CT head', 'CT head: normal.')
    """
    for at, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise ValueError(f"messages[{at}]: expected an object, got {type(message).__name__}")
        if message.get("role") != "assistant":
            continue
        answers = _answers(messages, at + 1)
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list):
            raise ValueError(f"messages[{at}].tool_calls: expected a list")
        for call in calls:
            yield Said(_called(call), _take(answers, call))
        if not calls:
            answer = answers[0][1] if answers else None
            action = _written(_text(message.get("content")), answer)
            if action is not None:
                yield Said(action, answer)


def _called(call: Any) -> Action | Malformed:
    """The action of a tool call."""
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return parse(call)
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            if len(arguments) > MAX_JSON:
                raise ValueError(f"{len(arguments):,} characters; at most {MAX_JSON:,} are read")
            arguments = from_json(arguments)
        except ValueError as error:
            start = arguments[:200] if isinstance(arguments, str) else ""
            return Malformed(reason=f"arguments: not JSON: {error}"[:300], received=start)
    if not isinstance(arguments, Mapping):
        return parse(arguments)
    return parse({"action": function.get("name"), **arguments})


def _written(content: str, answer: str | None) -> Action | Malformed | None:
    """The action that a message's text holds; None where it is prose."""
    start, end = _REFUSAL
    if answer is not None and answer.startswith(start) and answer.endswith(end):
        # The environment has read it, and says why it was none.
        return Malformed(reason=answer[len(start) : -len(end)], received=content[:200])
    text = content.strip()
    if _FENCE in text:
        fenced = [part.strip().removeprefix("json").strip() for part in text.split(_FENCE)[1::2]]
        text = next((part for part in reversed(fenced) if part.startswith("{")), "")
    return parse(text) if text.startswith("{") else None


def _answers(messages: Sequence[Any], start: int) -> list[tuple[str, str]]:
    """Ids and texts of what is said from a place on until the assistant speaks again."""
    found: list[tuple[str, str]] = []
    for at in range(start, len(messages)):
        message = messages[at]
        if not isinstance(message, Mapping) or message.get("role") == "assistant":
            break
        if message.get("role") in ("tool", "user"):
            found.append((str(message.get("tool_call_id", "")), _text(message.get("content"))))
    return found


def _take(answers: list[tuple[str, str]], call: Any) -> str | None:
    """The answer to a call, used up, so that ids that occur twice are answered in order.

    An answer without an id answers the first call that has none of its own.
    """
    wanted = str(call.get("id", "")) if isinstance(call, Mapping) else ""
    for key in (wanted, ""):
        for at, (identifier, text) in enumerate(answers):
            if identifier == key:
                del answers[at]
                return text
    return None


def _text(content: Any) -> str:
    """A message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _settings(row: Mapping[str, Any], said: Sequence[Said]) -> Settings:
    if row.get("settings") is not None:
        return Settings.model_validate(row["settings"])
    turns = max(1, min(len(said), MAX_TURNS))
    ends = any(isinstance(one.action, Commit) for one in said[:turns])
    return Settings(rules=Rules(max_turns=max(turns, Rules().max_turns) if ends else turns))


def _why_open(said: Sequence[Said]) -> str:
    return "the chat ends before the episode" if said else "the chat holds no action"


def _difference(said: str, record: str, shown: int = 12) -> str:
    """The first words that differ, after the one before them."""
    one, other = said.split(), record.split()
    at = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), -1)
    start = max(0, (at if at >= 0 else min(len(one), len(other))) - 1)
    told, held = (" ".join(words[start : start + shown])[:200] for words in (one, other))
    return f"the transcript says {told!r}, the record {held!r}"
