"""Wish: all that matching needs of a request, worked out once for every menu it is put to."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from medaction_gym.actions import Outcome
from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.orders import Order, other_senses, parse_orders
from medaction_gym.catalogue.prices import UNKNOWN, Price, prices
from medaction_gym.catalogue.spelling import known_words
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import courtesies
from medaction_gym.oracle.answer import Part
from medaction_gym.oracle.matching import answering


class Wish(NamedTuple):
    """One test that a request asks for.

    Attributes:
        order: The test as read.
        phrase: Its words, to be looked up among a menu's names.
        bare: The same without the courtesies around them.
        manner: The text that may say how and when it is to be done.
        heads: The tests that may answer it.
        organisms: Its pathogens and the groups they belong to.
        senses: What it means instead, if it is an ambiguous abbreviation.
        price: Its price.
        unavailable: The answer of a record that holds no such test.
    """

    order: Order
    phrase: tuple[str, ...]
    bare: tuple[str, ...]
    manner: str
    heads: frozenset[str]
    organisms: frozenset[str]
    senses: tuple[Wish, ...]
    price: Price
    unavailable: Part


class Request(NamedTuple):
    """A request as read.

    Attributes:
        phrase: Its words.
        bare: The same without the courtesies around them.
        known: Every word is one of the catalogue's, so that none is misspelt.
        wishes: The tests it asks for.
    """

    phrase: tuple[str, ...]
    bare: tuple[str, ...]
    known: bool
    wishes: tuple[Wish, ...]


@lru_cache(maxsize=20_000)
def read_request(text: str) -> Request:
    """Read a request.

    Example:
        >>> [wish.order.title for wish in read_request("CRP and a chest film").wishes]
        ['C-reactive protein', 'plain radiograph of chest and lung']
    """
    orders = parse_orders(text)
    phrase = words(text)
    wishes = []
    for order in orders:
        manner = text if len(orders) == 1 else order.text
        senses = tuple(wish_for(sense, manner) for sense in other_senses(order))
        wishes.append(wish_for(order, manner, senses))
    return Request(phrase, bare(phrase), known_words().issuperset(phrase), tuple(wishes))


def wish_for(order: Order, manner: str = "", senses: tuple[Wish, ...] = ()) -> Wish:
    """Work out what matching needs of an order."""
    price = price_of(order.head)
    why = "the record holds no such test"
    return Wish(
        order=order,
        phrase=words(order.text),
        bare=bare(words(order.text)),
        manner=manner,
        heads=answering(order.head.id) if order.head else frozenset(),
        organisms=with_broader(order.organisms),
        senses=senses,
        price=price,
        unavailable=Part(order.title, Outcome.UNAVAILABLE, (), why, price),
    )


def bare(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """A request's words without the courtesies before and after.

    Example:
        >>> bare(("please", "order", "a", "chest", "ct", "today", "thank", "you"))
        ('chest', 'ct')
    """
    first, last = 0, len(phrase)
    while first < last and phrase[first] in courtesies():
        first += 1
    while last > first and phrase[last - 1] in courtesies():
        last -= 1
    return phrase[first:last]


def with_broader(organisms: frozenset[str]) -> frozenset[str]:
    """Pathogens and the groups they belong to."""
    catalogue = Catalogue.load()
    return organisms.union(*(catalogue.ancestors(organism) for organism in organisms))


def price_of(head: Term | None) -> Price:
    """The price of a test."""
    return _price(head.price if head else UNKNOWN)


@cache
def _price(name: str) -> Price:
    return prices().get(name) or prices()[UNKNOWN]
