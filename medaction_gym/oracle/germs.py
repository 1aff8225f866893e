"""Germs: when one test for a pathogen answers for another, and whether its method is known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.term import ANTIBODY_CLASSES
from medaction_gym.catalogue.tokens import words
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.content import Content
from medaction_gym.oracle.tier import Tier

# Tests for a pathogen that "negative for HIV" may speak of, and methods that would be named.
IN_BLOOD = frozenset({"serology", "antigen_test", "microbiology", "igg", "igm"})
BY_METHOD = frozenset({"pcr", "multiplex_pcr", "culture", "blood_culture", "microscopy"})
# Groups of pathogens that are tested for as one panel.
GROUPS = frozenset(
    "torch_agents viral_hepatitis_agents respiratory_viruses tick_borne_agents sti_agents "
    "enteric_pathogens".split()
)
_AGAINST = frozenset({"specific", "antigen", "against", "anti", "allergen"})


def of_another_kind(order: Order, asked: Term, held: Order, head: Term, content: Content) -> bool:
    """Whether a record's test for germs or antibodies is never the one that is asked for."""
    if asked.id == "serology":
        # IgM against a germ is not the IgG against it.
        wanted = ANTIBODY_CLASSES.intersection(words(order.text))
        named = ANTIBODY_CLASSES.intersection(words(held.text))
        named = named or ANTIBODY_CLASSES & content.words
        if wanted and named and wanted.isdisjoint(named):
            return True
    if order.way == "swab" and head.id == "microbiology":
        return held.way != "swab" and not held.specimens
    # "Positive IgG for SARS-CoV-2", "IgG specific to" an antigen: no level of immunoglobulin.
    against = held.words & _AGAINST or (content.single and content.organisms)
    return head.id in ANTIBODY_CLASSES and bool(against)


def for_germs(
    order: Order, asked: Term, held: Order, head: Term, content: Content
) -> Iterator[Tier | None]:
    """How well one test for a germ stands for another: the first verdict counts, if there is one.

    Args:
        order: What is asked for, as read.
        asked: The test of it.
        held: What the record's name says.
        head: The test of it, which is another.
        content: What its report says.
    """
    catalogue = Catalogue.load()
    if head.id == "microbiology" and held.organisms and asked.category == "microbiology":
        # "Retroviral screening for HIV": a pathogen without a method.
        yield Tier.KIN if order.organisms and asked.id not in BY_METHOD else None
    drawn = nested(order.specimens, held.specimens) is not None
    if head.id == "microbiology" and asked.id == "pcr" and drawn and not content.heads:
        # "Vesicle fluid: positive for varicella zoster".
        yield Tier.DESCRIBED if content.organisms else None
    if head.id == "serology" and _of_antibodies(asked):
        # "Syphilis tests: normal" are those that are always done.
        panel = catalogue.named(words(held.text))
        yield Tier.DESCRIBED if panel and asked.id in catalogue.always(panel.id) else None
    if order.organisms:
        sought = nested(order.organisms, catalogue.pathogens(head.id)) is not None
        if asked.id == "serology" and _of_antibodies(head):
            # HBsAg is part of "viral hepatitis serology".
            yield Tier.PART if sought else None
        if asked.id == "pcr" and (head.kind, head.price) == ("analyte", "pcr"):
            yield Tier.KIN if sought else None


@cache
def by_method(id: str) -> bool:
    """Whether a test finds the pathogen itself: a culture, "HIV RNA", "Shiga toxin PCR"."""
    term = Catalogue.load().terms[id]
    finds = term.category == "microbiology" and term.price in ("pcr", "culture", "gene-panel")
    return finds or id in BY_METHOD


def told_in_general(order: Order, asked: Term, content: Content) -> bool:
    """Whether "Laboratory tests: negative for HIV" answers for a blood test that looks for it.

    By what method is not said there: whoever asks for a culture or a PCR is not answered, and
    nobody is where the report names a test of that pathogen.
    """
    catalogue = Catalogue.load()
    sought = order.organisms | catalogue.pathogens(asked.id)
    if asked.id not in IN_BLOOD and not _of_antibodies(asked):
        return False
    if order.specimens - {"blood"} or any(catalogue.pathogens(h) & sought for h in content.heads):
        return False
    method = any(map(by_method, content.heads))
    return not method and any(catalogue.within(o, s) for o in content.organisms for s in sought)


def found_otherwise(order: Order, asked: Term, content: Content) -> bool:
    """Whether a report names the tests of a pathogen, and none of them is the one asked for.

    "HIV RNA 10,000, toxoplasma IgM negative" tells of no PCR for toxoplasma.
    """
    catalogue = Catalogue.load()
    named = {head for head in content.heads if catalogue.pathogens(head) & order.organisms}
    able = {catalogue.base(head).term.id for head in named} | named
    return bool(named) and able.isdisjoint(catalogue.same(asked.id))


def _of_antibodies(head: Term) -> bool:
    """Whether a value is one that "negative for HIV" may stand for: no resistance genotype."""
    return head.kind == "analyte" and head.price in ("serology", "antigen")
