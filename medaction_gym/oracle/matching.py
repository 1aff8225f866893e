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

from collections.abc import Collection
from functools import cache

from rapidfuzz.fuzz import ratio

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.agreement import agree
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.context import Context
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.heads import nameless, stands_for
from medaction_gym.oracle.sites import TISSUES, sites_of_word
from medaction_gym.oracle.symbols import coded, codes, spells
from medaction_gym.oracle.tier import Tier

# Tests that are looked for with a target: unknown words of a request may be that target.
_TARGETED = frozenset({"microbiology", "genetics", "laboratory"})
_STEM = 10  # letters of a disease's name
# What any gene's variants may be said to be.
_OF_VARIANTS = frozenset(
    words(
        "pathogenic causative germline syndrome inherited familial involved responsible underlying"
    )
)
# What a report of flow speaks of.
_OF_FLOW = frozenset(
    "doppler duplex flow vascular vascularity hypervascular hypervascularity arterial venous "
    "artery vein vessel thrombosis thrombus stenosis perfusion aneurysm cdfi".split()
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
    head, content = asked.head, entry.content
    assert head is not None
    tier = stands_for(asked, held, content, entry.words)
    if tier is None:
        return None
    agreed = agree(asked, held, content, context)
    if agreed is None:
        return None
    flow = head.id == "ultrasound" and _of_vessels(asked.sites)
    if flow and _OF_FLOW.isdisjoint(entry.words | content.words):
        # A scan of the kidney tells nothing of its artery.
        return None
    if tier is Tier.DESCRIBED and agreed > Tier.KIN and nameless(held) and not asked.measure:
        # Under a heading for this and that, what the report says decides; but pus is from where
        # the illness is, where one that was cultured is told of.
        sampled = nested(asked.specimens, content.specimens) is not None
        if head.category != "microbiology" or not sampled:
            return None
    tier = max(tier, agreed)
    return _by_words(tier, asked, entry, held, context) if head.kind == "procedure" else tier


def _by_words(tier: Tier, asked: Order, entry: Entry, held: Order, context: Context) -> Tier | None:
    """What the words that the catalogue does not know leave of a match, on either side."""
    head = asked.head
    assert head is not None
    if not _spoken(asked, entry, context):
        if head.category in _TARGETED or head.id == "ihc":
            return None
        if not asked.sites and head.category in ("imaging", "pathology"):
            # Words nobody knows may name a site.
            tier = max(tier, Tier.UNSTATED)
    # The record's name may say more than the catalogue knows of ("CT cisternography").
    more = {word for word in held.words - asked.words if not word.isdigit()}
    if more and asked.way == "fdg_pet":
        # Of a name's unknown words one may be another tracer.
        return None
    return Tier.GENERAL if more and held.head is not None and tier is Tier.SAME else tier


def _spoken(asked: Order, entry: Entry, context: Context) -> bool:
    """Whether a record has a request's gene, and its words that the catalogue does not know."""
    content = entry.content
    if spells(asked, content.symbols):
        return True
    if not coded(asked, content.codes, content.running):
        return False
    known = entry.words | content.words
    if asked.head is None or asked.head.category != "genetics":
        return all(is_among(word, known) for word in asked.words - _OF_VARIANTS)
    # Of genes, the gene; or the patient's disease, by its name.
    known |= context.words
    return (
        bool(codes(asked.text))
        or all(
            is_among(word, known) or _of_one_stem(word, context.words)
            for word in asked.words - _OF_VARIANTS
        )
        or (asked.head.id == "gene_panel" and _of_a_class_of_diseases(asked, context))
    )


def _of_a_class_of_diseases(asked: Order, context: Context) -> bool:
    """Whether a panel of genes is called by a class of diseases that may be the patient's.

    What the words point at, if anything, must be ill: no gene of the skin is one of the heart.
    """
    about = frozenset().union(*map(sites_of_word, asked.words)) - TISSUES
    return not about or not context.sites or nested(about, context.sites) is not None


@cache
def _of_vessels(sites: frozenset[str]) -> bool:
    within = Catalogue.load().within
    return any(within(site, vessel) for site in sites for vessel in ("vessel", "artery", "vein"))


def is_among(word: str, held: Collection[str]) -> bool:
    """Whether a word is among others, but for a slip."""
    long = len(word) >= 5
    return word in held or (long and any(len(o) >= 5 and ratio(word, o) >= 88 for o in held))


def _of_one_stem(word: str, held: frozenset[str]) -> bool:
    """Whether a disease has the stem of another: "hyperinsulinism", "hyperinsulinemic"."""
    return len(word) > _STEM and any(other.startswith(word[:_STEM]) for other in held)
