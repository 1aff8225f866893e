r"""Cues: the words by which reports say what they do, read from tables.

``data/cues.txt`` holds one list of alternatives a cue, one a line, as regular expressions that
ignore case. A heading may give the frame that they stand in, ``@`` marking the place; without one
they are whole words: ``\b(?:@)\b``. ``%name%`` stands for the alternatives of another list.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

WHOLE_WORDS = r"\b(?:@)\b"


@cache
def _lists() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Frame and alternatives of every cue."""
    text = (files(__package__) / "data" / "cues.txt").read_text(encoding="utf-8")
    lists: dict[str, tuple[str, tuple[str, ...]]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("[") and (heading := re.match(r"\[([a-z_]+)\](?: (.+))?$", line)):
            name = heading[1]
            lists[name] = (heading[2] or WHOLE_WORDS, ())
        elif line.strip() and not line.startswith("# "):
            frame, lines = lists[name]
            lists[name] = (frame, (*lines, line))
    return lists


def words_of(name: str) -> str:
    """The alternatives of a cue, as one expression without its frame."""
    lines = "|".join(_lists()[name][1])
    return re.sub(r"%([a-z_]+)%", lambda match: f"(?:{words_of(match[1])})", lines)


@cache
def cue(name: str) -> re.Pattern[str]:
    """The compiled cue of a name.

    Example:
        >>> bool(cue("dose").search("25 mg twice daily")), bool(cue("dose").search("a dozen"))
        (True, False)
    """
    frame = _lists()[name][0]
    frame = re.sub(r"%([a-z_]+)%", lambda match: f"(?:{words_of(match[1])})", frame)
    return re.compile(frame.replace("@", words_of(name)), re.IGNORECASE | re.DOTALL)


@cache
def statements() -> tuple[tuple[float, re.Pattern[str]], ...]:
    """How texts state a diagnosis: how surely, and an expression whose group is what they state."""
    text = (files(__package__) / "data" / "statements.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("# "))
    return tuple((float(weight), re.compile(row, re.IGNORECASE)) for weight, row in rows)
