"""Prose: the presentation of a patient, in the voice of an admission note."""

from __future__ import annotations

import re
from random import Random

from medaction_gym.cases.case import Presentation
from medaction_gym.synthetic import tables
from medaction_gym.synthetic.patient import Company, Patient, fits
from medaction_gym.synthetic.roster import Disease, Rival, Trait
from medaction_gym.synthetic.tables import EXAMINATION, HISTORY
from medaction_gym.synthetic.vitals import IN_NUMBERS, vitals
from medaction_gym.synthetic.wording import capital, denied, listed, noun

# What no one dates: it was always so, or is told of the past.
_LIFELONG = (
    "cognition", "speech", "walk", "behaviour", "attention", "birth", "birthterm",
    "liquor", "refraction", "periods", "puberty", "height", "weight", "feeding",
)  # fmt: skip
_SHORT = ("fever", "vomit", "alert")  # nobody has waited for years with these
_BIRTH = "HP:0001197"
_PAST = re.compile(r"\b(?:earlier|episode of|in infancy|neonatal|as a newborn|at birth)\b|\. *$")
_LONG = re.compile(
    r"recurrent|chronic|frequent|progressive|after another|episodic|regression", re.I
)
JOBS = (
    "bus driver", "schoolteacher", "cook", "accountant", "farmer", "shop assistant", "electrician",
    "librarian", "cleaner", "translator", "tailor", "postal worker", "bricklayer", "office clerk",
    "hairdresser", "violinist", "warehouse worker", "gardener", "taxi driver", "optician",
)  # fmt: skip
PLACES = (
    "Portugal", "Kenya", "Chile", "Vietnam", "Canada", "Poland", "Morocco", "India", "Norway",
    "Brazil", "Japan", "Ghana", "Turkey", "Ireland", "Peru", "Thailand", "Greece", "Mexico",
)  # fmt: skip
ROOMS = ("outpatient clinic", "ward", "day unit", "consulting room", "referral clinic")
PAST_HISTORY = (
    "Appendix out years ago.", "Hay fever in spring.", "No earlier admissions.",
    "No regular drugs.", "No known allergies.", "Vaccinated on schedule.",
    "Tonsils out.", "Broke a wrist in a fall, healed well.", "Otherwise well so far.",
)  # fmt: skip
_CHILD_HISTORY = (
    "No earlier admissions.", "Vaccinated on schedule.", "No regular drugs.",
    "No known allergies.", "Lives with both parents.", "Chickenpox, uneventful.",
)  # fmt: skip
FAMILY = (
    "Family history empty.", "Parents well and unrelated.", "A grandfather had gout.",
    "An aunt has diabetes.", "Nobody else in the family is ill.", "Siblings well.",
)  # fmt: skip
# What may or may not speak of the disease. None fits one mode of inheritance alone, since what a
# family has must not tell the disease; whatever the patient has, it is told equally often.
RUNS = (
    "A cousin has had similar complaints.", "An aunt is said to have the same.",
    "The parents are second cousins.", "The grandparents come from one village.",
    "A half-brother is affected in some way.",
)  # fmt: skip
_RUNS_IN_FAMILY = 0.3


def present(rng: Random, patient: Patient, disease: Disease, rivals: list[Rival]) -> Presentation:
    """The four sections: who, why, what is told and what is seen."""
    told = patient.named([HISTORY])
    seen = [t for t in patient.named([EXAMINATION]) if t.phenotype not in IN_NUMBERS]
    rng.shuffle(told)
    rng.shuffle(seen)
    # What the tables have words for is more likely what a patient is sent for.
    seen.sort(key=lambda t: t.how.id not in tables.manifestations())
    lead = next((t for t in told if t.how.axis not in _LIFELONG and _tellable(t)), None)
    duration = _duration(rng, patient, lead)
    if lead:
        complaint = f"{capital(noun(lead.how.words))} for {duration}"
    elif lead := next((t for t in told if t.how.axis in _LIFELONG and _tellable(t)), None):
        complaint = capital(noun(lead.how.words))
    elif seen:
        complaint = f"Referred because of {noun(seen[0].how.words)}"
    else:
        complaint = "Referred for a second opinion"
    return Presentation(
        patient=_who(rng, patient),
        chief_complaint=complaint,
        history=_history(rng, patient, disease, rivals, told, lead),
        examination=_examination(rng, patient, disease, seen),
    )


def _who(rng: Random, patient: Patient) -> str:
    place, room = PLACES[rng.randrange(len(PLACES))], ROOMS[rng.randrange(len(ROOMS))]
    job = JOBS[rng.randrange(len(JOBS))]
    age, male = patient.age, patient.sex == "m"
    years = int(age)
    if age < 1 / 12:
        return f"{max(2, int(age * 365))}-day-old {'boy' if male else 'girl'}, {room} in {place}"
    if age < 2:
        return f"{max(1, int(age * 12))}-month-old {'boy' if male else 'girl'}, {room} in {place}"
    noun = ("boy" if male else "girl") if years < 18 else ("man" if male else "woman")
    able = not any(t.how.axis == "cognition" for t in patient.findings)
    if years >= 67:
        job = f"retired {job}"
    doing = f", {job}" if years >= 20 and able else ""
    return f"{years}-year-old {noun}{doing}, {room} in {place}"


def _duration(rng: Random, patient: Patient, lead: Trait | None) -> str:
    """How long: weeks, months or years whatever the disease, but no longer than half a life."""
    unit, many = rng.randrange(3), rng.random()
    if lead and lead.how.axis in _SHORT:
        unit, many = 0, many * 0.2
    elif lead and _LONG.search(" ".join(lead.how.words)):
        unit = max(unit, 1)
    days = (4 + 60 * many, 75 + 300 * many, 500 + 1800 * many)[unit]
    days = min(days, patient.age * 365 / 2)
    for size, name in ((365, "year"), (30, "month"), (7, "week"), (1, "day")):
        if days >= 2 * size or size == 1:
            return f"{max(2, int(days / size))} {name}s"
    raise AssertionError("a day is the smallest unit")


def _tellable(trait: Trait) -> bool:
    """Whether a finding can be what a patient comes for."""
    return not _PAST.search(trait.how.words[0]) and not _born_with(trait)


def _born_with(trait: Trait) -> bool:
    return _BIRTH in trait.above or trait.how.axis in ("birth", "birthterm", "liquor")


def _person(text: str, patient: Patient) -> str:
    male = patient.sex == "m"
    for mark, words in {"he": ("he", "she"), "his": ("his", "her"), "him": ("him", "her")}.items():
        word = words[0] if male else words[1]
        text = text.replace(f"{{{mark}}}", word).replace(f"{{{capital(mark)}}}", capital(word))
    return text


def _history(
    rng: Random,
    patient: Patient,
    disease: Disease,
    rivals: list[Rival],
    told: list[Trait],
    lead: Trait | None,
) -> str:
    child = patient.age < 12
    frames = (
        ("{His} parents also report {x}.", "There is also {x}.", "{X}, too, the mother says.")
        if child
        else ("{He} also reports {x}.", "There is also {x}.", "On questioning, {x}.")
    )
    born = [t for t in told if _born_with(t)]
    rest = [t for t in told if t not in born and t is not lead]
    sentences, start = [], rng.randrange(len(frames))
    if lead and lead.how.words[-1].endswith("."):
        sentences.append(lead.how.words[-1])
    while rest:
        trait, rest = rest[0], rest[1:]
        words = trait.how.words[rng.randrange(len(trait.how.words))]
        if words.endswith("."):
            sentences.append(words)
            continue
        items = [words]
        if rest and rng.random() < 0.5:
            items.append(noun(rest[0].how.words))
            rest = rest[1:]
        frame = frames[(start + len(sentences)) % len(frames)]
        both = listed(items)
        sentences.append(frame.replace("{x}", both).replace("{X}", capital(both)))
    if born:
        sentences.append(f"Birth history: {listed([noun(t.how.words) for t in born])}.")
    absent = _absent(rng, patient, disease, rivals, HISTORY)
    if absent:
        sentences.append(f"No {listed(absent, 'or')}.")
    past = _CHILD_HISTORY if child else PAST_HISTORY
    first = rng.randrange(len(past))
    sentences += [past[first], past[(first + 1 + rng.randrange(len(past) - 1)) % len(past)]]
    sentences.append(_family(rng))
    return " ".join(_person(sentence, patient) for sentence in sentences)


def _family(rng: Random) -> str:
    """What the family has, whatever the disease."""
    chance, which = rng.random(), rng.random()
    said = RUNS if chance < _RUNS_IN_FAMILY else FAMILY
    return said[int(which * len(said))]


def _absent(
    rng: Random,
    patient: Patient,
    disease: Disease,
    rivals: list[Rival],
    shown: str,
) -> list[str]:
    """What a rival disease would have and the patient has not."""
    company = Company.of([*patient.findings, *patient.silent, *disease.untold])
    possible = [
        t
        for rival in rivals
        for t in rival.traits
        if t.how.shown == shown
        and t.phenotype not in IN_NUMBERS
        and not _born_with(t)
        and t.how.id in tables.manifestations()
        and fits(t, patient.age, patient.sex)
        and t.often >= 0.3
        and company.admits(t)
    ]
    names = sorted({denied(t.how.words) for t in possible})
    names = [name for name in names if not _PAST.search(name)]
    rng.shuffle(names)
    return names[: rng.randint(1, 3)]


def _examination(rng: Random, patient: Patient, disease: Disease, seen: list[Trait]) -> str:
    words = [t.how.words[rng.randrange(len(t.how.words))] for t in seen]
    plain = [w for w in words if not w.endswith(".")]
    cut = 1 + rng.randrange(len(plain)) if len(plain) > 3 else len(plain)
    sentences = [f"{capital(listed(part))}." for part in (plain[:cut], plain[cut:]) if part]
    possible = Company.of([*patient.findings, *patient.silent, *disease.untold]).above
    normal = [n.text for n in tables.normals()[EXAMINATION] if possible.isdisjoint(n.denies)]
    rng.shuffle(normal)
    sentences += [f"{text}." for text in normal[: rng.randint(2, 4)]]
    return " ".join([vitals(rng, patient), *sentences])
