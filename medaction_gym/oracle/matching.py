"""Matching: how well a thing on the menu answers an order. Pure functions over terms.

The tiers, best first:

1. NAME: it is the name, or an alias, of a menu item;
2. SAME: the same test, and everything the request specifies agrees;
3. KIN: a test that is ordered as one with it: a biopsy is read by a pathologist (``kin.tsv``);
4. PART: part of what was asked: the components of a panel, or a small panel that holds an analyte;
5. UNSITED: the same test, its site, specimen or pathogen left out of the request ("CT" for "CT
   abdomen");
6. GENERAL: a more general request ("MRI" for "MR angiography"), or a site near the one recorded;
7. DESCRIBED: a test that another item's report describes (immunohistochemistry in a biopsy's);
8. UNSTATED: the same test, described in words that may be a site nobody here knows.
"""

from __future__ import annotations

from functools import cache

from rapidfuzz.fuzz import ratio

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import filler
from medaction_gym.oracle.agreement import agree
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.content import OF_TISSUE, Content
from medaction_gym.oracle.context import Context
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.sites import TISSUES, implied_sites, sites_of_word
from medaction_gym.oracle.symbols import (
    OF_GENES,
    STAINING,
    any_marker,
    by_antibody,
    coded,
    codes,
    gene_names,
    is_marker,
    marker_phrases,
    spells,
)
from medaction_gym.oracle.tier import Tier

# A panel of so few components (itself counted) is one test to a doctor: "complement" is C3 and C4.
SMALL_PANEL = 4


# Modalities whose kinds differ in projection or approach, not in what they show.
_PLAIN = frozenset(
    "xray ultrasound fluoroscopy endoscopy microscopy skin_scraping_exam eye_exam".split()
)

# Tests that are looked for with a target: unknown words of a request may be that target.
_TARGETED = frozenset({"microbiology", "genetics", "laboratory"})
_ANTIBODY_CLASSES = frozenset({"igg", "igm", "iga", "ige"})
_AGAINST = frozenset({"specific", "antigen", "against", "anti", "allergen"})

# Done with X-rays, but ordered as tests of their own.
_FILMED = frozenset({"fluoroscopy", "mammography", "ivu"})
# Kinds of a modality that go by their own name wherever they were done: nobody writes "ultrasound"
# of an echocardiogram, or "endoscopy" of a capsule's.
_APART = _FILMED | frozenset(
    "echo ivus ceus elastography intraoperative_ultrasound trus endoanal_ultrasound "
    "sonohysterography skeletal_survey shuntogram specimen_radiograph capsule_endoscopy "
    "enteroscopy "
    "triple_endoscopy dise fees sphincter_oddi_manometry arthroscopy angioscopy angiography "
    "venography arthrography linogram fistulography amsler gonioscopy "
    "tonometry schirmer lacrimal_irrigation pharmacologic_pupil exophthalmometry color_vision "
    "ocular_staining".split()
)
# What nobody means who asks for the modality and no site: of "X-ray" an angiogram.
_NOT_MEANT = {
    "xray": _FILMED,
    "fluoroscopy": frozenset({"angiography"}),
    "ultrasound": frozenset({"echo", "ivus"}),
}
_HEART = frozenset({"heart"})
_NONE: frozenset[str] = frozenset()
_STEM = 10  # letters of a disease's name
# What any gene's variants may be said to be.
_OF_VARIANTS = frozenset(
    words(
        "pathogenic causative germline syndrome inherited familial involved responsible underlying"
    )
)
# Ways of taking a piece, which a needle's cells are none of.
_OF_A_PIECE = frozenset({"core_biopsy", "punch_biopsy", "shave_biopsy"})
# What a report of flow speaks of.
_OF_FLOW = frozenset(
    "doppler duplex flow vascular vascularity hypervascular "
    "hypervascularity arterial venous artery vein vessel "
    "thrombosis thrombus stenosis perfusion aneurysm cdfi".split()
)
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
# Headings over whatever was done.
_GENERIC = frozenset(
    "imaging radiology blood_tests laboratory_tests stool_tests urine_tests microbiology "
    "physiology endoscopy".split()
)
# A report of these words alone tells that whatever the test measures is normal.
_NORMAL = frozenset(
    "normal unremarkable no abnormality abnormal finding within limit the was were is be a an "
    "result study all completely entirely everything".split()
)
# Tests for a pathogen that "negative for HIV" may speak of, and methods that would be named.
IN_BLOOD = frozenset({"serology", "antigen_test", "microbiology", "igg", "igm"})
BY_METHOD = frozenset({"pcr", "multiplex_pcr", "culture", "blood_culture", "microscopy"})
# Departments that read one tissue.
_READ = frozenset({"pathology", "microbiology", "genetics"})
# Departments whose reports describe further tests of their own.
_REPORTING = frozenset({"pathology", "microbiology", "genetics", "examination"})


def match(asked: Order, entry: Entry, context: Context) -> Tier | None:
    """How well an entry answers an order, by the best of its names; None if it does not.

    Args:
        asked: The order; it must have a head.
        entry: A thing on the menu.
        context: What the case as a whole makes plain.
    """
    best = None
    for held in entry.orders:
        tier = _tier(asked, entry, held, context)
        if tier is not None and (best is None or tier < best):
            best = tier
    return best


def _tier(asked: Order, entry: Entry, held: Order, context: Context) -> Tier | None:
    head = asked.head
    assert head is not None
    content = entry.content
    tier = _head_tier(asked, held, content, entry.words)
    if tier is None:
        return None
    agreed = agree(asked, held, content, context)
    if agreed is None:
        return None
    flow = head.id != "ultrasound" or not _of_vessels(asked.sites)
    if not flow and _OF_FLOW.isdisjoint(entry.words | content.words):
        # A scan of the kidney tells nothing of its artery.
        return None
    # Pus is from where the illness is, where one that was cultured is told of.
    sampled = nested(asked.specimens, content.specimens) is not None
    cultured = head.category == "microbiology" and sampled
    heading = _nameless(held) and not cultured
    if tier is Tier.DESCRIBED and agreed > Tier.KIN and heading and not asked.measure:
        # Under a heading for this and that, what the report says decides.
        return None
    tier = max(tier, agreed)
    if head.category == "genetics" and not asked.words and not _reported(asked, content):
        return None
    if asked.words and head.kind == "procedure":
        known = entry.words | content.words
        if head.category == "genetics":
            # The genes of the patient's disease, by its name.
            known |= context.words
        gene = head.category == "genetics" and bool(codes(asked.text))
        spoken = (
            coded(asked, content.codes, content.running)
            and (
                gene
                or all(
                    _spoken(word, known)
                    or (head.category == "genetics" and _of_one_stem(word, context.words))
                    for word in asked.words - _OF_VARIANTS
                )
                or _of_a_class_of_diseases(asked, context)
            )
        ) or spells(asked, content.symbols)
        if not spoken and (head.category in _TARGETED or head.id == "ihc"):
            return None
        if not spoken and not asked.sites and head.category in ("imaging", "pathology"):
            # Words nobody knows may name a site.
            tier = max(tier, Tier.UNSTATED)
    if head.kind == "procedure":
        # The record's name may say more than the catalogue knows of ("CT cisternography").
        more = {word for word in held.words - asked.words if not word.isdigit()}
        if more and asked.way == "fdg_pet":
            # Of a name's unknown words one may be another tracer.
            return None
        if more and held.head is not None and tier is Tier.SAME:
            tier = Tier.GENERAL
    return tier


def _of_a_class(order: Order, held: Order, content: Content) -> bool:
    """IgM against a germ is not the IgG against it."""
    wanted = _ANTIBODY_CLASSES.intersection(words(order.text))
    named = _ANTIBODY_CLASSES.intersection(words(held.text)) or _ANTIBODY_CLASSES & content.words
    return not wanted or not named or not wanted.isdisjoint(named)


def _reported(asked: Order, content: Content) -> bool:
    """Whether a report has the gene that is asked for, if one is by its symbol."""
    gene = asked.head is not None and asked.head.kind == "procedure"
    return not gene or coded(asked, content.codes, content.running)


def _of_a_class_of_diseases(asked: Order, context: Context) -> bool:
    """Whether a panel of genes is called by a class of diseases that may be the patient's.

    What the words point at, if anything, must be ill: no gene of the skin is one of the heart.
    """
    if asked.head is None or asked.head.id != "gene_panel" or codes(asked.text):
        return False
    about = frozenset().union(*map(sites_of_word, asked.words))
    about -= TISSUES
    return not about or not context.sites or nested(about, context.sites) is not None


def _against(held: Order, content: Content) -> bool:
    """Whether an immunoglobulin is measured for what it binds: "positive IgG for SARS-CoV-2"."""
    return bool(held.words & _AGAINST or (content.single and content.organisms))


def _normal(measure: str, content: Content) -> bool:
    """Whether a report says that all is normal, and so what a test of its own measures."""
    of_any_image = "imaging" in Catalogue.load().terms[measure].parents
    return content.words <= _NORMAL and not of_any_image


def _nameless(held: Order) -> bool:
    return held.head is None or held.head.id in _GENERIC


def _head_tier(
    order: Order, held: Order, content: Content, name_words: frozenset[str]
) -> Tier | None:
    """How well one test stands for another, sites and the like aside."""
    catalogue = Catalogue.load()
    asked, head = order.head, held.head
    assert asked is not None
    told = order.measure in content.measures
    if order.measure and not told and not _normal(order.measure, content):
        return None
    if told and (head is None or head.id in _GENERIC):
        return Tier.DESCRIBED
    if asked.id in _OPENINGS and _SURGERY in ({head.id} if head else content.heads):
        # "Findings at thoracotomy", where the report of an operation speaks of the chest.
        there = implied_sites(asked) | order.sites
        return Tier.GENERAL if nested(there, content.sites) is not None else None
    if head is None:
        return _described(asked, content)
    if asked.id == "serology" and not _of_a_class(order, held, content):
        return None
    if asked.id == "serology" and order.organisms and _of_antibodies(head):
        # HBsAg is part of "viral hepatitis serology".
        sought = catalogue.pathogens(head.id)
        return Tier.PART if sought and nested(order.organisms, sought) is not None else None
    of_no_swab = head.id == "microbiology" and held.way != "swab" and not held.specimens
    if order.way == "swab" and of_no_swab:
        return None
    if asked.id == head.id:
        # The IgG "specific to" an antigen is no level of immunoglobulin.
        specific = asked.id in _ANTIBODY_CLASSES and _against(held, content)
        return None if specific else Tier.SAME
    if head.id == "microbiology" and held.organisms and asked.category == "microbiology":
        # "Retroviral screening for HIV": a pathogen without a method.
        return Tier.KIN if order.organisms and asked.id not in BY_METHOD else None
    drawn = bool(order.specimens) and nested(order.specimens, held.specimens) is not None
    if head.id == "microbiology" and asked.id == "pcr" and drawn and not content.heads:
        # "Vesicle fluid: positive for varicella zoster".
        return Tier.DESCRIBED if content.organisms else None
    if head.id in catalogue.same(asked.id):
        return Tier.KIN
    if head.id == "serology" and _of_antibodies(asked):
        # "Syphilis tests: normal" are those that are always done.
        panel = catalogue.named(words(held.text))
        return Tier.DESCRIBED if panel and asked.id in catalogue.always(panel.id) else None
    if asked.id == "pcr" and (head.kind, head.price) == ("analyte", "pcr") and order.organisms:
        germs = catalogue.pathogens(head.id)
        return Tier.KIN if germs and nested(order.organisms, germs) is not None else None
    if head.id in _ANTIBODY_CLASSES and _against(held, content):
        return None
    parts = catalogue.members(head.id) - {head.id} or {head.id}
    if 2 * len(parts & catalogue.members(asked.id)) > len(parts):
        return Tier.PART
    always = catalogue.always(asked.id)
    if always and always <= catalogue.always(head.id) and not content.analytes:
        # "Comprehensive metabolic panel: normal" is of the electrolytes too.
        return Tier.DESCRIBED if not content.heads & (parts - {head.id}) else None
    if asked.id in catalogue.members(head.id):
        # A panel's report answers for an analyte if it speaks of it, or is about little else.
        small = len(catalogue.members(head.id)) <= SMALL_PANEL
        named = asked.id in content.heads and not content.analytes
        # "Electrolytes: normal" speaks of none of them, and so of those that are always measured.
        core = asked.id in catalogue.always(head.id) and not content.analytes
        core = core or (asked.kind == "panel" and not content.analytes)
        others = _NONE if content.single else content.heads & (parts - {head.id})
        if head.id in _GENERIC:
            # "Normal thyroid values" tell of no sodium, whatever a line is called.
            others = content.heads - {head.id}
        silent = core and not others
        return Tier.PART if small or named else Tier.DESCRIBED if silent else None
    if head.id == "fna" and order.way in _OF_A_PIECE:
        return None
    if catalogue.within(head.id, asked.id):
        # With another tracer it is another scan, and a film is no angiogram.
        plain = asked.id != "fluoroscopy" or not order.sites
        plain &= asked.id != "ultrasound" or nested(order.sites, _HEART) is None
        apart = plain and not _NOT_MEANT.get(asked.id, _NONE).isdisjoint(
            catalogue.ancestors(head.id)
        )
        return None if order.way == "fdg_pet" or apart else Tier.GENERAL
    special = catalogue.within(asked.id, head.id)
    if special and drawn and asked.category == "pathology":
        # "Cytology of pleural fluid" by any other name.
        return Tier.SAME
    if head.id == "microscopy" and special and len(OF_TISSUE & content.words) > 1:
        # A tumour under the microscope is no Gram stain.
        return None
    if (
        special
        and head.id in _PLAIN
        and not _apart(asked.id, head.id)
        and (not held.sites or nested(frozenset(asked.sites), held.sites) is not None)
        and not (held.sites and head.id == "ultrasound" and asked.id != "tvus")
    ):
        # A projection or approach that the record does not name ("panoramic radiograph" for
        # "Radiographs"); the sites must still agree. A "pelvic ultrasound" is no transrectal one.
        return Tier.GENERAL
    if head.id in _GENERIC:
        if asked.category == "microbiology" and _otherwise(order, content):
            return None
        if _told_of(order, content):
            return Tier.DESCRIBED
        silent = not any(_is_test(id, asked.category) for id in content.heads)
        silent &= asked.category != "imaging" or asked.id in _COMMON
        # Where the report names a test of that pathogen, it is by no other method.
        silent &= not any(catalogue.pathogens(h) & order.organisms for h in content.heads)
        where = order.organisms or order.sites or order.specimens & held.specimens
        if head.category == asked.category and silent and where:
            # "Imaging: normal" does not say which, "microbiology: no CMV" not by what method.
            return Tier.DESCRIBED
        described = _described(asked, content)
        if described is not None:
            return described
    reporting = asked.category == head.category and asked.category in _REPORTING
    if is_marker(asked.id) and (reporting or special):
        stained = head.id == "ihc" and special
        if stained and not _MARKED & content.words and not any_marker(content.heads):
            # "Immunohistochemistry confirmed a sarcoma", without its markers.
            return Tier.DESCRIBED
        told = any(phrase in content.running for phrase in marker_phrases(asked.id))
        return Tier.DESCRIBED if told or asked.id in content.heads else None
    if asked.id == "ihc" and reporting and any(by_antibody(head) for head in content.heads):
        # A report that goes through markers tells what the stains showed.
        return Tier.DESCRIBED
    taken = head.category == "endoscopy" or (head.id in _YIELDING and not content.analytes)
    if taken and asked.category in ("pathology", "microbiology") and asked.id in content.heads:
        # What was taken through the endoscope, with a needle or a knife, told in its report.
        return Tier.DESCRIBED
    stained = is_marker(asked.id) or asked.id in STAINING
    if stained and head.category == "genetics" and not _MARKED & content.words:
        # A variant of the androgen receptor's gene is no stain for it.
        return None
    if asked.category in _READ and head.category in _READ and not reporting:
        # The culture of a biopsy, told in the pathologist's report.
        return _described(asked, content)
    if reporting and asked.category == "genetics" and asked.kind == "analyte":
        told = any(name <= content.words for name in gene_names(asked))
        return Tier.DESCRIBED if told or asked.id in content.heads else None
    if (special or reporting) and asked.id in content.heads and not content.analytes:
        return Tier.DESCRIBED
    if not special:
        return None
    named = any(name <= name_words for name in _distinct(asked))
    if named and not _apart(asked.id, head.id):
        # The record's name says so, in words the catalogue does not know ("18F-PSMA PET").
        return Tier.KIN
    if reporting and any(name <= content.words for name in _distinct(asked)):
        return Tier.DESCRIBED
    return None


def _told_of(order: Order, content: Content) -> bool:
    """Whether "Laboratory tests: negative for HIV" answers for a blood test that looks for it.

    By what method is not said there: whoever asks for a culture or a PCR is not answered, and
    nobody is where the report names a test of that pathogen.
    """
    assert order.head is not None
    catalogue = Catalogue.load()
    sought = order.organisms | catalogue.pathogens(order.head.id)
    if order.head.id not in IN_BLOOD and not _of_antibodies(order.head):
        return False
    if order.specimens - {"blood"} or any(catalogue.pathogens(h) & sought for h in content.heads):
        return False
    method = any(by_method(head) for head in content.heads)
    return not method and any(catalogue.within(o, s) for o in content.organisms for s in sought)


def _of_antibodies(head: Term) -> bool:
    """Whether a value is one that "negative for HIV" may stand for: no resistance genotype."""
    return head.kind == "analyte" and head.price in ("serology", "antigen")


@cache
def by_method(id: str) -> bool:
    """Whether a test finds the pathogen itself: a culture, "HIV RNA", "Shiga toxin PCR"."""
    term = Catalogue.load().terms[id]
    finds = term.category == "microbiology" and term.price in ("pcr", "culture", "gene-panel")
    return finds or id in BY_METHOD


def _otherwise(order: Order, content: Content) -> bool:
    """Whether a report names the tests of a pathogen, and none of them is the one asked for.

    "HIV RNA 10,000, toxoplasma IgM negative" tells of no PCR for toxoplasma.
    """
    assert order.head is not None
    catalogue = Catalogue.load()
    named = {head for head in content.heads if catalogue.pathogens(head) & order.organisms}
    able = {catalogue.base(head).term.id for head in named} | named
    return bool(named) and able.isdisjoint(catalogue.same(order.head.id) | {order.head.id})


@cache
def _apart(asked: str, held: str) -> bool:
    """Whether a kind of a modality goes by its own name."""
    ancestors = Catalogue.load().ancestors
    return not _APART.isdisjoint(ancestors(asked) - ancestors(held))


@cache
def _of_vessels(sites: frozenset[str]) -> bool:
    within = Catalogue.load().within
    return any(within(site, vessel) for site in sites for vessel in ("vessel", "artery", "vein"))


@cache
def _is_test(id: str, category: str) -> bool:
    """Whether a term is a test of a department, and not the department."""
    return Catalogue.load().terms[id].category == category and id not in _GENERIC


def _described(asked: Term, content: Content) -> Tier | None:
    """Whether the report under a heading that names no test of its own speaks of this one."""
    values = asked.category == "laboratory"
    if asked.id == "microscopy" and any(
        Catalogue.load().within(head, "microscopy") for head in content.heads
    ):
        # A Gram stain is looked at under the microscope.
        return Tier.DESCRIBED
    return Tier.DESCRIBED if asked.id in content.heads and not values else None


@cache
def answering(head: str) -> frozenset[str]:
    """The heads that may answer a request for this one; see `_head_tier`."""
    catalogue = Catalogue.load()
    able = catalogue.same(head) | catalogue.related(head)
    if is_marker(head):
        # Any pathologist's report may name it by its letters alone: "ER 90%".
        able |= {id for id, term in catalogue.terms.items() if term.category == "pathology"}
    gene = catalogue.terms[head].category == "genetics"
    return able | catalogue.related("genetic_testing") if gene else able


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


def alike(a: str, b: str) -> bool:
    """Whether two words are the same but for a slip."""
    return a == b or (min(len(a), len(b)) >= 5 and ratio(a, b) >= 88)


def _spoken(word: str, held: frozenset[str]) -> bool:
    return word in held or (len(word) >= 5 and any(alike(word, other) for other in held))


def _of_one_stem(word: str, held: frozenset[str]) -> bool:
    """Whether a disease has the stem of another: "hyperinsulinism", "hyperinsulinemic"."""
    return len(word) > _STEM and any(other.startswith(word[:_STEM]) for other in held)
