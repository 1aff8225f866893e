"""Heads: how well one test stands for another, whatever it is done on or looks for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.term import STAINING
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import filler
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.content import OF_TISSUE, Content
from medaction_gym.oracle.departments import HEADINGS
from medaction_gym.oracle.germs import for_germs, found_otherwise, of_another_kind, told_in_general
from medaction_gym.oracle.panels import among_values
from medaction_gym.oracle.sites import implied_sites
from medaction_gym.oracle.symbols import (
    OF_GENES,
    by_antibody,
    gene_names,
    is_marker,
    marker_phrases,
)
from medaction_gym.oracle.tier import Tier

# Modalities whose kinds differ in projection or approach, not in what they show.
_PLAIN = frozenset(
    "xray ultrasound fluoroscopy endoscopy microscopy skin_scraping_exam eye_exam".split()
)
# Done with X-rays, but ordered as tests of their own.
_FILMED = frozenset({"fluoroscopy", "mammography", "ivu"})
# Kinds of a modality that go by their own name wherever they were done: nobody writes "ultrasound"
# of an echocardiogram, or "endoscopy" of a capsule's.
_APART = _FILMED | frozenset(
    "echo ivus ceus elastography intraoperative_ultrasound trus endoanal_ultrasound "
    "sonohysterography skeletal_survey shuntogram specimen_radiograph capsule_endoscopy "
    "enteroscopy triple_endoscopy dise fees sphincter_oddi_manometry arthroscopy angioscopy "
    "angiography venography arthrography linogram fistulography amsler gonioscopy "
    "tonometry schirmer lacrimal_irrigation pharmacologic_pupil exophthalmometry color_vision "
    "ocular_staining stress_radiograph airway_fluoroscopy".split()
)
# What nobody means who asks for the modality and no site: of "X-ray" an angiogram.
_NOT_MEANT = {
    "xray": _FILMED,
    "mri": frozenset({"mra"}),
    "fluoroscopy": frozenset({"angiography"}),
    "ultrasound": frozenset({"echo", "ivus"}),
}
_HEART = frozenset({"heart"})
_NONE: frozenset[str] = frozenset()
# Ways of taking a piece, which a needle's cells are none of.
_OF_A_PIECE = frozenset({"core_biopsy", "punch_biopsy", "shave_biopsy"})
# Tests that yield what others are done on.
_YIELDING = frozenset(
    "csf_analysis pleural_fluid_analysis ascitic_fluid_analysis synovial_fluid_analysis "
    "fluid_analysis lumbar_puncture paracentesis thoracentesis arthrocentesis "
    "diagnostic_surgery".split()
)
# Modalities that "imaging" without one may be.
_COMMON = frozenset({"ct", "mri", "xray", "ultrasound"})
# Words of a report that goes through its markers.
_MARKED = frozenset({"positive", "negative", "expression", "expressed", "index", "loss"})
# Operations that open a region, and are called by that or as an operation.
_OPENINGS = frozenset({"thoracotomy", "laparotomy", "craniotomy", "neck_exploration"})
_SURGERY = "diagnostic_surgery"
# A report of these words alone tells that whatever the test measures is normal.
_NORMAL = frozenset(
    "normal unremarkable no abnormality abnormal finding within limit the was were is be a an "
    "result study all completely entirely everything".split()
)
# Departments that read one tissue.
_READ = frozenset({"pathology", "microbiology", "genetics"})
# Departments whose reports describe further tests of their own.
_REPORTING = _READ | {"examination"}


def stands_for(
    order: Order, held: Order, content: Content, name_words: frozenset[str]
) -> Tier | None:
    """How well one test stands for another, sites and the like aside; None if it does not.

    Args:
        order: What is asked for; it must have a head.
        held: What the name of a thing on the menu says.
        content: What its report says.
        name_words: All words of its names.
    """
    asked, head = order.head, held.head
    assert asked is not None
    told = order.measure in content.measures
    if order.measure and not told and not _normal(order.measure, content):
        return None
    if told and nameless(held):
        return Tier.DESCRIBED
    if asked.id in _OPENINGS and _SURGERY in ({head.id} if head else content.heads):
        # "Findings at thoracotomy", where the report of an operation speaks of the chest.
        there = implied_sites(asked) | order.sites
        return Tier.GENERAL if nested(there, content.sites) is not None else None
    if head is None:
        return Tier.DESCRIBED if _described(asked, content) else None
    if of_another_kind(order, asked, held, head, content):
        return None
    if asked.id == head.id:
        return Tier.SAME
    if head.id in Catalogue.load().same(asked.id):
        return Tier.KIN
    verdicts = chain(
        for_germs(order, asked, held, head, content),
        among_values(asked, head, content),
        _kinds(order, asked, held, head, content),
        _under_heading(order, asked, held, head, content),
        _in_report(asked, head, content, name_words),
    )
    return next(verdicts, None)


def nameless(held: Order) -> bool:
    """Whether a name is a heading over this and that."""
    return held.head is None or held.head.id in HEADINGS


def _normal(measure: str, content: Content) -> bool:
    """Whether a report says that all is normal, and so what a test of its own measures."""
    of_any_image = "imaging" in Catalogue.load().terms[measure].parents
    return content.words <= _NORMAL and not of_any_image


def _kinds(
    order: Order, asked: Term, held: Order, head: Term, content: Content
) -> Iterator[Tier | None]:
    """A kind of what is asked for, or what that is a kind of."""
    catalogue = Catalogue.load()
    if head.id == "fna" and order.way in _OF_A_PIECE:
        yield None
    if catalogue.within(head.id, asked.id):
        # With another tracer it is another scan, and a film is no angiogram.
        plain = asked.id != "fluoroscopy" or not order.sites
        plain &= asked.id != "ultrasound" or nested(order.sites, _HEART) is None
        others = _NOT_MEANT.get(asked.id, _NONE) if plain else _NONE
        apart = not others.isdisjoint(catalogue.ancestors(head.id))
        yield None if order.way == "fdg_pet" or apart else Tier.GENERAL
    if not catalogue.within(asked.id, head.id):
        return
    if asked.category == "pathology" and nested(order.specimens, held.specimens) is not None:
        # "Cytology of pleural fluid" by any other name.
        yield Tier.SAME
    if head.id == "microscopy" and len(OF_TISSUE & content.words) > 1:
        # A tumour under the microscope is no Gram stain.
        yield None
    if head.id in _PLAIN and not _apart(asked.id, head.id):
        # A projection or approach that the record does not name ("panoramic radiograph" for
        # "Radiographs"); the sites must still agree. A "pelvic ultrasound" is no transrectal one.
        there = nested(frozenset(asked.sites), held.sites) is not None
        if not held.sites or (there and (head.id != "ultrasound" or asked.id == "tvus")):
            yield Tier.GENERAL


def _under_heading(
    order: Order, asked: Term, held: Order, head: Term, content: Content
) -> Iterator[Tier | None]:
    """What is told, or may be meant, under a heading over whatever was done."""
    if head.id not in HEADINGS:
        return
    if asked.category == "microbiology" and found_otherwise(order, asked, content):
        yield None
    if told_in_general(order, asked, content) or _described(asked, content):
        yield Tier.DESCRIBED
    pathogens = Catalogue.load().pathogens
    silent = (
        head.category == asked.category
        and (asked.category != "imaging" or asked.id in _COMMON)
        and not any(_is_test(id, asked.category) for id in content.heads)
        # Where the report names a test of that pathogen, it is by no other method.
        and not any(pathogens(h) & order.organisms for h in content.heads)
    )
    if silent and (order.organisms or order.sites or order.specimens & held.specimens):
        # "Imaging: normal" does not say which, "microbiology: no CMV" not by what method.
        yield Tier.DESCRIBED


def _in_report(
    asked: Term, head: Term, content: Content, name_words: frozenset[str]
) -> Iterator[Tier | None]:
    """What the report of another test describes, or its name in words that no table has."""
    special = Catalogue.load().within(asked.id, head.id)
    reporting = asked.category == head.category and asked.category in _REPORTING
    named = asked.id in content.heads
    if is_marker(asked.id) and (reporting or special):
        told = named or any(p in content.running for p in marker_phrases(asked.id))
        yield Tier.DESCRIBED if told else None
    if asked.id == "ihc" and reporting and any(map(by_antibody, content.heads)):
        # A report that goes through markers tells what the stains showed.
        yield Tier.DESCRIBED
    taken = head.category == "endoscopy" or (head.id in _YIELDING and not content.analytes)
    if taken and asked.category in ("pathology", "microbiology") and named:
        # What was taken through the endoscope, with a needle or a knife, told in its report.
        yield Tier.DESCRIBED
    if asked.category in _READ and head.category in _READ and not reporting:
        # The culture of a biopsy, told in the pathologist's report; but a variant of the androgen
        # receptor's gene is no stain for it.
        stained = is_marker(asked.id) or asked.id in STAINING
        variant = stained and head.category == "genetics" and not _MARKED & content.words
        yield Tier.DESCRIBED if _described(asked, content) and not variant else None
    if reporting and asked.category == "genetics" and asked.kind == "analyte":
        told = named or any(name <= content.words for name in gene_names(asked))
        yield Tier.DESCRIBED if told else None
    if (special or reporting) and named and not content.analytes:
        yield Tier.DESCRIBED
    if not special:
        return
    if not _apart(asked.id, head.id) and any(name <= name_words for name in _distinct(asked)):
        # "18F-PSMA PET".
        yield Tier.KIN
    if reporting and any(name <= content.words for name in _distinct(asked)):
        yield Tier.DESCRIBED


@cache
def _apart(asked: str, held: str) -> bool:
    """Whether a kind of a modality goes by its own name."""
    ancestors = Catalogue.load().ancestors
    return not _APART.isdisjoint(ancestors(asked) - ancestors(held))


@cache
def _is_test(id: str, category: str) -> bool:
    """Whether a term is a test of a department, and not the department."""
    return Catalogue.load().terms[id].category == category and id not in HEADINGS


def _described(asked: Term, content: Content) -> bool:
    """Whether the report under a heading that names no test of its own speaks of this one."""
    within = Catalogue.load().within
    if asked.id == "microscopy" and any(within(head, "microscopy") for head in content.heads):
        # A Gram stain is looked at under the microscope.
        return True
    return asked.id in content.heads and asked.category != "laboratory"


@cache
def _distinct(term: Term) -> frozenset[frozenset[str]]:
    """Of a test's names, the words that its broader tests' names do not have."""
    catalogue = Catalogue.load()
    broader = [catalogue.terms[other] for other in catalogue.ancestors(term.id) - {term.id}]
    known = {w for t in broader for name in (t.name, *t.synonyms) for w in words(name)}
    known |= filler() | OF_TISSUE | OF_GENES
    # Words that other terms are made of (sites, modalities) do not distinguish by themselves.
    return frozenset(
        own
        for name in (term.name, *term.synonyms)
        if (own := frozenset(w for w in set(words(name)) - known if not w.isdigit()))
        and not all(map(catalogue.find, own))
    )


@cache
def answering(head: str) -> frozenset[str]:
    """The heads that may answer a request for this one: no other `stands_for` it."""
    catalogue = Catalogue.load()
    able = catalogue.same(head) | catalogue.related(head)
    if is_marker(head):
        # Any pathologist's report may name it by its letters alone: "ER 90%".
        able |= {id for id, term in catalogue.terms.items() if term.category == "pathology"}
    gene = catalogue.terms[head].category == "genetics"
    return able | catalogue.related("genetic_testing") if gene else able
