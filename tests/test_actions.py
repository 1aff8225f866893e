"""Actions: every way in, and hostile input."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medaction_gym.actions import (
    MAX_DIFFERENTIAL,
    Commit,
    Hypothesis,
    Malformed,
    OrderTest,
    UpdateDifferential,
    parse,
)

ORDER = {"action": "order_test", "test": "CT head"}


@pytest.mark.parametrize(
    "raw",
    [
        OrderTest(test="CT head"),
        ORDER,
        json.dumps(ORDER),
        json.dumps(ORDER).encode(),
        (0, "CT head"),
        (np.int64(0), "  CT head \n"),
    ],
)
def test_all_forms_mean_the_same(raw: object) -> None:
    assert parse(raw) == OrderTest(test="CT head")


def test_differential_from_the_action_space() -> None:
    raw = (np.int64(1), ({"disease": "Gout", "probability": np.array(0.5, dtype=np.float32)},))
    assert parse(raw) == UpdateDifferential(
        differential=(Hypothesis(disease="Gout", probability=0.5),)
    )


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[" * 100_000, "characters|JSON|object"),
        ("[" * 5_000, "JSON"),
        ("x" * 10_000_000, "10,000,000 characters"),
        (b"\xff\xfe", "JSON"),
        (None, "NoneType"),
        (3, "int"),
        ([], "list"),
        ({}, "action"),
        ({"action": "discharge"}, "discharge"),
        ({"action": "order_test"}, "order_test.test: Field required"),
        ({"action": "order_test", "test": ""}, "at least 1"),
        ({"action": "order_test", "test": "\x00\n\t"}, "at least 1"),
        ({"action": "order_test", "test": 7}, "string"),
        ({"action": "order_test", "test": "a" * 1_001}, "at most 1000"),
        ({"action": "order_test", "test": "CT", "urgent": True}, "Extra"),
        ({"action": "commit", "diagnosis": None}, "string"),
        ((7, "x"), "not 0, 1 or 2"),
        ((0, 1, 2), "tuple"),
        ({"action": "update_differential", "differential": "Gout"}, "tuple"),
    ],
)
def test_malformed_says_what_was_wrong(raw: object, part: str) -> None:
    result = parse(raw)
    assert isinstance(result, Malformed)
    assert any(p in result.reason for p in part.split("|")), result.reason
    assert len(result.received) <= 200


@pytest.mark.parametrize("p", [float("nan"), float("inf"), -0.1, 1.1, "much", None])
def test_bad_probabilities(p: Any) -> None:
    entry = {"disease": "Gout", "probability": p}
    result = parse({"action": "update_differential", "differential": [entry]})
    assert isinstance(result, Malformed)
    assert "probability" in result.reason


def test_too_many_diseases() -> None:
    entries = [{"disease": f"d{i}", "probability": 0.0} for i in range(MAX_DIFFERENTIAL + 1)]
    assert isinstance(parse({"action": "update_differential", "differential": entries}), Malformed)


def test_unchecked_actions_are_checked() -> None:
    assert isinstance(parse(Commit.model_construct(diagnosis="x" * 5_000)), Malformed)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=6,
)
hostile = st.one_of(
    json_like,
    st.fixed_dictionaries(
        {"action": st.sampled_from(["order_test", "update_differential", "commit", ""])},
        optional={"test": json_like, "diagnosis": json_like, "differential": json_like},
    ),
    st.tuples(st.integers(-2, 4), json_like),
    st.text().map(lambda text: json.dumps({"action": "order_test", "test": text})),
    st.text().map(lambda text: json.dumps({"action": "commit", "diagnosis": text})),
)


@example((0, b"\x00"))
@settings(max_examples=1_000, deadline=None)
@given(hostile)
def test_parse_never_raises(raw: object) -> None:
    action = parse(raw)
    # What was recorded must serialise, whatever was received.
    assert parse(action) == action
    action.model_dump_json()
