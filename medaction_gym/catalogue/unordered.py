"""Unordered: tests that a request names and does not order.

"If the clotting allows", "CT rather than MRI", "the biopsy showed granulomas, so send ACE":
an alternative, a condition, a result that is known.
"""

from __future__ import annotations

import re

from medaction_gym.catalogue.catalogue import HEADS, Catalogue

_END = r"(?=[,;.]|$|\b(?:get|do|order|send|perform|arrange|request|obtain|please|"
_END += r"of (?:the|his|her))\b)"
# What is said of a test that was done.
_STATE = (
    r"(?:(?:completely |entirely |already |not |all |in)?(?:normal|negative|positive|unremarkable|"
    r"clear|elevated|raised|high|low|abnormal|conclusive|equivocal|diagnostic|done|reported|back)\b)"
)
_RESULT = (
    r"(?:showed|shows|revealed|reveals|suggested|suggests|demonstrated|demonstrates|came back|"
    rf"has shown|have shown|(?:was|were|is|are|being|has been|have been) {_STATE})"
)
_BY_WHOM = (
    r"(?!(?:what|which|how|did|do|does|was|is|are|were|has|have|any|could|can|would|please)\b)"
)
# Tests that are named and not ordered: another's alternative, condition or result.
_NOT_ORDERED: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:instead of|rather than|in place of|as opposed to|without waiting for)\b"
        rf"[^,;.]*?{_END}",
        rf"\bin addition to [^,;.]*\b(?:already|done)\b[^,;.]*?{_END}",
        r"\bnot?(?: the| an?| another)? [^,;.]{2,30}[,;] ?(?=just|but|only|simply|the\b|an?\b)",
        r"(?:^|(?<=[.;] ))(?:if|assuming|provided|supposing|in case|unless|now that|seeing that) "
        r"[^,;.]*,",
        r"(?<!see )(?<!check )(?<!know )(?<!ask )(?<!wonder )(?<!me )(?<!out )(?<!determine )"
        r"\b(?:but )?(?:only )?(?:if|unless|provided that|assuming)\b"
        r"(?! (?:you|we|they|someone|possible|available)\b)[^,;.?]*",
        rf"(?:^|(?<=[.;] )){_BY_WHOM}[^.;?!,]*\b{_RESULT}\b[^.;?!,]*?"
        r"(?:[.;,]|\b(?:so|now|then|therefore|hence|thus)\b)(?=\s*\w)",
        r"\b(?:we|they|i|you|he|she) (?:already )?(?:have|has|had) already [^,;.?]*[,;.](?=\s*\w)",
        r"\b(?:we|they|i|you|he|she) already (?:have|has|had) [^,;.?]*[,;.](?=\s*\w)",
        r"\((?:the |his |her )?[^()]*\b(?:was|were|is|are|already|unremarkable)\b[^()]*\)",
    )
)


def as_ordered(text: str) -> str:
    """A request without the tests that it names only as an alternative, condition or result.

    Example:
        >>> as_ordered("If the CRP is raised, send cultures")
        ' send cultures'
        >>> as_ordered("CT rather than an MRI of the neck")
        'CT of the neck'
    """
    for pattern in _NOT_ORDERED:
        text = pattern.sub(_if_no_test, text)
    return text


def _if_no_test(found: re.Match[str]) -> str:
    """A clause that names no test may say where another is to be done: it stays."""
    named = Catalogue.load().find(found.group())
    return "" if any(mention.term.kind in HEADS for mention in named) else found.group()
