"""Ellipsis: what a stretch of a request leaves to its neighbours, or leaves out.

The first half of "total and direct bilirubin", the fluid of "CSF glucose and protein", the test
of "Bartonella DNA".
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from medaction_gym.catalogue.catalogue import HEADS, Catalogue, Mention, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import Segment
from medaction_gym.catalogue.signs import sites_of_finding
from medaction_gym.catalogue.tokens import words

# Words that say how a pathogen is looked for, or only that it is.
_METHOD = {
    "dna": "pcr", "rna": "pcr", "genome": "pcr", "antibody": "serology", "titer": "serology",
    "titre": "serology", "ab": "serology", "antigen": "antigen_test", "ag": "antigen_test",
    "grow": "culture", "growth": "culture", "smear": "microscopy",
    "test": "microbiology", "tested": "microbiology",
    "testing": "microbiology", "screen": "microbiology", "screening": "microbiology",
    "check": "microbiology", "send": "microbiology", "status": "microbiology",
}  # fmt: skip
# What is done with a fluid that is asked for by its name alone; other specimens are cultured.
_FLUID_PANEL = {"csf": "csf_analysis", "pleural_fluid": "pleural_fluid_analysis"} | {
    "ascitic_fluid": "ascitic_fluid_analysis", "synovial_fluid": "synovial_fluid_analysis",
    "bal": "bronchoalveolar_lavage",
}  # fmt: skip
# The same where the word alone would say too little: "a urine sample".
_SAMPLED = {"urine": "urine_tests", "stool": "stool_tests", "tissue": "biopsy"}
_SAMPLE = frozenset({"sample", "specimen"})
# "Look at the skin", "examine the mouth".
_LOOKING = frozenset("examine exam examination examined look looked looking inspect assess".split())
# "Test her hearing", "assess his mental state".
_ASSESSING = frozenset("test check assess examine screen measure evaluate look".split())
_BEING = frozenset({"is", "was", "are"})
_ASSESSMENT = ("test", "examination", "screen", "assessment", "level")
_NOT_ALONE = frozenset({"blood", "urine", "stool", "tissue", "body_fluid", "tumour_tissue"})

# Fluids whose tests are listed after one mention of it ("CSF protein, glucose, cells").
FLUIDS = frozenset(
    "csf pleural_fluid ascitic_fluid synovial_fluid pericardial_fluid body_fluid".split()
)
_FLUID_TESTS = frozenset({"laboratory", "procedure", "microbiology"})
# Values measured in urine and fluids as well as in blood: a list of them is of one specimen.
IN_FLUIDS = frozenset(
    "glucose total_protein fluid_protein csf_protein albumin ldh fluid_ldh lactate amylase "
    "fluid_amylase lipase triglycerides total_cholesterol chloride sodium potassium calcium "
    "phosphate magnesium creatinine urea uric_acid osmolality cortisol copper igg bilirubin cea "
    "ca125 ca19_9 afp wbc_count rbc_count urine_wbc urine_rbc urine_protein_dip urine_oxalate "
    "urine_citrate".split()
)
# Of a finding, what asks for its cause.
_EXPLAINING = frozenset("work workup up cause for of evaluate evaluation investigate".split())
_LOOKED = frozenset({"look", "looking", "check", "checking"})
# Done on a sample, which a name such as "bone marrow" or "gastric lavage" before them then is.
_OF_SAMPLES = frozenset({"laboratory", "microbiology", "genetics"})
# What is only called by its kind once it was named.
_THE_ORGAN = frozenset({"gland", "organ"})
_OF_SITES = frozenset({"imaging", "pathology"})
_BLOOD = frozenset({"serum", "plasma", "blood"})
FROM = frozenset({"of", "from", "in", "on"})
_LISTED = re.compile(r"[\s,/&+]*")
_NONE: frozenset[str] = frozenset()


def complete(segment: Segment, following: Segment | None) -> None:
    """Read the first half of "total and direct bilirubin" with the word the second half ends in."""
    if following is None or segment.mentions or len(following.heads) != 1:
        return
    kind, category = following.heads[0].kind, following.heads[0].category
    examined = category == "examination"
    if not (kind == "analyte" or examined) or not segment.loose:
        return
    tokens = segment.tokens
    phrase = tuple(tokens[i].text for i in segment.loose)
    ends = tokens[following.mentions[-1].last - 1].text
    named = Catalogue.load().named
    # "Total and direct bili": by the word it stands for.
    term = named((*phrase, ends)) or named((*phrase, *words(following.heads[0].name)[-1:]))
    # "Physical and mental state exam".
    if term is not None and (term.kind == "analyte" or (examined and term.category == category)):
        segment.mentions = [Mention(term, segment.loose[0], segment.loose[-1] + 1)]
        segment.loose = []


def sample(segment: Segment) -> None:
    """Read the bone marrow of "bone marrow PCR" as what the PCR is done on."""
    if len(segment.mentions) < 2:
        return
    catalogue = Catalogue.load()
    done = [m for m in segment.mentions if m.term.category in _OF_SAMPLES]
    for i, mention in enumerate(segment.mentions):
        phrase = tuple(t.text for t in segment.tokens[mention.first : mention.last])
        specimen = catalogue.called("specimen", phrase) if mention.term.kind in HEADS else None
        if mention.term.id == "bone_marrow_examination" and "biopsy" in segment.ids("procedure"):
            segment.mentions[i] = Mention(catalogue.terms["marrow"], mention.first, mention.last)
            continue
        before = segment.tokens[max(0, mention.first - 2) : mention.first]
        named = not FROM.isdisjoint(token.text for token in before)
        if specimen and any(
            other is not mention
            and (other.first == mention.last or (named and other.last <= mention.first))
            for other in done
        ):
            segment.mentions[i] = Mention(specimen, mention.first, mention.last)


def place(segment: Segment, before: Order | None) -> None:
    """Read the protein of "CSF glucose and protein", or of "protein in CSF", as CSF protein."""
    catalogue = Catalogue.load()
    own = segment.ids("specimen")
    if not own and before is not None and before.head is not None:
        measured = before.specimens | frozenset(before.head.specimens)
        fluids = measured & FLUIDS if before.head.category in _FLUID_TESTS else _NONE
    else:
        fluids = own
    if not segment.heads and len(own) > 1 and _within_another(segment):
        return
    # The words of the stretch, its specimen aside.
    kept = [m for m in segment.mentions if m.term.kind != "specimen"]
    inside = sorted({*segment.loose, *(i for m in kept for i in range(m.first, m.last))})
    phrase = tuple(segment.tokens[i].text for i in inside)
    if not inside or len(segment.heads) > 1:
        return
    if before is not None and before.head is not None and not segment.mentions:
        # "Bilirubin, total and direct".
        term = catalogue.named((*phrase, *words(before.head.name)[-1:]))
        if term is not None and term.kind == "analyte":
            segment.mentions = [Mention(term, inside[0], inside[-1] + 1)]
            segment.loose = []
            return
    # "A marrow sample, and look at the morphology" asks for that of no blood.
    marrow = before is not None and before.head is not None and before.head.category == "pathology"
    for specimen in sorted(fluids) or ([] if segment.mentions or marrow else ["blood"]):
        term = catalogue.in_specimen(phrase, specimen)
        if term is not None:
            where = [m for m in segment.mentions if m.term.kind == "specimen"]
            segment.mentions = sorted(
                [*where, Mention(term, inside[0], inside[-1] + 1)], key=_first
            )
            segment.loose = []
            if not own and before is not None:
                segment.given = before.specimens & FLUIDS
            return
    if not own and before is not None:
        segment.given = _of_the_list(segment, before)


def _within_another(segment: Segment) -> bool:
    """Read the blood of "any blood in the urine?" as what is looked for there."""
    named = [m for m in segment.mentions if m.term.kind == "specimen"]
    for sought, fluid in pairwise(named):
        phrase = tuple(t.text for t in segment.tokens[sought.first : sought.last])
        before = {t.text for t in segment.tokens[sought.last : fluid.first]}
        term = Catalogue.load().in_specimen(phrase, fluid.term.id)
        if term is not None and before & FROM:
            segment.mentions = [Mention(term, sought.first, sought.last), fluid]
            segment.loose = []
            return True
    return False


def _first(mention: Mention) -> int:
    return mention.first


def _of_the_list(segment: Segment, before: Order) -> frozenset[str]:
    """What a value on a list is measured in: the creatinine of "urine sodium, creatinine"."""
    heads = segment.heads
    if len(heads) != 1 or heads[0].id not in IN_FLUIDS or not _LISTED.fullmatch(segment.joint):
        return _NONE
    if any(t.text in _BLOOD for t in segment.tokens[segment.first : segment.stop]):
        return _NONE
    if before.head is not None and before.head.id in IN_FLUIDS and before.specimens:
        return before.specimens
    return _NONE if _BLOOD.isdisjoint(words(before.text)) else frozenset({"blood"})


def unsaid(segment: Segment) -> Term | None:
    """The test of a stretch that names only what is tested: "Bartonella DNA", "throat swab"."""
    terms = Catalogue.load().terms
    if segment.ids("organism"):
        here = segment.tokens[segment.first : segment.stop]
        methods = [_METHOD[token.text] for token in here if token.text in _METHOD]
        named = [method for method in methods if method != "microbiology"]
        return terms[(named or methods)[0]] if methods else None
    said = {token.text for token in segment.tokens[segment.first : segment.stop]}
    if segment.ids("site") and said & _LOOKING and not segment.loose:
        return terms["physical_examination"]
    if says_bloods(segment):
        return terms["blood_tests"] if not segment.loose else None
    sampled = said & _SAMPLE and not segment.loose and segment.ids("specimen") & set(_SAMPLED)
    if sampled:
        return terms[_SAMPLED[min(sampled)]]
    specimens = sorted(segment.ids("specimen") - _NOT_ALONE)
    if "blood" in segment.ids("specimen") and said & FROM:
        # "Is there blood in his sputum?" is no culture of it.
        return None
    if "smear" in said and len(specimens) == 1 and segment.loose_words() == {"smear"}:
        return terms["microscopy"]
    if len(specimens) == 1 and not segment.loose:
        return terms[_FLUID_PANEL.get(specimens[0], "microbiology")]
    return None


def sampled(segment: Segment) -> Term | None:
    """The tests of a specimen that stands beside other tests: "urine and bloods"."""
    named = sorted(segment.ids("specimen") & set(_SAMPLED))
    return Catalogue.load().terms[_SAMPLED[named[0]]] if named else unsaid(segment)


def says_bloods(segment: Segment) -> bool:
    """Whether a stretch says "bloods", which are tests: blood is what they are done on."""
    here = segment.tokens[segment.first : segment.stop]
    return any((t.text, t.end - t.start) == ("blood", len("bloods")) for t in here)


def shown(segment: Segment) -> Term | None:
    """The value that a finding is read from: "any haematuria?" asks for blood in the urine.

    "Work-up of haematuria" asks for whatever explains it.
    """
    here = {token.text for token in segment.tokens[segment.first : segment.stop]}
    phrase = " ".join(segment.tokens[i].text for i in segment.loose)
    term = Catalogue.load().findings.get(phrase)
    explaining = _EXPLAINING - {"for"} if here & _LOOKED else _EXPLAINING
    if term is None or not here.isdisjoint(explaining):
        return None
    # "Eosinophilia in the blood" says where it is always looked for.
    return term if {mention.term.id for mention in segment.mentions} <= {*term.specimens} else None


def tested(segment: Segment) -> Term | None:
    """The test that words name beside a verb: "test her hearing" is a hearing test."""
    said = [token.text for token in segment.tokens[segment.first : segment.stop]]
    phrase = tuple(segment.tokens[i].text for i in segment.loose)
    if segment.mentions or not phrase:
        return None
    if not _BEING.isdisjoint(said):
        # "Is he anaemic?"
        finding = re.sub(r"ic$", "ia", " ".join(phrase))
        return Catalogue.load().findings.get(finding)
    if _ASSESSING.isdisjoint(said):
        return None
    named = (Catalogue.load().named((*phrase, noun)) for noun in _ASSESSMENT)
    return next(filter(None, named), None)


def swabs(sites: frozenset[str]) -> frozenset[str]:
    """The swabs that are taken at some sites."""
    return frozenset(
        term.id
        for term in Catalogue.load().terms.values()
        if term.kind == "specimen"
        and term.id.endswith("_swab")
        and not sites.isdisjoint(term.sites)
    )


def seen_at(loose: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The sites that words name by what is seen there, and the other words."""
    found = {word: site for word in loose for site in sites_of_finding(word)}
    return frozenset(found.values()), loose.difference(found)


def of_the_same(order: Order, before: Order) -> Order:
    """Let "thyroid hormones, scan of the gland" be of one gland, a tap's cells of its fluid."""
    head, first = order.head, before.head
    if head is None or first is None:
        return order
    catalogue = Catalogue.load()
    if order.words & _THE_ORGAN and not order.sites and head.category in _OF_SITES:
        sites = before.sites or catalogue.within_name(words(first.name), "site")
        return replace(order, sites=sites, words=order.words - _THE_ORGAN) if sites else order
    fluids = before.specimens & FLUIDS - {"csf"}
    if head.id == "csf_cell_count" and fluids and "csf" not in words(order.text):
        return replace(order, head=catalogue.terms["fluid_cell_count"], specimens=fluids)
    return order


def tested_for(carried: list[Segment]) -> Term | None:
    """The test of what is listed before: "tested for toxoplasma, rubella and herpes"."""
    return next(filter(None, (unsaid(s) for s in carried if s.ids("organism"))), None)
