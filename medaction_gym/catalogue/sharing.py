"""Sharing: what the orders of one text have in common, though only one of them says it.

The brain of "CT and MRI of the brain", the fluid of "lumbar puncture with culture", the virus of
"HSV serology and PCR".
"""

from __future__ import annotations

from dataclasses import replace

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.ellipsis import FLUIDS, FROM, IN_FLUIDS
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import Segment
from medaction_gym.catalogue.several import SEEKING
from medaction_gym.catalogue.term import ANTIBODY_CLASSES

# Done on what the test named before has yielded, where nothing else is said.
_ON_SAMPLES = frozenset({"culture", "gram_stain", "microscopy", "acid_fast_stain"})
_ON_FLUIDS = frozenset({"cytology", "flow_cytometry", "pcr", "fluid_analysis"})
_ON_TISSUE = frozenset({"biopsy", "histopathology"})
_TISSUE = frozenset({"tissue"})
_PIECES = frozenset({"biopsy", "ebus", "eus_fna"})
_ON_PIECES = _ON_SAMPLES | {"pcr"}
_STAINED = frozenset({"ihc", "special_stains", "electron_microscopy", "immunofluorescence"})
# What the culture of "urinalysis and culture" is of.
_PASSED = frozenset({"urine", "stool", "sputum"})
_OF_THE_EYE = frozenset({"vitreous", "aqueous_humour"})
# What is taken, by the name of the taking; and departments whose tests are done on it.
_TAKING = frozenset({"endoscopy", "pathology"})
_MARROW = frozenset({"bone_marrow_aspirate", "bone_marrow_examination"})


def seeks(order: Order) -> bool:
    """Whether an order's test looks for a pathogen that has to be named."""
    return order.head is None or order.head.id in SEEKING


def at_the_same_site(order: Order, next_: Order) -> Order:
    """The MRI of "MRI/CT head" is of the head too."""
    images = all(o.head is not None and o.head.category == "imaging" for o in (order, next_))
    sited = order.sites or (order.head and order.head.sites)
    return replace(order, sites=next_.sites) if images and not sited else order


def share_end(orders: list[Order], segments: list[Segment]) -> list[Order]:
    """Let "of the brain" at the end of "CT and MRI of the brain" hold for both."""
    if len(orders) < 2:
        return orders
    last = segments[-1].mentions[-1] if segments[-1].mentions else None
    if last is not None and len(orders) == 2 and _ends_with_site(segments[-1]):
        orders = [at_the_same_site(*orders), orders[1]]
    at_end = _specimen_at_end(segments[-1])
    if at_end is not None:
        shared, kind = frozenset({at_end.id}), "specimen"
    elif last is None or last.term.kind != "site" or last.first == 0:
        return orders
    else:
        before = [token.text for token in segments[-1].tokens[max(0, last.first - 2) : last.first]]
        if FROM.isdisjoint(before):
            return orders
        shared, kind = frozenset({last.term.id}), "site"
    result = []
    for order in orders:
        head = order.head
        if head is not None and not (order.sites or order.specimens or head.sites):
            if kind == "site" and head.kind == "procedure":
                order = replace(order, sites=shared)
            elif kind == "specimen" and (head.category == "microbiology" or head.id in IN_FLUIDS):
                order = replace(order, specimens=shared)
        result.append(order)
    return result


def _specimen_at_end(segment: Segment) -> Term | None:
    """The specimen that a text ends with: "Gram stain and culture of pus"."""
    here = [token.text for token in segment.tokens[segment.first : segment.stop]]
    if segment.joint.strip() not in ("/", "&") and "and" not in here[:1]:
        return None
    ends = [i for i, word in enumerate(here) if word in FROM]
    rest = tuple(word for word in here[ends[-1] + 1 :] if word != "the") if ends else ()
    return Catalogue.load().called("specimen", rest)


def share_taken(orders: list[Order]) -> list[Order]:
    """Let what follows be done on what was taken: the culture of "lumbar puncture with culture"."""
    result = orders[:1]
    for order in orders[1:]:
        before, head = result[-1], order.head
        order = _for_the_same(order, before)
        classed = before.head and before.head.id in ANTIBODY_CLASSES and not before.organisms
        if classed and order.head and order.head.id == "serology":
            # "IgG and IgM for CMV".
            before = result[-1] = replace(before, head=order.head, organisms=order.organisms)
        bare = head is not None and not (order.sites or order.specimens or head.sites)
        piece = _piece(result) if bare and head and head.id in _ON_PIECES else None
        if piece is not None and piece.sites:
            # "Biopsy of the node, send for culture and PCR" asks for no blood culture; of
            # "biopsy; culture" nothing says that the one is done on the other.
            order = replace(order, sites=piece.sites)
        elif before.head and head and bare:
            taken = before.specimens or frozenset(before.head.specimens) & (FLUIDS | _PASSED)
            where = before.sites or frozenset(before.head.sites)
            if head.id == "biopsy" and before.head.id in _MARROW:
                order = replace(order, head=Catalogue.load().terms["bone_marrow_biopsy"])
            elif head.id in _ON_SAMPLES and before.head.category != "pathology":
                order = replace(order, specimens=taken)
            elif head.id in _ON_FLUIDS and taken & (FLUIDS | _OF_THE_EYE):
                order = replace(order, specimens=taken & (FLUIDS | _OF_THE_EYE))
            elif before.head.category in _TAKING and _on_tissue(head):
                order = replace(order, sites=where)
        result.append(order)
    return result


def _on_tissue(head: Term) -> bool:
    """Whether a test is done on the piece that was taken before."""
    ancestors = Catalogue.load().ancestors(head.id)
    return head.id in _ON_TISSUE or not _STAINED.isdisjoint(ancestors)


def _piece(orders: list[Order]) -> Order | None:
    """The piece that was taken last, if nothing was ordered since but what is done on it."""
    ancestors = Catalogue.load().ancestors
    for order in reversed(orders):
        if order.head and not _PIECES.isdisjoint(ancestors(order.head.id)):
            return order
        done_on_it = order.head is None or order.head.id in _ON_PIECES or _on_tissue(order.head)
        if order.specimens - _TISSUE or not done_on_it:
            return None
    return None


def _for_the_same(order: Order, before: Order) -> Order:
    """Let "HSV serology and PCR" look for the one virus twice."""
    looks = order.head is not None and order.head.id in SEEKING and not order.words
    if not looks or order.organisms or not before.organisms or not seeks(before):
        return order
    classed = order.head is not None and order.head.id in ANTIBODY_CLASSES
    head = Catalogue.load().terms["serology"] if classed else order.head
    return replace(order, head=head, organisms=before.organisms)


def _ends_with_site(segment: Segment) -> bool:
    """Whether a stretch is one name with its site at the end: "MRI of the head"."""
    return len(segment.mentions) == 1 and any(
        token.text == "of" for token in segment.tokens[segment.first : segment.stop]
    )
