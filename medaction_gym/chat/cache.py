"""Cache: what endpoints answered, by the exact request, in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class ReplyCache:
    """Replies on disk, safe for several threads and processes at once.

    Requests and replies are kept as text, so a cache holds whatever the prompts held. Nothing of
    the HTTP headers is kept, so no API key either.

    Args:
        path: The file; it and its folder are made if missing.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cache = ReplyCache(Path(folder) / "replies.sqlite")
        ...     cache.get("request"), cache.put("request", ["a"]), cache.put("request", ["b"])
        (None, ['a'], ['a'])
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._database() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS replies"
                " (key TEXT PRIMARY KEY, request TEXT NOT NULL, bodies TEXT NOT NULL) WITHOUT ROWID"
            )

    def get(self, request: str) -> list[str] | None:
        """The bodies that answered a request, or None."""
        with self._database() as database:
            return self._read(database, request)

    def all(self) -> Iterator[list[str]]:
        """The bodies of every request, in no order."""
        with self._database() as database:
            for (bodies,) in database.execute("SELECT bodies FROM replies"):
                yield json.loads(bodies)

    def put(self, request: str, bodies: list[str]) -> list[str]:
        """Keep bodies unless the request has some already; returns those that stay."""
        with self._database() as database:
            database.execute(
                "INSERT OR IGNORE INTO replies VALUES (?, ?, ?)",
                (_key(request), request, json.dumps(bodies)),
            )
            return self._read(database, request) or bodies

    def _read(self, database: sqlite3.Connection, request: str) -> list[str] | None:
        row = database.execute(
            "SELECT bodies FROM replies WHERE key = ?", (_key(request),)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        # A connection for each use: nothing is shared between threads or survives a fork, and next
        # to a model's answer opening a file costs nothing.
        try:
            with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as database:
                yield database
        except sqlite3.Error as error:
            raise OSError(f"{self.path}: cannot be used as a cache of replies: {error}") from None


def _key(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()
