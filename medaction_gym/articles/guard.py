"""Guard: no case leaves with its diagnosis in what the doctor sees before the end.

The names that must not be read are the diagnosis, what the article and the knowledge graph call it
besides, its abbreviations, and the classes directly above it that only few diseases share. A name
in the first observation, in a test's name or in an alias is masked; a sentence of the first
observation that is about the diagnosis is left out whole, and so go hints (see hints.py). What can
still be read is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from medaction_gym.articles.diseases import DISEASE, diseases, says_little
from medaction_gym.articles.forms import without_forms
from medaction_gym.articles.hints import without_hints
from medaction_gym.articles.kin import EXACTLY, FAMILY, concepts, kin, processes
from medaction_gym.articles.withheld import complaint, parts, without_clauses
from medaction_gym.cases.case import Case, Diagnosis, Presentation, TestResult
from medaction_gym.cases.leaks import MASK, Leak, find_leaks, gold_causes, gold_names, mask
from medaction_gym.cases.menu import OTHER
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import words
from medaction_gym.knowledge.shared import knowledge

_LEAST = 15  # words of a first observation from which something was cut
# A class above the diagnosis gives it away if it is so specific: some sixty diseases lie in it.
SPECIFIC = 0.6
_REPEATED = re.compile(rf"{re.escape(MASK)}(?:[\s,/()-]*{re.escape(MASK)})+")


class Kept(NamedTuple):
    """What the guard made of a case.

    Attributes:
        case: The case without leaks; None where one is left.
        mended: How many places were mended.
        left: The leak that is left.
        renamed: The new names of tests, by the old ones.
    """

    case: Case | None
    mended: int
    left: str = ""
    renamed: Mapping[str, str] = MappingProxyType({})


# A sentence about the diagnosis itself is left out, not masked.
_ABOUT = re.compile(
    r"\b(?:diagnos\w+|classif\w+|confirm\w*|consistent with|conclu\w+|suspect\w*|suspicion|"
    r"suggest\w*|compatible)\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(rf"\b([^\W\d_][\w-]*)\s+({re.escape(MASK)})")
_DANGLING = re.compile(
    r"(?:\b(?:of|for|the|and|in|to|with|by|from|specific)|[\s,()/:–-])+$", re.IGNORECASE
)


def names_of(diagnosis: Diagnosis, others: Iterable[str] = ()) -> tuple[tuple[str, ...], ...]:
    """Every name, as folded words, by which the diagnosis could be read; longest first.

    Args:
        diagnosis: The diagnosis with its synonyms.
        others: What else the article concludes, e.g. the cause or a complication.
    """
    names = set(gold_names(diagnosis))
    names |= {cause for cause in gold_causes(diagnosis) if not says_little(cause)}
    for text in (diagnosis.name, *diagnosis.synonyms):
        names |= {c for c in map(words, _AFTER.split(text)[1:]) if not says_little(c)}
        names |= _flared(text)
    names |= {name[first:] for name in names for first in range(1, len(name) - 1) if _class(name)}
    more: set[tuple[str, ...]] = set()
    for text in (diagnosis.name, *diagnosis.synonyms, *others):
        more |= {words(name) for name in _graph_names(text)}
    for text in others:
        stated = Diagnosis(name=text)
        with_it = {c for c in gold_causes(stated) if _class(c) and concepts(" ".join(c), EXACTLY)}
        more |= {*gold_names(stated), *with_it, *_flared(text)}
    alone = {word for name in names for word in name if _names_one(word)}
    names |= {(form,) for word in alone for form in (word, *_adjectives(word))}
    names |= {name for name in more if name and not says_little(name) and not _test(name)}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


# "Scleritis post cataract surgery": what stands behind is the cause.
_AFTER = re.compile(r"\b(?:post|after|induced by|triggered by|related to)\b", re.IGNORECASE)
# How words end that name one disease or few, and not a sign.
_ENDING = re.compile(
    r"\w{5,}(?:omas?|itis|[ie]asis|osis|cysts?|plasia|opathy|trophy|sclerosis|ectasia|[dt]osis|"
    r"cele|malacia|[kd]emia)|\w{3,}tonia|poisonings?|toxicity|deficiency",
    re.IGNORECASE,
)


# "Pneumonia with COPD exacerbation": the disease that flared, as it was known before.
_WORSE = r"(?:exacerbation|flare(?:[- ]up)?|attack|relapse|decompensation)s?"
_FLARE = re.compile(
    rf"([\w'’-]+(?: [\w'’-]+){{0,4}}?) {_WORSE}\b(?! of)|\b{_WORSE} of ([\w'’ -]+)", re.IGNORECASE
)
_BESIDES = re.compile(r"\b(?:with|and|by|due to|acute|severe|an?|the|in|from)\b", re.IGNORECASE)


def _flared(text: str) -> set[tuple[str, ...]]:
    """What a name says has become worse, and the graph's names for it."""
    found: set[tuple[str, ...]] = set()
    for before, behind in _FLARE.findall(text):
        known = _BESIDES.split(before)[-1] if before else _BESIDES.split(behind)[0]
        if called := _graph_names(known.strip()):
            found |= {words(name) for name in (known, *called)}
    return {name for name in found if name and not says_little(name)}


_TUMOR = re.compile(
    r"tumor|cancer|\w*(?:carcinoma|sarcoma|lymphoma|melanoma|blastoma|glioma|neoplasia)|neoplasm|"
    r"malignancy|metasta\w+|leukemia|(?!hemat|glauc|trach|granul|ather|haemat|scot|c)\w{4,}oma",
    re.IGNORECASE,
)

_VAGUE = frozenset("lesion mass disease syndrome disorder infection pain fever injury".split())


def _class(name: tuple[str, ...]) -> bool:
    """Whether the last words of a name are a class to keep back: "prostate cancer"."""
    return bool(DISEASE.fullmatch(name[-1])) and name[-1] not in _VAGUE


def _names_one(word: str) -> bool:
    return bool(_ENDING.fullmatch(word)) and not says_little((word,))


# "Myotonic" beside a myotonia: how the adjective of such a word ends.
_ADJECTIVES = (
    (re.compile("osis$"), ("otic",)),
    (re.compile("i(?:t|as)is$"), ("itic", "iatic")),
    (re.compile("trophy$"), ("trophic",)),
    (re.compile("(?:ia|y)$"), ("ic",)),
    (re.compile("asia$"), ("astic", "atic")),
    (re.compile("oma$"), ("omatous",)),
)


def _adjectives(word: str) -> tuple[str, ...]:
    return tuple(
        ending.sub(form, word)
        for ending, forms in _ADJECTIVES
        if ending.search(word)
        for form in forms
    )


def proper_names(names: Iterable[str], text: str) -> tuple[str, ...]:
    """Words of some names that a text never writes small: whose disease it is, or which germ.

    Example:
        >>> proper_names(["Neuro-Behçet disease"], "Signs of Behçet disease. A disease of Behçet.")
        ('Behçet',)
    """
    words_of = dict.fromkeys(w for name in names for w in re.findall(r"[^\W\d_]{5,}", name))
    return tuple(
        word
        for word in (w[:1].upper() + w[1:] for w in words_of)
        if not re.search(rf"\b{word.lower()}\b", text) and re.search(rf"[a-z] {word}\b", text)
    )


def _test(name: tuple[str, ...]) -> bool:
    """Whether a name speaks of a test: "MRI findings" is no disease, whoever concluded it."""
    mentions = Catalogue.load().find(" ".join(name))
    return any(m.term.kind == "procedure" or m.term.kind == "panel" for m in mentions)


@lru_cache(maxsize=2_048)
def _graph_names(text: str) -> tuple[str, ...]:
    """What the graph calls a disease, and the narrow classes it lies in."""
    graph = knowledge()
    names: list[str] = []
    for link in graph.linker.link(text):
        if link.confidence < 0.75:
            continue
        names += [link.name, *graph.synonyms(link.id)]
        for parent in graph.parents(link.id):
            if graph.information_content(parent) >= SPECIFIC:
                names += [graph.name(parent), *graph.synonyms(parent)]
    bare = (re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", name).strip() for name in names)
    return tuple(name for name in dict.fromkeys(bare) if len(name) >= 3)


def guarded(
    case: Case,
    others: Iterable[str] = (),
    alone: Iterable[str] = (),
    asked: Iterable[str] = (),
) -> Kept:
    """Mask what gives a case's diagnosis away.

    Args:
        case: The case.
        others: What else the article concludes, e.g. the cause or a complication.
        alone: Words that are kept back as they stand (see `focus.turns_on`).
        asked: Words that are kept back where they are denied or suspected (see `focus.dwelt_on`).

    Example:
        >>> from medaction_gym.cases.case import Provenance
        >>> case = Case(
        ...     id="demo",
        ...     provenance=Provenance(source="docs", license="Apache-2.0"),
        ...     presentation=Presentation(history="Thirst. Known Marfan syndrome?"),
        ...     tests=(TestResult(name="Genetic testing for Marfan syndrome", result="positive"),),
        ...     diagnosis=Diagnosis(name="Marfan syndrome"),
        ... )
        >>> kept = guarded(case)
        >>> kept.case.presentation.history, kept.case.tests[0].name, kept.mended
        ('Thirst.', 'Genetic testing', 2)
    """
    names = (*names_of(case.diagnosis, others), *map(words, alone))
    names = (*names, *_relations(case, names))
    dwelt = tuple(map(words, asked))
    mended = 0
    sections = {}
    short = [n for n in (*case.diagnosis.synonyms, *others) if re.fullmatch(r"[A-Z]{2,8}", n)]
    tumor = any(map(_TUMOR.fullmatch, words(case.diagnosis.name)))
    for section, text in case.presentation:
        text, formal = without_forms(text, tumor=tumor)
        mended += formal
        for name in short:  # "ON" is a word when it is folded
            text = re.sub(rf"(?<![\w-]){name}(?![\w-])", MASK, text)
        text, found = _masked(text, names)
        sections[section], hints = without_hints(text, names, dwelt)
        if section in ("history", "examination"):
            sections[section] = without_clauses(sections[section])
        elif section == "chief_complaint":
            sections[section] = complaint(sections[section])
        mended += found + hints
    tests: list[TestResult] = []
    renamed: dict[str, str] = {}
    for test in case.tests:
        bare = _renamed(test, names, {t.name.casefold() for t in (*case.tests, *tests)})
        mended += bare is not test
        tests.append(bare)
        renamed[test.name] = bare.name
    told = [text for section, text in sections.items() if section != "patient" and text]
    cut = any(text.endswith("…") for text in told)
    few = sum(len(text.split()) for text in told) < _LEAST
    if not told or (cut and few and not sections["chief_complaint"]):
        return Kept(None, mended, "nothing is left of the first observation")
    mended_case = case.model_copy(
        update={
            "presentation": Presentation(**sections),
            "tests": tuple(sorted(tests, key=lambda t: (t.name.casefold(), t.name))),
        }
    )
    left = [leak for leak in find_leaks(mended_case) if _counts(leak)]
    if left:
        return Kept(None, mended, f"{left[0].place}: {left[0].text!r}")
    return Kept(mended_case, mended, renamed=renamed)


def _relations(case: Case, names: tuple[tuple[str, ...], ...]) -> Iterable[tuple[str, ...]]:
    """What the first observation calls by a name of a kin, of a part, or of another label."""
    called = (case.diagnosis.name, *case.diagnosis.synonyms)
    told = [text for section, text in case.presentation if section != "patient"]
    said = dict.fromkeys(name for text in told for name in diseases(text))
    chief = case.presentation.chief_complaint
    found = [*kin(said, called), *kin([s for s in said if s in chief], called, FAMILY)]
    named = [_telling(name) for name in gold_names(case.diagnosis)]
    for name in said:
        part = _telling(words(name))
        if part and any(part <= whole for whole in named):
            found.append(name)
    found += [label for text in told for label in processes(text, names)]
    return dict.fromkeys(map(words, found))


def _counts(leak: Leak) -> bool:
    """Whether a leak matters: a complaint that the diagnosis is said to present with does not."""
    return leak.kind != "result" and not (leak.kind == "cause" and says_little(words(leak.text)))


def _masked(text: str, names: tuple[tuple[str, ...], ...]) -> tuple[str, int]:
    """A text without the names, and how many places that took."""
    masked = _REPEATED.sub(MASK, mask(text, names))
    found = masked.count(MASK)
    if found:
        # "insufficiency [withheld]": what is left of a name beside the mask goes with it.
        telling = {word for name in names for word in name if not says_little((word,))}
        masked = _BESIDE.sub(
            lambda m: m[2] if words(m[1]) and telling.issuperset(words(m[1])) else m[0], masked
        )
        kept = [said for said in parts(masked) if not (MASK in said and _ABOUT.search(said))]
        masked = " ".join(kept)
    said = parts(masked)
    apart = [_in_other_order(sentence, names) for sentence in said]
    if any(apart):
        masked = " ".join(
            mask(sentence, [(word,) for word in telling])
            for sentence, telling in zip(said, apart, strict=True)
        )
    return masked, found + sum(map(bool, apart))


def _in_other_order(text: str, names: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """The telling words of a name of which a sentence holds all, in whatever order."""
    said = set(words(text))
    found = [telling for telling in map(_telling, names) if len(telling) > 1 and telling <= said]
    return frozenset().union(*found)


@lru_cache(maxsize=4_096)
def _telling(name: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for word in name if len(word) > 2 and not says_little((word,)))


def _renamed(test: TestResult, names: tuple[tuple[str, ...], ...], taken: set[str]) -> TestResult:
    """A test whose name, aliases and components do not say the diagnosis."""

    def bare(name: str) -> str:
        masked = mask(name, names)
        if masked == name:
            return name
        rest = " ".join(masked.replace(MASK, " ").split())
        rest = _DANGLING.sub("", rest).lstrip(" ,()/:–-")
        named = any(m.term.category for m in Catalogue.load().find(rest))
        return rest[:1].upper() + rest[1:] if named and mask(rest, names) == rest else ""

    name = bare(test.name)
    analytes = tuple(
        analyte.model_copy(update={"name": bare(analyte.name)})
        for analyte in test.analytes
        if bare(analyte.name)
    )
    aliases = tuple(alias for alias in test.aliases if bare(alias) == alias)
    if name == test.name and analytes == test.analytes and aliases == test.aliases:
        return test
    if name != test.name:
        name = free_name(name or OTHER, taken)
    return test.model_copy(update={"name": name, "analytes": analytes, "aliases": aliases})


def free_name(stem: str, taken: Collection[str]) -> str:
    """A name that no other test has.

    Example:
        >>> free_name("Chest CT", {"chest ct"})
        'Chest CT (2)'
    """
    name, number = stem, 2
    while name.casefold() in taken:
        name, number = f"{stem} ({number})", number + 1
    return name
