"""Senses: what an order may mean besides, where the record does not hold what it says first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medaction_gym.catalogue.catalogue import HEADS, Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words

# What a surgeon takes out, by what it is and by the taking.
_SOLID = frozenset(
    word
    for said in "excised excision resected resection removed removal extracted lump mass tumour "
    "lesion nodule polyp cyst tissue specimen section slide biopsied biopsy "
    # What only a pathologist reports.
    "spongiosis acantholysis acanthosis parakeratosis hyperkeratosis dyskeratosis koilocytosis "
    "granuloma necrosis atypia dysplasia metaplasia hyperplasia mitosis mitoses fibrosis "
    "vasculitis infiltrate stroma epithelium nuclei crypts villi villous glands collagen".split()
    for word in words(said)
)
# Of a needle's names, those that say that it is a fine one.
_OF_CELLS = frozenset({"fine", "fna", "cytology", "aspiration", "aspirate"})
# A piece of tissue, as it lies before the pathologist.
_BEFORE_A_PATHOLOGIST = frozenset(words("specimen section slide resected excised biopsied biopsy"))


def other_senses(order: Order, request: str = "") -> Iterator[Order]:
    """What an ambiguous abbreviation may mean instead, and the words around it.

    Example:
        >>> from medaction_gym.catalogue.orders import parse_orders
        >>> [o.title for o in other_senses(parse_orders("PTA")[0])]
        ['pure-tone audiometry']
    """
    catalogue = Catalogue.load()
    looked_at = order.head is not None and order.head.id == "microscopy"
    if (
        order.head is not None
        and order.head.category == "examination"
        and "microscop" in order.text
    ):
        # "A plucked hair under the microscope": a trichogram, or what the laboratory says of it.
        yield replace(order, head=catalogue.terms["histopathology"]).titled()
    solid = not order.organisms and all(catalogue.within(s, "tissue") for s in order.specimens)
    unnamed = order.head is None and solid
    if unnamed and not _BEFORE_A_PATHOLOGIST.isdisjoint(words(order.text)[1:]):
        # "Necrosis in the specimen" is what the pathologist says of it.
        plain = order.words - _SOLID
        yield replace(order, head=catalogue.terms["histopathology"], words=plain).titled()
    if (
        looked_at
        and solid
        and (order.sites or order.specimens or _taken_out(request or order.text))
    ):
        # "Microscopy of the appendix", which was taken out.
        yield replace(order, head=catalogue.terms["histopathology"]).titled()
    said = words(order.text) if order.head is not None and order.head.id == "fna" else ()
    if "needle" in said and _OF_CELLS.isdisjoint(said):
        # "Needle sampling" may take a core.
        yield replace(order, head=catalogue.terms["biopsy"], specimens=frozenset()).titled()
    if order.head is not None and order.specimens and "cytology" in order.head.parents:
        # "Pleural fluid cytology" is the cytology of that fluid, however it was drawn.
        yield replace(order, head=catalogue.terms["cytology"], sites=frozenset()).titled()
    if order.measure and any(m.term.kind in HEADS for m in catalogue.find(order.text)):
        # "EF by echo" is an echocardiogram, if none tells it.
        yield replace(order, measure="")
    elif order.measure:
        for other in catalogue.terms[order.measure].parents[1:]:
            base = catalogue.base(other)
            yield replace(order, head=base.term, sites=order.sites | base.sites)
    for term in catalogue.homonyms.get(words(order.text), ()):
        base = catalogue.base(term.id)
        if base.term != order.head:
            parts = (base.sites, base.specimens, base.organisms)
            yield Order(order.text, base.term, *parts).titled()


def _taken_out(text: str) -> bool:
    """Whether what is looked at is solid: "microscopy of the excised lump"."""
    return not _SOLID.isdisjoint(words(text))
