"""Free text to concepts: which diseases does a written diagnosis name?

The text is cut into phrases (see `phrases`), and each phrase is matched to a name (see `matcher`).
What fits no name is given the class it belongs to by definition, and the organ it sits in; what is
no disease at all, or too general to mean anything ("mass", "lesion"), is left unlinked.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from medaction_gym.knowledge.lexicon import HYPERNYM, MODIFIER
from medaction_gym.knowledge.matcher import MIN_CONFIDENCE, MIN_EXACT, REGION, Match, Matcher
from medaction_gym.knowledge.normalise import MAX_CHARS, tokens
from medaction_gym.knowledge.phrases import BRACKETED, COMPONENT, MAIN, ROLES, SITE, Phrase, phrases
from medaction_gym.knowledge.strings import Arrays, string_at

_LIST = re.compile(r",\s*(?:and|or)?\s+|\s+(?:and|or|plus|&)\s+|\s*[/+]\s*")


class Link(NamedTuple):
    """A concept that a text names, and the part it plays there."""

    id: str
    name: str
    role: str
    confidence: float


class Linker:
    """Links diagnoses to the concepts of a compiled graph.

    >>> linker = Linker(arrays)                                             # doctest: +SKIP
    >>> linker.link("Peritonitis caused by Coxiella burnetii")[0].name      # doctest: +SKIP
    'peritonitis'
    """

    def __init__(self, arrays: Arrays, cache_size: int = 50_000) -> None:
        self._arrays = arrays
        self._matcher = Matcher(arrays, cache_size)
        self.link = lru_cache(cache_size)(self._link)

    def _link(self, text: str) -> tuple[Link, ...]:
        """Link one text: concepts best first, none where the linker abstains."""
        return self.read(text)[1]

    def read(self, text: str) -> tuple[list[Phrase], tuple[Link, ...]]:
        """The phrases of a text, and the concepts they name, best first."""
        text = text[:MAX_CHARS]
        found: dict[int, tuple[float, str]] = {}
        pieces = phrases(text, self._matcher.is_name)
        whole = self._matcher.exact(tokens(BRACKETED.sub(" ", text)))
        if whole is not None and whole.confidence < MIN_EXACT and len(pieces) > 1:
            whole = None  # a loose name is not trusted across "due to" or "with"
        if whole is not None:
            found[whole.concept] = (round(whole.confidence, 3), MAIN)
        for piece in pieces:
            for match, role in self._phrase(piece) if whole is None or piece.alias else ():
                confidence = round(match.confidence * (0.95 if piece.alias else 1.0), 3)
                if confidence >= MIN_CONFIDENCE and match.concept not in found:
                    found[match.concept] = (confidence, role)
        ranked = sorted(
            enumerate(found.items()), key=lambda item: (ROLES.index(item[1][1][1]), item[0])
        )
        return pieces, tuple(
            Link(
                string_at(self._arrays, "id", row),
                string_at(self._arrays, "name", row),
                role,
                confidence,
            )
            for _, (row, (confidence, role)) in ranked
        )

    def _phrase(self, phrase: Phrase) -> list[tuple[Match, str]]:
        """The concepts of one phrase: one, or several where it lists several."""
        whole = self._matcher.best(phrase.text, phrase.capitals)
        parts = [part for part in _LIST.split(phrase.text) if part and len(part) > 2]
        if len(parts) > 1 and not (whole and whole.confidence >= 0.9):
            matches = [self._matcher.best(part, phrase.capitals) for part in parts[:12]]
            linked = [match for match in matches if match and match.head]
            if len({match.concept for match in linked}) > 1:
                return [(match, phrase.role) for match in linked]
        if whole is None:
            if phrase.role != MAIN or phrase.alias:
                return []
            broader, site = self._hypernym(phrase.text), self._matcher.site(phrase.text)
            return [(match, role) for match, role in ((broader, MAIN), (site, SITE)) if match]
        part = self._component(phrase.text, whole) if whole.head else None
        return [(whole, phrase.role), (part, COMPONENT)] if part else [(whole, phrase.role)]

    def _component(self, text: str, whole: Match) -> Match | None:
        """A second disease inside a name: the dengue in "dengue encephalitis"."""
        rest = list(map(self._matcher.known, tokens(text)))
        rest = [t for t in rest if t not in whole.covered and not self._matcher.is_vague(t)]
        part = self._matcher.exact(rest) if rest else None
        return part._replace(confidence=0.6) if part and part.concept != whole.concept else None

    def _hypernym(self, text: str) -> Match | None:
        """For a process that no name holds: the class it belongs to by definition."""
        sequence = tokens(REGION.split(text)[0])
        head = next(
            (
                token
                for token in reversed(sequence)
                if (token not in MODIFIER or token in HYPERNYM) and not token.isdigit()
            ),
            "",
        )
        broader = HYPERNYM.get(head) or next(
            (
                word
                for ending, word in HYPERNYM.items()
                if ending[0] == "-" and head.endswith(ending[1:])
            ),
            None,
        )
        match = (
            self._matcher.exact(tokens(broader)) or self._matcher.exact([broader, "disease"])
            if broader
            else None
        )
        return match and match._replace(confidence=MIN_CONFIDENCE, head=False)
