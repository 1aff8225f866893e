"""Quotes: where the words that somebody claims to have read stand in an article, if they do.

White space, case, accents and the many forms of hyphens, quotation marks and Greek letters do not
count, since models and typesetters change them. Every letter and figure does.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from medaction_gym.articles.article import Span

_SAME = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
        "×": "x",
        "ß": "ss",
    }
)


class Quotable:
    r"""A text in which quotes can be found.

    Example:
        >>> text = Quotable("The CT  scan\nshowed a 5–6 cm “mass”.  She coughed.")
        >>> (span,) = text.find('ct scan showed a 5-6 cm "mass"')
        >>> text.text[span.start : span.end]
        'CT  scan\nshowed a 5–6 cm “mass”'
        >>> text.find("showed a 7-6 cm mass")
        ()
    """

    def __init__(self, text: str) -> None:
        self.text = text
        folded: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            same = _folded(character)
            folded.append(same)
            places += [place] * len(same)
        self._folded, self._places = "".join(folded), places

    def find(self, quote: str) -> tuple[Span, ...]:
        """Every place of a quote, in order, at the borders of words."""
        wanted = "".join(map(_folded, quote))
        found: list[Span] = []
        at = self._folded.find(wanted) if wanted else -1
        while at >= 0:
            span = Span(self._places[at], self._places[at + len(wanted) - 1] + 1)
            # Marks that folding removed, such as accents, belong to the letter before them.
            while span.end < len(self.text) and unicodedata.combining(self.text[span.end]):
                span = Span(span.start, span.end + 1)
            if self._whole(span):
                found.append(span)
            at = self._folded.find(wanted, at + 1)
        return tuple(found)

    def _whole(self, span: Span) -> bool:
        """Whether no word or number is cut: "5" does not stand in "0.5"."""
        text = self.text
        before, first = text[max(0, span.start - 2) : span.start], text[span.start]
        last, behind = text[span.end - 1], text[span.end : span.end + 2]
        if first.isalnum() and before[-1:].isalnum() and not _glued(before[-1], first):
            return False
        if first.isdigit() and before[-1:] in {".", ","} and before[:1].isdigit():
            return False
        if last.isalnum() and behind[:1].isalnum() and not _glued(last, behind[0]):
            return False
        return not (last.isdigit() and behind[:1] in {".", ","} and behind[1:].isdigit())


def _glued(left: str, right: str) -> bool:
    """Whether two letters were parted once: served texts lose the space behind a heading."""
    return left.islower() and right.isupper()


@lru_cache(maxsize=4_096)
def _folded(character: str) -> str:
    character = character.translate(_SAME)
    if character.isspace():
        return ""
    # Accents go; an overlay, as the stroke of "≠", is another sign.
    kept = (c for c in unicodedata.normalize("NFKD", character) if unicodedata.combining(c) <= 1)
    return "".join(kept).translate(_SAME).casefold()
