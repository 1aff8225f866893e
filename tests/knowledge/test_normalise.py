from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medaction_gym.knowledge.normalise import MAX_CHARS, fold, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tumours of the kidney", "renal neoplasm"),
        ("haemorrhagic stroke", "stroke, hemorrhagic"),
        ("Sjögren's syndrome", "Sjogren syndrome"),
        ("Hepatitis type III", "hepatitis type 3"),
        ("oesophageal carcinoma", "carcinoma of the esophagus"),
        ("liver metastases", "hepatic metastasis"),
        ("β-thalassaemia", "beta thalassemia"),
    ],
)
def test_strings_that_read_alike_have_the_same_tokens(one: str, other: str) -> None:
    assert sorted(tokens(one)) == sorted(tokens(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hemophilia A", "hemophilia B"),
        ("non-small cell carcinoma", "small cell carcinoma"),
        ("diabetes type 1", "diabetes type 2"),
        ("hyperthyroidism", "hypothyroidism"),
        ("acute lymphoblastic leukemia", "acute lymphocytic leukemia"),
    ],
)
def test_strings_that_differ_stay_apart(one: str, other: str) -> None:
    assert sorted(tokens(one)) != sorted(tokens(other))


@given(st.text())
def test_any_text_gives_plain_tokens(text: str) -> None:
    folded = fold(text)
    assert folded.isascii()
    assert all(token and token.isalnum() and token.isascii() for token in tokens(text))


def test_length_is_bounded() -> None:
    assert len(fold("a" * 10_000_000)) == MAX_CHARS
