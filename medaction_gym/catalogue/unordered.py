"""Unordered: tests that a request names and does not order.

"If the clotting allows", "CT rather than MRI", "the biopsy showed granulomas, so send ACE":
an alternative, a condition, a result that is known.
"""

from __future__ import annotations

import re

from medaction_gym.catalogue.catalogue import HEADS, Catalogue
from medaction_gym.catalogue.tokens import fold_word, words

_THE = r"(?:the|any|another|his|her|their|this|that)"
_WHO = r"(?:we|they|i|you|he|she)"
# Where a sentence or clause begins, what is left of it, and that more follows.
_START = r"(?:^|(?<=[.;] ))"
_REST = r"[^,;.]*"
_MORE = r"[,;.](?=\s*\w)"
# Where a contrast ends: at a stop, a new order or the site of both.
_END = (
    r"(?=[,;.]|$|\b(?:get|do|order|send|perform|arrange|request|obtain|please|"
    r"of (?:the|his|her))\b)"
)
# Where what is known ends.
_NEXT = r"(?=[,;.?]|$|\b(?:i|we|and|please|order|get|send|check|would|could)\b)"
# What is said of a test that was done.
_STATE = (
    r"(?:(?:completely |entirely |already |not |all |in)?(?:normal|negative|positive|unremarkable|"
    r"clear|elevated|raised|high|low|abnormal|conclusive|equivocal|diagnostic|done|reported|back)\b)"
)
_RESULT = (
    r"(?:showed|shows|revealed|reveals|suggested|suggests|demonstrated|demonstrates|came back|"
    r"did not|didn't|does not|doesn't|failed to|could not|has not|have not|"
    rf"has shown|have shown|(?:was|were|is|are|being|has been|have been) {_STATE})"
)
_NO_QUESTION = (
    r"(?!(?:what|which|how|did|do|does|was|is|are|were|has|have|any|could|can|would|please)\b)"
)
# Not "see if", "let me know if", "if you could".
_IF = (
    r"(?<!see )(?<!check )(?<!know )(?<!ask )(?<!wonder )(?<!me )(?<!out )(?<!determine )"
    r"\b(?:but )?(?:only )?(?:if|unless|provided that|assuming)\b"
    r"(?! (?:you|we|they|someone|possible|available)\b)"
)
_NEEDLESS = (
    r"(?:can wait|(?:is|are) (?:not |un)(?:needed|necessary|required|indicated|warranted)|"
    r"can be (?:deferred|skipped|omitted))"
)
_OMIT = (
    r"(?:skip|hold|cancel|forget|omit|defer|postpone|leave out|no need for|"
    r"(?:don't|do not) (?:do|need|want|order|repeat|get|perform|request))"
)
_NOT_ORDERED: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # An alternative.
        r"\b(?:instead of|rather than|in place of|as opposed to|without waiting for)\b"
        rf"{_REST}?{_END}",
        r"\bnot?(?: the| an?| another)? [^,;.]{2,60}[,;] ?(?=just|but|only|simply|the\b|an?\b)",
        rf"(?:^|(?<=[.;,] ))[^.;?!,]*\b{_NEEDLESS}\b[^.;?!,]*",
        rf"{_START}no {_REST}\b(?:needed|necessary|required|indicated){_MORE}",
        rf"\b{_OMIT} (?:{_THE} )?{_REST}?{_END}",
        # A condition.
        rf"{_START}(?:if|assuming|provided|supposing|in case|unless|now that|seeing that) {_REST},",
        rf"{_IF}[^,;.?]*",
        # What was done, and what came of it.
        rf"{_START}{_NO_QUESTION}[^.;?!,]*\b{_RESULT}\b[^.;?!,]*?"
        r"(?:[.;,]|\b(?:so|now|then|therefore|hence|thus)\b)(?=\s*\w)",
        rf"\b{_WHO} (?:already )?(?:have|has|had) already {_REST}{_MORE}",
        rf"\b{_WHO} already (?:have|has|had) {_REST}{_MORE}",
        rf"\bi(?:'ve| have)? (?:reviewed|seen|read|noted|got|received) {_THE} {_REST}{_MORE}",
        rf"\bin addition to {_REST}\b(?:already|done)\b{_REST}?{_END}",
        rf"\b(?:with|despite|given) (?:an? |{_THE} )?{_STATE} [^,;.?]*?{_NEXT}",
        r"\((?:the |his |her )?[^()]*\b(?:was|were|is|are|already|unremarkable)\b[^()]*\)",
        # What led to the order, and what it comes before or after.
        rf"{_START}(?:based on|going by|judging by|having \w+|thank(?:s| you) for|"
        rf"(?:after|before|following) {_THE}) {_REST}{_MORE}",
        rf"\bto (?:follow[ -]up|go with|complement|compare|correlate)(?: on| with)? {_REST}",
        rf"\b(?:before|prior to|ahead of|after|following) {_THE} [^,;.?]*?"
        r"(?=[,;.?]|$|\b(?:and|plus|an?)\b)",
    )
)

# Most requests have none of these words, and are left alone.
_CUES = frozenset(
    fold_word(word)
    for word in "instead rather place opposed without not no wait needed unneeded necessary "
    "unnecessary warranted unwarranted required unrequired deferred skipped omitted skip hold "
    "cancel forget omit defer postpone leave don if assuming provided supposing case unless now "
    "seeing showed shows revealed reveals suggested suggests demonstrated demonstrates came did "
    "didn does doesn failed could has have had was were is are being addition based going judging "
    "having reviewed seen read noted got received thank after before following prior ahead follow "
    "go complement compare correlate despite given normal negative clear unremarkable raised "
    "elevated abnormal equivocal".split()
)


def as_ordered(text: str) -> str:
    """A request without the tests that it names only as an alternative, condition or result.

    Example:
        >>> as_ordered("If the CRP is raised, send cultures")
        ' send cultures'
        >>> as_ordered("CT rather than an MRI of the neck")
        'CT of the neck'
        >>> as_ordered("With a clear chest film I want spirometry")
        'I want spirometry'
    """
    if "(" not in text and _CUES.isdisjoint(words(text)):
        return text
    for pattern in _NOT_ORDERED:
        text = pattern.sub(_if_no_test, text)
    return text


def _if_no_test(found: re.Match[str]) -> str:
    """A clause that names no test may say where another is to be done: it stays."""
    named = Catalogue.load().find(found.group())
    return "" if any(mention.term.kind in HEADS for mention in named) else found.group()
