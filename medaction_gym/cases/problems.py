"""Problem: what is wrong with a case file, and exactly where."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one case, or with the file itself.

    Attributes:
        file: The file's path.
        place: Where in the file: a line, a key; ``""`` for the whole file.
        case_id: The case, or ``""`` where its id could not be read.
        field: The field, dotted, or ``""``.
        message: What was wrong and, where it is not plain, what to do.
    """

    file: str
    message: str
    place: str = ""
    case_id: str = ""
    field: str = ""

    def __str__(self) -> str:
        where = ", ".join(
            part
            for part in (
                self.place,
                self.case_id and f"case {self.case_id}",
                self.field and f"field {self.field}",
            )
            if part
        )
        return f"{self.file}: {where + ': ' if where else ''}{self.message}"


class CaseFormatError(ValueError):
    """A case file cannot be used as it stands.

    Attributes:
        problems: Everything that was found wrong, in file order.
    """

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        shown = "\n  ".join(str(problem) for problem in problems[:5])
        more = f"\n  and {len(problems) - 5} more" if len(problems) > 5 else ""
        hint = (
            "\nLoad with on_error='skip' to go on with the good cases."
            if any(problem.place for problem in problems)
            else ""
        )
        super().__init__(f"{shown}{more}{hint}")


class RecordError(ValueError):
    """A record that its format's loader cannot turn into a case; knows the field."""

    def __init__(self, field: str, message: str):
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


def field_and_message(error: ValueError) -> tuple[str, str]:
    """The first field and message of a validation or record error."""
    if isinstance(error, RecordError):
        return error.field, error.message
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        more = error.error_count() - 1
        message = first["msg"] + (f" (and {more} more problems)" if more else "")
        return ".".join(map(str, first["loc"])), message
    return "", str(error)
