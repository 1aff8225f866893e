"""Matching: how well a thing on the menu answers an order. Pure functions over terms.

The tiers, best first:

1. NAME: it is the name, or an alias, of a menu item;
2. SAME: the same test, and everything the request specifies agrees;
3. KIN: a test that is ordered as one with it: a biopsy is read by a pathologist (``kin.tsv``);
4. PART: part of what was asked: the components of a panel, or a small panel that holds an analyte;
5. UNSITED: the same test, its site, specimen or pathogen left out of the request ("CT" for "CT
   abdomen");
6. GENERAL: a more general request ("MRI" for "MR angiography"), or a site near the one recorded;
7. DESCRIBED: a test that another item's report describes (immunohistochemistry in a biopsy's);
8. UNSTATED: the same test, described in words that may be a site nobody here knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import IntEnum
from functools import cache

from rapidfuzz.fuzz import ratio

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.orders import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.entry import Content, Context, Entry, default_specimens

# A panel of so few components (itself counted) is one test to a doctor: "complement" is C3 and C4.
SMALL_PANEL = 4


class Tier(IntEnum):
    """How good a match is; lower is better."""

    NAME = 1
    SAME = 2
    KIN = 3
    PART = 4
    UNSITED = 5
    GENERAL = 6
    DESCRIBED = 7
    UNSTATED = 8


# Sites that are examined as one, whatever their place in the tree.
_ONE_SITE = ({"head", "brain"}, {"head", "skull"})

_REGIONS = frozenset(
    {"head", "neck", "chest", "abdomen", "pelvis", "spine", "upper_limb", "lower_limb"}
)
# Modalities whose kinds differ in projection or approach, not in what they show.
_PLAIN = frozenset({"xray", "ultrasound", "fluoroscopy", "endoscopy"})

# Tests that are looked for with a target: unknown words of a request may be that target.
_TARGETED = frozenset({"microbiology", "genetics", "laboratory"})
_NOT_BACTERIA = frozenset({"fungi", "viruses", "parasites", "mycobacteria"})
# Departments whose reports describe further tests of their own.
_REPORTING = frozenset({"pathology", "microbiology", "genetics"})

# Regions whose parts are examined by tests of their own: a CT of the head shows no teeth.
_NO_CONTAINER = frozenset(
    {"head", "whole_body", "neck", "trunk", "body", "vessel", "artery", "vein", "bone", "joint"}
    | {"nerve", "muscle", "soft_tissue", "skin"}
)


def match(asked: Order, entry: Entry, context: Context) -> Tier | None:
    """How well an entry answers an order, by the best of its names; None if it does not.

    Args:
        asked: The order; it must have a head.
        entry: A thing on the menu.
        context: What the case as a whole makes plain.
    """
    tiers = (_tier(asked, entry, held, context) for held in entry.orders)
    return min((tier for tier in tiers if tier is not None), default=None)


def _tier(asked: Order, entry: Entry, held: Order, context: Context) -> Tier | None:
    head = asked.head
    assert head is not None
    content = entry.content
    tier = _head_tier(head, held, content, entry.words)
    if tier is None:
        return None
    for agreed in (
        _site_tier(asked, held, content, context),
        _specimen_tier(asked, held, content, context),
        _organism_tier(asked, held, content),
    ):
        if agreed is None:
            return None
        tier = max(tier, agreed)
    sides = held.sides or content.sides or context.sides
    if asked.sides and sides and not asked.sides & sides:
        return None
    if asked.words and head.kind == "procedure":
        spoken = all(_spoken(word, entry.words | content.words) for word in asked.words)
        if not spoken and (head.category in _TARGETED or head.id == "ihc"):
            return None
        if not spoken and not asked.sites and head.category in ("imaging", "pathology"):
            # Words nobody knows may name a site.
            tier = max(tier, Tier.UNSTATED)
    if head.kind == "procedure":
        # The record's name may say more than the catalogue knows of ("CT cisternography").
        more = {word for word in held.words - asked.words if not word.isdigit()}
        if more and held.head is not None and tier is Tier.SAME:
            tier = Tier.GENERAL
    return tier


def _head_tier(
    asked: Term, held: Order, content: Content, name_words: frozenset[str]
) -> Tier | None:
    """How well one test stands for another, sites and the like aside."""
    catalogue = Catalogue.load()
    head = held.head
    if head is None:
        # "Retroviral screening for HIV": a pathogen without a method.
        return Tier.KIN if held.organisms and asked.category == "microbiology" else None
    if asked.id == head.id:
        return Tier.SAME
    if head.id in catalogue.same(asked.id):
        return Tier.KIN
    parts = catalogue.members(head.id) - {head.id} or {head.id}
    if parts <= catalogue.members(asked.id):
        return Tier.PART
    if asked.id in catalogue.members(head.id):
        # A panel's report answers for an analyte if it speaks of it, or is about little else.
        small = len(catalogue.members(head.id)) <= SMALL_PANEL
        named = asked.id in content.heads and not content.analytes
        return Tier.PART if small or named else None
    if catalogue.within(head.id, asked.id):
        return Tier.GENERAL
    special = catalogue.within(asked.id, head.id)
    if special and head.id in _PLAIN and not held.sites:
        # A projection or approach that the record does not name ("panoramic radiograph" for
        # "Radiographs"); the sites must still agree.
        return Tier.GENERAL
    reporting = asked.category == head.category and asked.category in _REPORTING
    if (special or reporting) and asked.id in content.heads and not content.analytes:
        return Tier.DESCRIBED
    if special and _distinct(asked) & name_words:
        # The record's name says so, in words the catalogue does not know ("18F-PSMA PET").
        return Tier.KIN
    if special and reporting and _distinct(asked) & content.words:
        return Tier.DESCRIBED
    return None


def _site_tier(asked: Order, held: Order, content: Content, context: Context) -> Tier | None:
    named = held.sites or _implied(held.head)
    if not asked.sites:
        missing = held.sites and not _implied(asked.head)
        return Tier.UNSITED if missing else Tier.SAME
    if named:
        return nested(asked.sites, named)
    if nested(asked.sites, content.sites) is not None:
        return Tier.SAME
    # The name gives no site and the report not this one: the same region will do, and where
    # the report gives none, what the case as a whole is about.
    where = content.sites if _regions(content.sites) else context.sites
    return Tier.GENERAL if _regions(asked.sites) & _regions(where) else None


def _specimen_tier(asked: Order, held: Order, content: Content, context: Context) -> Tier | None:
    wanted = asked.specimens or default_specimens(asked.head)
    named = held.specimens or default_specimens(held.head)
    if not wanted:
        return Tier.UNSITED if held.specimens else Tier.SAME
    if named:
        tier = nested(wanted, named)
        return tier if asked.specimens or tier is not None else None
    if not asked.specimens or nested(wanted, content.specimens) is not None:
        return Tier.SAME
    if content.specimens or "blood" in wanted:
        return None
    return Tier.GENERAL if nested(wanted, context.specimens) is not None else None


def _organism_tier(asked: Order, held: Order, content: Content) -> Tier | None:
    if asked.head is not None and asked.head.kind != "procedure":
        return Tier.SAME
    if "bacteria" in asked.organisms and not held.organisms & _NOT_BACTERIA:
        return Tier.SAME
    if not asked.organisms:
        return Tier.UNSITED if held.organisms else Tier.SAME
    if held.organisms:
        return Tier.SAME if asked.organisms & held.organisms else None
    return Tier.SAME if asked.organisms & content.organisms else None


@cache
def answering(head: str) -> frozenset[str]:
    """The heads that may answer a request for this one; see `_head_tier`."""
    catalogue = Catalogue.load()
    return catalogue.same(head).union(
        other
        for other in catalogue.terms
        if catalogue.within(other, head)
        or catalogue.within(head, other)
        or head in catalogue.members(other)
        or not catalogue.members(head).isdisjoint(catalogue.members(other))
    )


@cache
def _distinct(term: Term) -> frozenset[str]:
    """The words of a test's names that its broader tests' names do not have."""
    catalogue = Catalogue.load()
    broader = [catalogue.terms[other] for other in catalogue.ancestors(term.id) - {term.id}]

    def spelt(terms: Iterable[Term]) -> set[str]:
        return {w for t in terms for name in (t.name, *t.synonyms) for w in words(name)}

    # Words that other terms are made of (sites, modalities) do not distinguish.
    own = spelt([term]) - spelt(broader)
    return frozenset(word for word in own if not catalogue.find(word) and not word.isdigit())


def _implied(head: Term | None) -> frozenset[str]:
    return frozenset(head.sites) if head else frozenset()


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
            if catalogue.within(inner, outer) and outer not in _NO_CONTAINER:
                return Tier.GENERAL
    return None


@cache
def _regions(sites: frozenset[str]) -> frozenset[str]:
    """The regions of the body that some sites lie in."""
    catalogue = Catalogue.load()
    return _REGIONS & frozenset().union(*(catalogue.ancestors(site) for site in sites))


def alike(a: str, b: str) -> bool:
    """Whether two words are the same but for a slip."""
    return a == b or (min(len(a), len(b)) >= 5 and ratio(a, b) >= 88)


def _spoken(word: str, held: frozenset[str]) -> bool:
    return word in held or (len(word) >= 5 and any(alike(word, other) for other in held))
