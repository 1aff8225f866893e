"""Orders: what a piece of text asks for, in terms of the catalogue.

"Contrast CT of the chest and abdomen, CRP" asks for two things: a CT with two sites, and an
analyte. A request by a doctor and the name of a test in a record are read by the same function, so
that the two can be compared term by term.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.ellipsis import (
    FLUIDS,
    FROM,
    IN_FLUIDS,
    complete,
    of_the_same,
    place,
    sample,
    sampled,
    says_bloods,
    seen_at,
    shown,
    swabs,
    tested,
    tested_for,
    unsaid,
)
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import SIDES, Segment, segments_of
from medaction_gym.catalogue.several import (
    SEEKING,
    again,
    is_looked_at,
    says_of_again,
    stands_alone,
)
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import without_courtesy, without_manner, without_purpose

# "Retinal" and "vaginal" are specimens to the laboratory alone; a gene has no site.
_NO_SPECIMEN = frozenset({"imaging", "endoscopy", "physiology", "examination"})
_NO_SITE = frozenset({"laboratory", "genetics"})

_STAIN = frozenset({"stain", "staining", "immunostain", "immunoreactivity"})
_ANTIBODY_CLASSES = frozenset({"igg", "igm", "iga", "ige"})
# "Thoracic" is of the chest, but here.
_OF_THE_BACK = re.compile(r"\bthoracic (?:spin|vertebra)", re.IGNORECASE)
_GENE = frozenset({"gene", "sequence", "sequencing", "mutation", "variant", "exon"})
# Words that make another test of a value's name.
_ANOTHER = frozenset(
    "antibody autoantibody receptor channel binding transporter factor oxidase elastase inhibitor "
    "modified glycated like free suppression stimulation challenge tolerance excretion clearance "
    "isoenzyme isoform fraction".split()
)
_ANY_TEST = frozenset({"blood_tests", "laboratory_tests", "urine_tests", "stool_tests"})
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
_OF_ANY_GENE = frozenset({"genetic_testing", "single_gene"})
_NONE: frozenset[str] = frozenset()


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
    catalogue = Catalogue.load()
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
        if segment.ids("measure") and not segment.heads and not segment.loose_words() & _GENE:
            orders.append(_of_measure(segment, carried, text))
            carried = []
            continue
        more = not segment.heads and segment.mentions and not segment.loose
        if more and orders and segment.ids("organism") and not _seeks(orders[-1]):
            # "CXR, HIV": a pathogen alone stands for the test of it.
            head = catalogue.terms["microbiology"]
            orders.append(_order(head, segment, [], text))
        elif more and says_bloods(segment) and not segment.ids("site"):
            # "CT of the head and bloods".
            orders += [_order(sampled(other), other, [], text) for other in carried]
            orders.append(_order(catalogue.terms["blood_tests"], segment, [], text))
            carried = []
        elif more and stands_alone(segment, following):
            # "A urine sample and a CRP", "HIV and a CRP".
            head = unsaid(segment) or catalogue.terms["microbiology"]
            orders.append(_order(head, segment, carried, text))
            carried = []
        elif more and orders and says_of_again(segment, orders[-1]):
            orders.append(again(orders[-1], segment))
        elif more and is_looked_at(segment, following):
            # "Examine the belly and send a hemogram".
            orders.append(_order(catalogue.terms["physical_examination"], segment, carried, text))
            carried = []
        elif more and orders:
            # "CT chest and abdomen", "PCR for HSV, VZV": more of what came before.
            orders[-1] = _widen(orders[-1], segment, text)
        elif more:
            carried.append(segment)
        elif orders and segment.joint.strip() != "," and _is_class(segment, orders[-1]):
            orders[-1] = _widen(orders[-1], segment, text)
        elif segment.heads and not segment.names_disease():
            orders += _elsewhere(segment, carried)
            found = _orders(segment, carried, text)
            if segment.joint.strip() == "/" and orders and found:
                orders[-1] = _at_the_same_site(orders[-1], found[0])
            for order in found:
                orders.append(of_the_same(order, orders[-1]) if orders else order)
            carried = []
        elif segment.loose or segment.mentions:
            alone = unsaid(segment) or tested(segment) or tested_for(carried)
            if alone is None and not any(s.heads for s in segments):
                alone = shown(segment)
            if alone is None and orders and not segment.mentions:
                # "IHC for CD3, CD20", "sequencing of BRCA1 and PALB2".
                alone = _same_search(orders[-1])
            orders.append(_order(alone, segment, carried, text))
            carried = []
    for segment in carried:
        alone = unsaid(segment)
        # "Any Pseudomonas in the sputum?", but not "is it tuberculosis?".
        sought = segment.ids("specimen") or not text.rstrip().endswith("?")
        if alone is None and segment.ids("organism") and sought:
            alone = catalogue.terms["microbiology"]
        orders.append(_order(alone, segment, [], text))
    if any(o.head and (o.head.category, o.head.kind) == ("genetics", "analyte") for o in orders):
        # "BRCA1/2 germline testing" is one test.
        orders = [o for o in orders if o.words or not o.head or o.head.id not in _OF_ANY_GENE]
    return tuple(dict.fromkeys(_from_before(_share_end(orders, segments))))


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
        heads = [h for h in heads if h.id not in _ANTIBODY_CLASSES]
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
    return [_order(head, segment, carried, text) for head in specific]


def _is_class(segment: Segment, order: Order) -> bool:
    """Whether a stretch is one more class of the antibody before it: the IgM of "IgG/IgM"."""
    here = {token.text for token in segment.tokens[segment.first : segment.stop]}
    head = order.head
    antibody = head is not None and (head.price == "antibody" or head.id == "serology")
    classes = _ANTIBODY_CLASSES.intersection(words(order.text))
    return antibody and bool(classes) and here - {"and", "or"} <= _ANTIBODY_CLASSES


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


def _seeks(order: Order) -> bool:
    """Whether an order's test looks for a pathogen that has to be named."""
    return order.head is None or order.head.id in SEEKING


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


def _unless_within(implied: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """What a test's name implies, unless more is said: the spine, but of a "lumbar spine MRI"."""
    within = Catalogue.load().within
    said = any(within(n, i) for n in named - implied for i in implied)
    return _NONE if said else implied


def _order(head: Term | None, segment: Segment, carried: list[Segment], text: str) -> Order:
    catalogue = Catalogue.load()
    parts = [*carried, segment]
    loose = frozenset().union(*(part.loose_words() for part in parts))
    way = ""
    measures = segment.measures([head]) if head else []
    specimens = frozenset().union(*(p.ids("specimen") for p in parts))
    sites = frozenset().union(*(p.ids("site") for p in parts))
    organisms = frozenset().union(*(p.ids("organism") for p in parts))
    if head is not None and head.id in _ANTIBODY_CLASSES and organisms:
        head = catalogue.terms["serology"]
    measured = head is not None and (
        (head.kind, head.category) == ("analyte", "laboratory") or catalogue.within(head.id, "ihc")
    )
    if loose & _GENE and (head is None or measured):
        # "Sequence the insulin receptor gene" asks for no insulin.
        loose |= frozenset().union(*(part.all_words() for part in parts))
        head = catalogue.terms["genetic_testing"]
    elif head is not None and measured and segment.loose and _makes_another(head, segment):
        # "Sodium channel antibodies" are no sodium.
        loose |= frozenset().union(*(part.all_words() for part in parts))
        head = None
    elif loose & _STAIN and head is None:
        head = catalogue.terms["ihc"]
    elif head is not None:
        specimens |= segment.within_name(head, "specimen")
        base = catalogue.base(head.id)
        loose = loose & SIDES | segment.beside(head)
        if head.id == "ihc":
            loose |= segment.words_of(segment.before("ihc"))
        named = head.kind == "procedure" and not base.term.sites
        # The wound of a "wound culture" is what is cultured.
        named = named and not (head.category == "microbiology" and specimens)
        sites |= _unless_within(base.sites, sites) or (
            segment.within_name(head, "site") if named and not base.sites else _NONE
        )
        if base.term.id != head.id and not (base.sites or base.specimens or base.organisms):
            way = head.id
        head, specimens = base.term, specimens | base.specimens
        if way == "swab" and sites and not specimens:
            # "Throat swab for culture" is of that swab alone.
            specimens = swabs(sites)
            sites = _NONE if specimens else sites
            head = catalogue.terms["culture"] if segment.says("culture") else head
        if "chest" in sites and _OF_THE_BACK.search(text[parts[0].start : segment.end]):
            sites = frozenset({"thoracic_spine"})
        organisms |= _unless_within(base.organisms, organisms)
        if len(specimens) > 1:
            # The ascites of "amylase in ascites" says which body fluid.
            specimens -= {"body_fluid"}
        if "body_fluid" in head.specimens and sites and not specimens:
            specimens = catalogue.fluids_of(sites)
        if head.category == "imaging" and not (sites or head.sites):
            # "CT for stroke" is one of the brain.
            sites, loose = seen_at(loose)
        if head.category in _NO_SPECIMEN:
            specimens = frozenset()
        elif head.category in _NO_SITE:
            sites = frozenset()
    return Order(
        text=text[parts[0].start : segment.end],
        head=head,
        sites=sites,
        specimens=specimens,
        organisms=organisms,
        sides=loose & SIDES,
        words=frozenset(w for w in loose - SIDES - _GENE - _STAIN if not w.isdigit()),
        measure=measures[0].id if measures else "",
        way=way,
        source=segment.source,
    )


# What is asked of a measure, and names no other test.
_VALUES = frozenset(
    "clear free involved positive negative normal abnormal reduced preserved prolonged raised "
    "elevated low high enlarged intact status".split()
)


def _of_measure(segment: Segment, carried: list[Segment], text: str) -> Order:
    """The LVEF that is asked for by itself: what the first test that tells it says of it."""
    measure = next(m.term for m in segment.mentions if m.term.kind == "measure")
    order = _order(Catalogue.load().terms[measure.parents[0]], segment, carried, text)
    return replace(order, words=(order.words | segment.beside(measure)) - _VALUES)


def _makes_another(value: Term, segment: Segment) -> bool:
    """Whether a word beside a value's name, and not of it, makes another test of it."""
    beside = segment.beside(value) & _ANOTHER
    return bool(beside) and not beside <= {
        w for n in (value.name, *value.synonyms) for w in words(n)
    }


def _at_the_same_site(order: Order, next_: Order) -> Order:
    """The MRI of "MRI/CT head" is of the head too."""
    images = all(o.head is not None and o.head.category == "imaging" for o in (order, next_))
    sited = order.sites or (order.head and order.head.sites)
    return replace(order, sites=next_.sites) if images and not sited else order


def _share_end(orders: list[Order], segments: list[Segment]) -> list[Order]:
    """Let "of the brain" at the end of "CT and MRI of the brain" hold for both."""
    if len(orders) < 2:
        return orders
    last = segments[-1].mentions[-1] if segments[-1].mentions else None
    if last is not None and len(orders) == 2 and _ends_with_site(segments[-1]):
        orders = [_at_the_same_site(*orders), orders[1]]
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


def _from_before(orders: list[Order]) -> list[Order]:
    """Let what follows be done on what was taken: the culture of "lumbar puncture with culture"."""
    result = orders[:1]
    for order in orders[1:]:
        before, head = result[-1], order.head
        order = _for_the_same(order, before)
        classed = before.head and before.head.id in _ANTIBODY_CLASSES and not before.organisms
        if classed and order.head and order.head.id == "serology":
            # "IgG and IgM for CMV".
            before = result[-1] = replace(before, head=order.head, organisms=order.organisms)
        bare = head is not None and not (order.sites or order.specimens or head.sites)
        piece = _piece(result) if bare and head and head.id in _ON_PIECES else None
        if piece is not None:
            # "Biopsy of the node, send for culture and PCR" asks for no blood culture.
            order = replace(order, sites=piece.sites, specimens=_NONE if piece.sites else _TISSUE)
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
    if not looks or order.organisms or not before.organisms or not _seeks(before):
        return order
    classed = order.head is not None and order.head.id in _ANTIBODY_CLASSES
    head = Catalogue.load().terms["serology"] if classed else order.head
    return replace(order, head=head, organisms=before.organisms)


def _ends_with_site(segment: Segment) -> bool:
    """Whether a stretch is one name with its site at the end: "MRI of the head"."""
    return len(segment.mentions) == 1 and any(
        token.text == "of" for token in segment.tokens[segment.first : segment.stop]
    )


def _widen(order: Order, segment: Segment, text: str) -> Order:
    return replace(
        order,
        text=order.text + text[text.find(order.text) + len(order.text) : segment.end],
        sites=order.sites | segment.ids("site"),
        specimens=order.specimens | segment.ids("specimen"),
        organisms=order.organisms | segment.ids("organism"),
    )
