"""Orders: what a piece of text asks for, in terms of the catalogue.

"Contrast CT of the chest and abdomen, CRP" asks for two things: a CT with two sites, and an
analyte. A request by a doctor and the name of a test in a record are read by the same function, so
that the two can be compared term by term.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.ellipsis import (
    complete,
    of_the_same,
    place,
    sample,
    sampled,
    says_bloods,
    shown,
    tested,
    tested_for,
    unsaid,
)
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import Segment, segments_of
from medaction_gym.catalogue.several import (
    again,
    is_looked_at,
    says_of_again,
    stands_alone,
)
from medaction_gym.catalogue.sharing import at_the_same_site, seeks, share_end, share_taken
from medaction_gym.catalogue.stretch import GENE, order_of, order_of_measure
from medaction_gym.catalogue.term import ANTIBODY_CLASSES
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import without_courtesy, without_manner, without_purpose

_ANY_TEST = frozenset({"blood_tests", "laboratory_tests", "urine_tests", "stool_tests"})
_OF_ANY_GENE = frozenset({"genetic_testing", "single_gene"})


@lru_cache(maxsize=20_000)
def parse_orders(text: str, *, mended: bool = True) -> tuple[Order, ...]:
    """Read a text as a list of orders; a report's words are not misspelt but others.

    Example:
        >>> [o.title for o in parse_orders("please get an MRI of brain and knee, plus CRP")]
        ['magnetic resonance imaging of brain and knee', 'C-reactive protein']
        >>> parse_orders("flurbometry of the soul")[0].head is None
        True
    """
    plain = without_manner(text)
    first: tuple[Order, ...] = ()
    for words_of in dict.fromkeys((without_purpose(plain), plain, without_courtesy(text))):
        orders = _parse(words_of, mended)
        first = first or orders
        if any(order.head for order in orders):
            # "Send the stool to look for bacterial growth": the purpose says what is to be done.
            first = orders
            break
    return tuple(order.titled() for order in first)


def _parse(text: str, mended: bool) -> tuple[Order, ...]:
    segments = _without_times(segments_of(text, mended=mended))
    orders: list[Order] = []
    carried: list[Segment] = []
    for segment, following in zip_longest(segments, segments[1:]):
        if "?" in segment.joint:
            # What the question was about is no part of the next order.
            carried = []
        complete(segment, following)
        sample(segment)
        place(segment, orders[-1] if orders else None)
        if segment.ids("measure") and not segment.heads and not segment.loose_words() & GENE:
            orders.append(order_of_measure(segment, carried, text))
            carried = []
        elif not segment.heads and segment.mentions and not segment.loose:
            carried = _more(orders, segment, following, carried, text)
        elif orders and segment.joint.strip() != "," and _is_class(segment, orders[-1]):
            orders[-1] = _widen(orders[-1], segment, text)
        elif segment.heads and not segment.names_disease():
            orders += _elsewhere(segment, carried)
            found = _orders(segment, carried, text)
            if segment.joint.strip() == "/" and orders and found:
                orders[-1] = at_the_same_site(orders[-1], found[0])
            for order in found:
                orders.append(of_the_same(order, orders[-1]) if orders else order)
            carried = []
        elif segment.loose or segment.mentions:
            head = _unnamed(segment, segments, carried, orders)
            orders.append(order_of(head, segment, carried, text))
            carried = []
    orders += (_left_over(segment, text) for segment in carried)
    if any(o.head and (o.head.category, o.head.kind) == ("genetics", "analyte") for o in orders):
        # "BRCA1/2 germline testing" is one test.
        orders = [o for o in orders if o.words or not o.head or o.head.id not in _OF_ANY_GENE]
    return tuple(dict.fromkeys(share_taken(share_end(orders, segments))))


def _more(
    orders: list[Order],
    segment: Segment,
    following: Segment | None,
    carried: list[Segment],
    text: str,
) -> list[Segment]:
    """Put a stretch that names no test to the orders, and return what is carried on.

    It belongs to the test before it, or to the next, or stands for a test by itself.
    """
    terms = Catalogue.load().terms
    before = orders[-1] if orders else None
    if before and segment.ids("organism") and not seeks(before):
        # "CXR, HIV": a pathogen alone stands for the test of it.
        orders.append(order_of(terms["microbiology"], segment, [], text))
    elif says_bloods(segment) and not segment.ids("site"):
        # "CT of the head and bloods".
        orders += [order_of(sampled(other), other, [], text) for other in carried]
        orders.append(order_of(terms["blood_tests"], segment, [], text))
        return []
    elif stands_alone(segment, following):
        # "A urine sample and a CRP", "HIV and a CRP".
        head = unsaid(segment) or terms["microbiology"]
        orders.append(order_of(head, segment, carried, text))
        return []
    elif before and says_of_again(segment, before):
        orders.append(again(before, segment))
    elif is_looked_at(segment, following):
        # "Examine the belly and send a hemogram".
        orders.append(order_of(terms["physical_examination"], segment, carried, text))
        return []
    elif before:
        # "CT chest and abdomen", "PCR for HSV, VZV": more of what came before.
        orders[-1] = _widen(before, segment, text)
    else:
        return [*carried, segment]
    return carried


def _unnamed(
    segment: Segment, segments: list[Segment], carried: list[Segment], orders: list[Order]
) -> Term | None:
    """The test of a stretch that names none: what its words stand for, or one more of a list."""
    alone = unsaid(segment) or tested(segment) or tested_for(carried)
    if alone is None and not any(s.heads for s in segments):
        alone = shown(segment)
    if alone is None and orders and not segment.mentions:
        # "IHC for CD3, CD20", "sequencing of BRCA1 and PALB2".
        alone = _same_search(orders[-1])
    return alone


def _left_over(segment: Segment, text: str) -> Order:
    """The order of a stretch that no test follows."""
    alone = unsaid(segment)
    # "Any Pseudomonas in the sputum?", but not "is it tuberculosis?".
    sought = segment.ids("specimen") or not text.rstrip().endswith("?")
    if alone is None and segment.ids("organism") and sought:
        alone = Catalogue.load().terms["microbiology"]
    return order_of(alone, segment, [], text)


def _without_times(segments: list[Segment]) -> list[Segment]:
    """Drop a clause that only says when: "after clipping, was there an angiogram?"."""
    tests = [segment for segment in segments if segment.heads]
    return [s for s in segments if s.mentions or not s.says_when] if tests else segments


def _orders(segment: Segment, carried: list[Segment], text: str) -> list[Order]:
    """One order a head; a generic head beside a specific one of its kind adds nothing."""
    catalogue = Catalogue.load()
    heads = list(dict.fromkeys(segment.heads))
    stained = segment.before("ihc") if len(heads) > 1 else ()
    if stained:
        # "Kappa and lambda light chain immunohistochemistry" asks for no level in blood.
        heads = [h for h in heads if h not in stained]
    if any(h.price == "antibody" for h in heads):
        # "Anticardiolipin IgG" is no level of immunoglobulin.
        heads = [h for h in heads if h.id not in ANTIBODY_CLASSES]
    if any(h.id != "doppler" and catalogue.within(h.id, "ultrasound") for h in heads):
        # "Echocardiogram with Doppler" is one scan.
        heads = [h for h in heads if h.id != "doppler"]
    if any(h.id == "ceus" for h in heads):
        # "Sonography with microbubbles" is one too.
        heads = [h for h in heads if h.id != "ultrasound"]
    specific = [
        h for h in heads
        if not any(o is not h and _covers(o, h) and not segment.joined(h, o) for o in heads)
    ]  # fmt: skip
    return [order_of(head, segment, carried, text) for head in specific]


def _is_class(segment: Segment, order: Order) -> bool:
    """Whether a stretch is one more class of the antibody before it: the IgM of "IgG/IgM"."""
    here = {token.text for token in segment.tokens[segment.first : segment.stop]}
    head = order.head
    antibody = head is not None and (head.price == "antibody" or head.id == "serology")
    classes = ANTIBODY_CLASSES.intersection(words(order.text))
    return antibody and bool(classes) and here - {"and", "or"} <= ANTIBODY_CLASSES


def _covers(special: Term, general: Term) -> bool:
    """Whether a test says all that a more general one beside it says."""
    department = general.id == "pathology" and special.category == "pathology"
    # "BRCA1 sequencing" is of that gene alone.
    gene = special.category == "genetics" and special.kind == "analyte"
    department |= gene and general.category == "genetics" and general.kind == "procedure"
    # "Blood test for ferritin" asks for one.
    department |= general.id in _ANY_TEST and special.category == "laboratory"
    department |= general.id == "swab" and special.category == "microbiology"
    return department or Catalogue.load().within(special.id, general.id)


def _same_search(order: Order) -> Term | None:
    """The test of what is listed after it: of one more marker in tissue, or one more gene."""
    if order.head is None:
        return None
    terms = Catalogue.load().terms
    if Catalogue.load().within(order.head.id, "ihc"):
        return terms["ihc"]
    return terms["genetic_testing"] if order.head.id == "genetic_testing" and order.words else None


def _elsewhere(segment: Segment, carried: list[Segment]) -> list[Order]:
    """The first half of "abdominal and cardiac ultrasound", where the second implies a site."""
    catalogue = Catalogue.load()
    sites = frozenset().union(*(c.ids("site") for c in carried))
    named = [
        h
        for h in segment.heads
        if h.sites or (h.kind == "procedure" and catalogue.base(h.id).sites)
    ]
    if not sites or len(named) != 1:
        return []
    plain = catalogue.base(named[0].id).term
    while plain.sites and plain.parents:
        plain = catalogue.terms[plain.parents[0]]
    carried.clear()
    return [Order(text=plain.name, head=plain, sites=sites)]


def _widen(order: Order, segment: Segment, text: str) -> Order:
    return replace(
        order,
        text=order.text + text[text.find(order.text) + len(order.text) : segment.end],
        sites=order.sites | segment.ids("site"),
        specimens=order.specimens | segment.ids("specimen"),
        organisms=order.organisms | segment.ids("organism"),
    )
