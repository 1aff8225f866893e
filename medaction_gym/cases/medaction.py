"""This project's own case format: one `Case` as JSON, a line of a .jsonl or a .json file."""

from __future__ import annotations

from typing import Any

from medaction_gym.cases.case import Case
from medaction_gym.cases.problems import RecordError

NAME = "medaction-case JSONL"
SCHEMA = "medaction-case/1"


def recognises(record: object) -> bool:
    """Whether a JSON value looks like a case of this format."""
    return isinstance(record, dict) and (
        "schema" in record or {"presentation", "diagnosis"} & record.keys() != set()
    )


def to_case(key: str, record: dict[str, Any]) -> Case:
    """Validate a record.

    Raises:
        RecordError: If it states another schema version.
        pydantic.ValidationError: If a field is missing or wrong.
    """
    schema = record.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise RecordError("schema", f"{schema!r} is not supported; this version reads {SCHEMA!r}")
    return Case.model_validate({k: v for k, v in record.items() if k != "schema"})


def to_record(case: Case) -> dict[str, Any]:
    """The JSON object for a case; empty fields are left out."""
    return {"schema": SCHEMA, **case.model_dump(mode="json", exclude_defaults=True)}
