"""Segments: the stretches of a text between two separators, with the terms each mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Kind, Mention, Term
from medaction_gym.catalogue.readings import settle
from medaction_gym.catalogue.spelling import mend
from medaction_gym.catalogue.tokens import BREAK, Token, tokenize
from medaction_gym.catalogue.wording import filler

SIDES = frozenset({"left", "right"})
_SEPARATOR = re.compile(
    rf"{BREAK}|[+&/]|\?\s+(?=\w)|\b(?:and|plus|then|also|as well as)\b", re.IGNORECASE
)
_GUIDED = frozenset({"guided", "assisted", "guidance", "control"})

# Words that say nothing of the test, but whose it is.
_WHOSE = frozenset({"maternal", "mother"})

_DEPARTMENTS = frozenset({"imaging", "radiology"})

# Which part of a value is meant.
_FRACTIONS = frozenset({"direct", "indirect", "total", "free"})

# When something is done, and what it is done before or after.
_PREFIXES = frozenset({"pre", "post"})
_WHEN = _PREFIXES | {"before", "after", "following", "until", "preceding"}
_TIMES = _WHEN | {"since", "once", "when", "while", "during", "upon"}
_DETERMINERS = frozenset("the a an any his her their this that".split())
_EVENTS = frozenset({"pathology", "endoscopy", "procedure", "imaging"})

# What stands before the way a test is done.
_MEANS = frozenset("with without using by via under including".split())

# What makes a disease's name of an analyte's, and what makes a test's name of the disease's.
_DISEASE = frozenset(
    "intoxication poisoning overdose toxicity withdrawal abuse deficiency excess disease syndrome "
    "overload dependence addiction storage resistance crisis positive negative".split()
)
_FOUND = frozenset({"positive", "negative"})
_BEING = frozenset({"is", "was", "are", "were"})
_TESTING = frozenset(
    "test testing level screen screening panel check measure assay workup work study profile "
    "marker antibody analysis".split()
)

# How something is measured: in brackets behind a test it is a remark ("serology (ELISA)").
_METHODS = frozenset(
    "elisa iif western_blot complement_fixation pcr cell_based_assay flow_cytometry dif "
    "mass_spectrometry electrophoresis_method latex_agglutination multiplex_pcr".split()
)


@dataclass
class Segment:
    """The stretch of a text between two separators.

    Attributes:
        tokens: All tokens of the text.
        mentions: Terms found in the stretch.
        loose: Positions of words that no term explains and that say something.
        start: Where it begins in the text.
        end: Where it ends.
        joint: The characters before it.
        first: Its first token.
        stop: The token after its last.
        given: Specimens it has from what stands before it.
        source: The test that its value is to be read in.
    """

    tokens: list[Token]
    mentions: list[Mention] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0
    joint: str = ""
    first: int = 0
    stop: int = 0
    given: frozenset[str] = frozenset()
    source: Term | None = None

    @property
    def heads(self) -> list[Term]:
        """The tests it mentions."""
        return [m.term for m in self.mentions if m.term.kind in HEADS]

    def says(self, word: str) -> bool:
        """Whether a word stands in it."""
        return any(token.text == word for token in self.tokens[self.first : self.stop])

    @property
    def says_when(self) -> bool:
        """Whether it begins as a clause of time."""
        return self.tokens[self.first].text in _TIMES

    def ids(self, kind: str) -> frozenset[str]:
        """The terms of a kind; a site that is a union of regions as its regions."""
        found = (m.term.id for m in self.mentions if m.term.kind == kind)
        if kind == "site":
            return frozenset(part for id in found for part in Catalogue.load().regions(id))
        return frozenset(found) | (self.given if kind == "specimen" else frozenset())

    def measures(self, heads: list[Term]) -> list[Term]:
        """What of some tests' reports it names: the LVEF beside an echocardiogram."""
        within = Catalogue.load().within
        return [
            m.term
            for m in self.mentions
            if m.term.kind == "measure"
            and any(
                within(test, head.id) or within(head.id, test)
                for test in m.term.parents
                for head in heads
            )
        ]

    def set_free(self) -> None:
        """Leave unexplained what none of its tests measures: the "R0" of "R0 antibody"."""
        heads = self.heads
        told = self.measures(heads)
        if not heads:
            # What every image tells ("size") says nothing by itself.
            told = [m.term for m in self.mentions if _DEPARTMENTS.isdisjoint(m.term.parents)]
        others = [m for m in self.mentions if m.term.kind == "measure" and m.term not in told]
        freed = {i for m in others for i in range(m.first, m.last)}
        self.loose = sorted(
            {*self.loose, *(i for i in freed if self.tokens[i].text not in filler())}
        )
        self.mentions = [m for m in self.mentions if m not in others]

    def before(self, head: str) -> frozenset[Term]:
        """Blood tests whose names stand right before a test that is found: "NSE staining"."""
        return frozenset(
            first.term
            for first, second in pairwise(self.mentions)
            if second.term.id == head
            and first.term.category == "laboratory"
            and first.last == second.first
        )

    def joined(self, general: Term, special: Term) -> bool:
        """Whether a test is to be done with a kind of it: "bronchoscopy with lavage" is both."""
        one = next(m for m in self.mentions if m.term is general)
        other = next(m for m in self.mentions if m.term is special)
        between = {token.text for token in self.tokens[one.last : other.first]}
        department = one.term.id in _DEPARTMENTS  # "scan the head with CT"
        with_it = between & {"with", "including"} and one.term.kind == "procedure"
        return bool(with_it) and not department

    def words_of(self, terms: frozenset[Term]) -> frozenset[str]:
        """The words by which some terms are mentioned."""
        return (
            frozenset(
                self.tokens[i].text
                for mention in self.mentions
                if mention.term in terms
                for i in range(mention.first, mention.last)
            )
            - filler()
        )

    def loose_words(self) -> frozenset[str]:
        """Words that no term explains."""
        return frozenset(self.tokens[i].text for i in self.loose)

    def all_words(self) -> frozenset[str]:
        """All words that say something."""
        return frozenset(t.text for t in self.tokens[self.first : self.stop]) - filler()

    def names_disease(self) -> bool:
        """Whether it only names a disease by an analyte: "vitamin B12 deficiency"."""
        here = {token.text for token in self.tokens[self.first : self.stop]}
        tests = [m for m in self.mentions if m.term.kind in HEADS]
        # "Was the ANA positive?" asks for it.
        named = _DISEASE - _FOUND if here & _BEING else _DISEASE
        return (
            all(m.last < self.stop and self.tokens[m.last].text in named for m in tests)
            and not here & _TESTING
        )

    def beside(self, head: Term) -> frozenset[str]:
        """Unexplained words right before the head, or right after it with "for": its target.

        What it is done with, or by, is no target: "CT with interpretation".
        """
        loose = set(self.loose)
        others = {i for m in self.mentions for i in range(m.first, m.last)}
        found = set()
        for mention in self.mentions:
            if mention.term is head:
                i = mention.first - 1
                while i in loose or i in others:
                    found.add(i)
                    i -= 1
                for j in range(mention.last, min(mention.last + 4, self.stop)):
                    if self.tokens[j].text in _MEANS:
                        break
                    found.add(j)
        return frozenset(self.tokens[i].text for i in found & loose)

    def within_name(self, head: Term, kind: Kind) -> frozenset[str]:
        """Specimens or sites within the name that the head was found by."""
        catalogue = Catalogue.load()
        names = [
            tuple(t.text for t in self.tokens[m.first : m.last])
            for m in self.mentions
            if m.term is head
        ]
        if kind == "specimen":
            return frozenset().union(*(catalogue.specimens_named(head, name) for name in names))
        return frozenset().union(*(catalogue.within_name(name, kind) for name in names))


def segments_of(text: str, *, mended: bool = True) -> list[Segment]:
    """Cut a text at its separators; a name that spans one stays whole.

    Example:
        >>> [[m.term.id for m in s.mentions] for s in segments_of("CT chest/abdomen and CRP")]
        [['ct_chest'], ['abdomen'], ['crp']]
    """
    tokens = mend(tokenize(text)) if mended else tokenize(text)
    found = _without_products(Catalogue.load().find(tokens), tokens)
    mentions = _without_occasion(_without_guidance(found, tokens), tokens)
    mentions = _without_method(mentions, tokens, text)
    mentions = _without_hybrid(mentions, tokens, text)
    mentions, sources = settle(mentions, tokens)
    named = {i for m in found for i in range(m.first, m.last)}
    inside = {i: m for m in mentions for i in range(m.first, m.last)}
    segments = [Segment(tokens)]
    previous_end = 0
    for i, token in enumerate(tokens):
        mention = inside.get(i)
        continues = mention is not None and i > mention.first
        if i and not continues and _SEPARATOR.search(text, previous_end, token.end):
            joint = text[previous_end : token.start]
            segments.append(Segment(tokens, start=token.start, joint=joint, first=i))
        segment = segments[-1]
        segment.end, segment.stop = token.end, i + 1
        whose = i > 0 and tokens[i - 1].text in _WHOSE
        if not segment.mentions and not segment.loose and not whose:
            segment.start = token.start
        if mention is not None and i == mention.first:
            segment.mentions.append(mention)
            segment.source = sources.get(i, segment.source)
        elif i not in named and (token.text not in filler() or token.text in SIDES):
            segment.loose.append(i)
        previous_end = token.end
    for segment in segments:
        if not segment.mentions and not segment.loose:
            # "Bilirubin, total and direct".
            here = range(segment.first, segment.stop)
            segment.loose = [i for i in here if tokens[i].text in _FRACTIONS]
        segment.set_free()
    return [s for s in segments if s.mentions or s.loose]


def _without_guidance(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Drop what merely guides: the CT of a "CT-guided biopsy" is no CT."""

    def guides(mention: Mention) -> bool:
        after = tokens[mention.last].text if mention.last < len(tokens) else ""
        before = [token.text for token in tokens[max(0, mention.first - 2) : mention.first]]
        return after in _GUIDED or before[-1:] == ["under"] or "guidance" in before

    others = [m for m in mentions if not (m.term.category == "imaging" and guides(m))]
    return others if any(m.term.kind in HEADS for m in others) else mentions


def _without_hybrid(mentions: list[Mention], tokens: list[Token], text: str) -> list[Mention]:
    """Drop the CT of "SPECT/CT" and of "PSMA PET-CT", which is no scan of its own."""
    if len(mentions) < 2:
        return mentions
    within = Catalogue.load().within
    hybrid = [
        second
        for first, second in pairwise(mentions)
        if second.term.id in ("ct", "mri")
        and first.last == second.first
        and within(first.term.id, "nuclear_medicine")
        and text[tokens[first.last - 1].end : tokens[second.first].start] in ("/", "-", " ")
    ]
    return [mention for mention in mentions if mention not in hybrid]


def _without_products(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Drop what a gene is called by: "perforin gene sequencing" measures no perforin."""
    genes = {
        mention.first
        for mention in mentions
        if mention.term.category == "genetics"
        and mention.term.kind == "procedure"
        and tokens[mention.first].text == "gene"
        and not tokens[mention.first].after_break
    }
    return [
        mention
        for mention in mentions
        if mention.last not in genes
        or mention.term.kind != "analyte"
        or mention.term.category == "genetics"
    ]


def _without_occasion(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Drop what a test only comes before or after: the biopsy of "creatinine before biopsy"."""
    named = {i for m in mentions if m.term.kind == "site" for i in range(m.first, m.last)}

    def before(mention: Mention) -> str:
        i = mention.first - 1
        while i >= 0 and (tokens[i].text in _DETERMINERS or i in named):
            i -= 1
        return tokens[i].text if i >= 0 and mention.term.category in _EVENTS else ""

    others = [m for m in mentions if before(m) not in _WHEN]
    if any(m.term.kind in HEADS for m in others):
        return others
    return [m for m in mentions if before(m) not in _PREFIXES]


def _without_method(mentions: list[Mention], tokens: list[Token], text: str) -> list[Mention]:
    """Drop how a test is done, where that stands in brackets or after "by"."""
    within = Catalogue.load().within

    def remarked(mention: Mention) -> bool:
        before = text[: tokens[mention.first].start].rstrip()
        after = text[tokens[mention.last - 1].end :].lstrip()
        bracket = before.endswith("(") and after.startswith(")")
        heads = {i for m in mentions if m.term.kind in HEADS for i in range(m.first, m.last)}
        means = any(
            tokens[i].text == "by" and heads.isdisjoint(range(i, mention.first))
            for i in range(max(0, mention.first - 4), mention.first)
        )
        kind_of = any(within(mention.term.id, m.term.id) for m in mentions if m is not mention)
        is_test = mention.term.kind in HEADS
        return (mention.term.id in _METHODS and bracket) or (is_test and means and not kind_of)

    others = [m for m in mentions if not remarked(m)]
    return others if any(m.term.kind in HEADS for m in others) else mentions
