"""Record: what a model answered to questions of one kind, in a JSONL file beside the results.

The raw answers are kept, the unreadable ones too, with all that was asked for: the file is the
evidence, it is read before anything is asked again, and a better reading needs no call.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from medaction_gym.chat.client import ChatClient, Message
from medaction_gym.chat.errors import NotCachedError
from medaction_gym.chat.reply import Candidate

T = TypeVar("T")

DEFAULT: Mapping[str, Any] = {"temperature": 0}  # options of a request, where none are given


class Record:
    """Answers by question; threads and processes may share the file, and the first answer stays.

    Args:
        client: Whom to ask.
        path: The file; in memory alone if None. It is made with its first row.
        kind: Whose record it is, for errors.
        fields: The fields of a row that hold the question.
        prompt: Version of the instructions. Answers to another one are not read.
        options: Of the request. Answers to others are not read.

    Raises:
        ValueError: If the file holds something else.
    """

    def __init__(
        self,
        client: ChatClient,
        path: str | Path | None,
        *,
        kind: str,
        fields: Sequence[str],
        prompt: str,
        options: Mapping[str, Any],
    ) -> None:
        self.client = client
        self.path = Path(path) if path else None
        self._kind, self._fields = kind, tuple(fields)
        self._options = dict(options)
        self._setting = {"model": client.model, "prompt": prompt, "options": self._options}
        self._said: dict[str, list[str]] = {}
        self._offset = self._lines = 0
        self._ends = True  # whether the last line is whole
        self._lock = threading.Lock()
        with self._lock:
            self._catch_up()

    def ask(
        self,
        question: Mapping[str, Any],
        messages: Sequence[Message],
        read: Callable[[Candidate], T],
        *,
        response_format: Mapping[str, Any] | None = None,
        gist: Callable[[T | None], Mapping[str, Any]] = lambda found: {},
    ) -> T:
        """The answer to a question: the first readable one in the record, or the model's.

        Args:
            question: The question's fields, JSON values.
            messages: What is sent.
            read: Turns an answer into what is wanted, or raises ValueError.
            response_format: Asked for unless the options say otherwise.
            gist: What a row says beside the raw answers, for human readers.

        Raises:
            ChatError: The endpoint failed, or the model gave no answer that can be read.
        """
        known = self._first(question, read)
        if known is not None:
            return known
        if self.client.replay:
            there = self.path is not None and self.path.exists()
            lacks = "holds no readable answer to" if there else "is not here, so nothing answers"
            raise NotCachedError(
                f"{self.path}: {lacks} {_short(question)}",
                self.client.endpoint,
                self.client.model,
            )
        said: list[str] = []

        def attempt(candidate: Candidate) -> T:
            said.append(candidate.text)
            return read(candidate)

        options = {"response_format": response_format} | self._options
        found: T | None = None
        try:
            found = self.client.ask_for(messages, attempt, **options)[0]
        finally:
            if said:  # unreadable answers too: a better reading may find something in them
                self._add(question, said, gist(found))
        # Where another thread or process was faster, its answer is the one that will be read again.
        first = self._first(question, read)
        return found if first is None else first

    def _first(self, question: Mapping[str, Any], read: Callable[[Candidate], T]) -> T | None:
        for text in self._said.get(_key(question), ()):
            with suppress(ValueError):
                return read(Candidate(text=text))
        return None

    def _add(self, question: Mapping[str, Any], said: list[str], gist: Mapping[str, Any]) -> None:
        row = {
            **question,
            **self._setting,
            "endpoint": self.client.endpoint,
            "raw": said,
            **gist,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        with self._lock:
            if self.path is None:
                self._said.setdefault(_key(question), []).extend(said)
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(f".{self.path.name}.lock")):
                self._catch_up(alone=True)
                with self.path.open("ab") as file:
                    # Where a writer died in mid-row, ours gets a line of its own.
                    start = b"" if self._ends else b"\n"
                    file.write(start + json.dumps(row).encode() + b"\n")
                self._catch_up(alone=True)

    def _catch_up(self, *, alone: bool = False) -> None:
        """Read the rows that are new; a last line without an end only if nobody else writes."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        if not alone and not _is_json(new[new.rfind(b"\n") + 1 :]):
            new = new[: new.rfind(b"\n") + 1]
        if not new:
            return
        for number, line in enumerate(new.split(b"\n"), self._lines + 1):
            try:
                row = json.loads(line)
            except ValueError:
                continue  # empty, or cut off
            try:
                question = {name: row[name] for name in self._fields}
                setting = {name: row[name] for name in self._setting}
                said = [str(text) for text in row["raw"]]
            except (KeyError, TypeError):
                where = f"{self.path}, line {number}"
                raise ValueError(f"{where}: no row of {self._kind}'s record") from None
            if setting == self._setting:
                self._said.setdefault(_key(question), []).extend(said)
        self._offset += len(new)
        self._lines += new.count(b"\n")
        self._ends = new.endswith(b"\n")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _key(question: Mapping[str, Any]) -> str:
    return json.dumps(question, sort_keys=True)


def _short(question: Mapping[str, Any]) -> str:
    text = json.dumps(question, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"
