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
from medaction_gym.knowledge.phrases import BRACKETED
from medaction_gym.knowledge.strings import string_at, unpack
from medaction_gym.knowledge.tables import Quality
from medaction_gym.metrics.conflicts import conflicts
from medaction_gym.metrics.profile import HEDGE, Profile, read_profile
from medaction_gym.metrics.short_forms import both_spelt_out, spelt_out

Measures = dict[str, float]

SURE, TWINS = 0.9, 0.9  # a link that cannot be meant otherwise; concepts that may be one disease
TELLING = 1.5  # weight of a word that adds something to the name of a class
BROAD = 0.55  # information content below which a class is too broad to mean anything
RELATED, ALIKE = 0.3, 0.5  # Lin's similarity of kin, and of two names of much the same disease
_ADDED = frozenset(("syndrome", "disease"))
DOUBT = 0.6  # share of a loose link that exchanged words take away
_UNKNOWN_WEIGHT = 5.0  # of a word that no name in the graph holds
_ENDINGS = tuple(sorted({*DISEASE_ENDINGS, "oid", "gram", "itic", "otic"}, key=len, reverse=True))


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
        self._names = lru_cache(20_000)(self._read_names)
        self._told = lru_cache(20_000)(self._told_of)

    def forget(self) -> None:
        """Empty the caches of what was read of strings and concepts, to time the work itself."""
        for cache in (self.profile, self._names, self._told):
            cache.cache_clear()

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

    def _read_names(self, row: int) -> frozenset[frozenset[str]]:
        """The names of a concept as sets of words, but for loose names and vague words."""
        assert self._graph is not None
        arrays = self._graph.arrays
        start, end = arrays["synonym.of"][row : row + 2].tolist()
        texts = [string_at(arrays, "name", row)]
        texts += [
            string_at(arrays, "synonym", at)
            for at in range(start, end)
            if arrays["synonym.mark"][at] <= Quality.SYNONYM
        ]
        names = {frozenset(tokens(BRACKETED.sub(" ", text))) for text in texts}
        return frozenset(n for n in names if any(self.weight(word) > TELLING for word in n))

    def one_name(self, a: Profile, b: Profile) -> bool:
        """Whether one string is, word for word, a name of the concept that the other means.

        The graph's vocabularies know one disease twice ("acne inversa", "hidradenitis
        suppurativa"), and a name that several diseases bear links to none of them.
        """
        return self._is_called(a, b) or self._is_called(b, a)

    def _is_called(self, a: Profile, b: Profile) -> bool:
        """Whether the second string is a name of the first's concept.

        Not if it has its own concept in the same vocabulary: MONDO lends "hepatoblastoma" to
        hepatocellular carcinoma, too.
        """
        if self._graph is None or not b.core or not a.main_links or a.main_links[0][1] < SURE:
            return False
        row, source = a.main_links[0][0], self._graph.arrays["source"]
        if (
            b.main_links
            and b.main_links[0][1] >= SURE
            and source[b.main_links[0][0]] == source[row]
        ):
            return False
        return frozenset(b.core) in self._names(row)

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
        spelt = both_spelt_out(a, b)
        if self.one_name(a, b) or _same_core(*spelt):
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
        known = word in a.stands_for | a.acronyms or spelt_out(word, a.spoken)
        return bool(left_out) and not known and not self.one_name(a, b)

    def strangers(self, a: Profile, b: Profile) -> bool:
        """Whether two strings have no telling word in common, and neither have their diseases.

        Where the graph knows both, they must not be alike there; where it knows one, the other's
        words must stand in no name of that disease or of a class above it.
        """
        if self._graph is None or not (a.main_links or b.main_links):
            return False
        one, other = both_spelt_out(a, b)
        if any(self.weight(w) > TELLING and self._found(w, other.words) for w in one.words):
            return False
        if a.main_links and b.main_links:
            first, second = a.main_links[0][0], b.main_links[0][0]
            kin = first in self._above(second) or second in self._above(first)
            return not kin and self._graph.lin(first, second) < ALIKE
        known, unknown = (one, other) if a.main_links else (other, one)
        told = self._told(known.main_links[0][0])
        return not any(self.weight(word) > TELLING and word in told for word in unknown.words)

    def _told_of(self, row: int) -> frozenset[str]:
        """The words of all names of a disease and of the classes above it that mean something."""
        assert self._graph is not None
        ic = self._graph.arrays["ic"]
        rows = [row, *(above for above in self._above(row) if above != row and ic[above] >= BROAD)]
        return frozenset(word for each in rows for name in self._names(each) for word in name)

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
        a, b = both_spelt_out(first, second)
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
        if a.core and (_same_core(a, b) or self.one_name(first, second)):
            # One name, whether the graph knows it or not.
            graph |= {"same": 1.0, "same_any": 1.0, "lin": 1.0, "apart": 0.0, "silent": 0.0}
        swapped = self._swapped(a, b, mine, theirs)
        if swapped and graph["same"] < SURE:
            # A loose link holds what both have in common, not what tells them apart.
            loose = [p.main_links[0][1] < SURE for p in (first, second) if p.main_links]
            doubt = 1 - DOUBT * swapped
            if len(loose) == 2:
                graph |= {
                    "same": graph["same"] * (doubt if all(loose) else 1),
                    "same_any": graph["same_any"] * (doubt if all(loose) else 1),
                    "broader": graph["broader"] * (doubt if loose[1] else 1),
                    "narrower": graph["narrower"] * (doubt if loose[0] else 1),
                }
        elif graph["same"]:
            swapped = 0.0
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
            "swapped": swapped,
            "conflicts": float(min(2, len(conflicts(first, second)))),
            "longer": math.log((len(b.words) + 2) / (len(a.words) + 2)),
            "guesses": math.log1p(max(0, b.guesses - a.guesses)),
            "choice": float(b.choices > a.choices),
            **graph,
        }

    def _swapped(
        self,
        a: Profile,
        b: Profile,
        mine: Mapping[str, float],
        theirs: Mapping[str, float],
    ) -> float:
        """How rare the words are by which two names of a kind differ, both ways, in [0, 1].

        Unlike in the other measures adjectives and organs count in full: "central" and "branch"
        retinal vein occlusion, "sigmoid" and "cecal" volvulus.
        """
        if not any(word in b.core and self.weight(word) > TELLING for word in a.core):
            return 0.0
        rarest = [
            max(
                (
                    self._weights.get(word, _UNKNOWN_WEIGHT)
                    for word in core
                    if not found.get(word) and word not in WEAK
                ),
                default=0.0,
            )
            for core, found in ((a.core, mine), (b.core, theirs))
        ]
        return min(1.0, min(rarest) / _UNKNOWN_WEIGHT)

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


def _same_core(a: Profile, b: Profile) -> bool:
    """Whether two first phrases are the same words, but for an added "syndrome" or "disease"."""
    more, less = sorted((set(a.core), set(b.core)), key=len, reverse=True)
    return less <= more and more - less <= _ADDED


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
