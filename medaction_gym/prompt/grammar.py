"""Grammar: the three actions as tools, as words in a prompt, and as a JSON schema."""

from __future__ import annotations

from typing import Any

SYSTEM_PROMPT = (
    "You are a doctor working up a patient. Order tests one at a time with order_test, keep your "
    "differential diagnosis up to date with update_differential, and end with commit."
)

# What is added to it where actions are written as text.
AS_JSON = (
    " Answer with one JSON object and nothing else, in one of these forms: "
    '{"rationale": "...", "action": "order_test", "test": "..."}, '
    '{"rationale": "...", "action": "update_differential", "differential": '
    '[{"disease": "...", "probability": 0.5}]}, '
    '{"rationale": "...", "action": "commit", "diagnosis": "..."}.'
)

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "order_test",
            "description": "Order one test, or a few in one request, in free text.",
            "parameters": {
                "type": "object",
                "properties": {"test": {"type": "string", "description": "What to order."}},
                "required": ["test"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "update_differential",
            "description": "State the working differential. It replaces the one before.",
            "parameters": {
                "type": "object",
                "properties": {
                    "differential": {
                        "type": "array",
                        "description": "Diseases with probabilities; what they lack to 1 is "
                        "something else.",
                        "items": {
                            "type": "object",
                            "properties": {
                                "disease": {"type": "string"},
                                "probability": {"type": "number", "minimum": 0, "maximum": 1},
                            },
                            "required": ["disease", "probability"],
                        },
                    }
                },
                "required": ["differential"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "commit",
            "description": "Commit to a final diagnosis. This ends the episode.",
            "parameters": {
                "type": "object",
                "properties": {
                    "diagnosis": {"type": "string", "description": "The final diagnosis."}
                },
                "required": ["diagnosis"],
            },
        },
    },
]

# Bounds for models that are held to the schema: without them a small model may never close a
# string or a list. 99 % of the distiller's reasons have at most 340 characters.
_LONGEST = {"rationale": 400, "test": 120, "disease": 100, "diagnosis": 100}
_MOST = 8


def action_schema() -> dict[str, Any]:
    """The JSON schema of an action written as text, for servers and decoders that hold to one.

    Keys stand in the order in which they are written: the reason comes before what it is for.

    Example:
        >>> [form["properties"]["action"]["const"] for form in action_schema()["anyOf"]]
        ['order_test', 'update_differential', 'commit']
    """
    return {"anyOf": [_form(tool["function"]) for tool in TOOLS]}


def _form(function: dict[str, Any]) -> dict[str, Any]:
    head = {"rationale": {"type": "string"}, "action": {"const": function["name"]}}
    properties = {
        name: _bounded(name, schema)
        for name, schema in (head | function["parameters"]["properties"]).items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _bounded(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    bounded = {key: value for key, value in schema.items() if key != "description"}
    if schema.get("type") == "string":
        return bounded | {"minLength": 1, "maxLength": _LONGEST[name]}
    if schema.get("type") == "array":
        inner = schema["items"]["properties"]
        items = {key: _bounded(key, value) for key, value in inner.items()}
        entry = schema["items"] | {"properties": items, "additionalProperties": False}
        return bounded | {"minItems": 1, "maxItems": _MOST, "items": entry}
    return bounded
