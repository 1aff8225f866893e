"""Wish: all that matching needs of a request, worked out once for every menu it is put to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from medaction_gym.actions import Outcome
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.operations import of_operation
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.prices import UNKNOWN, Price, prices
from medaction_gym.catalogue.senses import other_senses
from medaction_gym.catalogue.spelling import known_words
from medaction_gym.catalogue.spoken import as_meant, by_adverb
from medaction_gym.catalogue.staff import by_staff
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.unordered import as_ordered
from medaction_gym.catalogue.wording import EXAMINING, asking, without_manner, without_purpose
from medaction_gym.oracle.answer import Part, Release
from medaction_gym.oracle.heads import answering
from medaction_gym.oracle.parts import PartAsked, part_asked
from medaction_gym.oracle.verbatim import TENDER

# "CBC (WBC", but not "CBC (including WBC".
_BRACKET = re.compile(r"\((?!\s*(?:e\.?g|inc|such|with|esp))", re.IGNORECASE)

# What a germ does, or does not, in a culture.
_GROWTH = re.compile(r"\b(?:gr[eo]wn?|growing|growth|c[oa]me up|isolated from)\b", re.IGNORECASE)

# Departments whose reports describe what was seen.
_DESCRIBING = frozenset({"imaging", "physiology", "endoscopy", "pathology"})

# A piece of tissue, by how it came to the pathologist.
_PIECE = frozenset(
    words("resection resected excision excised removed specimen section slide operative surgical")
)
# Sites that stand for what is sampled there.
_SAMPLED = {"marrow": "bone_marrow", "wound_site": "wound"}

# However long a request asks, so many of its readings are looked up, and the shortest.
_MOST_NAMES = 64


class Wish(NamedTuple):
    """One test that a request asks for.

    Attributes:
        order: The test as read.
        names: Its words, and the same without words of asking around them, to be looked up among
            a menu's names.
        manner: The text that may say how and when it is to be done.
        heads: The tests that may answer it.
        organisms: Its pathogens and the groups they belong to.
        senses: What it means instead, if it is an ambiguous abbreviation.
        unavailable: The answer of a record that holds no such test.
        only: The values that a request spells a panel out by; empty if it does not.
        examined: The part of an examination that is asked for, if one is.
    """

    order: Order
    names: tuple[str, ...]
    manner: str
    heads: frozenset[str]
    organisms: frozenset[str]
    senses: tuple[Wish, ...]
    unavailable: Part
    only: frozenset[str] = frozenset()
    examined: PartAsked | None = None


class Request(NamedTuple):
    """A request as read.

    Attributes:
        phrase: Its words.
        names: The same as a test's names are looked up by: whole, and without what is around them.
        known: Every word is one of the catalogue's, so that none is misspelt.
        wishes: The tests it asks for.
        examining: It says that somebody is to look, feel or listen.
    """

    phrase: tuple[str, ...]
    names: tuple[str, ...]
    known: bool
    wishes: tuple[Wish, ...]
    examining: bool


@lru_cache(maxsize=20_000)
def read_request(text: str) -> Request:
    """Read a request.

    Example:
        >>> [wish.order.title for wish in read_request("CRP and a chest film").wishes]
        ['C-reactive protein', 'plain radiograph of chest and lung']
    """
    orders = _orders(text)
    phrase = words(text)
    wishes = []
    for order, following in zip_longest(orders, orders[1:]):
        order = _of_a_piece(_of_marrow(_of_a_department(order)))
        manner = text if len(orders) == 1 else order.text
        senses = tuple(
            wish_for(sense, manner)
            for sense in (
                *other_senses(order, manner),
                *_read_in(order),
                *_in_the_bone(order),
                *_grown(order),
                *_of_genes(order),
            )
        )
        only = _spelt_out(order, orders) if following is not None else frozenset()
        wishes.append(wish_for(order, manner, senses)._replace(only=only))
    wanted = (text, without_purpose(text), without_purpose(without_manner(text)))
    names = dict.fromkeys(name for part in wanted for name in bare(words(part)))
    known = known_words().issuperset(phrase)
    examining = not (EXAMINING | TENDER).isdisjoint(phrase)
    return Request(phrase, tuple(names), known, tuple(wishes), examining)


def _orders(text: str) -> tuple[Order, ...]:
    """What a request asks for, as it is written or, failing that, as it is meant."""
    said = as_meant(of_operation(by_staff(text)))
    ordered = as_ordered(said)
    orders = parse_orders(ordered)
    if not _tests(orders) and ordered != said:
        orders = parse_orders(said)
    if not all(order.head for order in orders) or not orders:
        implied = as_meant(by_adverb(said), unnamed=True)
        meant = parse_orders(implied) if implied != said else orders
        # More tests, and no fewer: "check for a DVT and send a D-dimer".
        orders = meant if _tests(meant) > _tests(orders) else orders
    return orders


def _tests(orders: tuple[Order, ...]) -> int:
    return sum(order.head is not None for order in orders)


def _read_in(order: Order) -> Iterator[Order]:
    """The test that a value is read in, where its report is all that may tell of the value."""
    source = order.source
    if source is not None and (source.id == "blood_film" or source.category in _DESCRIBING):
        base = Catalogue.load().base(source.id)
        sites = order.sites or base.sites
        yield Order(order.text, base.term, sites, base.specimens, base.organisms).titled()


def _of_a_department(order: Order) -> Order:
    """Radiology at a site is any imaging of it."""
    if order.head is None or order.head.id != "radiology" or not order.sites:
        return order
    return replace(order, head=Catalogue.load().terms["imaging"])


def _of_marrow(order: Order) -> Order:
    """A stain or culture "of the marrow" or "of the wound" is of what was taken from it."""
    if order.head is None or order.head.category != "microbiology":
        return order
    taken = frozenset(_SAMPLED[site] for site in order.sites & _SAMPLED.keys())
    sites = order.sites.difference(_SAMPLED)
    if not taken or (sites and "marrow" in order.sites):
        return order
    return replace(order, sites=sites, specimens=order.specimens or taken)


def _of_a_piece(order: Order) -> Order:
    """What lies before the pathologist, without the words for that: of a "resected tumour"."""
    if order.head is None or order.head.category != "pathology" or _PIECE.isdisjoint(order.words):
        return order
    return replace(order, words=order.words - _PIECE)


def _in_the_bone(order: Order) -> Iterator[Order]:
    """What imaging of the neck or back may be of, where nothing else of it was: its spine."""
    if order.head is None or order.head.category != "imaging":
        return
    if order.sites == {"neck"} and order.head.id == "imaging":
        yield replace(order, sites=frozenset({"cervical_spine"}))
    if order.sites == {"back"}:
        yield replace(order, sites=frozenset({"spine"}))


def _grown(order: Order) -> Iterator[Order]:
    """The culture in which a germ is said to have grown."""
    if order.head is None and order.organisms and _GROWTH.search(order.text):
        yield replace(order, head=Catalogue.load().terms["culture"], words=frozenset())


def _of_genes(order: Order) -> Iterator[Order]:
    """What a "molecular test" for a disease that is no germ's looks for."""
    if order.head is None or order.head.id != "pcr" or order.organisms or order.specimens:
        return
    if "molecular" in words(order.text):
        yield replace(order, head=Catalogue.load().terms["genetic_testing"])


def _spelt_out(panel: Order, orders: tuple[Order, ...]) -> frozenset[str]:
    """The values that stand in brackets behind a panel: "coagulation (PT, aPTT)"."""
    if panel.head is None or panel.head.kind != "panel" or not _BRACKET.search(panel.text):
        return frozenset()
    inside = Catalogue.load().members(panel.head.id) - {panel.head.id}
    return inside & {order.head.id for order in orders if order.head is not None}


def wish_for(order: Order, manner: str = "", senses: tuple[Wish, ...] = ()) -> Wish:
    """Work out what matching needs of an order."""
    return Wish(
        order=order,
        names=bare(words(order.text)),
        manner=manner,
        heads=(answering(order.head.id) | {order.measure}) if order.head else frozenset(),
        organisms=with_broader(order.organisms | sought(order)),
        senses=senses,
        unavailable=part_for(order, Outcome.UNAVAILABLE, "the record holds no such test"),
        examined=part_asked(order),
    )


def bare(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """A request's words, whole and without the words of asking before and after, longest first.

    Example:
        >>> bare(("a", "chest", "ct", "please"))[1:]
        ('a chest ct', 'chest ct please', 'chest ct')
    """
    around = asking()
    first, last = 0, len(phrase)
    while first < last and phrase[first] in around:
        first += 1
    while last > first and phrase[last - 1] in around:
        last -= 1
    if first == last:
        # Words of asking alone may still be a name: "other findings".
        first, last = len(phrase) - 1, 1
    cuts = [(i, j) for i in range(first + 1) for j in range(last, len(phrase) + 1) if i < j]
    cuts.sort(key=lambda cut: cut[0] - cut[1])
    cuts[_MOST_NAMES:-1] = []
    return tuple(" ".join(phrase[i:j]) for i, j in cuts)


def sought(order: Order) -> frozenset[str]:
    """The pathogens that an order's test looks for by its own name."""
    return Catalogue.load().pathogens(order.head.id) if order.head else frozenset()


def with_broader(organisms: frozenset[str]) -> frozenset[str]:
    """Pathogens and the groups they belong to."""
    catalogue = Catalogue.load()
    return organisms.union(*(catalogue.ancestors(organism) for organism in organisms))


def part_for(order: Order, outcome: Outcome, why: str, releases: Iterable[Release] = ()) -> Part:
    """The answer to an order, at its own price."""
    return Part(order.title, outcome, tuple(releases), why, price_of(order.head))


def price_of(head: Term | None) -> Price:
    """The price of a test."""
    known = prices()
    return (head and known.get(head.price)) or known[UNKNOWN]
