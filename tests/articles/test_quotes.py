"""Finding quotes, and cutting long articles: nothing is found that does not stand there."""

from __future__ import annotations

import pytest

from medaction_gym.articles.excerpt import CUT, excerpt
from medaction_gym.articles.quotes import Quotable
from tests.articles.test_reader import one
from tests.articles.texts import BODY, CASE, jats


@pytest.mark.parametrize(
    ("text", "quote", "there"),
    [
        ("The CT  scan\nwas normal.", "the ct scan was normal", "The CT  scan\nwas normal"),
        ("was normal.On examination", "normal. On examination", "normal.On examination"),
        ("InvestigationsThe CT was normal", "The CT was normal", "The CT was normal"),
        ("a 5–6 cm “mass”", 'a 5-6 cm "mass"', "a 5–6 cm “mass”"),
        ("caf\u00e9-au-lait spots", "cafe\u0301-au-lait", "café-au-lait"),
        ("cafe\u0301 au lait", "café au lait", "cafe\u0301 au lait"),
        ("ends in cafe\u0301.", "ends in café", "ends in cafe\u0301"),
        ("5 µg of β-carotene", "5 μg of β-carotene", "5 µg of β-carotene"),
        ("10 × 9\u00a0cm, soft\u00adened", "10 x 9 cm, softened", "10 × 9\u00a0cm, soft\u00adened"),
        ("a Ramstedt–Weiß sign", "Ramstedt-Weiss sign", "Ramstedt–Weiß sign"),
        ("<b>bold</b> & plain", "<b>bold</b> & plain", "<b>bold</b> & plain"),
    ],
)
def test_found(text: str, quote: str, there: str) -> None:
    (span,) = Quotable(text).find(quote)
    assert text[span.start : span.end] == there


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("CRP was 50 mg/L", "CRP was 5"),
        ("TSH was 0.5 mIU/L", "5 mIU/L"),
        ("TSH was 0.5 mIU/L", "TSH was 0"),
        ("it was abnormal", "normal"),
        ("not normal", "normal, not"),
        ("p ≠ 5", "p = 5"),
        ("p =\u0338 5", "p = 5"),
        ("a mass", "no mass"),
        ("a mass", ""),
        ("a mass", " \n"),
        ("", "a mass"),
    ],
)
def test_not_found(text: str, quote: str) -> None:
    assert Quotable(text).find(quote) == ()


def test_every_place() -> None:
    text = "Fever. No fever. Fevers."
    assert [text[s.start : s.end] for s in Quotable(text).find("FEVER")] == ["Fever", "fever"]


def test_what_is_cut_is_stated() -> None:
    article = one(jats(BODY))
    whole = excerpt(article, 100_000)
    assert whole.unread == ""
    assert CUT not in whole.text
    for told in (*CASE, "Creatinine | 61 µmol/L", "Ultrasound of the neck.", "# Case report"):
        assert told in whole.text
    cut = excerpt(article, 420)
    assert CASE[0] in cut.text
    assert "Thyroid scintigraphy" not in cut.text
    assert CUT in cut.text
    assert "characters were read" in cut.unread
    assert "Discussion" in cut.unread
    assert len(cut.text) < 600
    for paragraph in cut.text.replace(CUT, "").split("\n\n"):
        assert paragraph.strip() in article.text or paragraph.startswith("#")
