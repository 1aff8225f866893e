"""Entry: one thing on a case's menu that can be asked for, and all its record says about it.

Names and reports are read once, with the catalogue: which tests, sites, specimens and pathogens
they speak of. What a report leaves open, the case as a whole may make plain (`Context`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from medaction_gym.cases.case import Case, TestResult
from medaction_gym.cases.prose import VERB
from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Mention, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.senses import other_senses
from medaction_gym.catalogue.tokens import Token, tokenize, words
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.halves import further_germs, halves, halves_in
from medaction_gym.oracle.symbols import codes
from medaction_gym.oracle.values import against, is_no_value, of_one_kidney

_LEVELS = (
    (r"C[1-7]", "cervical_spine"),
    (r"T(?:[3-9]|1[0-2])", "thoracic_spine"),
    (r"L[1-5]", "lumbar_spine"),
    (r"S[1-5]", "sacrum"),
)
# "Perihepatic", "retroorbital": beside an organ is where the organ is.
_NEAR = re.compile(r"^(?:peri|para|retro|intra|sub|extra|supra|infra|juxta)(?=\w{5})")
_UNITS = frozenset({"mg", "g", "u", "iu", "ml", "dl", "l", "mm", "k", "h"})
# What a fluid that is named alone stands for.
_ANALYSES = frozenset(
    "csf_analysis pleural_fluid_analysis ascitic_fluid_analysis synovial_fluid_analysis".split()
)
_NO_FLUID = frozenset({"cell", "vessel", "supply", "flow", "clot"})
# Said of what was found at an operation, under a heading for this and that.
_FOUND = r"\b(?:confirmed|found|noted|seen|observed|identified|revealed|showed|discovered)\b"
_AT = r"\b(?:intra|per)-?operatively\b"
_INTRAOPERATIVE = re.compile(rf"{_FOUND}[^.;]*{_AT}|{_AT}[^.;]*{_FOUND}", re.IGNORECASE)
_AT_OPERATION = frozenset({"diagnostic_surgery"})
_NONE: frozenset[str] = frozenset()
_DRAWING = frozenset({"thoracentesis", "paracentesis", "lumbar_puncture", "arthrocentesis"})
_ON_FLUIDS = frozenset({"cytology", "culture", "pcr", "gram_stain", "flow_cytometry"})
_BLOOD_AND_URINE = frozenset({"blood", "urine"})
_OF_EITHER = frozenset({"metabolic", "hormone"})
TISSUES = frozenset("vessel artery vein bone joint nerve muscle soft_tissue skin".split())
# Words of a histological report.
OF_TISSUE = frozenset(
    "stroma stromal epithelium epithelial dermis epidermis squamous spindle glandular nuclei "
    "atypia mitosis hyperkeratosis infiltrate proliferation tumor cell tissue cyst collagen "
    "fibrous keratin histology histopathology necrosis vessel lumen".split()
)
# A gene that its variant is written on to: "NRASQ61K".
_VARIANT = re.compile(r"\b([A-Z]{2,8}\d?)(?=[A-Z]\d{2,4}[A-Z]\b)")
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
class Content:
    """What the text of a result mentions.

    Attributes:
        heads: Tests.
        sites: Body sites; of the test itself, where the text says which those are.
        sited: It says so.
        specimens: Specimens.
        organisms: Pathogens.
        sides: ``"left"``, ``"right"``.
        words: All words.
        analytes: Its values can be ordered one by one.
        single: It is the line of one value.
        symbols: Words in capitals, as genes are written.
        measures: What it tells of those in ``measures.tsv``.
        codes: Capitals and numbers in one, as genes are written in full, of report and name.
        running: A pathologist's words in their order, between blanks; else empty.
    """

    heads: frozenset[str]
    sites: frozenset[str]
    sited: bool
    specimens: frozenset[str]
    organisms: frozenset[str]
    sides: frozenset[str]
    words: frozenset[str]
    analytes: bool
    single: bool = False
    symbols: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    running: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the menu that can be asked for, and how it can be named."""

    release: Release
    orders: tuple[Order, ...]
    names: frozenset[tuple[str, ...]]
    words: frozenset[str]
    content: Content


@dataclass(frozen=True, slots=True)
class Context:
    """What the whole case makes plain where a single report does not say it.

    Attributes:
        sites: Sites in the complaint and the diagnosis.
        lead: Those of the diagnosis, and the first of the complaint.
        specimens: Specimens named anywhere in the record.
        sides: The side of the complaint, if there is just one.
        words: The words of the complaint and the diagnosis.
    """

    sites: frozenset[str]
    lead: frozenset[str]
    specimens: frozenset[str]
    sides: frozenset[str]
    words: frozenset[str]


def entries_of(case: Case) -> Iterator[Entry]:
    """Every item and every component of a case's menu."""
    for i, test in enumerate(case.tests):
        names = tuple(name for n in (test.name, *test.aliases) for name in _names(n))
        orders = _at_one_site(o for n in (test.name, *test.aliases) for o in parse_orders(n))
        orders += _further_sites(orders, test.result)
        orders = tuple(_of_germs(_on_what_is_drawn(orders), test.result))
        orders += tuple(_other_readings(orders, test))
        orders += tuple(_unsaid(test.name))
        if is_no_value(test.name, test.result):
            orders = tuple(of_one_kidney(orders))
        orders = tuple(_under_category(o, test) for o in orders) or (
            _under_category(Order(text=test.name, head=None), test),
        )
        content = content_of(test.result, orders, _ordered_apart(test))
        content = replace(content, codes=codes(f"{test.name} {test.result}"))
        yield _entry(Release(i), names, orders, content)
        specimens = frozenset().union(*(_inherited(order) for order in orders))
        both = "blood" in specimens and "urine" in specimens
        specimens = frozenset() if "blood" in specimens else specimens
        for j, analyte in enumerate(test.analytes):
            inner = parse_orders(analyte.name, mended=False)
            if is_no_value(analyte.name, analyte.result):
                inner = ()
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
                inner = tuple(_with_specimens(order, specimens) for order in inner)
            content = replace(content_of(analyte.result, inner), single=True)
            if content.specimens and not content_of(analyte.result.split(";")[0], ()).specimens:
                # "K 1.8 mEq/L; potassium to creatinine ratio in urine".
                usual = frozenset().union(*(default_specimens(order.head) for order in inner))
                content = replace(content, specimens=content.specimens | usual)
            yield _entry(Release(i, j), _names(analyte.name), inner, content)


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


def _with_specimens(order: Order, specimens: frozenset[str]) -> Order:
    if order.specimens or order.head is None:
        return order
    return replace(order, specimens=specimens)


def content_of(text: str, orders: tuple[Order, ...], analytes: bool = False) -> Content:
    """What the text of a result mentions, the tests known that it is the result of."""
    text = _VARIANT.sub(r"\1 ", text)
    tokens = tokenize(text)
    catalogue = Catalogue.load()
    mentions = [m for m in catalogue.find(tokens) if not is_unit(m, tokens)]
    mentions += further_germs(text, tokens, mentions)
    half = frozenset(term.id for term in halves_in(text, tokens, mentions))
    bases = [catalogue.base(m.term.id) for m in mentions if m.term.kind in HEADS]
    nameless = all(order.head is None for order in orders)

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind in kinds)

    folded = frozenset(token.text for token in tokens)
    own = _own_sites(text, orders)
    told = nameless and _INTRAOPERATIVE.search(text)
    return Content(
        heads=frozenset(
            id
            for head in ids(*HEADS) | half | (_AT_OPERATION if told else _NONE)
            for id in (head, catalogue.base(head).term.id)
        ),
        sites=own
        or ids("site").union(
            _vertebrae(text),
            _sign_sites(tokens, mentions),
            # Under a heading for this and that, the tests themselves say where.
            *(base.sites for base in bases if nameless),
        ),
        sited=bool(own),
        specimens=frozenset(
            m.term.id for m in mentions if m.term.kind == "specimen" and not _of_cells(m, tokens)
        ).union(*(base.specimens for base in bases)),
        organisms=ids("organism").union(*(base.organisms for base in bases)),
        sides=folded & {"left", "right"} if not {"bilateral", "both"} & folded else frozenset(),
        words=folded,
        analytes=analytes,
        measures=ids("measure"),
        running=f" {' '.join(t.text for t in tokens)} " if _of_pathology(orders) else "",
        symbols=frozenset(t.text for t in tokens if t.capital and len(t.text) > 2),
    )


def _of_pathology(orders: tuple[Order, ...]) -> bool:
    """Whether a report may go through markers: a pathologist's, or under a heading for this."""
    return any(o.head is None or o.head.category == "pathology" for o in orders)


def _of_cells(mention: Mention, tokens: list[Token]) -> bool:
    """Whether a fluid's name is part of another: the "plasma" of plasma cells."""
    after = tokens[mention.last].text if mention.last < len(tokens) else ""
    return mention.term.id == "blood" and after in _NO_FLUID


def is_unit(mention: Mention, tokens: list[Token]) -> bool:
    """Whether a name is a unit of measurement: the "mg" of "25 mg/L" is no magnesium."""
    first = mention.first
    unit = mention.last - first == 1 and tokens[first].text in _UNITS
    return unit and first > 0 and tokens[first - 1].text.isdigit()


def _sign_sites(tokens: list[Token], mentions: list[Mention]) -> frozenset[str]:
    """Sites that the findings of a text belong to; a word of a longer name is no finding."""
    longer = [m for m in mentions if m.last - m.first > 1 and m.term.kind != "measure"]
    named = {i for m in longer for i in range(m.first, m.last)}
    free = ["" if i in named else token.text for i, token in enumerate(tokens)]
    exact = Catalogue.load().signs[0]
    found: set[str] = set()
    for i, word in enumerate(free):
        found |= sites_of_word(word)
        for sign, site in exact.get(word, ()):
            if tuple(free[i : i + len(sign)]) == sign:
                found.add(site)
    return frozenset(found)


@lru_cache(maxsize=50_000)
def sites_of_word(word: str) -> frozenset[str]:
    """Sites that a word of a report points at by itself."""
    exact, stems = Catalogue.load().signs
    found = set()
    for part in (word, _NEAR.sub("", word)):
        found |= {site for stem, site in stems.get(part[:4], ()) if part.startswith(stem)}
        found |= {site for sign, site in exact.get(part, ()) if sign == (part,)}
    return frozenset(found)


def context_of(case: Case) -> Context:
    """Read what the case as a whole makes plain."""

    def ids(mentions: list[Mention], kind: str) -> frozenset[str]:
        return frozenset(m.term.id for m in mentions if m.term.kind == kind)

    complaint = f"{case.presentation.chief_complaint}; {case.diagnosis.name}"
    tokens = tokenize(complaint)
    mentions = Catalogue.load().find(tokens)
    record = "; ".join(f"{test.name}; {test.result}" for test in case.tests)
    sides = frozenset(words(complaint)) & {"left", "right"}
    first = next((m for m in mentions if m.term.kind == "site"), None)
    gold = tokenize(case.diagnosis.name)
    told = Catalogue.load().find(gold)
    operated = tokenize("; ".join(t.name for t in case.tests if t.category == "pathology"))
    return Context(
        sites=ids(mentions, "site").union(_sign_sites(tokens, mentions), _sign_sites(operated, [])),
        lead=ids(told, "site").union(
            _sign_sites(gold, told), _sign_sites(operated, []), {first.term.id} if first else ()
        ),
        specimens=ids(Catalogue.load().find(record), "specimen"),
        sides=sides if len(sides) == 1 else frozenset(),
        words=frozenset(token.text for token in tokens),
    )


def _own_sites(text: str, orders: tuple[Order, ...]) -> frozenset[str]:
    """The sites a report gives for its own test: the node of "a lymph node biopsy showed ..."."""
    kinds = {order.head.category for order in orders if order.head}
    if kinds != {"pathology"}:
        return frozenset()
    sentences = re.split(r"[.\n]\s*", text)[:4]
    told = [o for sentence in sentences for o in parse_orders(_subject(sentence), mended=False)]
    return frozenset(
        site
        for order in told
        # A stain is done on what was taken, and "CK7 as in the liver" says nothing of where.
        if order.head is not None and order.head.category in kinds and order.head.price != "ihc"
        if not order.measure
        for site in order.sites
    )


def _further_sites(orders: tuple[Order, ...], text: str) -> tuple[Order, ...]:
    """A CT of the chest whose report begins with "CT of chest, abdomen and pelvis" is of all."""
    sited = [o for o in orders if o.sites and o.head is not None and o.head.category == "imaging"]
    return tuple(
        told
        for told in (parse_orders(_subject(text), mended=False) if sited else ())
        for order in sited
        if told.head == order.head and order.sites < told.sites and not told.measure
    )


def _subject(text: str) -> str:
    """What stands before a report's first verb."""
    sentence = text[:200].split(".")[0]
    verb = VERB.search(sentence)
    return sentence[: verb.start()] if verb else sentence


def _vertebrae(text: str) -> frozenset[str]:
    """Spine segments from vertebral levels. T1 and T2 are left out: they are MRI sequences too."""
    return frozenset(
        site for pattern, site in _LEVELS if re.search(rf"\b{pattern}(?:\s*[-–/]\s*\w\d+)?\b", text)
    )


def implied_sites(head: Term | None) -> frozenset[str]:
    """The sites a test's name implies; a vessel or bone as such is no site."""
    return frozenset(head.sites) - TISSUES if head else frozenset()


def default_specimens(head: Term | None) -> frozenset[str]:
    """What a test is done on when nothing is said."""
    return frozenset(head.specimens) if head else frozenset()
