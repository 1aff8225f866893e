"""Agreement: whether the site, specimen, pathogen and side of an order are those of an entry."""

from __future__ import annotations

from dataclasses import replace

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.anatomy import (
    OF_MANY_ORGANS,
    OF_THE_FACE,
    REGIONS,
    all_of_the_spine,
    apart_in_the_face,
    inner,
    innermost,
    lies_within,
    nested,
    nodes,
    organ_apart,
    regions,
    same_part,
    sexes_of,
    soft_parts,
    sources,
    within_tissue,
)
from medaction_gym.oracle.content import Content
from medaction_gym.oracle.context import Context
from medaction_gym.oracle.entry import default_specimens
from medaction_gym.oracle.germs import GROUPS
from medaction_gym.oracle.sites import TISSUES, implied_sites
from medaction_gym.oracle.tier import Tier

_NONE: frozenset[str] = frozenset()
_SPINE = frozenset({"spine"})
_MATERNAL = frozenset({"maternal", "mother"})
_OF_THE_CHILD = frozenset({"fetus", "fetal_heart"})
_AREAS = ("abdomen", "pelvis", "quadrant", "flank", "fossa")
# Their parts that are imaged one by one; the hand and its wrist are one, and the foot likewise.
_PARTED = frozenset({"spine", "upper_limb", "lower_limb"})
# A test of "bacteria" is any that is not of these.
_NOT_BACTERIA = frozenset({"fungi", "viruses", "parasites", "acid_fast_bacilli"})
# Tests of these are done where their names say.
_SITED = frozenset({"imaging", "endoscopy", "pathology"})
_OF_ORGANS = frozenset({"imaging", "examination"})
_DONE_THERE = frozenset({"examination", "endoscopy", "pathology"})
# Where drugs are looked for.
_OF_DRUGS = frozenset({"urine", "blood"})
# Specimens whose names say nothing about where they come from.
FROM_ANYWHERE = frozenset(
    "pus wound drain_fluid cyst_fluid tissue tumour_tissue fna_aspirate".split()
)
_TISSUE = frozenset({"tissue"})
_SKIN = frozenset({"skin"})
# What is seen on the skin.
_SEEN = frozenset(words("nodule lesion rash plaque papule ulcer blister macule patch eruption"))
_BY_PCR = frozenset({"pcr", "multiplex_pcr"})
# Tests of cells, which blood is the first place to look for.
_OF_CELLS = frozenset({"flow_cytometry", "karyotype", "clonality"})
# Tests with a pathogen of their own: "TB workup: Mantoux".
_OWN_PATHOGEN = frozenset({"tst", "igra", "tspot", "scabies_prep"})
# Methods that find whatever is there: a fungal culture grows a dermatophyte.
_OPEN_METHODS = frozenset("culture microscopy acid_fast_stain koh_mount susceptibility".split())


def agree(asked: Order, held: Order, content: Content, context: Context) -> Tier | None:
    """How well all that an order specifies beside the test itself agrees; None if it does not."""
    sides = held.sides or content.sides or context.sides
    if asked.sides and sides and not asked.sides & sides:
        return None
    where = _sites(asked, held, content, context)
    if where is None and asked.measure in content.measures and not held.sites:
        # The report that tells an ejection fraction is of the left ventricle, whatever its name.
        told = content.sites | implied_sites(asked.head)
        where = Tier.GENERAL if nested(asked.sites, told) is not None else None
    tier = Tier.NAME
    for agreed in (
        where,
        _specimens(asked, held, content, context),
        _organisms(asked, held, content),
    ):
        if agreed is None:
            return None
        tier = max(tier, agreed)
    return tier


def _sites(asked: Order, held: Order, content: Content, context: Context) -> Tier | None:
    named = held.sites or implied_sites(held.head)
    if named & _OF_THE_CHILD and _MATERNAL.intersection(words(asked.text)):
        return None
    if held.head is not None and held.head.id == "autopsy":
        return Tier.SAME
    if asked.head == held.head and _is(asked, "endoscopy") and implied_sites(asked.head):
        # How far a colonoscopy went does not make it another.
        return Tier.SAME
    if asked.sites and asked.head == held.head and asked.sites <= _all_sites(held.head):
        # An EMG is of muscles, whether its name says so or not.
        return Tier.SAME
    if (
        asked.specimens
        and asked.specimens == held.specimens
        and asked.sites <= sources(asked.specimens)
    ):
        # Pleural fluid is of the pleura, whatever else the report speaks of.
        return Tier.SAME
    if not asked.sites:
        own = implied_sites(asked.head)
        if own and not named and not _shown(asked, own, content, context):
            return None
        there = own and named and _is(asked, *_DONE_THERE) and asked.head != held.head
        named_so = asked.head is not None and asked.head.id in content.heads
        if there and not named_so and nested(own, named) is None:
            # A belly that was percussed is no tooth, a liver's biopsy no EBUS.
            return None
        return Tier.UNSITED if held.sites and not own else Tier.SAME
    if _is(asked, "microbiology") and not asked.specimens and _from_elsewhere(asked, held):
        # A throat swab is no blood culture.
        return None
    sexes = sexes_of(asked.sites)
    if sexes and "pelvis" not in asked.sites:
        others = sexes_of(named | content.sites | context.sites | context.lead)
        if others and others.isdisjoint(sexes):
            return None
    if named:
        tier = nested(asked.sites, named)
        near = held.sites or not _is(held, "pathology") or nested(named, content.sites) is None
        if not near and nested(asked.sites, content.sites) is None:
            # Of a "mucosal biopsy" with crypts of the colon, none of the duodenum.
            return None
        if tier is None and any(within_tissue(a, h) for a in asked.sites for h in named):
            # "Muscle biopsy" leaves open which muscle.
            where = content.sites - TISSUES or context.sites - TISSUES
            elsewhere = where and not regions(asked.sites) & regions(where)
            elsewhere = elsewhere and nested(asked.sites, where) is None
            return None if elsewhere else Tier.GENERAL
        if (
            tier is None
            and named <= TISSUES
            and (
                nested(asked.sites, content.sites or context.sites)
                or nested(asked.sites, context.sites)
            )
            and not (inner(asked.sites) and asked.sites - REGIONS)
        ):
            # "Biopsy of the chest lesion", where the record has a skin biopsy of a chest.
            return Tier.GENERAL
        unsaid = not regions(content.sites | context.sites)
        if tier is None and named == _SKIN and unsaid and _SEEN & set(words(asked.text)):
            # A nodule of the leg is of its skin.
            return Tier.GENERAL
        return tier
    if _is(asked, "imaging") and all_of_the_spine(asked.sites):
        if not same_part(asked.sites, content.sites):
            # A vertebra of the neck is one of the spine, but no part of the lumbar spine.
            return None
    elif _is(asked, "imaging") and apart_in_the_face(asked.sites, content.sites):
        return None
    if _is(asked, "pathology") and inner(asked.sites) and asked.sites - REGIONS:
        # An "abdominal hysterectomy" yields no piece of the gallbladder.
        content = replace(content, sites=content.sites - REGIONS or content.sites)
    if nested(asked.sites, content.sites) is not None:
        return Tier.KIN
    if _is(asked, "examination") and content.sites and asked.sites - REGIONS:
        # It goes through other parts, and not this one.
        return None
    # The name gives no site and the report not this one: the same region will do, and where
    # the report gives none, what the case as a whole is about.
    vague = content.sites & TISSUES and content.sites <= TISSUES | {"lymph_node"}
    told = not vague and (content.sited or regions(content.sites))
    where = content.sites if told else context.sites | content.sites
    if nodes(asked.sites) and not nodes(where):
        return None
    if asked.sites <= TISSUES and any(within_tissue(w, a) for w in where for a in asked.sites):
        return Tier.GENERAL
    common = regions(asked.sites) & regions(where)
    if all_of_the_spine(asked.sites):
        # Bones of the chest and the pelvis, and no organs there.
        common &= _SPINE
    lead = innermost(context.lead - REGIONS)
    told_which = content.sited or (inner(asked.sites) and nested(content.sites, lead) is not None)
    organs = where if told_which else where | lead if content.sites else lead
    if _is(asked, "pathology") and (content.sites or inner(asked.sites)):
        # A piece of the kidney is none of the liver, though both lie in the abdomen.
        if not organs and asked.sites - REGIONS:
            return Tier.UNSTATED if common else None
        common = _NONE if nested(asked.sites, organs) is None else common
        where = where if content.sites else organs
    elif _is(asked, "pathology") and common <= OF_THE_FACE and soft_parts(asked.sites):
        # Nor is a piece of the lip one of the tongue.
        beside = soft_parts(lead)
        common = _NONE if beside and nested(asked.sites, beside) is None else common
        where = where if common else beside
    if "whole_body" in asked.sites and not content.sites:
        return Tier.GENERAL
    apart = organ_apart(asked.sites)
    if apart and _is(asked, *_OF_ORGANS) and apart - organ_apart(where | context.lead):
        # The heart and the breast lie in the chest, and are scanned for themselves.
        return None
    if _is(asked, "imaging") and content.sites and _elsewhere(asked.sites, content.sites, context):
        return None
    if common and common <= _PARTED and not same_part(asked.sites, where):
        return None
    near = common or nested(asked.sites, where) is not None
    if (
        near
        and not content.sites
        and _is(asked, "imaging")
        and not _leads(asked.sites, context.lead)
    ):
        # Neck pain, and a headache too: nothing tells which of them the scan was for.
        return Tier.UNSTATED
    return Tier.GENERAL if near else None


def _specimens(asked: Order, held: Order, content: Content, context: Context) -> Tier | None:
    wanted = asked.specimens or default_specimens(asked.head)
    named = held.specimens or _told(content) or _presumed(asked, held)
    if not wanted:
        return Tier.UNSITED if held.specimens else Tier.SAME
    if named:
        tier = nested(wanted, named)
        if tier is None and wanted & FROM_ANYWHERE and named & FROM_ANYWHERE:
            # Pus is drained fluid is a wound's discharge: one sample by several names.
            return Tier.GENERAL
        return tier if asked.specimens or tier is None else Tier.SAME
    if not asked.specimens or nested(wanted, content.specimens) is not None:
        return Tier.SAME
    if content.specimens:
        if "blood" in wanted and held.head and held.head.id == "serology":
            # "Positive serology, and DNA in the CSF by PCR".
            return Tier.GENERAL if content.heads & _BY_PCR else None
        loose = wanted & FROM_ANYWHERE and content.specimens & FROM_ANYWHERE
        return Tier.GENERAL if loose else None
    if held.head is not None and held.head.category == "genetics":
        # The genes are the same in all of them.
        return Tier.SAME
    if "blood" in wanted:
        drawn = held.head is not None and (held.head.kind == "analyte" or held.head.id in _OF_CELLS)
        return Tier.GENERAL if drawn else None
    solid = _is(held, "pathology") and not _is_of_cells(held) and not wanted & FROM_ANYWHERE
    if solid and _is(asked, "microbiology") and nested(wanted, _TISSUE) is None:
        # What grew from a biopsy was in no lavage.
        return None
    if asked.head is not None and asked.head.id == "cytology":
        # Cells may be of a needle's aspirate, where nothing says of which fluid.
        return None
    if nested(wanted, context.specimens) is not None:
        return Tier.GENERAL
    if wanted & FROM_ANYWHERE:
        return Tier.GENERAL
    if held.head is not None and held.head.id == "serology":
        # Antibodies are sought in blood unless told otherwise.
        return None
    # Nothing names the specimen, but it comes from where the illness is.
    where = held.sites or content.sites or context.sites
    return Tier.GENERAL if lies_within(where, sources(wanted)) else None


def _is_of_cells(held: Order) -> bool:
    within = Catalogue.load().within
    return held.head is not None and any(within(held.head.id, of) for of in ("cytology", "fna"))


def _presumed(asked: Order, held: Order) -> frozenset[str]:
    """What a test that names no specimen was done on, if anything is to be presumed."""
    if held.head is not None and held.head.price == "toxicology":
        return _OF_DRUGS
    whole, part = asked.head, held.head
    if whole and part and (whole.kind, part.kind) == ("panel", "analyte") and not asked.specimens:
        # The 5-HIAA of neuroendocrine markers is measured in urine.
        members = Catalogue.load().members(whole.id)
        return _NONE if part.id in members else default_specimens(part)
    return default_specimens(part)


def _organisms(asked: Order, held: Order, content: Content) -> Tier | None:
    if asked.head is not None and held.organisms and asked.head != held.head:
        # A pneumococcal antigen is no part of a screening for HIV.
        sought = Catalogue.load().pathogens(asked.head.id)
        if sought and nested(sought, held.organisms) is None:
            return None
    if asked.head is not None and (
        asked.head.kind != "procedure" or asked.head.id in _OWN_PATHOGEN
    ):
        return Tier.SAME
    if not asked.organisms:
        return Tier.UNSITED if held.organisms else Tier.SAME
    catalogue = Catalogue.load()
    if "bacteria" in asked.organisms:
        told = held.organisms or (_NONE if asked.head == held.head else content.organisms)
        others = [organism for organism in told if _NOT_BACTERIA & catalogue.ancestors(organism)]
        if not others or (not held.organisms and len(others) < len(told)):
            return Tier.SAME
        if not held.organisms:
            # A mould's culture, told in another test's report, is no bacterial one.
            return None
    if not held.organisms:
        # HBsAg is of hepatitis B by its name.
        told = content.organisms | (catalogue.pathogens(held.head.id) if held.head else _NONE)
        spoken = any(catalogue.within(c, a) for c in told for a in asked.organisms)
        return Tier.SAME if spoken else None
    if asked.organisms & held.organisms:
        return Tier.SAME
    if asked.head == held.head and asked.organisms <= content.organisms:
        # "Serology for cytomegalovirus", whose report goes on to toxoplasma.
        return Tier.DESCRIBED
    pairs = [(a, h) for a in asked.organisms for h in held.organisms]
    kinds = [a for a, h in pairs if catalogue.within(h, a)]
    if kinds:
        return Tier.PART if GROUPS.intersection(kinds) else Tier.GENERAL
    grown = held.head is not None and held.head.id in _OPEN_METHODS
    found = any(
        catalogue.within(a, h) and (grown or a in content.organisms or h in GROUPS)
        for a, h in pairs
    )
    return Tier.GENERAL if found else None


def _all_sites(head: Term | None) -> frozenset[str]:
    """The sites of a test, vessels and muscles among them."""
    return frozenset(head.sites) if head else _NONE


def _from_elsewhere(asked: Order, held: Order) -> bool:
    """Whether what was cultured does not come from the site that is asked for."""
    taken = held.specimens - FROM_ANYWHERE
    return bool(taken) and nested(asked.sites, held.sites | sources(taken)) is None


def _elsewhere(asked: frozenset[str], told: frozenset[str], context: Context) -> bool:
    """Whether a report tells of what the case is about, and an organ apart from it is asked for.

    An ultrasound scan of a hernia in the groin is none of the gallbladder, though both lie in the
    abdomen.
    """
    organs = frozenset(s for s in asked - TISSUES if not any(part in s for part in _AREAS))
    about = any(nested({site}, context.lead) is not None for site in told)
    apart = bool(organs) and regions(organs) <= OF_MANY_ORGANS
    return apart and about and nested(asked, told | context.lead) is None


def _leads(asked: frozenset[str], lead: frozenset[str]) -> bool:
    """Whether sites are, or lie in the region of, those that the case is about before all."""
    near = regions(asked) & regions(lead)
    return not lead or bool(near) or nested(asked, lead) is not None


def _is(order: Order, *categories: str) -> bool:
    return order.head is not None and order.head.category in categories


def _shown(asked: Order, own: frozenset[str], content: Content, context: Context) -> bool:
    """Whether a record that names no site may be of a test that implies some."""
    assert asked.head is not None
    if asked.head.category not in _SITED or asked.head.id in content.heads:
        return True
    where = content.sites or context.sites
    if "fetus" in own:
        # A pregnancy is no place: the report tells of the child's bowel.
        where |= context.sites
    return "whole_body" in own or not where or nested(own, where) is not None


def _told(content: Content) -> frozenset[str]:
    """What a single value was measured in, where its line says so: "CSF revealed high protein"."""
    return content.specimens if content.single else frozenset()
