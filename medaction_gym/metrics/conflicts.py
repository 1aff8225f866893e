"""Conflicts: in what two written diagnoses exclude each other, whatever else they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from medaction_gym.knowledge.lexicon import ANATOMY, GENERIC, MODIFIER
from medaction_gym.knowledge.normalise import canonical, tokens
from medaction_gym.metrics.profile import Profile

# Germs that doctors name by a disease or an adjective.
_OTHER_ORGANISMS = (
    "tubercul gonococc meningococc pneumococc cryptococc dengue chikungunya plasmodi mucor".split()
)
_NO_GENUS = frozenset("hepatitis seasonal respiratory viridans human virus fungus".split())
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


def conflicts(a: Profile, b: Profile) -> list[str]:
    """In what two diagnoses exclude each other: side, type, stage, sort.

    What only one of them mentions is no conflict.
    """
    found = []
    one, two = frozenset(a.main), frozenset(b.main)
    named = {group for word in one for group in _groups().get(word, ())}
    for number in sorted(named & {group for word in two for group in _groups().get(word, ())}):
        mine, theirs = one & _OPPOSITES[number], two & _OPPOSITES[number]
        if not mine & theirs:
            found.append(f"sort: {min(mine)} against {min(theirs)}")
    if found_place := _other_region(a, b):
        found.append(found_place)
    if organism := _other_organism(a, b):
        found.append(organism)
    for word in sorted(one - two):
        opposite = next((other for other in _opposites_of(word) if other in two), "")
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


@cache
def _groups() -> dict[str, tuple[int, ...]]:
    """The groups of `_OPPOSITES` that a word is in."""
    groups: dict[str, tuple[int, ...]] = {}
    for number, group in enumerate(_OPPOSITES):
        for word in sorted(group):
            groups[word] = (*groups.get(word, ()), number)
    return groups


@lru_cache(50_000)
def _opposites_of(word: str) -> tuple[str, ...]:
    """What a word would be with the opposite beginning, likeliest first."""
    opposites = [word[3:]] if word.startswith("non") else []
    opposites.append("non" + word)
    for x, y in _PREFIXES:
        for beginning, other in ((x, y), (y, x)):
            if word.startswith(beginning) and len(word) - len(beginning) >= 4:
                opposites.append(other + word[len(beginning) :])
    return tuple(opposites)
