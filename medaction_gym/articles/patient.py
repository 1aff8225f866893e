"""Patient: who an article tells of: age, sex, species, and how many."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_NUMBER = (
    r"(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"[a-z]+ty(?:-[a-z]+)?|[a-z]+teen)"
)
_UNIT = r"(?:years?|yrs?|months?|mos?|weeks?|wks?|days?|hours?)"
_AGE = (
    rf"(?:{_NUMBER}(?:\s*(?:and|½)\s*(?:a\s+)?half)?[\s-]*{_UNIT}[,\s-]*(?:and\s+)?"
    rf"(?:{_NUMBER}[\s-]*{_UNIT}[\s-]*)?(?:of\s+age|old)|{_NUMBER}[\s-]*y/?o|aged\s+{_NUMBER}|"
    rf"in\s+(?:his|her)\s+(?:early\s+|late\s+|mid-?)?{_NUMBER}(?:s|ies))"
)
_BABY = r"(?:newborn(?! screen)|neonat\w+|infant|baby|fetus|foetus)"
_PERSON = (
    r"(?:patients?|m[ae]n|wom[ae]n|males?|females?|boys?|girls?|infants?|neonates?|newborns?|"
    r"child(?:ren)?|baby|toddler|lady|gentleman|adolescent|teenager|individual|fetus|foetus|"
    r"primigravida|multigravida|gravida|mother|soldier|student|farmer|worker|athlete|adult|"
    r"primipara|multipara|parturient)"
)
_SPECIES = {
    "dog": r"dogs?|canine|pupp(?:y|ies)|labrador|retriever|terrier|shepherd dog|spaniel|poodle|"
    r"bulldog|dachshund|chihuahua|beagle|rottweiler|bitch",
    "cat": r"cats?|feline|kitten|domestic (?:short|long)hair",
    "horse": r"horses?|equine|mare|gelding|foal|stallion|pony|thoroughbred|filly",
    "cow": r"cows?|bovine|heifer|calf|calves|cattle|holstein|steer",
    "goat": r"goats?|caprine",
    "sheep": r"sheep|ovine|ewe|lamb",
    "pig": r"pigs?|porcine|piglet|sow",
    "bird": r"parrot|cockatoo|chicken|avian|falcon|macaw|hen",
    "rabbit": r"rabbits?",
    "ferret": r"ferrets?",
    "reptile": r"tortoise|turtle|snake|lizard|iguana",
    "alpaca": r"alpacas?|llamas?|camels?",
}
# An animal whose age nobody knows is introduced as the subject of a sentence.
_ANIMAL = re.compile(
    r"(?:^|\.\s)An?\s+((?:(?!(?:with|who|whose|of|and|by|m[ae]n|wom[ae]n|girl|boy|child|patient|"
    r"farmer|lady|gentleman)\b)[\w-]+,?\s+){0,5}?"
    rf"(?:{'|'.join(_SPECIES.values())}))\s+"
    r"(?:was|is|presented|weighing|with|that|which)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"\b(?:spayed|neutered|castrated|veterinary|mixed[- ]breed|crossbred?|intact (?:male|female)|"
    r"referred to the veterinary|animal hospital)\b",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    rf"\b(?:an?|the|our|this|one|this)?\s*((?:[\w-]+[\s,-]+){{0,5}}?{_AGE}[,\s]*(?:[\w/-]+[,\s]+){{0,6}}?"
    rf"(?:{_PERSON}|{'|'.join(_SPECIES.values())})\b(?:\s+(?:{_PERSON}|{'|'.join(_SPECIES.values())})\b)?)"
    rf"|\b((?:(?:fe)?male\s+)?{_PERSON},?\s+(?:who was\s+)?{_AGE})"
    rf"|\b({_AGE})"
    rf"|\b({_NUMBER}[\s-]+{_UNIT}\s+(?:[\w-]+\s+){{0,3}}{_PERSON})\b"
    rf"|\b((?:[\w-]+\s+)?{_BABY}(?:\s+{_PERSON})?)\b",
    re.IGNORECASE,
)
# What a phrase about a patient must hold: cheap to look for.
_AGED = re.compile(
    rf"{_AGE}|\b{_NUMBER}[\s-]+{_UNIT}\s+(?:[\w-]+\s+){{0,3}}{_PERSON}\b|"
    rf"\b{_BABY}\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(?:an?|the|our|this|one)\b(?!\s+case)", re.IGNORECASE)
_ANY = re.compile(
    rf"{_AGE}|\b(?:the|our|an?|this)\s+(?:[\w-]+\s+){{0,3}}{_PERSON}\b", re.IGNORECASE
)
_LEADING = re.compile(
    r"^(?:.*?\b(?:an?|the|our|this|of|is|was|now)\s+)+(?=.*\d|[a-z])", re.IGNORECASE
)
_FEMALE = re.compile(
    r"\b(?:female|wom[ae]n|girl|lady|she|her|gravida|pregnan\w+|mother|mare|bitch|ewe|cow|heifer|"
    r"parturient|primigravida|multigravida|spayed)\b",
    re.IGNORECASE,
)
_MALE = re.compile(r"\b(?:male|m[ae]n|boy|gentleman|he|his|gelding|stallion|neutered male)\b", re.I)

_SEVERAL = re.compile(
    r"\b(?:case series|(?:two|three|four|five|six|seven|eight|nine|ten|2|3|4|5|6|7|8|9|10) "
    r"(?:[\w-]+ ){0,3}(?:cases|patients|siblings|brothers|sisters|children|infants|dogs|cats|"
    r"horses))\b",
    re.IGNORECASE,
)
_WE_REPORT = re.compile(
    rf"\b(?:report|present|describe)\w*\s+(?:on\s+)?(?:\w+\s+){{0,2}}?{_SEVERAL.pattern}",
    re.IGNORECASE,
)


class Patient(NamedTuple):
    """Who is described, and by which words.

    Attributes:
        phrase: The words that introduce the patient, e.g. ``"58-year-old female patient"``.
        age: Age in years, or None where it is not stated.
        sex: ``"female"``, ``"male"`` or ``""``.
        species: ``"human"``, or the animal's.
    """

    phrase: str
    age: float | None
    sex: str
    species: str


def introduced(text: str) -> re.Match[str] | None:
    """Where a text introduces a patient by age, if it does."""
    age = _AGED.search(text)
    return _PHRASE.search(text, max(0, age.start() - 90), age.end() + 90) if age else None


def person_at(text: str) -> int | None:
    """Where the words for a patient begin, if a text introduces one.

    Example:
        >>> "Gout in a 9-year-old boy"[person_at("Gout in a 9-year-old boy") :]
        'a 9-year-old boy'
    """
    age = _AGED.search(text)
    if age is None:
        return None
    articles = [m.start() for m in _ARTICLE.finditer(text, max(0, age.start() - 60), age.start())]
    return articles[-1] if articles else age.start()


def speaks_of_patient(text: str) -> bool:
    """Whether a sentence speaks of a patient at all."""
    return bool(_ANY.search(text) or introduced(text))


def patient_of(texts: Iterable[str]) -> Patient:
    """The patient that the first sentences of a case describe.

    Example:
        >>> patient_of(["A 58-year-old female patient was referred with cough."])
        Patient(phrase='58-year-old female patient', age=58.0, sex='female', species='human')
        >>> patient_of(["A nine-month-old neutered male cat was seen."]).species
        'cat'
    """
    opening = [text for _, text in zip(range(12), texts, strict=False)]
    phrase = age = None
    for text in opening:
        match = introduced(text)
        if match and phrase is None:
            phrase = " ".join((match[1] or match.group()).split()).strip(" ,")
            phrase = _LEADING.sub("", phrase, count=1).strip(" ,")
            age = _years(phrase)
        if phrase and age is not None:
            break
    whole = " ".join(opening[:4])
    if phrase is None and (animal := _ANIMAL.search(" ".join(opening[:2]))):
        phrase = animal[1]
    phrase = phrase or ""
    return Patient(phrase, age, _sex(phrase) or _sex(whole), species_of(phrase, whole))


def species_of(phrase: str, context: str = "") -> str:
    """The species by the words that introduce the patient; an owner's cat is no patient.

    Example:
        >>> species_of("6-year-old Labrador"), species_of("woman", "She keeps a dog.")
        ('dog', 'human')
    """
    for species, pattern in _SPECIES.items():
        if re.search(rf"\b(?:{pattern})\b", phrase, re.IGNORECASE):
            return species
    if _KEPT.search(context):
        found = [
            s for s, p in _SPECIES.items() if re.search(rf"\b(?:{p})\b", context, re.IGNORECASE)
        ]
        return found[0] if found else "animal"
    return "human"


def several(title: str, abstract: str = "") -> bool:
    """Whether a title or abstract announces more than one patient.

    Example:
        >>> several("Two siblings with ataxia"), several("Ataxia", "Only two cases are known.")
        (True, False)
    """
    return bool(_SEVERAL.search(title) or _WE_REPORT.search(abstract))


_ONES = {word: n for n, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen".split())}  # fmt: skip
_TENS = {word: 10 * n for n, word in enumerate(
    "twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}  # fmt: skip


def _number(word: str) -> float | None:
    word = word.lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return float(word)
    total = 0
    for part in word.split("-"):
        if part not in _ONES and part not in _TENS:
            return None
        total += _ONES.get(part, 0) + _TENS.get(part, 0)
    return float(total)


def _years(phrase: str) -> float | None:
    """Age in years by the first number with a unit."""
    match = re.search(rf"({_NUMBER})[\s-]*({_UNIT})", phrase, re.IGNORECASE)
    if not match:
        match = re.search(rf"(?:aged\s+)({_NUMBER})()|\b(\d0)s\b", phrase, re.IGNORECASE)
        if match and match[3]:
            return float(match[3])  # "in his 40s"
    value = _number(match[1]) if match else None
    if match is None or value is None or value > 120:
        return None
    unit = match[2].lower()[:1]
    share = {"m": 1 / 12, "w": 1 / 52, "d": 1 / 365, "h": 1 / 8760}.get(unit, 1.0)
    return round(value * share, 2)


def _sex(text: str) -> str:
    female, male = _FEMALE.search(text), _MALE.search(text)
    if female and male:
        return "female" if female.start() < male.start() else "male"
    return "female" if female else "male" if male else ""
