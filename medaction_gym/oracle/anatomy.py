"""Anatomy: how the body sites of an order and of a record lie to one another."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.oracle.sites import TISSUES
from medaction_gym.oracle.tier import Tier

# Sites that are examined as one, whatever their place in the tree.
_ONE_SITE = ({"head", "brain"}, {"head", "skull"})
# Parts of the body that are imaged in one go. The head is its brain: its face and ears are not.
REGIONS = frozenset("brain face ear neck chest abdomen pelvis spine upper_limb lower_limb".split())
# Regions whose scan is none of the spine that runs through them.
_BESIDE_THE_SPINE = frozenset({"chest", "neck"})
_OF_THE_HEAD = frozenset({"head", "skull"})
OF_THE_FACE = frozenset({"face"})
# Their lesions reach into one another, and a "lip biopsy" is of the glands in it.
_HARD_PARTS = frozenset({"bone", "jaw", "teeth", "tooth", "gingiva", "salivary_gland", "sinuses"})
# Regions of many organs, which are scanned for one of them.
OF_MANY_ORGANS = frozenset({"abdomen", "pelvis"})
_TRUNK = OF_MANY_ORGANS | {"chest"}
_PARTS = frozenset(
    "cervical_spine thoracic_spine lumbar_spine sacrum shoulder elbow forearm wrist hand "
    "hip thigh knee lower_leg ankle foot".split()
)
_JOINED = ({"wrist", "hand"}, {"ankle", "foot"}, {"hip", "thigh"})
# Regions whose parts are examined by tests of their own: a CT of the head shows no teeth.
_NO_CONTAINER = TISSUES | {"head", "whole_body", "neck", "trunk", "body"}
# Organs that nobody has both of.
_MALE = frozenset({"prostate", "seminal_vesicle", "scrotum", "penis"})
_FEMALE = frozenset({"uterus", "adnexa", "vagina", "vulva"})


@cache
def organ_apart(sites: frozenset[str]) -> frozenset[str]:
    """The heart or breast, where sites lie in one: tests of the chest are none of theirs."""
    within = Catalogue.load().within
    return frozenset(organ for organ in ("heart", "breast") for s in sites if within(s, organ))


@cache
def innermost(sites: frozenset[str]) -> frozenset[str]:
    """Sites without those that another of them lies in: a lesion of the lip is not of the mouth."""
    within = Catalogue.load().within
    return frozenset(s for s in sites if not any(o != s and within(o, s) for o in sites))


@cache
def soft_parts(sites: frozenset[str]) -> frozenset[str]:
    """Of some sites, the lip, the tongue, the nose and other parts of the face that are apart."""
    ancestors = Catalogue.load().ancestors
    return frozenset(
        s for s in sites - OF_THE_FACE if "face" in ancestors(s) and not _HARD_PARTS & ancestors(s)
    )


@cache
def all_of_the_spine(sites: frozenset[str]) -> bool:
    """Whether sites are all of the spine."""
    return bool(sites) and all(Catalogue.load().within(site, "spine") for site in sites)


def apart_in_the_face(asked: frozenset[str], told: frozenset[str]) -> bool:
    """Whether one of the orbit, the tongue, the nose is asked for, and a report is of another."""
    sought, beside = soft_parts(asked), soft_parts(told)
    return bool(sought and beside) and nested(sought, beside) is None


def inner(sites: frozenset[str]) -> bool:
    """Whether sites are organs within the trunk."""
    return not sites & TISSUES and regions(sites) <= _TRUNK


@cache
def sexes_of(sites: frozenset[str]) -> frozenset[str]:
    """Whose organs are among some sites: a scan of the uterus is none of the scrotum."""
    within = Catalogue.load().within
    return frozenset(
        sex
        for sex, organs in (("male", _MALE), ("female", _FEMALE))
        if any(within(site, organ) for site in sites for organ in organs)
    )


def nested(asked: AbstractSet[str], held: AbstractSet[str]) -> Tier | None:
    """Whether sites (or specimens) agree: the same, or one inside the other."""
    if asked & held:
        return Tier.SAME
    if any(one <= asked | held and asked & one and held & one for one in _ONE_SITE):
        return Tier.SAME
    catalogue = Catalogue.load()
    for a in asked:
        for h in held:
            inner, outer = (a, h) if catalogue.within(a, h) else (h, a)
            if not catalogue.within(inner, outer) or outer in _NO_CONTAINER:
                continue
            if outer not in _BESIDE_THE_SPINE or not catalogue.within(inner, "spine"):
                return Tier.GENERAL
    return None


def lies_within(where: AbstractSet[str], sources: AbstractSet[str]) -> bool:
    """Whether an illness is at or in a source: one of the abdomen is not of the urinary tract."""
    catalogue = Catalogue.load()
    found = any(catalogue.within(site, source) for site in where for source in sources)
    return found or any(one & where and one & sources for one in _ONE_SITE)


@cache
def regions(sites: frozenset[str]) -> frozenset[str]:
    """The regions of the body that some sites lie in."""
    catalogue = Catalogue.load()
    regions = frozenset().union(*(REGIONS & catalogue.ancestors(site) for site in sites))
    return regions | {"brain"} if sites & _OF_THE_HEAD else regions


@cache
def nodes(sites: frozenset[str]) -> bool:
    """Whether lymph nodes are among some sites."""
    return any(Catalogue.load().within(site, "lymph_node") for site in sites)


@cache
def same_part(asked: frozenset[str], held: frozenset[str]) -> bool:
    """Whether sites may be of one part of the spine or of a limb."""
    catalogue = Catalogue.load()

    def parts(sites: frozenset[str]) -> set[str]:
        named = {part for site in sites for part in _PARTS & catalogue.ancestors(site)}
        return named.union(*(joined for joined in _JOINED if joined & named))

    return not parts(asked) or not parts(held) or not parts(asked).isdisjoint(parts(held))


@cache
def sources(specimens: frozenset[str]) -> frozenset[str]:
    """The sites that specimens are taken from."""
    terms = Catalogue.load().terms
    return frozenset(site for id in specimens for site in terms[id].sites)


def within_tissue(site: str, tissue: str) -> bool:
    """Whether a site lies in a tissue, or is a lymph node."""
    return tissue in TISSUES | {"lymph_node"} and Catalogue.load().within(site, tissue)
