"""Fluids: the protein that the report of a fluid tells of by that word alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import Token

_NONE: frozenset[str] = frozenset()


def fluids_of(orders: Iterable[Order]) -> frozenset[str]:
    """The fluids that a name on the menu is of.

    Example:
        >>> from medaction_gym.catalogue.orders import parse_orders
        >>> sorted(fluids_of(parse_orders("Lumbar puncture") + parse_orders("Urinalysis")))
        ['csf']
    """
    within = Catalogue.load().within
    held = frozenset(
        fluid
        for order in orders
        for fluid in order.specimens or (order.head.specimens if order.head else ())
    )
    return frozenset(f for f in held if f == "csf" or within(f, "body_fluid"))


def protein_of(fluids: frozenset[str]) -> frozenset[str]:
    """What the protein of some fluids is called."""
    if not fluids:
        return _NONE
    return frozenset({"csf_protein"} if fluids == {"csf"} else {"fluid_protein"})


def bare_proteins(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The words "protein" that belong to no longer name.

    Example:
        >>> from medaction_gym.catalogue.tokens import tokenize
        >>> len(bare_proteins(tokenize("glucose and protein; C-reactive protein 5")))
        1
    """
    if not any(token.text == "protein" for token in tokens):
        return ()
    mentions = Catalogue.load().find(list(tokens))
    taken = {i for m in mentions for i in range(m.first, m.last)}
    return tuple(t for i, t in enumerate(tokens) if t.text == "protein" and i not in taken)
