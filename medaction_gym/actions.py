"""Actions: what a doctor may do, and how free-form input becomes one of them.

Three actions: order a test, state the differential, commit to a diagnosis. `parse` takes them in
every shape an agent may produce; what it cannot use comes back as `Malformed` with the reason,
because a policy's bad output is an event of the episode and never an exception.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import from_json, to_json

# Bounds in characters and entries. An order for ten tests fits easily in 1,000 characters; no
# clinician keeps more than 50 diseases in mind.
MAX_REQUEST = 1_000
MAX_DISEASE = 300
MAX_DIFFERENTIAL = 50
MAX_JSON = 100_000


class Outcome(StrEnum):
    """How the environment took an action.

    The first five answer an order; `ACCEPTED` answers a differential or a commitment; `MALFORMED`
    answers input that is no action at all.
    """

    RESULT = "RESULT"
    UNAVAILABLE = "UNAVAILABLE"
    AMBIGUOUS = "AMBIGUOUS"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    REPEATED = "REPEATED"
    ACCEPTED = "ACCEPTED"
    MALFORMED = "MALFORMED"


def _printable(text: object) -> object:
    """Replace control characters, which no test or disease has in its name, by spaces."""
    if isinstance(text, (bytes, bytearray)):
        text = text.decode()  # as pydantic would, but before what it holds is looked at
    if not isinstance(text, str) or (text.isascii() and text.isprintable()):
        return text
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return unicodedata.normalize("NFC", text)


_Request = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REQUEST),
    BeforeValidator(_printable),
]
_Disease = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DISEASE),
    BeforeValidator(_printable),
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderTest(_Frozen):
    """Order one test, or a few in one request, in free text."""

    action: Literal["order_test"] = "order_test"
    test: _Request


class Hypothesis(_Frozen):
    """One disease of a differential with its probability in [0, 1]."""

    disease: _Disease
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class UpdateDifferential(_Frozen):
    """State the working differential. It replaces the one before; an empty one clears it.

    Probabilities need not sum to 1: what is missing is "something else", and a sum above 1 is
    scaled down when the differential is scored.
    """

    action: Literal["update_differential"] = "update_differential"
    differential: Annotated[tuple[Hypothesis, ...], Field(max_length=MAX_DIFFERENTIAL)]


class Commit(_Frozen):
    """Commit to a final diagnosis. This ends the episode."""

    action: Literal["commit"] = "commit"
    diagnosis: _Disease


Action = OrderTest | UpdateDifferential | Commit
ACTION_NAMES = ("order_test", "update_differential", "commit")
ACTION_CLASSES: tuple[type[Action], ...] = (OrderTest, UpdateDifferential, Commit)

_ACTIONS: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="action")])


class Malformed(_Frozen):
    """Input that is no action.

    Attributes:
        reason: What was wrong, in words that help to correct it.
        received: The start of what was received, for the record.
    """

    reason: str
    received: str = ""


def parse(raw: object) -> Action | Malformed:
    """Turn an agent's output into an action.

    Args:
        raw: An action; a mapping such as ``{"action": "commit", "diagnosis": "Gout"}``; the same
            as a JSON string; or an element of the environment's action space: a pair of index
            (0 order, 1 differential, 2 commit) and value.

    Returns:
        The action, or `Malformed` saying what was wrong. Never raises.

    Example:
        >>> parse('{"action": "order_test", "test": "CT head"}')
        OrderTest(action='order_test', test='CT head')
        >>> parse((2, "Gout"))
        Commit(action='commit', diagnosis='Gout')
        >>> parse({"action": "order_test"}).reason
        'order_test.test: Field required'
    """
    try:
        value = raw
        # Exact types: isinstance on pydantic classes is slow, and nobody subclasses these.
        kind = type(raw)
        if kind is Malformed:
            return cast(Malformed, raw)
        if kind in ACTION_CLASSES:
            # An action built with model_construct has not been checked.
            value = cast(BaseModel, raw).model_dump()
        if isinstance(value, (str, bytes, bytearray)):
            if len(value) > MAX_JSON:
                return Malformed(
                    reason=f"{len(value):,} characters; at most {MAX_JSON:,} are read",
                    received=_excerpt(raw),
                )
            value = from_json(value)
        if isinstance(value, tuple) and len(value) == 2:
            number = int(value[0])
            if isinstance(value[1], str) and len(value[1]) <= MAX_REQUEST:
                return _from_text(number, value[1])
            value = _from_pair(number, value[1])
        if not isinstance(value, Mapping):
            return Malformed(
                reason=f"expected an object with an 'action' field, got {type(value).__name__}",
                received=_excerpt(raw),
            )
        return _ACTIONS.validate_python(dict(value))
    except ValidationError as error:
        return Malformed(reason=_explain(error), received=_excerpt(raw))
    except (ValueError, TypeError, RecursionError) as error:
        # ValueError: no JSON. TypeError, RecursionError: objects that lie about being mappings.
        return Malformed(reason=f"not a JSON object: {error}"[:300], received=_excerpt(raw))


@lru_cache(maxsize=10_000)
def _from_text(number: int, text: str) -> Action:
    """Orders and commitments recur word for word across cases; actions are immutable."""
    return _ACTIONS.validate_python(_from_pair(number, text))


def _from_pair(number: int, value: Any) -> dict[str, Any]:
    if not 0 <= number < len(ACTION_NAMES):
        raise ValueError(f"action index {number} is not 0, 1 or 2")
    name, field = ACTION_NAMES[number], ("test", "differential", "diagnosis")[number]
    return {"action": name, field: value}


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, p['loc'])) or 'action'}: {p['msg']}" for p in problems[:3]]
    if len(problems) > 3:
        lines.append(f"and {len(problems) - 3} more")
    return "; ".join(lines)


def _excerpt(raw: object, length: int = 200) -> str:
    """The start of the input as printable text, whatever it is."""
    if isinstance(raw, (bytes, bytearray)):
        raw = bytes(raw[: 4 * length]).decode("utf-8", "replace")
    if not isinstance(raw, str):
        try:
            raw = to_json(raw, inf_nan_mode="strings", fallback=lambda o: type(o).__name__).decode()
        except (ValueError, TypeError, RecursionError):
            raw = type(raw).__name__
    text = str(_printable(raw[: 2 * length])).strip()
    return text if len(text) <= length else text[: length - 1] + "…"
