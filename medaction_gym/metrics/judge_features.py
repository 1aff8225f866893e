"""What can be measured about two written diagnoses, for `judge`.

`Reader.measure` compares two profiles. All measures are symmetric in spelling and capitals, and all
but a few lie in [0, 1].
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.lexicon import ANATOMY, DISEASE_ENDINGS, GENERIC, MODIFIER, WEAK
from medaction_gym.knowledge.normalise import tokens
from medaction_gym.knowledge.strings import unpack
from medaction_gym.metrics.conflicts import conflicts
from medaction_gym.metrics.profile import HEDGE, Profile, read_profile, unique

Measures = dict[str, float]

SURE, TWINS = 0.9, 0.9  # a link that cannot be meant otherwise; concepts that may be one disease
TELLING = 1.5  # weight of a word that adds something to the name of a class
RELATED, ALIKE = 0.3, 0.5  # Lin's similarity of kin, and of two names of much the same disease
_UNKNOWN_WEIGHT = 5.0  # of a word that no name in the graph holds
_ENDINGS = tuple(sorted({*DISEASE_ENDINGS, "oid", "gram"}, key=len, reverse=True))


class Reader:
    """Reads strings into profiles and measures pairs of them.

    Args:
        graph: The knowledge graph; without one, only words are compared.
        cache_size: How many profiles are kept.
    """

    def __init__(self, graph: KnowledgeGraph | None, cache_size: int = 20_000) -> None:
        self._graph = graph
        self._weights: dict[str, float] = {}
        self._scaled: dict[str, float] = {}
        if graph is not None:
            rarity = graph.arrays["token.weight"].tolist()
            self._weights = dict(zip(unpack(graph.arrays, "token"), rarity, strict=True))
        self.profile = lru_cache(cache_size)(self._profile)
        self._alike = lru_cache(200_000)(_alike)
        self._above = lru_cache(20_000)(self._read_ancestors)

    def weight(self, word: str) -> float:
        """How much a word tells: rare words much, "acute" and "disease" little."""
        known = self._scaled.get(word)
        if known is None:
            scale = (
                0.1
                if word in WEAK or word in HEDGE
                else 0.25
                if word in MODIFIER or word in GENERIC
                else 0.6
                if word in ANATOMY
                else 0.5
                if word[0].isdigit()
                else 1.0
            )
            known = scale * self._weights.get(word, _UNKNOWN_WEIGHT)
            if len(self._scaled) < 200_000:
                self._scaled[word] = known
        return known

    def _read_ancestors(self, row: int) -> frozenset[int]:
        assert self._graph is not None
        start, end = self._graph.arrays["ancestor.at"][row : row + 2].tolist()
        return frozenset(self._graph.arrays["ancestor"][start:end].tolist())

    def _profile(self, text: str) -> Profile:
        return read_profile(text, self._graph)

    def bare_class(self, a: Profile, b: Profile) -> tuple[float, str] | None:
        """The class of diseases that is all the second says, if the first is a kind of it.

        Returns:
            Its information content in [0, 1] and its name, or None.
        """
        if self._graph is None or not a.main_links or not b.main_links:
            return None
        kind, wider = a.main_links[0][0], b.main_links[0][0]
        if kind == wider or wider not in self._above(kind):
            return None
        identifier = self._graph.identifier(wider)
        names = (self._graph.name(identifier), *self._graph.synonyms(identifier))
        named = {word for name in names for word in tokens(name)}
        if any(self.weight(word) > TELLING and word not in named for word in b.words):
            return None
        return self._graph.information_content(identifier), self._graph.name(identifier)

    def two_diseases(self, a: Profile, b: Profile) -> tuple[str, str] | None:
        """The names of two diseases, if the graph knows both strings in full as different ones.

        Not where one adds words to the other ("acute appendicitis", "appendicitis"), one is a kind
        of the other, or they lie so close (`TWINS`) that the graph may hold one disease twice.
        """
        one, other = self._whole(a), self._whole(b)
        if self._graph is None or one is None or other is None or one == other:
            return None
        if set(a.words) <= set(b.everything) or set(b.words) <= set(a.everything):
            return None
        if one in self._above(other) or other in self._above(one):
            return None
        if self._graph.lin(one, other) >= TWINS:
            return None
        name, identifier = self._graph.name, self._graph.identifier
        return name(identifier(one)), name(identifier(other))

    def _whole(self, profile: Profile) -> int | None:
        """The disease whose names hold every word of a string, or None."""
        if self._graph is None or not profile.main_links:
            return None
        row, confidence = profile.main_links[0]
        identifier = self._graph.identifier(row)
        names = (self._graph.name(identifier), *self._graph.synonyms(identifier))
        named = {word for name in names for word in tokens(name)}
        sure = confidence >= SURE and all(word in named for word in profile.words)
        return row if sure else None

    def single_word(self, a: Profile, b: Profile) -> bool:
        """Whether the second is one word of several, no known disease and no short form."""
        if len(b.words) != 1 or b.main_links:
            return False
        word = b.words[0]
        left_out = [w for w in a.words if w != word and self.weight(w) > TELLING]
        return bool(left_out) and word not in a.stands_for | {s.lower() for s in a.acronyms}

    def other_diseases(self, a: Profile, b: Profile) -> int:
        """How many unrelated diseases the second strings together beside those of the first."""
        if self._graph is None:
            return 0
        mine = [row for row, _ in (*a.main_links, *a.other_links)]
        others: list[int] = []
        for row, _ in b.main_links if mine else ():
            related = max(self._graph.lin(row, own) for own in mine) >= RELATED
            if not related and all(self._graph.lin(row, other) < ALIKE for other in others):
                others.append(row)
        return len(others)

    def measure(self, gold: str, prediction: str) -> Measures:
        """All measures of a pair, by name, in a fixed order."""
        first, second = self.profile(gold), self.profile(prediction)
        a, b = _spelt_out(first, second)
        weight = {word: self.weight(word) for word in (*a.words, *b.words)}
        mine = {word: weight[word] * self._found(word, b.words) for word in a.words}
        theirs = {word: weight[word] * self._found(word, a.words) for word in b.words}

        def share(words: Sequence[str], found: Mapping[str, float]) -> float:
            total = math.fsum(weight[word] for word in words if word in weight)
            return math.fsum(found.get(word, 0.0) for word in words) / total if total else 0.0

        recall, precision = share(a.words, mine), share(b.words, theirs)
        core_recall, main_precision = share(a.core, mine), share(b.main, theirs)
        name = max((self._name(x, y, weight) for x in a.names for y in b.names), default=0.0)
        telling = math.fsum(weight[word] for word in (*a.core, *b.core))
        missing = math.fsum(weight[word] - mine[word] for word in a.core)
        extra = math.fsum(weight[word] - theirs[word] for word in b.core)
        graph = self._graph_measures(first, second)
        if a.core and set(a.core) == set(b.core):  # one name, whether the graph knows it or not
            graph |= {"same": 1.0, "same_any": 1.0, "lin": 1.0, "apart": 0.0, "silent": 0.0}
        agreement = max(core_recall, name, graph["same_any"])
        return {
            "recall": recall,
            "precision": precision,
            "f1": _f1(recall, precision),
            "core_recall": core_recall,
            "main_precision": main_precision,
            "name": name,
            "abbreviation": float(
                a is not first or b is not second or not a.acronyms.isdisjoint(b.acronyms)
            ),
            "agreement": agreement,
            "both_ways": min(
                max(recall, graph["same_any"]), max(main_precision, precision, graph["same"])
            ),
            "nothing": float(agreement < 0.2),
            "replaced": 2 * min(missing, extra) / telling if telling else 0.0,
            "conflicts": float(min(2, len(conflicts(first, second)))),
            "longer": math.log((len(b.words) + 2) / (len(a.words) + 2)),
            "guesses": math.log1p(max(0, b.guesses - a.guesses)),
            "choice": float(b.choices > a.choices),
            **graph,
        }

    def _found(self, word: str, other: Sequence[str]) -> float:
        if word in other:
            return 1.0
        if len(word) < 5:
            return 0.0
        return max(
            (self._alike(word, near) for near in other if near[0] == word[0] and len(near) > 4),
            default=0.0,
        )

    def _name(self, x: Sequence[str], y: Sequence[str], weight: Mapping[str, float]) -> float:
        """How far two names are the same words."""
        shared = math.fsum(weight.get(word, 0.0) for word in x if word in y)
        whole = math.fsum(weight.get(word, 0.0) for word in (*x, *y))
        return 2 * shared / whole if whole else 0.0

    def _graph_measures(self, a: Profile, b: Profile) -> Measures:
        result = dict.fromkeys(
            ("same", "same_any", "lin", "lin_set", "broader", "narrower", "apart", "silent"), 0.0
        )
        if self._graph is None or not a.main_links or not b.main_links:
            result["silent"] = 1.0
            everything = dict((*a.main_links, *a.other_links))
            shared = [
                everything[row] for row, _ in b.main_links + b.other_links if row in everything
            ]
            result["same_any"] = max(shared, default=0.0)
            return result
        lin, above = self._graph.lin, self._above
        mine = dict(a.main_links[:6])
        theirs = dict((*b.other_links, *b.main_links)[:12])
        result["same"] = max((min(mine[r], c) for r, c in b.main_links if r in mine), default=0.0)
        result["same_any"] = max(
            (min(mine[r], c) for r, c in theirs.items() if r in mine), default=0.0
        )
        first, sure = a.main_links[0]
        result["lin"] = max(lin(first, row) for row, _ in b.main_links[:6])
        everyone = [row for row, _ in (a.main_links + a.other_links)[:6]]
        result["lin_set"] = sum(max(lin(r, t) for t in theirs) for r in everyone) / len(everyone)
        tops = [(row, c) for row, c in b.main_links[:6] if row not in mine]
        result["broader"] = max((c for row, c in tops if row in above(first)), default=0.0)
        result["narrower"] = max((c for row, c in tops if first in above(row)), default=0.0)
        if not result["same_any"] and not result["broader"] and not result["narrower"]:
            result["apart"] = sure * max(c for _, c in b.main_links) * (1 - result["lin"])
        return result


def _spelt_out(a: Profile, b: Profile) -> tuple[Profile, Profile]:
    """Both profiles, an abbreviation in one read as the words of the other.

    "PRES" stands for the phrase it follows in brackets, or whose first letters it is.
    """
    return _with(a, b), _with(b, a)


def _with(a: Profile, b: Profile) -> Profile:
    shared = b.stands_for.intersection(a.acronyms, a.words)
    if not shared:
        return a

    def spell(words: tuple[str, ...]) -> tuple[str, ...]:
        return unique(word for short in words for word in (b.core if short in shared else (short,)))

    return a._replace(
        words=spell(a.words),
        main=spell(a.main),
        core=spell(a.core),
        names=tuple(map(spell, a.names)),
    )


def _alike(word: str, other: str) -> float:
    """How far two different words are one: a spelling slip, or another form of one stem."""
    if len(word) < 5 or len(other) < 5 or word[0] != other[0]:
        return 0.0
    if word[0].isdigit() or other[0].isdigit():
        return 0.0
    shared = next(
        (at for at, (x, y) in enumerate(zip(word, other, strict=False)) if x != y),
        min(len(word), len(other)),
    )
    longer = max(len(word), len(other))
    ends = [next((e for e in _ENDINGS if w.endswith(e)), "") for w in (word, other)]
    if shared >= 5 and shared >= 0.55 * longer and not (ends[0] and ends[1] and ends[0] != ends[1]):
        return 0.8
    if longer >= 6 and _skeleton(word) == _skeleton(other) and ends[0] == ends[1]:
        return 0.9 if Levenshtein.distance(word, other) <= 2 else 0.0
    if longer >= 8 and ends[0] == ends[1] and Levenshtein.distance(word, other) <= 1:
        return 0.9
    return 0.0


def _skeleton(word: str) -> str:
    return word[0] + re.sub(r"[aeiouyh]|(.)(?=\1)", "", word[1:])


def _f1(x: float, y: float) -> float:
    return 2 * x * y / (x + y) if x + y else 0.0
