"""Values: whether a report that names a value tells of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.term import ANTIBODY_CLASSES

# "Positive IgG for SARS-CoV-2", "IgM anti-measles antibodies".
_AGAINST = re.compile(
    r"\b(?:ig ?[gmae]|immunoglobulins? [gmae])\b(?: (?:antibod(?:y|ies)|titers?|titres?))?"
    r"[ -](?:for|to|against|anti)[ -][^,;.()]{0,80}",
    re.IGNORECASE,
)
_RENAL_SCANS = ("mag3", "dmsa")
# "Differential renal function" is no blood test, "calcium transport" no calcium.
_OF_ONE_KIDNEY = re.compile(r"\b(?:differential|split|relative) $", re.IGNORECASE)
_OF_CELLS = re.compile(
    r" (?:transport\w*|channels?|signal\w*|handling|homeostasis|pathways?)\b", re.IGNORECASE
)


def is_no_value(name: str, said: str) -> bool:
    """Whether a report speaks of what a value is of, and of no value.

    Example:
        >>> is_no_value("calcium", "likely affecting calcium transport")
        True
        >>> is_no_value("calcium", "calcium was low")
        False
    """
    start = said.casefold().find(name.casefold())
    if start < 0:
        return False
    before, after = said[:start], said[start + len(name) :]
    return bool(_OF_ONE_KIDNEY.search(before) or _OF_CELLS.match(after))


def of_one_kidney(orders: Iterable[Order]) -> Iterator[Order]:
    """What tells the share of each kidney, for the blood test that the name would be."""
    for order in orders:
        if order.head is None or order.head.id != "rft":
            yield order
            continue
        for scan in _RENAL_SCANS:
            base = Catalogue.load().base(scan)
            yield Order(order.text, base.term, sites=base.sites)


def against(orders: Iterable[Order], said: str) -> tuple[Order, ...]:
    """What measures antibodies of a class, with the germ that a report says they are against.

    Example:
        >>> from medaction_gym.catalogue.orders import parse_orders
        >>> igg, = against(parse_orders("IgG"), "positive IgG for SARS-CoV-2 (140 BAU/mL)")
        >>> igg.head.id, sorted(igg.organisms)
        ('serology', ['sars_cov_2'])
    """
    held = tuple(orders)
    if not any(order.head is not None and order.head.id in ANTIBODY_CLASSES for order in held):
        return held
    match = _AGAINST.search(said)
    told = parse_orders(match.group(), mended=False) if match else ()
    return tuple(order for order in told if order.head and order.organisms) or held
