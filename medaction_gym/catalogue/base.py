"""Base: a test taken apart, so that two ways to write it are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medaction_gym.catalogue.kin import groups, kin
from medaction_gym.catalogue.term import HEADS, Kind, Term
from medaction_gym.catalogue.tokens import words

# How a pathogen is looked for: tests of one pathogen are taken apart into method and pathogen.
_METHODS = {
    "pcr": "pcr",
    "culture": "culture",
    "antigen_test": "antigen_test",
    "serology": "serology",
    "igg": "serology",
    "igm": "serology",
}


# Procedures that a body site turns into another row ("CXR"): that row is the site's only news.
_MODALITIES = frozenset(
    "ct mri xray ultrasound doppler mra cta pet angiography biopsy histopathology culture "
    "physical_examination endoscopy".split()
)


class Base(NamedTuple):
    """A test taken apart: what is done, on which specimens, at which sites, for which pathogens."""

    term: Term
    specimens: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    organisms: frozenset[str] = frozenset()


def bases(terms: Mapping[str, Term], named: Mapping[tuple[str, ...], Term]) -> dict[str, Base]:
    """What the tests that can be taken apart are made of, by id.

    Args:
        terms: All terms.
        named: The same by folded name.
    """
    found: dict[str, Base] = {}
    for term in terms.values():
        if term.kind in HEADS:
            names = (term.name, *term.synonyms) if term.category == "microbiology" else (term.name,)
            for phrase in map(words, names):
                base = _take_apart(term, phrase, terms, named)
                if base:
                    found[term.id] = base
                    break
    for first, *rest in kin("technique"):
        found[first] = _qualified(terms, *rest)
    for first, specimens in groups("specimen").items():
        found[first] = Base(terms[first], specimens=specimens)
    return found


def _qualified(terms: Mapping[str, Term], base: str, *qualifiers: str) -> Base:
    """A test on some specimens, at some sites, for some pathogens."""

    def of(kind: Kind) -> frozenset[str]:
        return frozenset(id for id in qualifiers if terms[id].kind == kind)

    return Base(terms[base], of("specimen"), of("site"), of("organism"))


def _take_apart(
    term: Term,
    phrase: tuple[str, ...],
    terms: Mapping[str, Term],
    named: Mapping[tuple[str, ...], Term],
) -> Base | None:
    for cut in range(1, len(phrase)):
        for part, rest in ((phrase[:cut], phrase[cut:]), (phrase[cut:], phrase[:cut])):
            qualifier, base = named.get(part), named.get(rest)
            if qualifier is None or base is None or base.id == term.id:
                continue
            if qualifier.kind == "organism" and base.id in _METHODS:
                return Base(terms[_METHODS[base.id]], organisms=frozenset({qualifier.id}))
            if base.kind != term.kind:
                continue
            if qualifier.id in term.specimens:
                return Base(base, specimens=frozenset({qualifier.id}))
            own = base.category == term.category  # an examined marrow is no physical examination
            if qualifier.kind == "site" and base.id in _MODALITIES and term.sites and own:
                return Base(base, sites=frozenset(term.sites))
    return None
