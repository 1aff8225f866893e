"""Leaks: where a case gives its diagnosis away, and the mask for the first observation.

A gold diagnosis is often a sentence ("X secondary to Y (Z)"). Its *names* are the whole, the part
before the connective, what stands in brackets when that is an abbreviation, and the synonyms; its
*causes* are the parts after a connective. Loaders mask names in the presentation; `find_leaks`
reports what is left, and where a test's name or result says it, which is often legitimate
(a pathologist's report) but must be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from medaction_gym.cases.case import Case, Diagnosis
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import fold_word, tokenize

MASK = "[withheld]"

_CONNECTIVE = re.compile(
    r"\b(?:secondary to|due to|caused by|associated with|resulting (?:from|in)|because of|"
    r"complicated by|complicating|presenting (?:as|with)|in the setting of|in the context of|"
    r"leading to|following|with|from|and|of the|in a|in an|in the)\b|[;,:]",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")

# Words that say how a disease is, not which one it is; a name made of these alone is no name.
_MODIFIERS = frozenset(
    map(
        fold_word,
        """
    acute chronic subacute recurrent severe mild moderate primary secondary bilateral left
    right giant large small adult onset juvenile congenital acquired idiopathic atypical
    typical isolated multiple single solitary rare type stage grade syndrome disease
    disorder infection tumor cancer lesion mass cyst failure injury fracture the a an of in
    to by on at with for and or due possible probable suspected likely confirmed advanced
    localized diffuse benign malignant metastatic upper lower anterior posterior case
    patient
    """.split(),
    )
)
_DANGLING = frozenset("the of in to by on at with for and or due".split())


Kind = Literal["presentation", "cause", "test name", "result"]


class Leak(NamedTuple):
    """A place where the diagnosis can be read.

    Attributes:
        kind: Where it stands: ``"presentation"``, ``"test name"`` or ``"result"``; ``"cause"`` is
            a further disease of the gold diagnosis in the presentation, often fair history.
        place: The field, e.g. ``"presentation.history"`` or ``"tests['Biopsy']"``.
        text: The words that give it away, as they stand there.
    """

    kind: Kind
    place: str
    text: str


def gold_names(diagnosis: Diagnosis) -> tuple[tuple[str, ...], ...]:
    """The diagnosis's names as folded words, the most telling first.

    Example:
        >>> gold_names(Diagnosis(name="Lipoid adrenal hyperplasia (CLAH) due to StAR"))[1:]
        (('lipoid', 'adrenal', 'hyperplasia'), ('clah',))
    """
    names: list[str] = []
    for name in (diagnosis.name, *diagnosis.synonyms):
        bare = _BRACKETS.sub(" ", name)
        names += [bare, _CONNECTIVE.split(bare, maxsplit=1)[0]]
        names += [b for b in _BRACKETS.findall(name) if _is_abbreviation(b)]
    return _telling(names)


def gold_causes(diagnosis: Diagnosis) -> tuple[tuple[str, ...], ...]:
    """The further diseases named after a connective.

    Example:
        >>> gold_causes(Diagnosis(name="Peritonitis due to Mycoplasma hominis"))
        (('mycoplasma', 'hominis'),)
    """
    parts: list[str] = []
    for name in (diagnosis.name, *diagnosis.synonyms):
        parts += _CONNECTIVE.split(_BRACKETS.sub(" ", name))[1:]
    known = set(gold_names(diagnosis))
    return tuple(part for part in _telling(parts) if part not in known)


def mask(text: str, names: Iterable[tuple[str, ...]]) -> str:
    """Replace every occurrence of the names in a text by `MASK`.

    Example:
        >>> mask("Known Crohn's disease (2019).", [("crohn", "s", "disease")])
        'Known [withheld] (2019).'
    """
    spans = sorted(_find(text, names))
    for start, end in reversed(spans):
        text = text[:start] + MASK + text[end:]
    return text


def find_leaks(case: Case) -> list[Leak]:
    """Every place in a case where its diagnosis, or a cause it names, can be read."""
    names = gold_names(case.diagnosis)
    causes = gold_causes(case.diagnosis)
    leaks: list[Leak] = []

    def look(kind: Kind, place: str, text: str) -> None:
        for start, end in _find(text, causes if kind == "cause" else names):
            leaks.append(Leak(kind, place, text[start:end]))

    for section, text in case.presentation:
        look("presentation", f"presentation.{section}", text)
        look("cause", f"presentation.{section}", text)
    for test in case.tests:
        for name in (test.name, *test.aliases, *(a.name for a in test.analytes)):
            look("test name", f"tests[{test.name!r}]", name)
        look("result", f"tests[{test.name!r}]", test.result)
    return leaks


def _is_abbreviation(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return (
        2 <= len(letters) <= 8 and " " not in text.strip() and sum(map(str.isupper, letters)) >= 2
    )


def _telling(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Folded, without dangling small words, without names that say nothing; longest first."""
    result = set()
    find = Catalogue.load().find
    for name in names:
        folded = [token.text for token in tokenize(name)]
        while folded and folded[-1] in _DANGLING:
            folded.pop()
        site = {i for m in find(name) if m.term.kind == "site" for i in range(m.first, m.last)}
        content = [
            word
            for i, word in enumerate(folded)
            if word not in _MODIFIERS and not word.isdigit() and i not in site
        ]
        sites_only = not content and len(site) < len(folded) and len(site) > 0
        if (content and (len(content) > 1 or len(content[0]) > 1)) or (
            sites_only and len(folded) > 2
        ):
            result.add(tuple(folded))
    return tuple(sorted(result, key=lambda name: (-len(name), name)))


def _find(text: str, names: Iterable[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Character spans of the names in the text; longer names first, no overlaps."""
    tokens = tokenize(text)
    texts = [token.text for token in tokens]
    taken = [False] * len(tokens)
    spans = []
    for name in names:
        for i in range(len(tokens) - len(name) + 1):
            if tuple(texts[i : i + len(name)]) == name and not any(taken[i : i + len(name)]):
                taken[i : i + len(name)] = [True] * len(name)
                spans.append((tokens[i].start, tokens[i + len(name) - 1].end))
    return spans
