"""Undone: results that only say that there is none."""

from __future__ import annotations

import re

_NOT = r"not (?:specified|provided|applicable|performed|conducted|carried out|done|obtained)"
_LONGEST = 200  # characters: who writes more tells more
# The whole of a result, or its only sentence: what else it tells makes it one.
_UNDONE = re.compile(
    rf"(?:[\w /-]+: ?)?{_NOT}\b[^.,;]*\.?"
    rf"|[^.,;]*\b(?:was|were) {_NOT}\b[^.,;]*\.?"
    rf"|[\w /-]+ {_NOT}\.?"
    r"|no [^.,;]*\b(?:was|were) (?:performed|done|obtained)\.?"
    r"|[^.,;]*\b(?:planned|unavailable due to [^.;]*|to be (?:evaluated|done|performed)[^.,;]*)\.?"
    r"|suggestion: [^.;]*\bcould be considered\b[^.;]*\.?",
    re.IGNORECASE,
)


def is_undone(result: str) -> bool:
    """Whether a result only says that a test was not done, or that its result is not told.

    Example:
        >>> [is_undone(text) for text in (
        ...     "Genetic testing was not performed due to the patient's decision.",
        ...     "Culture: Not specified", "Sweat chloride test planned", "Not done; CRP 4 mg/L")]
        [True, True, True, False]
    """
    lines = [line.strip() for line in result.splitlines() if line.strip()]
    return bool(lines) and all(
        len(line) <= _LONGEST and _UNDONE.fullmatch(line) is not None for line in lines
    )
