"""Readings: where a value is read, and by which method it is measured.

The lumbar puncture of "opening pressure at LP" and the ELISA of "dengue IgM ELISA" are no tests of
their own: the one says what the value is read from, the other how.
"""

from __future__ import annotations

from itertools import zip_longest

from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Mention, Term
from medaction_gym.catalogue.term import STAINING
from medaction_gym.catalogue.tokens import Token
from medaction_gym.catalogue.wording import filler

# What stands between a value and what it is read in.
_READ_IN = frozenset({"at", "on", "in", "from", "during", "via"})
_PLACING = _READ_IN | {"of"}
# Procedures whose reports a value is read from; of the others only a sample is taken.
_REPORTS = frozenset({"imaging", "physiology", "endoscopy", "procedure", "pathology"})
# How something in blood is measured; "TSH immunoassay" is TSH.
_METHODS = frozenset(
    "elisa western_blot serology complement_fixation latex_agglutination mass_spectrometry "
    "electrophoresis_method pcr".split()
)
_MEASURED = frozenset({"laboratory", "microbiology"})
# Done on what was taken: the culture of "culture of the biopsy".
_ON_SAMPLES = frozenset(
    "culture gram_stain acid_fast_stain pcr cytology flow_cytometry microscopy "
    "electron_microscopy".split()
)
_CLASSES = frozenset({"igg", "igm", "iga", "serology"})
# Cells that enzymes are measured in.
_CELLS = frozenset({"wbc_count", "rbc_count", "lymphocytes", "platelets", "neutrophils"})
_OF_ENZYMES = frozenset({"activity", "enzyme", "assay", "level", "content", "concentration"})
_LISTED = frozenset({"for", "and", "or", "protein"})
_BETWEEN = frozenset({"for", "of", "by", "with", "using", "the"})
# Blood under a microscope: "neutrophils on the film".
_OF_BLOOD = frozenset("cbc differential_panel schistocytes haematology blood_film".split())
_OF_CELLS = frozenset("hematology hematologist smear blast fragmented malarial rouleaux".split())


def settle(mentions: list[Mention], tokens: list[Token]) -> tuple[list[Mention], dict[int, Term]]:
    """Take out what a value is only read in or measured by.

    Returns:
        What is left, and by a value's first token the test that it is to be read in.
    """
    if any(mention.term.id == "xray" for mention in mentions):
        mentions = [_film(mention, mentions, tokens) for mention in mentions]
    if len(mentions) > 1:
        mentions = [m for m, n in zip_longest(mentions, mentions[1:]) if not _of_next(m, n, tokens)]
        mentions = _in_fluid(mentions, tokens)
    if len(mentions) > 1 and any(mention.term.id in _METHODS for mention in mentions):
        mentions = _without_means(mentions, tokens)
    said = {token.text for token in tokens}
    return (mentions, {}) if said.isdisjoint(_PLACING) else _without_source(mentions, tokens)


def _of_next(mention: Mention, following: Mention | None, tokens: list[Token]) -> bool:
    """Whether cells are where the next value is measured: "leukocyte sphingomyelinase activity"."""
    if following is None or mention.term.kind != "analyte" or mention.last != following.first:
        return False
    if tokens[following.first].after_break:
        return False
    said = {token.text for token in tokens[following.first : following.last + 1]}
    cells = mention.term.id in _CELLS and following.term.kind == "analyte"
    return cells and not said.isdisjoint(_OF_ENZYMES)


def _in_fluid(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Read the ketones of "urine dipstick for ketones and glucose" as those of urine."""
    catalogue = Catalogue.load()
    read: list[Mention] = []
    fluid, here = "", 0
    for mention in mentions:
        between = {token.text for token in tokens[here : mention.first]}
        phrase = tuple(token.text for token in tokens[mention.first : mention.last])
        near = fluid and between <= _LISTED
        term = catalogue.in_specimen(phrase, fluid) if near else None
        fluid, here = fluid if term else "", mention.last
        if mention.term.kind == "panel" and here < len(tokens) and tokens[here].text == "for":
            fluid = next((s for s in mention.term.specimens if s != "blood"), "")
        read.append(mention._replace(term=term) if term else mention)
    return read


def _film(mention: Mention, mentions: list[Mention], tokens: list[Token]) -> Mention:
    """Read the film of "schistocytes on the film" as one of blood."""
    here = tokens[mention.first : mention.last]
    if mention.term.id != "xray" or [token.text for token in here] != ["film"]:
        return mention
    catalogue = Catalogue.load()
    others = [other.term for other in mentions if other is not mention]
    counted = frozenset().union(*map(catalogue.members, _OF_BLOOD))
    cells = any(term.id in counted or "malaria" in term.name.lower() for term in others)
    before = {token.text for token in tokens[max(0, mention.first - 2) : mention.first]}
    cells = cells or (bool(before & _READ_IN) and any(map(_is_measured, others)))
    cells = cells or not _OF_CELLS.isdisjoint(token.text for token in tokens)
    placed = any(term.kind == "site" for term in others)
    return mention._replace(term=catalogue.terms["blood_film"]) if cells and not placed else mention


def _without_means(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    catalogue = Catalogue.load()
    sought = any(mention.term.kind == "organism" for mention in mentions)

    def measures(method: Mention, other: Mention) -> bool:
        first, second = sorted((method, other), key=lambda mention: mention.first)
        between = tokens[first.last : second.first]
        # "Serological studies HLA typing" are two.
        apart = first is method and not between
        near = (
            not apart
            and not tokens[second.first].after_break
            and all(token.text in _BETWEEN and not token.after_break for token in between)
        )
        value = other.term.kind == "analyte" and other.term.category in (*_MEASURED, "genetics")
        if method.term.id == "pcr":
            value = value and not sought and not catalogue.pathogens(other.term.id)
        value = value or (
            other.term.id in _CLASSES and method.term.id not in ("serology", "pcr", "western_blot")
        )
        return near and value and other.term.id not in _METHODS - {"serology"}

    return [
        mention
        for mention in mentions
        if mention.term.id not in _METHODS
        or not any(measures(mention, other) for other in mentions if other is not mention)
    ]


def _without_source(
    mentions: list[Mention], tokens: list[Token]
) -> tuple[list[Mention], dict[int, Term]]:
    left: list[Mention] = []
    sources: dict[int, Term] = {}
    for mention in mentions:
        value = _value_read_in(mention, left, tokens)
        if value is None:
            left.append(mention)
        else:
            left += [] if value in left else [value]
            sources[value.first] = mention.term
            left += _taken(value.term, mention)
    return left, sources


def _value_read_in(source: Mention, before: list[Mention], tokens: list[Token]) -> Mention | None:
    """The value that is said to be read in a test."""
    places = {
        i for m in before if m.term.kind in ("site", "specimen") for i in range(m.first, m.last)
    }
    value = next((m for m in reversed(before) if m.term.kind in HEADS), None)
    if value is None:
        return _named_before(source, tokens)
    between = range(value.last, source.first)
    said = {tokens[i].text for i in between}
    whole = all(i in places or tokens[i].text in filler() for i in between)
    broken = any(tokens[i].after_break for i in (*between, source.first))
    if not whole or broken or "and" in said:
        return None
    # "Cytology of the thoracentesis" names both, and both may be its record.
    of = {"of"} if _is_piece(source.term) else set()
    return value if said & (_READ_IN | of) and _tells(source.term, value.term) else None


def _tells(source: Term, value: Term) -> bool:
    """Whether a test is what another is read in, or done on."""
    if _is_piece(source):
        of_tissue = value.category in ("pathology", "genetics") and _is_marker(value)
        return of_tissue or _on_samples(value) or _is_measured(value)
    if source.kind == "panel":
        return _is_measured(value)
    if source.id != "blood_film" and (
        source.kind != "procedure" or source.category not in _REPORTS
    ):
        return False
    yields = bool(Catalogue.load().base(source.id).specimens)
    return _is_measured(value) or (yields and _on_samples(value))


def _named_before(source: Mention, tokens: list[Token]) -> Mention | None:
    """The protein of "protein on the lumbar puncture", which is one only of the fluid."""
    last = source.first - 1
    while last >= 0 and tokens[last].text in filler() - _READ_IN and not tokens[last].after_break:
        last -= 1
    if last < 0 or tokens[last].text not in _READ_IN or tokens[source.first].after_break:
        return None
    catalogue = Catalogue.load()
    first = last
    while first > 0 and tokens[first - 1].text not in filler() and not tokens[first].after_break:
        first -= 1
    phrase = tuple(token.text for token in tokens[first:last])
    for specimen in catalogue.base(source.term.id).specimens if phrase else ():
        term = catalogue.in_specimen(phrase, specimen)
        if term is not None:
            return Mention(term, first, last)
    return None


def _is_piece(term: Term) -> bool:
    return Catalogue.load().base(term.id).term.id == "biopsy"


def _on_samples(term: Term) -> bool:
    germ = (term.kind, term.category) == ("analyte", "microbiology")
    return germ or not _ON_SAMPLES.isdisjoint(Catalogue.load().ancestors(term.id))


def _is_measured(term: Term) -> bool:
    return term.kind == "analyte" and term.category in _MEASURED


def _is_marker(term: Term) -> bool:
    """Whether it is one marker or gene, that tissue is tested for."""
    return term.kind == "analyte" or not STAINING.isdisjoint(Catalogue.load().ancestors(term.id))


def _taken(value: Term, source: Mention) -> list[Mention]:
    """What a procedure yields, in its place: the fluid of a lumbar puncture."""
    catalogue = Catalogue.load()
    base = catalogue.base(source.term.id)
    if _is_piece(source.term):
        # And where it was taken.
        specimens = [*sorted(base.sites)[:1], *(["tissue"] if _on_samples(value) else [])]
    elif source.term.kind == "panel":
        specimens = [id for id in source.term.specimens if id != "blood"][:1]
    else:
        specimens = sorted(base.specimens)[:1]
    if len(specimens) > 1 and source.last - source.first > 1:
        # One on the first of its words and the other on the rest.
        cut = source.first + 1
        ends = ((source.first, cut), (cut, source.last))
        return [Mention(catalogue.terms[id], *end) for id, end in zip(specimens, ends, strict=True)]
    return [source._replace(term=catalogue.terms[id]) for id in specimens]
