"""Orders: what a piece of text asks for, in terms of the catalogue.

"Contrast CT of the chest and abdomen, CRP" asks for two things: a CT with two sites, and an
analyte. A request by a doctor and the name of a test in a record are read by the same function, so
that the two can be compared term by term.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extractOne

from medaction_gym.catalogue.catalogue import Catalogue, Kind, Mention, Term
from medaction_gym.catalogue.tokens import Token, fold_word, tokenize

# Words of a request that say nothing about which test is meant.
_FILLER = frozenset(
    map(
        fold_word,
        """
    please order get obtain do perform run check send request repeat repeated follow up
    followup want would like need i we me my you can could should let lets next now also
    first then to the a an of for with without and or in on by at as from is it this that
    his her their patient patients urgent urgently stat emergency routine full complete
    basic standard general comprehensive detailed formal dedicated panel test tests testing
    study studies scan scans imaging level levels measurement measure value values series
    examination exam assessment assess evaluation evaluate analysis workup work screen
    screening profile investigation investigations view views pa ap lateral oblique plain
    contrast enhanced non noncontrast unenhanced iv intravenous gadolinium high resolution
    multiphase phase multi quick new another initial baseline serial fresh sample samples
    specimen specimens take taken concentration quantitative qualitative rule out looking
    look see if any cause possible suspected confirm area region side sided both bilateral
    left right report result results findings finding status function s t m re ve ll d am
    are be was were has have had there think believe recommend suggest proceed go ahead
    begin start perhaps maybe pls thanks thank hello hi doctor dr ok okay additional further
    more same other using via use used including include includes especially particularly
    well available today day days week second portable bedside diagnostic quantification
    quantity lead lesion lesions nodule nodules mass masses lump swelling tumor tumour
    affected edge closely describe them dynamic w wo whole x set sets pair times drawn sent
    arrange arranged done measured checked eye eyes
    """.split(),
    )
)
_SIDES = frozenset({"left", "right"})
_STAIN = frozenset({"stain", "staining", "immunostain", "immunoreactivity"})
_ANTIBODY_CLASSES = frozenset({"igg", "igm", "iga", "ige"})
_GENE = frozenset({"gene", "sequence", "sequencing", "mutation", "variant", "exon"})
_SEPARATOR = re.compile(r"[,;\n+&/]|\b(?:and|plus|then|also|as well as)\b", re.IGNORECASE)
# "Retinal" and "vaginal" are specimens to the laboratory alone; a gene has no site.
_NO_SPECIMEN = frozenset({"imaging", "endoscopy", "physiology", "examination"})
_NO_SITE = frozenset({"laboratory", "genetics"})

_POLITE = re.compile(r"\b(?:let|give|tell|show|help|allow|for|to|with) us\b", re.IGNORECASE)
# What a test is wanted for, up to the next comma or full stop: it names no test.
_PURPOSE = re.compile(
    r"\b(?:(?:in order )?to (?:help |better |further |also )*(?:look|rule|evaluat|assess|exclude|"
    r"confirm|see|investigat|determin|characteri[sz]|visuali[sz]|find|establish|delineat|guide|"
    r"clarify|differentiat|understand|narrow|support|explain|search|stage|localize)\w*|"
    r"would (?!like|order|request|get|want|do|take|suggest|recommend|also|now|repeat|first|"
    r"perform|start|begin|send|check|proceed|obtain|arrange|ask)|there (?:may|might|could|is|are)|"
    r"looking for|because|since|given|in view of|in light of|due to|suspect(?:ing|ed)|"
    r"concern(?:ed|ing|s)?|(?:before|after|prior to|following) (?:the |any )?(?:surgery|operation|"
    r"transplantation|delivery|treatment)|"
    r"for (?:suspected|possible|evaluation|further|assessment|diagnosis|better))\b[^,;.\n]*",
    re.IGNORECASE,
)
_HEADS = ("analyte", "panel", "procedure")


@dataclass(frozen=True, slots=True)
class Order:
    """One test that a text asks for.

    Attributes:
        text: The words it was read from.
        head: What is done or measured; None where no catalogue term was found.
        sites: Body sites named (not those that the head implies).
        specimens: Specimens named.
        organisms: Pathogens named.
        sides: ``"left"`` and ``"right"`` as named.
        words: Content words that no term explains.
        title: The order in plain words, e.g. ``"computed tomography of abdomen"``.
    """

    text: str
    head: Term | None
    sites: frozenset[str] = frozenset()
    specimens: frozenset[str] = frozenset()
    organisms: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    title: str = ""

    def titled(self) -> Order:
        """The same order with its title."""
        names = Catalogue.load().terms
        text = self.head.name if self.head else self.text
        if self.organisms:
            text += " for " + ", ".join(sorted(names[o].name for o in self.organisms))
        where = sorted(names[s].name for s in self.specimens | self.sites)
        return replace(self, title=f"{text} of {' and '.join(where)}" if where else text)


@dataclass
class _Segment:
    """The stretch of a text between two separators."""

    mentions: list[Mention] = field(default_factory=list)
    loose: list[Token] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0

    @property
    def heads(self) -> list[Term]:
        return [m.term for m in self.mentions if m.term.kind in _HEADS]

    def ids(self, kind: str) -> frozenset[str]:
        found = (m.term.id for m in self.mentions if m.term.kind == kind)
        if kind == "site":
            return frozenset(part for id in found for part in Catalogue.load().regions(id))
        return frozenset(found)

    def beside(self, head: Term) -> frozenset[str]:
        """Unexplained words right before the head, or right after it with "for": its target."""
        at = {position: token.text for position, token in zip(self.places, self.loose, strict=True)}
        spans = [m for m in self.mentions if m.term is head]
        found = set()
        for mention in spans:
            others = {i for m in self.mentions for i in range(m.first, m.last)}
            i = mention.first - 1
            while i in at or i in others:
                found.add(at.get(i, ""))
                i -= 1
            for i in range(mention.last, mention.last + 4):
                if i in at:
                    found.add(at[i])
        return frozenset(found - {""})

    def words(self, text: str) -> set[str]:
        """All content words of the stretch."""
        return {t.text for t in tokenize(text[self.start : self.end])} - _FILLER

    def within_name(self, head: Term, text: str, kind: Kind) -> frozenset[str]:
        """Specimens or sites within the name that the head was found by."""
        tokens = tokenize(text)
        catalogue = Catalogue.load()
        return frozenset().union(
            *(
                catalogue.within_name(tuple(t.text for t in tokens[m.first : m.last]), kind)
                for m in self.mentions
                if m.term is head
            )
        )


@lru_cache(maxsize=20_000)
def parse_orders(text: str) -> tuple[Order, ...]:
    """Read a text as a list of orders.

    Example:
        >>> [o.title for o in parse_orders("please get an MRI of brain and knee, plus CRP")]
        ['magnetic resonance imaging of brain and knee', 'C-reactive protein']
        >>> parse_orders("flurbometry of the soul")[0].head is None
        True
    """
    text = _POLITE.sub(" ", text)
    orders = _parse(_PURPOSE.sub(" ", text)) or _parse(text)
    return tuple(order.titled() for order in orders)


def _parse(text: str) -> tuple[Order, ...]:
    catalogue = Catalogue.load()
    tokens = [t._replace(text=_repair(t.text)) for t in tokenize(text)]
    mentions = _without_guidance(catalogue.find(tokens), tokens)
    segments = _segments(text, tokens, mentions)
    orders: list[Order] = []
    carried: list[_Segment] = []
    for segment in segments:
        more = not segment.heads and segment.mentions and not segment.loose
        if more and orders and segment.ids("organism") and not _seeks(orders[-1]):
            # "CXR, HIV": a pathogen alone stands for the test of it.
            head = catalogue.terms["microbiology"]
            orders.append(_order(head, segment, [], text))
        elif more and orders:
            # "CT chest and abdomen", "PCR for HSV, VZV": more of what came before.
            orders[-1] = _widen(orders[-1], segment, text)
        elif more:
            carried.append(segment)
        elif segment.heads:
            orders += _elsewhere(segment, carried)
            orders += _orders(segment, carried, text)
            carried = []
        elif segment.loose or segment.mentions:
            orders.append(_order(None, segment, carried, text))
            carried = []
    for segment in carried:
        alone = catalogue.terms["microbiology"] if segment.ids("organism") else None
        orders.append(_order(alone, segment, [], text))
    return tuple(dict.fromkeys(_share_end(orders, segments, tokens)))


def _segments(text: str, tokens: list[Token], mentions: list[Mention]) -> list[_Segment]:
    inside = {i: m for m in mentions for i in range(m.first, m.last)}
    segments = [_Segment()]
    previous_end = 0
    for i, token in enumerate(tokens):
        mention = inside.get(i)
        continues = mention is not None and i > mention.first
        if i and not continues and _SEPARATOR.search(text[previous_end : token.end]):
            segments.append(_Segment(start=token.start))
        segment = segments[-1]
        segment.end = token.end
        if not segment.mentions and not segment.loose:
            segment.start = token.start
        if mention is not None and i == mention.first:
            segment.mentions.append(mention)
        elif (mention is None and token.text not in _FILLER) or (
            mention is None and token.text in _SIDES
        ):
            segment.loose.append(token)
            segment.places.append(i)
        previous_end = token.end
    return [s for s in segments if s.mentions or s.loose]


def _orders(segment: _Segment, carried: list[_Segment], text: str) -> list[Order]:
    """One order a head; a generic head beside a specific one of its kind adds nothing."""
    catalogue = Catalogue.load()
    heads = list(dict.fromkeys(segment.heads))
    specific = [
        h for h in heads
        if not any(o is not h and catalogue.within(o.id, h.id) for o in heads)
    ]  # fmt: skip
    return [_order(head, segment, carried, text) for head in specific]


def _seeks(order: Order) -> bool:
    """Whether an order's test looks for a pathogen."""
    return order.head is None or order.head.category == "microbiology"


def _elsewhere(segment: _Segment, carried: list[_Segment]) -> list[Order]:
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


def _order(head: Term | None, segment: _Segment, carried: list[_Segment], text: str) -> Order:
    catalogue = Catalogue.load()
    parts = [*carried, segment]
    loose = frozenset(t.text for part in parts for t in part.loose)
    specimens = frozenset().union(*(p.ids("specimen") for p in parts))
    sites = frozenset().union(*(p.ids("site") for p in parts))
    organisms = frozenset().union(*(p.ids("organism") for p in parts))
    if head is not None and head.id in _ANTIBODY_CLASSES and organisms:
        head = catalogue.terms["serology"]
    if loose & _GENE and (head is None or head.kind == "analyte"):
        # "Sequence the insulin receptor gene" asks for no insulin.
        loose |= {word for part in parts for word in part.words(text)}
        head = catalogue.terms["genetic_testing"]
    elif loose & _STAIN and head is None:
        head = catalogue.terms["ihc"]
    elif head is not None:
        specimens |= segment.within_name(head, text, "specimen")
        base = catalogue.base(head.id)
        loose = loose & _SIDES | segment.beside(head)
        sites |= base.sites or segment.within_name(head, text, "site")
        head, specimens = base.term, specimens | base.specimens
        organisms |= base.organisms
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
        sides=loose & _SIDES,
        words=frozenset(w for w in loose - _SIDES - _GENE - _STAIN if not w.isdigit()),
    )


def _share_end(orders: list[Order], segments: list[_Segment], tokens: list[Token]) -> list[Order]:
    """Let "of the brain" at the end of "CT and MRI of the brain" hold for both."""
    if len(orders) < 2:
        return orders
    last = segments[-1].mentions[-1] if segments[-1].mentions else None
    if last is None or last.term.kind not in ("site", "specimen") or last.first == 0:
        return orders
    before = [token.text for token in tokens[max(0, last.first - 2) : last.first]]
    if not {"of", "from", "in", "on"} & set(before):
        return orders
    shared = frozenset({last.term.id})
    result = []
    for order in orders:
        head = order.head
        if head is not None and not (order.sites or order.specimens or head.sites):
            if last.term.kind == "site" and head.kind == "procedure":
                order = replace(order, sites=shared)
            elif last.term.kind == "specimen" and head.category == "microbiology":
                order = replace(order, specimens=shared)
        result.append(order)
    return result


def _widen(order: Order, segment: _Segment, text: str) -> Order:
    return replace(
        order,
        text=order.text + text[text.find(order.text) + len(order.text) : segment.end],
        sites=order.sites | segment.ids("site"),
        specimens=order.specimens | segment.ids("specimen"),
        organisms=order.organisms | segment.ids("organism"),
    )


def _without_guidance(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Drop what merely guides: the CT of a "CT-guided biopsy" is no CT."""
    return [
        m
        for m in mentions
        if not (m.last < len(tokens) and tokens[m.last].text in ("guided", "assisted"))
    ]


@lru_cache(maxsize=50_000)
def _repair(word: str) -> str:
    """Mend a misspelt word that is one or two slips from a word of the catalogue."""
    vocabulary = known_words()
    if len(word) < 5 or word in vocabulary or word in _FILLER or word.isdigit():
        return word
    # Few people slip on a word's first letter, and it narrows the search to a twentieth.
    near = extractOne(
        word,
        _long_words().get(word[0], ()),
        scorer=DamerauLevenshtein.distance,
        score_cutoff=1 if len(word) < 9 else 2,
    )
    return str(near[0]) if near else word


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of the catalogue's names, and the filler words of requests."""
    return _FILLER.union(
        word
        for term in Catalogue.load().terms.values()
        for name in (term.name, *term.synonyms)
        for word in (t.text for t in tokenize(name))
    )


@lru_cache(maxsize=1)
def _long_words() -> dict[str, list[str]]:
    """The words long enough to be mended to, by first letter."""
    by_letter: dict[str, list[str]] = {}
    for word in sorted(known_words()):
        if len(word) >= 5:
            by_letter.setdefault(word[0], []).append(word)
    return by_letter
