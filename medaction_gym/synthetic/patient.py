"""Patient: age, sex and findings, drawn from what the annotations say of a disease."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from medaction_gym.synthetic.roster import Disease, Trait
from medaction_gym.synthetic.tables import EXAMINATION, HISTORY

# How many findings a patient has does not depend on the disease, else their number would tell it.
SEEN, TESTED = (5, 8), (2, 4)
FREQUENT = 0.3  # findings so frequent say at what age a disease begins
GROWING = 0.6  # expected findings of growth and development that make it a disease of children
PENETRANT = 0.6  # findings so frequent belong to the picture and are drawn before the rest

# Words in a diagnosis that state the sex.
_FEMALE = ("ovar", "uter", "vagin", "endometri", "cervical cancer", "eclampsia", "turner syndrome")
_MALE = ("prostat", "testi", "klinefelter")
_OF_GROWTH = frozenset(
    {"HP:0001510", "HP:0001263", "HP:0001197", "HP:0001508", "HP:0011968", "HP:0012758"}
)


class Patient(NamedTuple):
    """A fictional person and what is the matter with them.

    Attributes:
        age: Years.
        sex: ``"m"`` or ``"f"``.
        findings: What is told of them, each on its own axis.
        silent: What they have besides; a test that happens to be done shows it.
    """

    age: float
    sex: str
    findings: tuple[Trait, ...]
    silent: tuple[Trait, ...] = ()

    def named(self, places: Iterable[str]) -> list[Trait]:
        """The findings that come to light in one of some places."""
        wanted = set(places)
        return [trait for trait in self.findings if trait.how.shown in wanted]

    @property
    def who(self) -> str:
        """The column of the tables of values: ``"c"`` below 12 years, else the sex."""
        return "c" if self.age < 12 else self.sex


def draw(rng: Random, disease: Disease) -> Patient | None:
    """A patient with a disease, or None where the findings drawn make no case."""
    sex = _sex(rng, disease)
    age = _age(rng, disease)
    possible = [t for t in disease.traits if fits(t, age, sex)]
    seen = [t for t in possible if t.how.shown in (HISTORY, EXAMINATION)]
    tested = [t for t in possible if t not in seen]
    findings: list[Trait] = []
    silent: list[Trait] = []
    for traits, (least, most) in ((seen, SEEN), (tested, TESTED)):
        chosen, more = _choose(rng, traits, rng.randint(least, most), findings)
        if len(chosen) < least:
            return None
        findings += chosen
        silent += more
    return Patient(age, sex, tuple(findings), tuple(silent))


def fits(trait: Trait, age: float, sex: str) -> bool:
    """Whether a patient of an age and sex can have a finding."""
    how = trait.how
    return how.youngest <= age <= how.oldest and how.sex in ("", sex)


class Company(NamedTuple):
    """What some findings leave no room for."""

    axes: frozenset[str]
    phenotypes: frozenset[str]
    above: frozenset[str]  # the phenotypes and all that is broader
    analytes: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, findings: Iterable[Trait]) -> Company:
        """The company that some findings make."""
        others = list(findings)
        return cls(
            frozenset(t.how.axis for t in others if t.how.axis),
            frozenset(t.phenotype for t in others),
            frozenset(above for t in others for above in t.above),
            frozenset(analyte for t in others for analyte, _ in t.values),
            frozenset(word for t in others for word in t.how.words),
        )

    def admits(self, trait: Trait) -> bool:
        """Whether a finding can stand beside these: another axis, other values, no kind of them."""
        return not (
            trait.how.axis in self.axes
            or trait.phenotype in self.above
            or not self.phenotypes.isdisjoint(trait.above)
            or any(analyte in self.analytes for analyte, _ in trait.values)
            or not self.words.isdisjoint(trait.how.words)
        )


def _choose(
    rng: Random, traits: list[Trait], number: int, beside: list[Trait]
) -> tuple[list[Trait], list[Trait]]:
    """Draw each trait by its frequency; of those that fit together, the number told and the rest.

    Where too few were drawn, the more frequent of the others are added.
    """
    drawn = [(rng.random() < t.often, rng.random(), t) for t in traits]
    # First what was drawn and belongs to the picture, then the rest of what was drawn, then what
    # was not, the more frequent the sooner.
    drawn.sort(
        key=lambda d: (
            not d[0],
            not (d[0] and d[2].often >= PENETRANT),
            d[1] if d[0] else d[1] / d[2].often,
            d[2].phenotype,
        )
    )
    chosen: list[Trait] = []
    company = Company.of(beside)
    for had, _, trait in drawn:
        if (had or len(chosen) < number) and company.admits(trait):
            chosen.append(trait)
            company = Company.of([*beside, *chosen])
    return chosen[:number], chosen[number:]


def _sex(rng: Random, disease: Disease) -> str:
    name = " ".join((disease.diagnosis.name, *disease.diagnosis.synonyms)).lower()
    modes = disease.course.inheritance
    female = sum(t.often for t in disease.traits if t.how.sex == "f")
    male = sum(t.often for t in disease.traits if t.how.sex == "m")
    chance = rng.random()
    if any(word in name for word in _FEMALE) or {"female-limited", "x-dominant"} & set(modes):
        return "f"
    if any(word in name for word in _MALE) or {"male-limited", "x-recessive"} & set(modes):
        return "m"
    return "f" if chance < (1 + 2 * female) / (2 + 2 * female + 2 * male) else "m"


def _age(rng: Random, disease: Disease) -> float:
    """Age at presentation: an onset of the annotations, and the years until somebody asks."""
    start, wait = rng.random(), rng.random()
    if disease.course.onsets:
        low, high = disease.course.onsets[rng.randrange(len(disease.course.onsets))]
    else:
        low, high = _unstated(disease)
    onset = low + start * (high - low)
    # Years until the patient is seen: most within a few, the square keeps long waits rare.
    return min(88.0, onset + wait * wait * (12.0 if 1 <= onset < 16 else 6.0))


def _unstated(disease: Disease) -> tuple[float, float]:
    """A span of onsets where the annotations state none, from what kind of disease it is."""
    often = [t for t in disease.traits if t.often >= FREQUENT]
    if any("HP:0001197" in t.above for t in often):  # seen before or at birth
        return 0.0, 1.0
    if disease.neoplastic:
        return 35.0, 75.0
    growth = sum(t.often for t in disease.traits if not _OF_GROWTH.isdisjoint(t.above))
    if growth > GROWING:
        return 0.3, 10.0
    return (1.0, 30.0) if disease.genes or disease.course.inheritance else (18.0, 70.0)
