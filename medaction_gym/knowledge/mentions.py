"""Names in running text: every name of the graph, and every phrase of the vocabulary, as a window.

A name is a set of words. It is found where all its words stand together in one sentence, in any
order that English allows ("abdominal pain", "pain in the abdomen", "pain in the lower abdomen",
"chest and abdominal pain"), in any inflection. Between them may stand only words that narrow
(sides, degrees, sites), and a head noun may come first only if a preposition says so.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.knowledge import vocabulary
from medaction_gym.knowledge.index import AMBIGUOUS, abbreviation
from medaction_gym.knowledge.lexicon import ANATOMY, GENERIC, MODIFIER, WEAK
from medaction_gym.knowledge.normalise import canonical, tokens
from medaction_gym.knowledge.passages import (
    AND,
    BRACKET,
    COMMA,
    PREPOSITION,
    WITH,
    Sentence,
    Word,
    read,
)
from medaction_gym.knowledge.strings import Arrays, unpack
from medaction_gym.knowledge.tables import Kind, Quality

MAX_EXTRA = 3  # words inside a window that its name does not have
MAX_POSTINGS = 4_000

_GAP = (
    MODIFIER
    | ANATOMY
    | frozenset(
        """
        ankle area aspect both burning calf constant diffuse dull entire flank forearm frequent
        gluteal heel inguinal intermittent level lower lumbar marked mild more new numerous
        occasional orbital painful painless palm palpable plantar portion region segment severe
        several sharp shin side slight sole some sternal surface throbbing upper very wall whole
        worsening
        """.split()
    )
)
_NOT_LAST = ANATOMY | MODIFIER
# Single words that name a concept of the graph but say nothing alone, or mean something else.
_UNSAID = (GENERIC | WEAK | MODIFIER | ANATOMY) - frozenset(
    "infection inflammation neoplasm metastasis cancer pain".split()
) | frozenset(
    "small large short tall thin stress aging ageing pregnancy blood serum smoking alcohol diet "
    "exercise surgery delivery birth labor cold heat thickening cast band plaque scar sign wart "
    "bite fall crash coma position rest sleep gait posture speech voice behavior dna rna tic "
    "milk allergy drug lead iron copper sensitivity resistance dependence abuse tension dead alive "
    "mumps plague radiation hearing vision height weight stature tumor increased decreased "
    "elevated normal negative positive exposure intolerance delay loss lost difficulty movement "
    "absence weak impairment distention retraction deviation accident reflex burn fluid chromosome "
    "catheter implant nit perforation rupture compression asymmetry invasion aspiration "
    "sterile".split()
)


# Abbreviations that stand for a vessel, a view or a unit as often as for a disease.
_AMBIGUOUS = frozenset(
    "lad lap rca pda lca ica mca pca sma ivc svc avr mvr tr mr bmi gcs who adc dwi".split()
)
# Before these words "mass" and "tumor" are none.
_NO_MASS = frozenset("spectrometry index spectroscopy effect marker".split())


class Entry(NamedTuple):
    """A name: its other words (as numbers), the concepts it stands for, and how surely.

    `rank` says who answers where several entries are found at the same words.
    """

    others: tuple[int, ...]
    concepts: tuple[str, ...]
    kind: str
    confidence: float
    at: str = ""
    rank: int = 0


class Mention(NamedTuple):
    """An entry found at words of a sentence, and the span of text they cover."""

    entry: Entry
    places: tuple[int, ...]
    start: int
    end: int
    extra: int


class Names:
    """All names, filed under their rarest word."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._ids = unpack(arrays, "id")
        self._tokens = unpack(arrays, "token")
        self._number = {token: row for row, token in enumerate(self._tokens)}
        self._anchor_at: list[int] = arrays["anchor.at"].tolist()
        self._postings: dict[int, tuple[Entry, ...]] = {}
        self._spoken: dict[int, list[Entry]] = defaultdict(list)
        self._same: dict[str, tuple[str, ...]] = {}
        for group in vocabulary.inflections():
            forms = tuple(dict.fromkeys(canonical(word) for word in group))
            for form in forms:
                self._same[form] = tuple(dict.fromkeys(self._same.get(form, ()) + forms))
        self._numbers: dict[tuple[str, str], tuple[int, ...]] = {}
        self._tests, self._catalogued = _test_names()
        for table, kind, confidence in (
            ("phrases", "phenotype", 0.9),
            ("histology", "pathology", 0.8),
            ("observations", "imaging", 0.75),
        ):
            for row in vocabulary.phrases(table):
                known = tuple(concept for concept in row.concepts if concept in self._rows)
                for phrase in row.phrases:
                    self._speak(phrase, known, kind, confidence, row.at)
        for cells in vocabulary.rows("abbreviations"):
            short = abbreviation(cells["abbreviation"])
            plain = "^" + cells["abbreviation"].lower().replace("/", "")
            known = tuple(c for c in vocabulary.split(cells["concepts"]) if c in self._rows)
            number = self._intern(short or plain)
            self._spoken[number].insert(0, Entry((), known, "phenotype", 0.85))

    @property
    def _rows(self) -> frozenset[str]:
        if not hasattr(self, "_known"):
            self._known = frozenset(self._ids)
        return self._known

    def _intern(self, token: str) -> int:
        return self._number.setdefault(token, len(self._number))

    def _speak(
        self, phrase: str, concepts: tuple[str, ...], kind: str, confidence: float, at: str
    ) -> None:
        sentences = read(phrase)
        forms = [word.text for sentence in sentences for word in sentence.words]
        numbers = sorted({self._intern(form) for form in forms})
        if not numbers or not (concepts or at):
            return
        anchor = min(
            numbers,
            key=lambda n: (len(self._spoken[n]) + self._graph_size(n), n),
        )
        others = tuple(number for number in numbers if number != anchor)
        self._spoken[anchor].append(Entry(others, concepts, kind, confidence, at))

    def _graph_size(self, number: int) -> int:
        if number >= len(self._tokens):
            return 0
        return self._anchor_at[number + 1] - self._anchor_at[number]

    def _entries(self, number: int) -> tuple[Entry, ...]:
        """What is filed under a word; read from the arrays on first use."""
        known = self._postings.get(number)
        if known is None:
            known = tuple(self._spoken.get(number, ())) + tuple(self._read(number))
            self._postings[number] = known
        return known

    def _read(self, number: int) -> list[Entry]:
        if number >= len(self._tokens):
            return []
        arrays, found = self._arrays, []
        first, last = self._anchor_at[number], self._anchor_at[number + 1]
        at = arrays["entry.at"][first : last + 1].tolist()
        for row in range(first, min(last, first + MAX_POSTINGS)):
            quality = int(arrays["entry.quality"][row])
            if quality >= AMBIGUOUS or quality == Quality.DRAWER:
                continue
            concept = int(arrays["entry.concept"][row])
            numbers: list[int] = arrays["entry.token"][
                at[row - first] : at[row - first + 1]
            ].tolist()
            disease = int(arrays["kind"][concept]) == Kind.DISEASE
            if quality == Quality.LOOSE and (disease or len(numbers) == 1):
                continue
            texts = [self._tokens[token] for token in numbers]
            if quality and frozenset(texts) in self._catalogued:
                continue  # "pituitary gland" is a site and "glucose" a test, whoever lists them
            if len(numbers) == 1 and self._unsaid(texts[0]):
                continue
            if len(numbers) > 1 and all(text in _VAGUE or text[0].isdigit() for text in texts):
                continue
            identifier = self._ids[concept]
            coded = identifier.startswith("ICD10CM")
            confidence = round((0.95, 0.9, 0.75)[quality] - 0.1 * coded, 3)
            if len(numbers) == 1 and texts[0] in GENERIC:
                confidence = 0.5
            others = tuple(token for token in numbers if token != number)
            kind = "condition" if disease else "phenotype"
            rank = 1 + quality + 5 * coded
            found.append(Entry(others, (identifier,), kind, confidence, rank=rank))
        return found

    def _unsaid(self, token: str) -> bool:
        if token.startswith("^"):
            return token in self._tests or len(token) < 5 or token[1:] in _AMBIGUOUS
        return token in _UNSAID or len(token) < 4 or token in _AMBIGUOUS

    def numbers(self, word: Word) -> tuple[int, ...]:
        """The numbers a word of a text may stand for: itself, its inflections, an abbreviation."""
        key = (word.text, word.short)
        known = self._numbers.get(key)
        if known is None:
            forms = dict.fromkeys((word.short, word.text, *self._same.get(word.text, ())))
            known = tuple(self._number[form] for form in forms if form in self._number)
            if len(self._numbers) < 100_000:
                self._numbers[key] = known
        return known

    def find(self, sentence: Sentence) -> list[Mention]:
        """The mentions of a sentence: the longest first where they compete for words."""
        words = sentence.words
        places: dict[int, list[int]] = {}
        numbers = [self.numbers(word) for word in words]
        for place, word in enumerate(words):
            if word.text in _NO_MASS and place and words[place - 1].text in ("mass", "neoplasm"):
                numbers[place - 1] = ()
        for place, some in enumerate(numbers):
            for number in some:
                places.setdefault(number, []).append(place)
        candidates: list[tuple[float, int, int, Mention]] = []
        for place, some in enumerate(numbers):
            for number in some:
                for entry in self._entries(number):
                    for other in entry.others:
                        if other not in places:
                            break
                    else:
                        mention = _window(words, place, entry, places)
                        if mention is not None:
                            score = len(mention.places) - 0.45 * mention.extra
                            key = (-score, mention.entry.rank, len(candidates))
                            candidates.append((*key, mention))
        candidates.sort()
        taken: set[int] = set()
        chosen: list[Mention] = []
        for *_, mention in candidates:
            if taken.issuperset(mention.places):
                continue
            taken.update(mention.places)
            chosen.append(mention)
        return sorted(chosen, key=lambda mention: (mention.start, mention.end))


_VAGUE = MODIFIER | WEAK | GENERIC


def _window(
    words: tuple[Word, ...], place: int, entry: Entry, places: dict[int, list[int]]
) -> Mention | None:
    """The tightest window around a word that holds all words of an entry, if it may be read so."""
    if not entry.others:
        word = words[place]
        return Mention(entry, (place,), word.start, word.end, 0)
    used = {place}
    for other in entry.others:
        free = [p for p in places[other] if p not in used]
        if not free:
            return None
        used.add(min(free, key=lambda p: abs(p - place)))
    low, high = min(used), max(used)
    extra = high - low + 1 - len(used)
    if extra > MAX_EXTRA:
        return None
    marks = 0
    for inside in range(low + 1, high + 1):
        marks |= words[inside].marks
        if inside not in used and words[inside].text not in _GAP:
            return None
    last = words[high].text
    ends_in_site = last in _NOT_LAST
    if marks:
        if marks & (WITH | BRACKET):
            return None
        if marks & COMMA and (not extra or ends_in_site):
            return None
    head_first = ends_in_site and any(words[p].text not in _NOT_LAST for p in used)
    if head_first and (extra or marks) and not marks & PREPOSITION:
        return None
    if marks & AND and not extra and entry.rank and len(used) == 2:
        return None  # "SMA syndrome and nutcracker ..."
    if marks & AND and extra and ends_in_site and not marks & PREPOSITION:
        return None
    return Mention(entry, tuple(sorted(used)), words[low].start, words[high].end, extra)


def _test_names() -> tuple[frozenset[str], frozenset[frozenset[str]]]:
    """Abbreviations of tests ("MRI" is no disease), and the words of tests, specimens and sites."""
    short, whole = set(), set()
    for term in Catalogue.load().terms.values():
        for name in (term.name, *term.synonyms):
            if term.kind not in ("organism", "site", "measure") and (token := abbreviation(name)):
                short.add(token)
            if term.kind in ("analyte", "specimen", "site"):
                whole.add(frozenset(tokens(name)))
    return frozenset(short), frozenset(whole)
