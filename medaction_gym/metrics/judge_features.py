"""What can be measured about two written diagnoses, for `judge`.

Each string is read once into a `Profile`: its affirmed words, its main phrases, the abbreviations
and numbers in it, the concepts it links to. `Reader.measure` compares two profiles. All measures
are symmetric in spelling and capitals (Oesophageal TUMOUR, esophageal neoplasm), and all but a few
lie in [0, 1].
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.lexicon import ANATOMY, DISEASE_ENDINGS, GENERIC, MODIFIER, WEAK
from medaction_gym.knowledge.normalise import canonical, fold, tokens
from medaction_gym.knowledge.phrases import BRACKETED, MAIN, SITE, phrases
from medaction_gym.knowledge.strings import unpack

MAX_CHARS = 4_000  # read of one string; a diagnosis is a line
MANY_ANDS = 4  # in one diagnosis, more than which string guesses together
MAX_TOKENS = 90  # different words compared of one string

Measures = dict[str, float]

_UNKNOWN_WEIGHT = 5.0  # of a word that no name in the graph holds
_ENDINGS = tuple(sorted({*DISEASE_ENDINGS, "oid", "gram"}, key=len, reverse=True))

# --- reading one string
# ---------------------------------------------------------------------------------------------

# A diagnosis announced at the end of an explanation: what stands before it is argument.
_ANNOUNCED = re.compile(
    r"\b(?:final|most likely|likeliest|principal|primary|working|definitive|leading)\s+diagnos[ie]s"
    r"(?:\s+(?:is|was|are|remains|would be)\b|\s*:)[\s*:]*",
    re.I,
)
_CLAUSE = re.compile(r"[,;:\n]+|(?<=[a-z)\]])\.\s+|\s+(?:but|however|although|whereas|instead)\s+")
_DENIED_AFTER = re.compile(
    r"\b(?:excluded|ruled[ -]out|unlikely|refuted|rejected|discounted|disproven|disproved"
    r"|(?:is|was|were|are|been|being)\s+(?:absent|negative|incorrect|wrong|false)"
    r"|(?:is|was|are|were|has|have|had|did|does|do|could|can|would|should)\s*(?:not|n't|never)\b"
    r"|(?:isn't|wasn't|aren't|cannot|can't|doesn't|didn't)\b"
    r"|not\s+(?:present|confirmed|likely|found|seen|supported|identified|the\s+diagnosis))"
)
_DENIED_BEFORE = re.compile(
    r"\b(?:no\s+(?!light)|none\b|nil\b|neither\s|nor\s|never\s|not\s|non-diagnostic|without\s"
    r"|absence\s+of|lack\s+of|free\s+of|free\s+from|negative\s+for|nothing\s+to\s+suggest"
    r"|exclud(?:es?|ing|ed)\b|rul(?:es?|ing|ed)[\s-]+out\b|rules?\s+against|evidence\s+against"
    r"|argues?\s+against|anything\s+but|anything\s+other\s+than|other\s+than|rather\s+than"
    r"|instead\s+of|incorrect|wrong\b|false(?:ly)?\b|unlikely|fails?\s+to\s+show|denie[ds]"
    r"|mimicking|mimics?\b|resembling|misdiagnosed\s+as|except\b)"
)
_REFUSAL = re.compile(
    r"^\W*(?:incorrect|correct|true|false|yes|no|none|unknown|unclear|undetermined|n/?a|null|nil"
    r"|(?:same|see|as)\b.{0,20}\b(?:above|gold|reference)|the (?:gold|reference|correct|right)\b.*"
    r"|diagnosis|disease|syndrome|disorder|illness|condition)\W*$",
    re.I,
)
_GUESS = re.compile(
    r"\s*(?:[,;\n|]|\s/\s|\bor\b|\bvs\b\.?|\bversus\b|\bpossibly\b|\s[+&]\s|(?:^|\s)\d{1,2}[.)]\s)\s*"
)
_LINE = re.compile(r"\s*[\n\r\t\u2022\u00b7]+\s*|(?<=[A-Za-z)]{2})\.\s+(?=[A-Z])")
_CHOICE = re.compile(r"\bor\b|\bvs\b|\bversus\b|\bdifferentials?\b|\bpossibly\b|\beither\b")
_FOLLOWS = re.compile(
    r"^(?:and\s+)?(?:with|without|due|secondary|caused|causing|leading|resulting|complicat\w+|likely|"
    r"associated|including|presenting|following|involving|consistent|most|in|on|at|of|for|after|"
    r"which|status|post|stage|grade|who|type|left|right|bilateral|a|an|the|suspected)\b"
)
_DEFINED = re.compile(r"\(([A-Z][A-Za-z]{0,3}[A-Z0-9][A-Za-z0-9]{0,5})\)")
_ACRONYM = re.compile(r"\b[A-Z][A-Za-z]{0,2}[A-Z0-9][A-Za-z0-9]{0,6}\b")
_STORY = re.compile(r"^\W*(?:an?|the|this)?\W*\d+[ -]?(?:year|month|week|day)s?[ -]old\b")
# Germs that doctors name by a disease or an adjective.
_OTHER_ORGANISMS = (
    "tubercul gonococc meningococc pneumococc cryptococc dengue chikungunya plasmodi mucor".split()
)
_NO_GENUS = frozenset("hepatitis seasonal respiratory viridans human".split())
_DENIED_WHOLE = re.compile(r":\s*(?:no|negative|absent|false)\W*$")
_ROMAN = {"i": "1", "v": "5", "x": "10"}
_HEDGE = frozenset("possible possibly likely probable suspected presumed potential maybe".split())
_LETTER_NUMBER = re.compile(r"([a-z]+)(\d+[a-d]?)")
_NUMBER = re.compile(r"\d+[a-d]?")
# The kinds of a thing that come numbered or lettered. A number after any other word is a detail.
_SERIES = frozenset(
    """
    type grade stage class group factor subtype hepatitis influenza trisomy monosomy chromosome
    category level degree figo who nyha herpesvirus papillomavirus coxsackievirus adenovirus
    gangliosidosis mucopolysaccharidosis mps neoplasia men vitamin complement glycogenosis
    neurofibromatosis nf porphyria tyrosinemia serotype genotype bipolar schwannomatosis
    """.split()
)
_LETTERED = frozenset(
    "hepatitis influenza type group hemophilia vitamin stage subtype immunoglobulin class".split()
)

# Words that exclude each other: a diagnosis is one or the other.
_OPPOSITES = tuple(
    frozenset(map(canonical, line.split()))
    for line in """
    left right
    upper lower
    anterior posterior
    superior inferior
    medial lateral
    proximal distal
    acute chronic
    primary secondary
    primary metastasis
    benign malignant
    low high
    congenital acquired
    central peripheral
    central nephrogenic
    ventricular supraventricular
    monomorphic polymorphic
    classic variant
    reactive neoplastic
    bacterial viral fungal parasitic
    ischemic hemorrhagic
    arterial venous
    papillary follicular medullary anaplastic
    squamous adenocarcinoma
    small large
    myeloid lymphoblastic lymphocytic
    obstructive nonobstructive
    hypertrophic dilated restrictive
    systolic diastolic
    stenosis regurgitation
    mitral aortic tricuspid
    lobular ductal
    inguinal femoral umbilical incisional obturator hiatal
    direct indirect
    dominant recessive
    typical atypical
    open closed
    cutaneous visceral
    hepatocellular cholangiocarcinoma
    iron folate b12 copper zinc thiamine
    nodular diffuse
    bipolar unipolar
    sensory motor
    hodgkin nonhodgkin
    gastric duodenal
    occipital frontal temporal parietal
    rheumatoid psoriatic osteoarthritis gouty septic
    cervical thoracic lumbar
    microcytic macrocytic normocytic
    membranous minimal
    limited diffuse
    wet dry
    invasive noninvasive
    hot cold warm
    mature immature
    adult neonatal
    serous mucinous endometrioid
    """.strip().splitlines()
)
# Organs by where they lie. The same disease in another region is another diagnosis; within one, two
# words often mean one place (endometrium, uterus).
_REGION = {
    organ: place
    for place, organs in enumerate(
        (
            "brain cerebellum brainstem pons medulla midbrain thalamus meninges pituitary pineal",
            "eye retina cornea uvea choroid iris sclera conjunctiva lens eyelid orbit lacrimal",
            "ear",
            "nose nasopharynx",
            "mouth tongue gingiva palate lip tooth oropharynx tonsil parotid mandible maxilla jaw",
            "larynx trachea hypopharynx",
            "thyroid parathyroid",
            "lung bronchus pleura",
            "heart atrium mitral aorta coronary pericardium endocardium",
            "breast",
            "esophagus stomach",
            "intestine duodenum jejunum ileum colon cecum appendix rectum anus",
            "liver bile gallbladder portal",
            "pancreas",
            "spleen splenic",
            "adrenal",
            "kidney",
            "bladder ureter urethra",
            "prostate testis penis scrotum",
            "uterus endometrium myometrium ovary vagina vulva placenta",
            "shoulder elbow wrist hand finger thumb humerus ulna clavicle scapula arm radius",
            "hip knee ankle foot toe femur tibia fibula patella calcaneus leg thigh popliteal"
            " sciatic",
            "spine vertebra sacrum coccyx",
        )
    )
    for organ in organs.split()
}
# A stem that means its opposite with another beginning: hypokalemia, hyperkalemia.
_PREFIXES = (
    ("hypo", "hyper"),
    ("brady", "tachy"),
    ("micro", "macro"),
    ("intra", "extra"),
    ("mono", "poly"),
    ("endo", "exo"),
    ("hemi", "para"),
    ("osteo", "chondro"),
    ("leio", "rhabdo"),
    ("lipo", "leio"),
    ("dextro", "levo"),
    ("oligo", "poly"),
    ("pro", "anti"),
    ("eso", "exo"),
    ("sub", "epi"),
    ("epi", "endo"),
    ("leuko", "thrombo"),
    ("uni", "bi"),
    ("pan", "oligo"),
    ("haplo", "diplo"),
    ("sub", "supra"),
    ("infra", "supra"),
    ("eu", "dys"),
    ("peri", "endo"),
    ("peri", "myo"),
    ("endo", "myo"),
)


class Profile(NamedTuple):
    """What one string says, read once."""

    everything: tuple[str, ...]  # all canonical words as they stand, denied ones included
    words: tuple[str, ...]  # all affirmed words, once each
    main: tuple[str, ...]  # those of the main phrases
    core: tuple[str, ...]  # those of the first main phrase
    names: tuple[tuple[str, ...], ...]  # the first phrase and what stood in brackets
    acronyms: frozenset[str]  # words in capitals
    stands_for: frozenset[str]  # abbreviations of the first phrase: in brackets, or its initials
    series: Mapping[str, frozenset[str]]  # {"type": {"2"}}
    guesses: int  # diagnoses strung together
    story: bool  # begins as a case report does
    choices: int  # how often "or", "versus"
    main_links: tuple[tuple[int, float], ...]  # rows in the graph, and confidence
    other_links: tuple[tuple[int, float], ...]


def affirmed(text: str) -> str:
    """A text without the clauses that deny something.

    >>> affirmed("Gout, no evidence of sepsis"), affirmed("Gout was excluded")
    ('Gout', '')
    """
    lower = text.lower()
    if _DENIED_WHOLE.search(lower):
        return ""
    if not (_DENIED_AFTER.search(lower) or _DENIED_BEFORE.search(lower)):
        return text
    kept, start = [], 0
    for cut in [*_CLAUSE.finditer(text), None]:
        clause = text[start : cut.start() if cut else len(text)]
        low = clause.lower()
        if not _DENIED_AFTER.search(low):
            denial = _DENIED_BEFORE.search(low)
            clause = clause[: denial.start()] if denial else clause
            if clause.strip(" .*-"):
                kept.append(clause.strip())
        if cut:
            start = cut.end()
    return ", ".join(kept)


def _announced(text: str) -> str:
    """The part after "the final diagnosis is", where an explanation comes first."""
    found = None
    for found in _ANNOUNCED.finditer(text):  # noqa: B007  # the last one counts
        pass
    said = text[found.end() :].strip(" .*:\n") if found else ""
    return said.split("\n\n", 1)[0] if said else text


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
                if word in WEAK or word in _HEDGE
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
        text = _announced(text[:MAX_CHARS])
        whole = tokens(text)
        said = affirmed(text)
        refused = bool(_REFUSAL.match(text))
        parts = [] if refused else phrases(said)
        pieces = {part: tokens(part.text) for part in parts}
        words = _unique(word for piece in pieces.values() for word in piece)
        plain = [p for part, p in pieces.items() if part.role == MAIN and not part.alias and p]
        names = [*plain[:1], *(p for part, p in pieces.items() if part.alias and p)]
        main = _unique(word for piece in plain for word in piece)
        core = tuple(dict.fromkeys(plain[0])) if plain else ()
        bare = BRACKETED.sub(" ", said)
        shouting = bare.isupper() and len(bare) > 9
        capitals = [] if shouting else _ACRONYM.findall(said)
        acronyms = {short for word in capitals for short in tokens(word)[:1]}
        stands_for = {tokens(short)[0] for short in _DEFINED.findall(said) if tokens(short)}
        initials = "".join(word[0] for word in plain[0]) if plain else ""
        if 3 <= len(initials) <= 7:
            stands_for.add(initials)
        links: list[tuple[int, float]] = []
        others: list[tuple[int, float]] = []
        if self._graph is not None and words:
            for link in self._graph.linker.link(said):
                place = (self._graph.row(link.id), link.confidence)
                if link.role == MAIN and link.confidence > 0.5:
                    links.append(place)
                elif link.role != SITE:
                    others.append(place)
        folded = fold(_LINE.sub("; ", bare))
        pieces_said = _GUESS.split(folded)
        if folded.count(" and ") > MANY_ANDS:
            pieces_said = [part for piece in pieces_said for part in piece.split(" and ")]
        guesses = [g for g in pieces_said if len(g) > 3 and not _FOLLOWS.match(g)]
        return Profile(
            everything=tuple(whole),
            words=words,
            main=main,
            core=core,
            names=tuple(tuple(dict.fromkeys(name)) for name in names),
            acronyms=frozenset(acronyms),
            stands_for=frozenset(stands_for),
            series=_series(whole if words else []),
            guesses=len(guesses),
            story=bool(_STORY.match(folded)),
            choices=len(_CHOICE.findall(folded)),
            main_links=tuple(links),
            other_links=tuple(others),
        )

    # --- comparing two
    # ------------------------------------------------------------------------------------------

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
        return _unique(
            word for short in words for word in (b.core if short in shared else (short,))
        )

    return a._replace(
        words=spell(a.words),
        main=spell(a.main),
        core=spell(a.core),
        names=tuple(map(spell, a.names)),
    )


def conflicts(a: Profile, b: Profile) -> list[str]:
    """In what two diagnoses exclude each other: side, type, stage, sort.

    What only one of them mentions is no conflict.
    """
    found = []
    one, two = frozenset(a.main), frozenset(b.main)
    for group in _OPPOSITES:
        mine, theirs = one & group, two & group
        if mine and theirs and not mine & theirs:
            found.append(f"sort: {min(mine)} against {min(theirs)}")
    if found_place := _other_region(a, b):
        found.append(found_place)
    if organism := _other_organism(a, b):
        found.append(organism)
    for word in sorted(one - two):
        opposite = _opposite_in(word, two)
        if opposite and opposite not in one:
            found.append(f"sort: {word} against {opposite}")
    for key in sorted(a.series.keys() & b.series.keys()):
        mine, theirs = a.series[key], b.series[key]
        if not any(x.startswith(y) or y.startswith(x) for x in mine for y in theirs):
            found.append(f"{key}: {min(mine)} against {min(theirs)}")
    return found


def _other_region(a: Profile, b: Profile) -> str:
    """Whether the same thing sits in another part of the body."""
    mine = {_REGION[word]: word for word in a.core if word in _REGION}
    theirs = {_REGION[word]: word for word in b.core if word in _REGION}
    if not mine or not theirs or mine.keys() & theirs.keys():
        return ""
    elsewhere = {_REGION[word] for word in (*a.words, *b.words) if word in _REGION}
    both = {_REGION[w] for w in a.words if w in _REGION} & {
        _REGION[w] for w in b.words if w in _REGION
    }
    same = {w for w in a.core if w in b.core and w not in MODIFIER and w not in ANATOMY}
    if both or not same or not elsewhere:
        return ""
    return f"site: {min(mine.values())} against {min(theirs.values())}"


@cache
def _organisms() -> tuple[Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Stems of the genera in the catalogue by their first five letters, and names of species."""
    stems = set(_OTHER_ORGANISMS)
    species: set[str] = set()
    text = files("medaction_gym.catalogue").joinpath("data", "organisms.tsv").read_text("utf-8")
    for line in text.splitlines()[1:]:
        columns = line.split("\t")
        if line.startswith("#") or len(columns) < 2:
            continue
        name = tokens(columns[1])
        if len(name) in (1, 2) and len(name[0]) >= 6 and name[0] not in _NO_GENUS:
            stems.add(re.sub(r"(?:us|um|a|e)$", "", name[0]))
            species.update(word for word in name[1:] if word not in GENERIC)
    by_start: dict[str, tuple[str, ...]] = {}
    for stem in sorted(stems):
        by_start[stem[:5]] = (*by_start.get(stem[:5], ()), stem)
    return by_start, frozenset(species)


def _organisms_in(words: Iterable[str]) -> set[str]:
    stems, _ = _organisms()
    return {stem for word in words for stem in stems.get(word[:5], ()) if word.startswith(stem)}


def _other_organism(a: Profile, b: Profile) -> str:
    """Whether both name germs, and none in common."""
    mine, theirs = _organisms_in(a.words), _organisms_in(b.words)
    if not mine or not theirs:
        return ""
    if not mine & theirs:
        return f"organism: {min(mine)} against {min(theirs)}"
    _, species = _organisms()
    kinds, others = species.intersection(a.words), species.intersection(b.words)
    if kinds and others and not kinds & others:
        return f"organism: {min(kinds)} against {min(others)}"
    return ""


def _opposite_in(word: str, others: frozenset[str]) -> str:
    if word.startswith("non") and word[3:] in others:
        return word[3:]
    if "non" + word in others:
        return "non" + word
    for x, y in _PREFIXES:
        for beginning, other in ((x, y), (y, x)):
            if word.startswith(beginning) and len(word) - len(beginning) >= 4:
                opposite = other + word[len(beginning) :]
                if opposite in others:
                    return opposite
    return ""


def _series(words: Sequence[str]) -> dict[str, frozenset[str]]:
    """Numbers and letters that tell one of a kind from another: {"type": {"2"}}."""
    found: dict[str, set[str]] = {}
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        if _NUMBER.fullmatch(word):
            if (
                before in _SERIES
                or after in _SERIES
                or (before.isalpha() and 2 <= len(before) <= 5)
            ):
                found.setdefault(
                    before if before in _SERIES else after if after in _SERIES else before, set()
                ).add(word)
        elif word in _ROMAN and before in _SERIES and before not in _LETTERED:
            found.setdefault(before, set()).add(_ROMAN[word])
        elif before in _LETTERED and (len(word) == 1 or _LETTER_NUMBER.fullmatch(word)):
            found.setdefault(before, set()).add(word)
        elif len(word) == 1 and after == "cell":
            found.setdefault(after, set()).add(word)
        elif match := _LETTER_NUMBER.fullmatch(word):
            found.setdefault(match[1], set()).add(match[2])
    return {key: frozenset(values) for key, values in found.items()}


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


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:MAX_TOKENS]
