"""Report: the tests that a result tells of beside its own.

A record is often filed under another name than the test: "Post-biopsy: decreasing haemoglobin to
97 g/L", "Surgery: histopathology confirmed carcinoma", "Laboratory tests: ... normal chest
radiograph". Each test that a report describes as done becomes an entry of its own, which releases
the report; it is asked only where no item of the menu answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from medaction_gym.cases.analytes import with_states
from medaction_gym.cases.prose import STATE, VERB, parts_of, sentences
from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Mention
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.tokens import tokenize, words
from medaction_gym.catalogue.wording import EXAMINING
from medaction_gym.oracle.content import Content, content_of, is_unit
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.fluids import bare_proteins, fluids_of, protein_of
from medaction_gym.oracle.halves import further_germs, halves
from medaction_gym.oracle.values import is_no_value

# A test that somebody thinks of, or that was not done.
_NOT_DONE = re.compile(
    r"\b(?:recommend\w*|advis\w+|plan(?:ned|s)?|consider(?:ation)?|suggestion|could|should|would|"
    r"pending|await\w*|declin\w+|refus\w+|defer\w*|schedul\w+|unavailable|if (?:needed|clinical)|"
    r"not (?:yet |been |be |routinely )*(?:done|performed|obtained|available|provided|conducted|"
    r"carried|sent|undertaken|indicated|required|necessary|needed|tested|assessed|mentioned|"
    r"specified|reported|recorded)|no (?:further|other) (?:tests?|imaging|investigations?))\b",
    re.IGNORECASE,
)
# One that only another is compared with, or that is denied with what it would have shown.
_ELSEWHEN = re.compile(
    r"\b(?:prior|previous|earlier|past|history of|status post|s/p|compared (?:to|with)|no) "
    r"(?:\w+ )?$",
    re.IGNORECASE,
)
# Something is said of a test, rather than a thing that is called as one is.
_TOLD = re.compile(
    rf":\s|{VERB.pattern}|\b(?:sterile|abnormal|reactive|absen[ct]\w*|present|stable|without|"
    r"elevat\w+|increased|decreased|reduced|prolonged|impaired|no evidence)\b",
    re.IGNORECASE,
)
# Where what is said of one test ends and the next begins.
_JOINT = re.compile(rf"[;()]|{VERB.pattern}", re.IGNORECASE)
# Names for whatever was done, for what is done to treat, and a class of antibodies to anything.
_NO_TEST = frozenset(
    "imaging radiology blood_tests laboratory_tests stool_tests urine_tests microbiology "
    "physiology endoscopy pathology diagnostic_surgery physical_examination igg igm iga ige".split()
)
# Those that a name of several words does mean: "pathological analysis", "infectious work-up".
_OF_WORDS = frozenset({"pathology", "microbiology", "stool_tests"})
_EXAMINATION = frozenset({"physical_examination"})
# Departments in whose reports an analyte's name means something else, but for a figure's unit.
_OF_OTHER_WORDS = frozenset({"pathology", "genetics", "imaging", "examination", "endoscopy"})
_FIGURE = re.compile(
    r"^[^.;,]{0,25}?\d[\d.,]*\s*(?:%|[×x]\s*10|(?:[mµμunpf]?(?:g|mol|eq|IU|U)|cells)\s*/|"
    r"\s*/\s*(?:cu ?mm|mm|[mμµu]?L\b)|m?L (?:in|per|over)\b)",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"[\s:=(-]*(?:was |were |is )?(?:positive|negative|not detected|detected)\b", re.IGNORECASE
)
# "Negative results for metabolic disorders and infections (e.g., Lyme disease, HIV)".
_SOUGHT = re.compile(
    r"\b(?:negative|positive|(?:no|without) (?:serologic(?:al)? )?evidence)\b(?: \w+){0,3}? "
    r"(?:for|of)\b(?:(?!\b(?:but|while|showed|revealed|due|caused)\b)[^;:])*$",
    re.IGNORECASE,
)
# "Viral tests for influenza and COVID-19 were negative".
_LISTED = re.compile(
    r"\b(?:tests?|testing|serolog\w+|screen\w*|panels?)(?: for|:| \()[^.;:]{0,150}$", re.I
)
_ALL_SO = re.compile(
    r"[^.;:]{0,150}\b(?:was|were|is|are|all|both) (?:normal/)?"
    r"(?:negative|positive|non-?reactive)\b",
    re.IGNORECASE,
)
# A section of an examination: "Cardiovascular examination: ...".
_SECTION = re.compile(r"[\w ]{3,40}? exam(?:ination)?(?=:)", re.IGNORECASE)
_NONE: frozenset[str] = frozenset()


def told_beside(entry: Entry) -> frozenset[str]:
    """The tests that an item's report, or the line of one value, names beside its own."""
    own = _own(entry)
    base = Catalogue.load().base
    left = entry.content.heads - own - (_NO_TEST - _OF_WORDS) | _protein(entry)
    # Of one part of the body it may be told in the examination of all.
    left |= entry.content.heads & own & _EXAMINATION
    return frozenset(h for h in left if base(h).term.id not in own or h in _EXAMINATION)


def told_in(
    entry: Entry, text: str, category: str, lines: frozenset[str] = frozenset()
) -> tuple[Entry, ...]:
    """The tests that a report describes as done, each as an entry that releases the report.

    Args:
        entry: The item's own, or that of one of its values.
        text: Its result.
        category: Its department.
        lines: What the item's values, which can be ordered one by one, are values of.
    """
    return tuple(
        Entry(entry.release, (order,), frozenset(), order.words, _content(sentence, order, entry))
        for sentence in sentences(text)
        if not _NOT_DONE.search(sentence)
        # A sentence that names a test often tells of it once.
        for order in dict.fromkeys(_orders(sentence, entry, category, lines))
    )


def _content(sentence: str, order: Order, entry: Entry) -> Content:
    """What is said of one test; where it was done may be said elsewhere in the report."""
    said, whole = content_of(sentence, (order,)), entry.content
    return replace(
        said, sites=said.sites or whole.sites, specimens=said.specimens or whole.specimens
    )


def _orders(sentence: str, entry: Entry, category: str, lines: frozenset[str]) -> Iterator[Order]:
    """The tests of a sentence, with the site, specimen and side of the item where it says none."""
    own = _own(entry) | lines
    specimens = frozenset().union(*(order.specimens for order in entry.orders))
    sites = {o.head.category: o.sites for o in entry.orders if o.head is not None}
    sides = frozenset().union(*(order.sides for order in entry.orders))
    start = 0
    for joint in (*_JOINT.finditer(sentence), None):
        stop = joint.start() if joint else len(sentence)
        named = _named(sentence, start, stop, entry, category) - own
        orders = parse_orders(sentence[start:stop], mended=False) if named else ()
        for order in orders + tuple(_completed(sentence, start, stop, orders, named)):
            if order.head is None or order.head.id not in named:
                continue
            department = order.head.category
            if department in ("laboratory", "microbiology"):
                order = replace(order, specimens=order.specimens or specimens)
            else:
                order = replace(order, sites=order.sites or sites.get(department, _NONE))
            yield replace(order, sides=order.sides or sides)
        start = joint.end() if joint else stop
    yield from _sought(sentence, category)
    yield from _proteins(sentence, entry, category)
    yield from _sections(sentence, category)


def _sections(sentence: str, category: str) -> Iterator[Order]:
    """The examinations that head a part of an examination's report."""
    if category == "examination":
        for heading in _SECTION.findall(sentence):
            for order in parse_orders(heading.strip(), mended=False):
                if order.head is not None and order.head.category == category and order.sites:
                    yield order


def _proteins(sentence: str, entry: Entry, category: str) -> Iterator[Order]:
    """The protein of a fluid: of "glucose and protein" of the CSF no name says more."""
    ids = _protein(entry)
    for token in bare_proteins(tokenize(sentence)) if ids else ():
        if _measured(sentence, token.start, token.end, category):
            for id in ids:
                yield Order(sentence, Catalogue.load().terms[id], specimens=fluids_of(entry.orders))


def _protein(entry: Entry) -> frozenset[str]:
    """What the word "protein" means in an item's report, where it stands."""
    return protein_of(fluids_of(entry.orders)) if "protein" in entry.content.words else _NONE


def _completed(
    sentence: str, start: int, stop: int, orders: tuple[Order, ...], named: frozenset[str]
) -> Iterator[Order]:
    """The renal function tests of "renal and liver function tests"."""
    read = {order.head.id for order in orders if order.head is not None}
    for term in halves(sentence[start:stop]) if named - read else ():
        base = Catalogue.load().base(term.id)
        yield Order(sentence[start:stop], base.term, specimens=base.specimens)


def _sought(sentence: str, category: str) -> Iterator[Order]:
    """The pathogens that are said to be found or not, by whatever test."""
    tokens = tokenize(sentence)
    catalogue = Catalogue.load()
    found = catalogue.find(tokens)
    for mention in (*found, *further_germs(sentence, tokens, found)):
        if mention.term.kind != "organism":
            continue
        listed = category not in _OF_OTHER_WORDS and _SOUGHT.search(
            sentence[: tokens[mention.first].start]
        )
        listed = listed or (
            _LISTED.search(sentence[: tokens[mention.first].start])
            and _ALL_SO.match(sentence[tokens[mention.last - 1].end :])
        )
        if listed or _FOUND.match(sentence[tokens[mention.last - 1].end :]):
            head = catalogue.terms["microbiology"]
            yield Order(sentence, head, organisms=frozenset({mention.term.id}))


def _own(entry: Entry) -> frozenset[str]:
    return frozenset(order.head.id for order in entry.orders if order.head is not None)


def _named(sentence: str, start: int, stop: int, entry: Entry, category: str) -> frozenset[str]:
    """The tests that a stretch of a sentence names as done."""
    tokens = tokenize(sentence[start:stop])
    catalogue = Catalogue.load()
    found: set[str] = set()
    for mention in catalogue.find(tokens):
        if mention.term.kind not in HEADS or is_unit(mention, tokens):
            continue
        first = start + tokens[mention.first].start
        last = start + tokens[mention.last - 1].end
        if not _is_test(mention, sentence, first, last):
            continue
        if mention.term.category != "laboratory":
            done = bool(_TOLD.search(sentence))
        else:
            done = _measured(sentence, first, last, category)
        if done:
            found |= {mention.term.id, catalogue.base(mention.term.id).term.id}
    if category not in _OF_OTHER_WORDS and STATE.search(sentence):
        found |= {catalogue.base(term.id).term.id for term in halves(sentence[start:stop])}
    return frozenset(found)


def _is_test(mention: Mention, sentence: str, first: int, last: int) -> bool:
    """Whether a name is one of a test here: "bone marrow" is a place, EP300 no evoked potential."""
    said = set(words(sentence[first:last]))
    part_of_symbol = sentence[last : last + 1].isdigit() or sentence[first - 1 : first].isalnum()
    return (
        (mention.term.id not in _NO_TEST or (mention.term.id in _OF_WORDS and len(said) > 1))
        and not (said <= _places() or said <= EXAMINING)
        and not part_of_symbol
        and not _ELSEWHEN.search(sentence[:first])
        and not is_no_value(sentence[first:last], sentence)
    )


def _measured(sentence: str, first: int, last: int, category: str) -> bool:
    """Whether an analyte is told with its figure or state."""
    if _FIGURE.search(sentence[last:]):
        return True
    if category in _OF_OTHER_WORDS:
        return False
    states = with_states(parts_of(sentence), Catalogue.load())
    return any(sentence[first:last] in part and STATE.search(said) for part, said in states)


@cache
def _places() -> frozenset[str]:
    """The words of sites' and specimens' names."""
    return frozenset(
        word
        for term in Catalogue.load().terms.values()
        if term.kind in ("site", "specimen")
        for name in (term.name, *term.synonyms)
        for word in words(name)
    )
