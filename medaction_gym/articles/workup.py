"""Workup: the tests that a case reports, each with its result and the sentences it stands in.

A sentence names its test ("Chest CT showed ..."), or goes on about the last one ("There was also
..."). The result is the article's own words. Laboratory values of one report make one panel, whose
analytes can be ordered alone; so do the rows of a laboratory table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from medaction_gym.articles.article import Span
from medaction_gym.articles.cues import cue
from medaction_gym.articles.passing import with_passing
from medaction_gym.articles.presentation import shown_until
from medaction_gym.articles.recorded import Recorded, item_called
from medaction_gym.articles.sentence import Sentence
from medaction_gym.articles.timeline import LOOKED_AT, OPERATION, ORDERED, SURGERY, SURGICAL, Told
from medaction_gym.cases.analytes import analytes_in
from medaction_gym.cases.case import MAX_NAME, MAX_TEXT, Analyte, Category
from medaction_gym.cases.menu import LABORATORY, OTHER, parse_menu
from medaction_gym.cases.prose import STATE, VERB
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.orders import parse_orders

GROSS = "Gross examination"


def workup(told: Iterable[Told]) -> list[Recorded]:
    """The tests of a case, in the order in which they are told."""
    found: list[Recorded] = []
    current: Recorded | None = None
    awaited = ""  # a test that was done, and whose result the next sentence may tell
    title = ""
    for line in told:
        sentence = line.sentence
        if line.title != title:
            title, current = line.title, None
            awaited = title if line.topic == "tests" else ""
        if line.heads and not line.reports:
            if line.role in ("test", "treatment", "diagnosis", "other", "history"):
                awaited = sentence.text
            continue
        if line.role in ("history", "examination"):
            until = shown_until(line)
            if line.heads and until < len(sentence.text):
                joint = _JOINT.match(sentence.text, until)
                until = joint.end() if joint else until
                rest = Sentence(sentence.text[until:], sentence.start + until, sentence.end)
                current = _read(rest, found, current, "") or current
            else:
                current = None
            continue
        if line.role != "test":
            awaited = ""
            continue
        if awaited and not line.heads and not (line.reports or _says(sentence.text)):
            awaited = ""
            continue
        if cue("criteria").search(sentence.text) and _of_genes(line):
            if current is not None and current.category == "genetics":
                current.take(sentence.text, Span(sentence.start, sentence.end))
            continue
        if not line.heads and SURGICAL.search(sentence.text):
            if cue("apart").search(sentence.text):
                continue
            current = item_called(found, SURGERY, "procedure")
            current.take(sentence.text, Span(sentence.start, sentence.end))
        elif not line.heads and cue("gross").search(sentence.text):
            if current is None or current.category != "pathology":
                current = item_called(found, GROSS, "pathology")
            current.take(sentence.text, Span(sentence.start, sentence.end))
        elif not line.heads and not line.reports and not awaited:
            if current is not None:
                current.take(sentence.text, Span(sentence.start, sentence.end))
        else:
            current = _read(sentence, found, current, "" if line.heads else awaited) or current
        awaited = ""
    found = with_passing(_with_serology(_gathered(found)))
    found = [item for item in found if item.name != LABORATORY or _measures(item)]
    # What the surgeon saw is kept where no pathologist, culture or gene says more.
    if any(item.category in ("pathology", "genetics") for item in found):
        found = [item for item in found if item.name != SURGERY]
    return found


def _of_genes(line: Told) -> bool:
    """Whether a sentence names no test but of genes, or a gene among the laboratory's values."""
    return {m.term.category for m in line.heads} <= {"genetics", "laboratory"}


def _measures(item: Recorded) -> bool:
    """Whether a laboratory panel holds more than a word that is an analyte elsewhere."""
    if len(item.analytes) > 1:
        return True
    said = (cue("measured"), _UNIT, *([STATE] if item.analytes else []))
    return any(pattern.search(piece) for pattern in said for piece in item.pieces)


# A value with its unit.
_UNIT = re.compile(r"\d\s*(?:[mµμn]?g|[mµμnp]?mol|[mk]?i?U|mEq|mm|cells)\s*/|×\s*10", re.IGNORECASE)
# Names so general that they speak of a test told before.
_GENERAL = {
    "imaging": frozenset({"imaging", "radiology"}),
    "pathology": frozenset(
        {"pathology", "histopathology", "microscopy", "ihc", "special_stains", "gross_pathology"}
    ),
    "microbiology": frozenset({"gram_stain", "microscopy", "maldi_tof", "culture"}),
}

# Tests of blood that are called after a germ or an antibody.
_DRAWN = frozenset({"serology", "microbiology"})


def _gathered(found: list[Recorded]) -> list[Recorded]:
    """The tests, those under a general name ("imaging") with the one before them."""
    kept: list[Recorded] = []
    for item in found:
        before = [other for other in kept if other.category == item.category]
        orders = parse_orders(item.name)
        general = _GENERAL.get(item.category, frozenset())
        if (
            before
            and orders
            and all(o.head and o.head.id in general and not o.sites for o in orders)
            and _specimens(item.name) <= _specimens(before[-1].name)
            and (item.category in ("imaging", "pathology") or len(before) == 1)
        ):
            before[-1].pieces += item.pieces
            before[-1].spans += [span for span in item.spans if span not in before[-1].spans]
            before[-1].analytes = item.analytes | before[-1].analytes
        else:
            kept.append(item)
    return kept


def _specimens(name: str) -> frozenset[str]:
    return frozenset().union(*(order.specimens for order in parse_orders(name)))


def _with_serology(found: list[Recorded]) -> list[Recorded]:
    """The tests, with antibodies, and with cultures that grew nothing, among the laboratory values.

    Each can still be ordered alone, as a component of the panel.
    """
    panel = next((item for item in found if item.name == LABORATORY), None)
    if panel is None:
        return found
    kept = []
    for item in found:
        heads = {order.head.id for order in parse_orders(item.name) if order.head}
        drawn = heads and heads <= _DRAWN
        if item.category == "microbiology" and (drawn or _found_nothing(item)):
            alone = Analyte(name=item.name[:MAX_NAME], result=" ".join(item.pieces)[:MAX_TEXT])
            for piece, span in zip(item.pieces, item.spans, strict=False):
                panel.take(piece, span)
            panel.analytes.setdefault(item.name.casefold(), alone)
        else:
            kept.append(item)
    return kept


def _found_nothing(item: Recorded) -> bool:
    """Whether cultures, stains and the like report only that no germ was found."""
    said, denied = cue("no_germ").subn(" ", " ".join(item.pieces))
    return denied > 0 and not cue("germ").search(said)


def _read(
    sentence: Sentence, found: list[Recorded], current: Recorded | None, awaited: str
) -> Recorded | None:
    """Take in one sentence that reports; the item that it spoke of last."""
    span = Span(sentence.start, sentence.end)
    if awaited and (named := _named(awaited)):
        current = item_called(found, *named)
        values = analytes_in(sentence.text)
        if named[0] == LABORATORY:  # "All these tests were negative."
            said = sentence.text[:MAX_TEXT]
            values += tuple(Analyte(name=a.name, result=said) for a in analytes_in(awaited))
        current.take(sentence.text, span, values)
        return current
    for item in parse_menu(_flat(sentence.text)).tests:
        piece = item.result if item.result in sentence.text else sentence.text
        name, category = _tidy(item.name, sentence.text), item.category
        stated = STATE.search(piece) or cue("stated").search(piece)
        if name == LABORATORY and not stated:
            continue
        if not name or LOOKED_AT.fullmatch(name) or category == "other":
            name = OTHER
        if category == "examination" or cue("bedside").search(name):
            continue  # the first observation tells it, or nobody does
        if name != OTHER and not _results(piece):
            continue
        if category == "microbiology" and _MICROSCOPE.search(name) and _of_tissue(name, piece):
            category = "pathology"
        if category == "procedure" and len(item.analytes) > 1:
            # What a puncture drew is measured: values, which can also be asked for by the puncture.
            alone = Analyte(name=name[:MAX_NAME], result=piece[:MAX_TEXT])
            current = item_called(found, LABORATORY, "laboratory")
            current.take(piece, span, (*item.analytes, alone))
            continue
        if category == "procedure" and OPERATION.search(name):
            if not cue("seen").search(piece):
                continue
            name = SURGERY
        if name == OTHER or _goes_on(name, category, piece, current):
            if current is not None:
                current.take(piece, span, item.analytes)
            continue
        current = item_called(found, name, category)
        current.take(piece, span, item.analytes)
    return current


def _of_tissue(name: str, piece: str) -> bool:
    """Whether a microscopist looks at tissue: it is named, or neither a germ nor a fluid is."""
    if cue("tissue").search(piece):
        return True
    if _specimens(name) or cue("no_germ").search(piece):
        return False
    return not any(m.term.kind == "organism" for m in Catalogue.load().find(piece))


def _results(piece: str) -> bool:
    """Whether a stretch says more than which tests were done.

    Example:
        >>> _results("She underwent gastroscopy and colonoscopy"), _results("normal ECG")
        (False, True)
    """
    if STATE.search(piece) or re.search(r"\d", piece) or cue("found").search(piece):
        return True
    return any(not ORDERED.fullmatch(verb.group()) for verb in VERB.finditer(piece))


def _says(text: str) -> bool:
    """Whether a sentence that names no test may say what one showed, not what was done or felt."""
    return not any(
        (
            cue("other_subject").match(text),
            cue("treatment").search(text),
            re.match(r"(?:[\w\s]{0,30},\s*)?(?:s?he|the patient) \b", text, re.IGNORECASE),
        )
    )


def _named(text: str) -> tuple[str, Category] | None:
    """The test that a sentence or heading without a result speaks of; guidance is none."""
    items = parse_menu(_GUIDED.sub(" ", _flat(text))).tests
    drawn = {item.category for item in items} <= {"laboratory", "genetics", "microbiology"}
    if drawn and len(analytes_in(text)) > 1:
        return LABORATORY, "laboratory"
    for item in items:
        if item.name != OTHER and item.category != "examination":
            name = _tidy(item.name, text)
            if name and not (item.category == "procedure" and OPERATION.search(name)):
                return name, item.category
    return None


def _goes_on(name: str, category: Category, piece: str, current: Recorded | None) -> bool:
    """Whether a report is but another look of the test before: a stain, a sequence, "imaging"."""
    if current is None:
        return False
    if current.category == "pathology" and category == "laboratory":
        return not cue("figure").search(piece)  # markers of cells, not of blood
    if category != current.category:
        return False
    if category == "pathology":
        return True
    if category != "imaging":
        return False
    orders = parse_orders(name)
    if not orders or any(order.sites or order.head is None for order in orders):
        return False
    before = [order.head for order in parse_orders(current.name) if order.head is not None]
    catalogue = Catalogue.load()
    return all(
        (
            order.head is not None
            and any(
                catalogue.within(order.head.id, head.id) or catalogue.within(head.id, order.head.id)
                for head in before
            )
        )
        or (order.head is not None and order.head.id == "imaging")
        for order in orders
    )


_GUIDED = re.compile(
    r"\b(?:under )?(?:[\w-]+[\s-])?(?:ultraso\w+|CT|MRI?|fluoroscop\w+|X-ray|imaging|EUS|"
    r"endoscop\w+)[\s-]*(?:guid\w+|control)\b",
    re.IGNORECASE,
)
_MICROSCOPE = re.compile(r"^(?:light )?microscop", re.IGNORECASE)
_OF_SITE = re.compile(r"^(.+?) of (?:the )?([\w-]+(?:al|ic|ar|ary|ous|ine|oid))$", re.IGNORECASE)
_ADJECTIVE = re.compile(r"^[\w-]+(?:ic|al)$", re.IGNORECASE)
_NOUN = (
    r"(examinations?|analys[ie]s|tests?|testing|evaluation|stud(?:y|ies)|findings?|assessment|"
    r"results?|images?|features)"
)


def _tidy(name: str, text: str) -> str:
    """A name that can stand alone: "Biopsy of the hepatic" and "Histological" cannot.

    Example:
        >>> _tidy("Biopsy of the hepatic", "")
        'Hepatic biopsy'
        >>> _tidy("Histological", "The histological findings"), _tidy("Incisional", "hernia")
        ('Histological examination', '')
    """
    if match := _OF_SITE.match(name):
        name = f"{match[2]} {match[1][:1].lower()}{match[1][1:]}"
        name = name[:1].upper() + name[1:]
    if _ADJECTIVE.match(name):
        noun = re.search(rf"{re.escape(name)}(?: and \w+)? {_NOUN}", text, re.IGNORECASE)
        plain = noun and noun[1].lower().startswith(("exam", "find", "feat", "res", "imag"))
        return f"{name} {'examination' if plain else noun[1].lower()}" if noun else ""
    return name


def _flat(text: str) -> str:
    return " ".join(text.split())


_JOINT = re.compile(r"[\s,;:–—-]*(?:(?:and|but|which|where|while|whereas)\s+)?", re.IGNORECASE)
