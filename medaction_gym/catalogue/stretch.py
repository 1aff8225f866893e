"""Stretch: the order that one stretch of a request makes."""

from __future__ import annotations

import re
from dataclasses import replace

from medaction_gym.catalogue.catalogue import Catalogue, Kind, Term
from medaction_gym.catalogue.ellipsis import seen_at, swabs
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import SIDES, Segment
from medaction_gym.catalogue.term import ANTIBODY_CLASSES
from medaction_gym.catalogue.tokens import words

# "Retinal" and "vaginal" are specimens to the laboratory alone; a gene has no site.
_NO_SPECIMEN = frozenset({"imaging", "endoscopy", "physiology", "examination"})
_NO_SITE = frozenset({"laboratory", "genetics"})

_STAIN = frozenset({"stain", "staining", "immunostain", "immunoreactivity"})
# "Thoracic" is of the chest, but here.
_OF_THE_BACK = re.compile(r"\bthoracic (?:spin|vertebra)", re.IGNORECASE)
GENE = frozenset({"gene", "sequence", "sequencing", "mutation", "variant", "exon"})
# Words that make another test of a value's name.
_ANOTHER = frozenset(
    "antibody autoantibody receptor channel binding transporter factor oxidase elastase inhibitor "
    "modified glycated like free suppression stimulation challenge tolerance excretion clearance "
    "isoenzyme isoform fraction".split()
)
# What is asked of a measure, and names no other test.
_VALUES = frozenset(
    "clear free involved positive negative normal abnormal reduced preserved prolonged raised "
    "elevated low high enlarged intact status".split()
)
_NONE: frozenset[str] = frozenset()

# "XR R hand", "Rt knee": of what is done on one side.
_SHORT_SIDES = {"r": "right", "rt": "right", "l": "left", "lt": "left"}
_ON_ONE_SIDE = frozenset({"imaging", "examination", "pathology"})


def order_of(head: Term | None, segment: Segment, carried: list[Segment], text: str) -> Order:
    """The order of a test that a stretch names, with what stands before it and belongs to it.

    Args:
        head: The test; None where the stretch names none.
        segment: The stretch.
        carried: Those before it that name no test of their own.
        text: The whole request.
    """
    parts = [*carried, segment]

    def ids(kind: Kind) -> frozenset[str]:
        return frozenset().union(*(part.ids(kind) for part in parts))

    measures = segment.measures([head]) if head else []
    order = Order(
        text=text[parts[0].start : segment.end],
        head=head,
        sites=ids("site"),
        specimens=ids("specimen"),
        organisms=ids("organism"),
        words=frozenset().union(*(part.loose_words() for part in parts)),
        measure=measures[0].id if measures else "",
        source=segment.source,
    )
    order = _as_meant(order, parts)
    sided = head is not None and head.category in _ON_ONE_SIDE and order.sites
    short = _SHORT_SIDES.keys() & order.words if sided else frozenset()
    known = SIDES | GENE | _STAIN | short
    return replace(
        order,
        sides=order.words & SIDES | {_SHORT_SIDES[word] for word in short},
        words=frozenset(w for w in order.words - known if not w.isdigit()),
    )


def _as_meant(order: Order, parts: list[Segment]) -> Order:
    """An order with the test that the words beside its name make of it."""
    catalogue = Catalogue.load()
    segment, head = parts[-1], order.head
    if head is not None and head.id in ANTIBODY_CLASSES and order.organisms:
        head = catalogue.terms["serology"]
    measured = head is not None and (
        (head.kind, head.category) == ("analyte", "laboratory") or catalogue.within(head.id, "ihc")
    )
    sequenced = order.words & GENE and (head is None or measured)
    if sequenced or (head and measured and segment.loose and _makes_another(head, segment)):
        # "Sequence the insulin receptor gene" asks for no insulin, "sodium channel antibodies" for
        # no sodium.
        said = order.words.union(*(part.all_words() for part in parts))
        return replace(
            order, head=catalogue.terms["genetic_testing"] if sequenced else None, words=said
        )
    if head is None:
        return replace(order, head=catalogue.terms["ihc"]) if order.words & _STAIN else order
    return _placed(_taken_apart(order, head, segment), segment)


def _taken_apart(order: Order, head: Term, segment: Segment) -> Order:
    """An order with the specimens, sites and pathogens that are part of its test's name."""
    base = Catalogue.load().base(head.id)
    specimens = order.specimens | segment.within_name(head, "specimen")
    loose = order.words & SIDES | segment.beside(head)
    if head.id == "ihc":
        loose |= segment.words_of(segment.before("ihc"))
    named = head.kind == "procedure" and not (base.term.sites or base.sites)
    # The wound of a "wound culture" is what is cultured.
    named = named and not (head.category == "microbiology" and specimens)
    sites = _unless_within(base.sites, order.sites)
    if named and not sites:
        sites = segment.within_name(head, "site")
    way = base.term.id != head.id and not (base.sites or base.specimens or base.organisms)
    return replace(
        order,
        head=base.term,
        sites=order.sites | sites,
        specimens=specimens | base.specimens,
        organisms=order.organisms | _unless_within(base.organisms, order.organisms),
        words=loose,
        way=head.id if way else "",
    )


def _placed(order: Order, segment: Segment) -> Order:
    """An order with what its test leaves open of where, and without what does not concern it."""
    catalogue = Catalogue.load()
    head, sites, specimens, loose = order.head, order.sites, order.specimens, order.words
    assert head is not None
    if order.way == "swab" and sites and not specimens:
        # "Throat swab for culture" is of that swab alone.
        specimens = swabs(sites)
        sites = _NONE if specimens else sites
        head = catalogue.terms["culture"] if segment.says("culture") else head
    if "chest" in sites and _OF_THE_BACK.search(order.text):
        sites = frozenset({"thoracic_spine"})
    if len(specimens) > 1:
        # The ascites of "amylase in ascites" says which body fluid.
        specimens -= {"body_fluid"}
    if "body_fluid" in head.specimens and sites and not specimens:
        specimens = catalogue.fluids_of(sites)
    if head.category == "imaging" and not (sites or head.sites):
        # "CT for stroke" is one of the brain.
        sites, loose = seen_at(loose)
    if head.category in _NO_SPECIMEN:
        specimens = _NONE
    elif head.category in _NO_SITE:
        sites = _NONE
    return replace(order, head=head, sites=sites, specimens=specimens, words=loose)


def order_of_measure(segment: Segment, carried: list[Segment], text: str) -> Order:
    """The LVEF that is asked for by itself: what the first test that tells it says of it."""
    measure = next(m.term for m in segment.mentions if m.term.kind == "measure")
    order = order_of(Catalogue.load().terms[measure.parents[0]], segment, carried, text)
    return replace(order, words=(order.words | segment.beside(measure)) - _VALUES)


def _unless_within(implied: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """What a test's name implies, unless more is said: the spine, but of a "lumbar spine MRI"."""
    within = Catalogue.load().within
    said = any(within(n, i) for n in named - implied for i in implied)
    return _NONE if said else implied


def _makes_another(value: Term, segment: Segment) -> bool:
    """Whether a word beside a value's name, and not of it, makes another test of it."""
    beside = segment.beside(value) & _ANOTHER
    return bool(beside) and not beside <= {
        w for n in (value.name, *value.synonyms) for w in words(n)
    }
