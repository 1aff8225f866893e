"""Entry: one thing on a case's menu that can be asked for, and all its record says about it.

Names and reports are read once, with the catalogue. What a report says is its `Content`; what it
leaves open, the case as a whole may make plain (`Context`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from medaction_gym.cases.case import Case, TestResult
from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.senses import other_senses
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.content import OF_TISSUE, Content, content_of, subject_of
from medaction_gym.oracle.halves import halves
from medaction_gym.oracle.sites import implied_sites
from medaction_gym.oracle.symbols import codes
from medaction_gym.oracle.values import against, is_no_value, of_one_kidney

# What a fluid that is named alone stands for.
_ANALYSES = frozenset(
    "csf_analysis pleural_fluid_analysis ascitic_fluid_analysis synovial_fluid_analysis".split()
)
_DRAWING = frozenset({"thoracentesis", "paracentesis", "lumbar_puncture", "arthrocentesis"})
_ON_FLUIDS = frozenset({"cytology", "culture", "pcr", "gram_stain", "flow_cytometry"})
_BLOOD_AND_URINE = frozenset({"blood", "urine"})
_OF_EITHER = frozenset({"metabolic", "hormone"})
# What a patient's genes, and no germ's, are told to have.
_OF_PATIENTS = re.compile(
    r"mutat|variant|zyg|allel|delet|duplicat|carrier|exon|fusion|rearrange|polymorphism|inherit|"
    r"familial|wild|\b[cp]\.|\bHLA|methylat",
    re.IGNORECASE,
)
# What reads the genes of one kind of germs.
_READ_ALIKE = {"fungi": "fungal_its", "bacteria": "bacterial_16s"}
_SPELT_OUT = re.compile(r"^([^()]{4,})\(([A-Za-z][A-Za-z0-9-]{1,7})\)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the menu that can be asked for, and how it can be named."""

    release: Release
    orders: tuple[Order, ...]
    names: frozenset[tuple[str, ...]]
    words: frozenset[str]
    content: Content


def entries_of(case: Case) -> Iterator[Entry]:
    """Every item and every component of a case's menu."""
    for i, test in enumerate(case.tests):
        names = (name for n in (test.name, *test.aliases) for name in _names(n))
        orders = _orders_of(test)
        content = content_of(test.result, orders, _ordered_apart(test))
        content = replace(content, codes=codes(f"{test.name} {test.result}"))
        yield _entry(Release(i), names, orders, content)
        yield from _values_of(i, test, orders)


def _orders_of(test: TestResult) -> tuple[Order, ...]:
    """What an item's names ask for, its report read along with them."""
    orders = _at_one_site(o for n in (test.name, *test.aliases) for o in parse_orders(n))
    orders += _further_sites(orders, test.result)
    orders = tuple(_of_germs(_on_what_is_drawn(orders), test.result))
    orders += (*_other_readings(orders, test), *_unsaid(test.name))
    if is_no_value(test.name, test.result):
        orders = tuple(of_one_kidney(orders))
    orders = orders or (Order(text=test.name, head=None),)
    return tuple(_under_category(order, test) for order in orders)


def _values_of(item: int, test: TestResult, orders: tuple[Order, ...]) -> Iterator[Entry]:
    """The components of an item, each of the specimen that the item is of."""
    specimens = frozenset().union(*(_inherited(order) for order in orders))
    both = specimens >= _BLOOD_AND_URINE
    specimens = frozenset() if "blood" in specimens else specimens
    for j, analyte in enumerate(test.analytes):
        no_value = is_no_value(analyte.name, analyte.result)
        inner = () if no_value else parse_orders(analyte.name, mended=False)
        inner = against(inner, analyte.result)
        if both:
            # Which of them the catecholamines of "blood and urine tests" are of is not said.
            inner = tuple(
                replace(o, specimens=_BLOOD_AND_URINE)
                if o.head and o.head.price in _OF_EITHER and not o.specimens - {"blood"}
                else o
                for o in inner
            )
        if specimens:
            inner = tuple(
                replace(o, specimens=specimens) if o.head and not o.specimens else o for o in inner
            )
        content = replace(content_of(analyte.result, inner), single=True)
        if content.specimens and not content_of(analyte.result.split(";")[0], ()).specimens:
            # "K 1.8 mEq/L; potassium to creatinine ratio in urine".
            usual = frozenset().union(*(default_specimens(order.head) for order in inner))
            content = replace(content, specimens=content.specimens | usual)
        yield _entry(Release(item, j), _names(analyte.name), inner, content)


def _unsaid(name: str) -> Iterator[Order]:
    """The tests that a name leaves half said.

    The analysis of "cerebrospinal fluid and viral PCR panel", the liver's of "liver and kidney
    function".
    """
    for term in halves(name):
        base = Catalogue.load().base(term.id)
        yield Order(name, base.term, specimens=base.specimens).titled()
    first, _, rest = name.partition(" and ")
    alone = parse_orders(first) if rest else ()
    if len(alone) == 1 and alone[0].head is not None and alone[0].head.id in _ANALYSES:
        further = Catalogue.load().find(rest)
        shared = any(m.term.kind == "specimen" or m.term.id == "culture" for m in further)
        if not shared and any(m.term.kind in HEADS for m in further):
            yield alone[0]


def _under_category(order: Order, test: TestResult) -> Order:
    """An order without a test as one for some image: "Left foot", said of a film."""
    if order.head is not None or test.category != "imaging":
        return order
    return replace(order, head=Catalogue.load().terms["imaging"])


def _other_readings(orders: tuple[Order, ...], test: TestResult) -> Iterator[Order]:
    """What a name means besides: "myelogram" the marrow, "microscopic examination" tissue."""
    for order in orders:
        yield from other_senses(order)
        microscopy = order.head is not None and order.head.id == "microscopy"
        of_tissue = len(OF_TISSUE.intersection(words(test.result))) > 1
        if microscopy and of_tissue and not order.specimens:
            yield replace(order, head=Catalogue.load().terms["histopathology"]).titled()


def _on_what_is_drawn(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """The orders of a name, the cytology of "cytology of the thoracentesis" done on its fluid."""
    drawn = frozenset().union(*(o.specimens for o in orders if o.head and o.head.id in _DRAWING))
    return tuple(
        replace(order, specimens=drawn)
        if drawn and order.head and order.head.id in _ON_FLUIDS and not order.specimens
        else order
        for order in orders
    )


def _of_germs(orders: tuple[Order, ...], report: str) -> Iterator[Order]:
    """What looks for the genes of a germ, where a test of genes reports a germ and no variant."""
    genes = any(order.head is not None and order.head.category == "genetics" for order in orders)
    if not genes or _OF_PATIENTS.search(report):
        yield from orders
        return
    catalogue = Catalogue.load()
    found = {m.term.id for m in catalogue.find(report) if m.term.kind == "organism"}
    for order in orders:
        if not found or order.head is None or order.head.category != "genetics":
            yield order
            continue
        whole = order.head.id == "gene_panel" and "target" not in order.text.casefold()
        ids = ["mngs" if whole else "pcr"]
        ids += [
            id
            for kind, id in _READ_ALIKE.items()
            if any(catalogue.within(germ, kind) for germ in found)
        ]
        for id in ids:
            yield replace(order, head=catalogue.terms[id], organisms=frozenset(found)).titled()


def _ordered_apart(test: TestResult) -> bool:
    """Whether an item's values can be ordered one by one."""
    return any(
        order.head
        for analyte in test.analytes
        for order in parse_orders(analyte.name, mended=False)
    )


def _at_one_site(orders: Iterable[Order]) -> tuple[Order, ...]:
    """The orders of a name, without repeats; "breast ultrasound and MRI" are both of the breast."""
    unique = tuple(dict.fromkeys(orders))
    for category in ("pathology", "imaging"):
        alike = [o for o in unique if o.head is not None and o.head.category == category]
        sites = frozenset(site for order in alike for site in order.sites)
        unique = tuple(
            replace(order, sites=sites)
            if order in alike and not (order.sites or implied_sites(order.head))
            else order
            for order in unique
        )
    # "Fundus and ultrasound" is an ultrasound of the eye.
    implied = frozenset().union(*(implied_sites(order.head) for order in unique))
    return tuple(
        replace(order, sites=implied)
        if implied
        and order.head
        and order.head.category == "imaging"
        and not order.sites
        and not implied_sites(order.head)
        else order
        for order in unique
    )


def _inherited(order: Order) -> frozenset[str]:
    """The specimens a panel's components are measured in; drugs are sought in any."""
    drugs = order.head is not None and order.head.price == "toxicology"
    return order.specimens or (frozenset() if drugs else default_specimens(order.head))


def _entry(
    release: Release, names: Iterable[str], orders: tuple[Order, ...], content: Content
) -> Entry:
    folded = frozenset(filter(None, map(words, names)))
    return Entry(release, orders, folded, frozenset(w for n in folded for w in n), content)


def _names(name: str) -> tuple[str, ...]:
    """A name, and what it spells out: "Electromyography (EMG)" is called either way."""
    match = _SPELT_OUT.match(name)
    if not match:
        return (name,)
    full, short = match[1].strip(), match[2].strip()
    initials = [c for c in short.lower() if c.isalpha()]
    rest = iter(full.lower())
    return (name, full, short) if all(c in rest for c in initials) else (name,)


def _further_sites(orders: tuple[Order, ...], text: str) -> tuple[Order, ...]:
    """A CT of the chest whose report begins with "CT of chest, abdomen and pelvis" is of all."""
    sited = [o for o in orders if o.sites and o.head is not None and o.head.category == "imaging"]
    return tuple(
        told
        for told in (parse_orders(subject_of(text), mended=False) if sited else ())
        for order in sited
        if told.head == order.head and order.sites < told.sites and not told.measure
    )


def default_specimens(head: Term | None) -> frozenset[str]:
    """What a test is done on when nothing is said."""
    return frozenset(head.specimens) if head else frozenset()
