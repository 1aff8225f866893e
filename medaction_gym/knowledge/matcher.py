"""One phrase against the index: which name in the graph says what the phrase says?

A name fits when all its words occur in the phrase: it can be broader than what was written, but
adds nothing that was not. Among the names that fit, the one wins that holds the phrase's head noun
and covers most of its weight.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from medaction_gym.knowledge.index import (
    AMBIGUOUS,
    TOKEN_ANATOMY,
    TOKEN_GENERIC,
    TOKEN_MODIFIER,
    TOKEN_NUMBER,
    TOKEN_WEAK,
)
from medaction_gym.knowledge.lexicon import (
    ANATOMY,
    BROAD,
    DISEASE_ENDINGS,
    GENERIC,
    MODIFIER,
    OMISSIBLE,
    WEAK,
)
from medaction_gym.knowledge.normalise import NUMBERED, tokens
from medaction_gym.knowledge.strings import Arrays, unpack
from medaction_gym.knowledge.tables import Quality

MAX_TOKENS = 24  # of one phrase
MIN_CONFIDENCE = 0.5
MIN_EXACT = 0.95
UNKNOWN_WEIGHT = 5.0  # a word that no name in the graph holds

_VAGUE = TOKEN_ANATOMY | TOKEN_GENERIC | TOKEN_MODIFIER | TOKEN_WEAK | TOKEN_NUMBER
_NOT_HEAD = TOKEN_MODIFIER | TOKEN_WEAK | TOKEN_NUMBER
_SCALE = (
    (TOKEN_WEAK, 0.1),
    (TOKEN_NUMBER, 0.5),
    (TOKEN_MODIFIER, 0.25),
    (TOKEN_GENERIC, 0.25),
    (TOKEN_ANATOMY, 0.6),
)
_GENETIC = frozenset(("gene", "mutation", "variant", "deficiency"))  # what follows a gene symbol
_STAGED = frozenset(("stage", "grade", "class", "level"))  # what follows them numbers no disease
REGION = re.compile(r"\b(?:of|in|on|at|to|involving|within|affecting|for|over|near|into|between)\b")


def _unstaged(sequence: list[str]) -> list[str]:
    """The words without "stage 2" and the like."""
    dropped: set[int] = set()
    for place, (word, following) in enumerate(pairwise(sequence)):
        if word in _STAGED and following[0].isdigit():
            dropped |= {place, place + 1}
    return [word for place, word in enumerate(sequence) if place not in dropped]


def _skeleton(word: str) -> str:
    """The first letter and the consonants after it, doubled ones once."""
    return word[0] + re.sub(r"[aeiouyh]|(.)(?=\1)", "", word[1:])


class Match(NamedTuple):
    """A concept a phrase names, how surely, and how much of the phrase it accounts for."""

    concept: int
    confidence: float
    coverage: float
    head: bool
    covered: frozenset[str]


class Matcher:
    """Matches phrases to the names of a compiled graph."""

    def __init__(self, arrays: Arrays, cache_size: int = 50_000) -> None:
        words = unpack(arrays, "token")
        self._number = {word: row for row, word in enumerate(words)}
        self._words = words
        flags = arrays["token.flags"]
        weights = arrays["token.weight"].astype(np.float64)
        scale = np.ones(len(words))
        for flag, factor in _SCALE:
            scale = np.where((flags & flag) > 0, np.minimum(scale, factor), scale)
        self._flags: list[int] = flags.tolist()
        self._weights: list[float] = np.round(weights * scale, 4).tolist()
        self._rarity = [
            (bool(flag & TOKEN_WEAK), -weight, row)
            for row, (flag, weight) in enumerate(zip(flags.tolist(), weights.tolist(), strict=True))
        ]
        self._omissible: NDArray[np.bool_] = np.array([word in OMISSIBLE for word in words], bool)
        self._entry_token = arrays["entry.token"]
        self._entry_at: NDArray[np.int64] = arrays["entry.at"].astype(np.int64)
        self._ends: list[int] = arrays["entry.at"].tolist()
        self._anchor_at: list[int] = arrays["anchor.at"].tolist()
        self._entry_concept = arrays["entry.concept"]
        self._entry_quality = arrays["entry.quality"]
        self._similar: dict[str, list[str]] | None = None
        self._repaired = lru_cache(cache_size)(self._repair)

    def best(self, text: str, capitals: frozenset[str] = frozenset()) -> Match | None:
        """The best concept for a phrase taken as one name."""
        regions = [tokens(region) for region in REGION.split(text)]
        sequence = [self.known(token) for region in regions for token in region][:MAX_TOKENS]
        first = next((len(region) for region in regions if region), 0)
        best = self._best_of(sequence, first, capitals)
        # "Stage 2 Wilms tumor" is no "Wilms tumor 2".
        unstaged = _unstaged(sequence)
        if best and len(unstaged) < len(sequence) and _STAGED.isdisjoint(best.covered):
            best = self._best_of(unstaged, len(_unstaged(sequence[:first])), capitals) or best
        if best is None or best.confidence < 0.9:
            if first > 1 and sequence[first - 1 : first] == [
                "malignant"
            ]:  # "lung malignancy", a noun
                noun = [*sequence[: first - 1], "cancer", *sequence[first:]]
                other = self._best_of(noun, first, capitals)
                best = max(filter(None, (best, other)), key=lambda m: m.confidence, default=None)
            for place, (left, right) in enumerate(pairwise(sequence)):
                if (
                    left + right in self._number and min(len(left), len(right)) > 2
                ):  # "heat stroke" for "heatstroke"
                    joined = [*sequence[:place], left + right, *sequence[place + 2 :]]
                    other = self._best_of(joined, first - (place + 1 < first), capitals)
                    if other and (best is None or other.confidence > best.confidence):
                        best = other
        return best

    def exact(self, sequence: list[str]) -> Match | None:
        """A name made of exactly these words."""
        rows = {self._number.get(token, -1) for token in sequence}
        if not rows or -1 in rows or len(rows) > MAX_TOKENS:
            return None
        rarest = min(rows, key=self._rarity.__getitem__)  # a name is filed under its rarest word
        for entry in range(self._anchor_at[rarest], self._anchor_at[rarest + 1]):
            start, end = self._ends[entry], self._ends[entry + 1]
            if len(rows) != end - start:
                continue
            quality = int(self._entry_quality[entry])
            if quality & 3 != Quality.DRAWER and set(self._entry_token[start:end].tolist()) == rows:
                confidence = (
                    0.99 - 0.06 * (quality & 3 == Quality.LOOSE) - 0.06 * (quality >= AMBIGUOUS)
                )
                return Match(
                    int(self._entry_concept[entry]), confidence, 1.0, True, frozenset(sequence)
                )
        return None

    def is_name(self, text: str) -> bool:
        """Whether a text is, word for word, a name of one concept."""
        match = self.exact(tokens(text))
        return match is not None and match.confidence >= MIN_EXACT

    def is_vague(self, token: str) -> bool:
        """Whether a word is too general to name a disease alone."""
        row = self._number.get(token)
        return row is not None and bool(self._flags[row] & _VAGUE)

    def site(self, text: str) -> Match | None:
        """For a disease the graph does not know: the disorders of the organ it sits in."""
        sequence = [self.known(token) for token in tokens(text)]
        if not any(token.endswith(DISEASE_ENDINGS) or token in GENERIC for token in sequence):
            return None  # not said to be a disease at all
        rows = {
            self._number[token] for token in sequence if token in ANATOMY and token in self._number
        }
        best: tuple[int, int] | None = None
        for entry in self._fitting(rows) if rows else ():
            members = self._entry_token[self._entry_at[entry] : self._entry_at[entry + 1]].tolist()
            organ = [row for row in members if row in rows]
            if organ and len(members) == len(organ) + 1 and int(self._entry_quality[entry]) == 0:
                best = max(best or (0, 0), (len(organ), -entry))
        if best is None:
            return None
        return Match(int(self._entry_concept[-best[1]]), MIN_CONFIDENCE, 0.0, False, frozenset())

    def known(self, token: str) -> str:
        """The token as the graph spells it."""
        if token in self._number or len(token) < 6 or not token.isalpha():
            return token
        return self._repaired(token)

    def _best_of(self, sequence: list[str], first: int, capitals: frozenset[str]) -> Match | None:
        """The best concept for a sequence of words whose head noun stands among the `first`."""
        if not sequence:
            return None
        if capitals and not _GENETIC.intersection(sequence):
            telling = [
                token
                for token in sequence
                if token not in WEAK and token not in MODIFIER and not token.isdigit()
            ]
            if len(telling) == 1 and telling[0] in capitals and "^" + telling[0] in self._number:
                sequence = ["^" + token if token == telling[0] else token for token in sequence]
        rows = [self._number.get(token, -1) for token in sequence]
        present = {row for row in rows if row >= 0}
        if not present:
            return None
        unknown = len({token for token, row in zip(sequence, rows, strict=True) if row < 0})
        total = sum(self._weights[row] for row in present) + UNKNOWN_WEIGHT * unknown
        head = self._head(sequence[:first], rows[:first])
        stand_in = self._stand_in(rows[:first], head)
        best: tuple[tuple[float, ...], Match] | None = None
        for entry in self._fitting(present):
            start, end = self._entry_at[entry], self._entry_at[entry + 1]
            members = self._entry_token[start:end].tolist()
            match, rank = self._judge(entry, members, rows, present, unknown, total, head, stand_in)
            if match is not None and (best is None or rank > best[0]):
                best = (rank, match)
        return best[1] if best else None

    def _judge(
        self,
        entry: int,
        members: list[int],
        rows: list[int],
        present: set[int],
        unknown: int,
        total: float,
        head: int | None,
        stand_in: int | None,
    ) -> tuple[Match | None, tuple[float, ...]]:
        """How well a fitting name says what the phrase says."""
        flags = self._flags
        shared = [row for row in members if row in present]
        coverage = sum(self._weights[row] for row in shared) / total if total else 0.0
        quality = int(self._entry_quality[entry])
        left = present.difference(shared)
        missing = len(members) - len(shared)
        vague = all(flags[row] & _VAGUE for row in shared)
        has_head = head is not None and head in shared
        if missing and all(len(self._words[row]) < 2 for row in shared):
            return None, ()  # "C" is no "C syndrome"
        if not unknown and all(flags[row] & TOKEN_WEAK for row in left):
            confidence, tier = (
                0.99 - 0.17 * any(self._words[row] == "syndrome" for row in left) - 0.04 * missing,
                3,
            )
            if vague and missing:
                return None, ()
        elif vague and (missing or not has_head or len(shared) < 2):
            if not has_head or len(shared) > 1 or self._words[shared[0]] not in BROAD:
                return None, ()
            confidence, tier = 0.5, -1
        elif has_head and not unknown and all(self._qualifies(row, present) for row in left):
            confidence, tier = 0.93 - 0.04 * missing, 2
        elif has_head or (stand_in in shared and not missing):
            confidence, tier = 0.7 + 0.2 * coverage - 0.05 * missing - 0.05 * vague, 2
        elif vague or (
            missing and (coverage < 0.4 or any(self._words[row] == "syndrome" for row in members))
        ):
            return None, ()
        elif missing and head is not None and flags[head] & TOKEN_ANATOMY:
            return None, ()  # "Charcot foot" is not Charcot's disease
        elif any(
            self._words[row].endswith(DISEASE_ENDINGS) or self._words[row].startswith("^")
            for row in shared
        ):
            confidence, tier = 0.5 + 0.25 * coverage, 1
        elif coverage >= 0.4:
            confidence, tier = 0.4 + 0.3 * coverage, 0
        else:
            return None, ()
        positions = [place for place, row in enumerate(rows) if row in shared]
        between = rows[positions[0] : positions[-1]]
        gap = len(between) + 1 - len(positions)
        organ = [row for row in between if row >= 0 and flags[row] & TOKEN_ANATOMY]
        if organ and organ[0] in shared and organ[-1] not in shared and rows[positions[-1]] == head:
            return None, ()  # "pulmonary artery sarcoma" is no sarcoma of the lung
        if quality & 3 == Quality.DRAWER:
            confidence, tier = min(confidence, 0.6), -2
        confidence -= (
            0.06 * (quality & 3 == Quality.LOOSE)
            + 0.06 * (quality >= AMBIGUOUS)
            + 0.03 * min(gap, 3)
        )
        match = Match(
            int(self._entry_concept[entry]),
            confidence,
            coverage,
            has_head or tier == 3,
            frozenset(self._words[row] for row in shared),
        )
        return match, (
            tier,
            coverage - 0.03 * gap - 0.06 * missing - 0.03 * (quality & 3 == Quality.LOOSE),
            -quality,
            -entry,
        )

    def _fitting(self, present: set[int]) -> list[int]:
        """Entries whose words all occur in the phrase, but for at most one weak word."""
        occurs = np.zeros(len(self._words), bool)
        rows = sorted(present)
        occurs[rows] = True
        allowed = occurs | self._omissible
        found: list[int] = []
        for row in rows:
            first, last = self._anchor_at[row], self._anchor_at[row + 1]
            if first == last:
                continue
            at = self._entry_at[first:last]
            begin = at[0]
            words = self._entry_token[begin : self._entry_at[last]]
            fits = np.logical_and.reduceat(allowed[words], at - begin)
            found += (np.flatnonzero(fits) + first).tolist()
        return found

    def _head(self, sequence: list[str], rows: list[int]) -> int | None:
        """The noun that says what kind of thing the phrase names: its last word of substance."""
        for token, row in zip(reversed(sequence), reversed(rows), strict=True):
            if row < 0:
                if token in MODIFIER or token.isdigit():
                    continue
                return None
            if not self._flags[row] & _NOT_HEAD:
                return row
        return None

    def _qualifies(self, row: int, present: set[int]) -> bool:
        """Whether a word only qualifies; a number does so after "type", but not in "SARS-CoV-2"."""
        if self._flags[row] & TOKEN_NUMBER:
            return any(self._number.get(word) in present for word in NUMBERED)
        return bool(self._flags[row] & _NOT_HEAD)

    def _stand_in(self, rows: list[int], head: int | None) -> int | None:
        """The word that names the disease before a general head: "monkeypox" infection."""
        if head is None or not self._flags[head] & TOKEN_GENERIC:
            return None
        place = len(rows) - 1 - rows[::-1].index(head)
        while (
            place
            and rows[place - 1] >= 0
            and self._flags[rows[place - 1]] & (TOKEN_NUMBER | TOKEN_GENERIC)
        ):
            place -= 1
        before = rows[place - 1] if place else -1
        return before if before >= 0 and not self._flags[before] & _VAGUE else None

    def _repair(self, token: str) -> str:
        """A misspelt word put right, where only vowels or doubled letters are amiss.

        A wrong consonant is more often another word: "appendagitis" is no slip for "appendicitis".
        """
        if self._similar is None:
            self._similar = {}
            for word in self._words:
                if len(word) >= 5 and word.isalpha():
                    self._similar.setdefault(_skeleton(word), []).append(word)
        near = [
            (Levenshtein.distance(token, word), word)
            for word in self._similar.get(_skeleton(token), ())
        ]
        return min(near)[1] if near and min(near)[0] <= 2 else token
