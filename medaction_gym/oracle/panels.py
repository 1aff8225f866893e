"""Panels: when a group of values answers for one of them, and values for their group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from medaction_gym.catalogue.catalogue import Catalogue, Term
from medaction_gym.catalogue.order import Order
from medaction_gym.oracle.content import Content
from medaction_gym.oracle.departments import HEADINGS
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.tier import Tier

# A panel of so few components (itself counted) is one test to a doctor: "complement" is C3 and C4.
_SMALL = 4
_NONE: frozenset[str] = frozenset()


def among_values(asked: Term, head: Term, content: Content) -> Iterator[Tier | None]:
    """How well values and their panels stand for one another: the first verdict counts, if any.

    Args:
        asked: What is asked for.
        head: What the record's name says.
        content: What its report says.
    """
    catalogue = Catalogue.load()
    members = catalogue.members(head.id)
    parts = members - {head.id} or members
    if 2 * len(parts & catalogue.members(asked.id)) > len(parts):
        yield Tier.PART
    always = catalogue.always(asked.id)
    if always and always <= catalogue.always(head.id) and not content.analytes:
        # "Comprehensive metabolic panel: normal" is of the electrolytes too.
        yield Tier.DESCRIBED if not content.heads & (members - {head.id}) else None
    if asked.id in members:
        yield _part_of_panel(asked, head, content)


def _part_of_panel(asked: Term, head: Term, content: Content) -> Tier | None:
    """A panel's report answers for a value if it speaks of it, or is about little else."""
    catalogue = Catalogue.load()
    members = catalogue.members(head.id)
    if len(members) <= _SMALL:
        return Tier.PART
    if content.analytes:
        return None
    if asked.id in content.heads:
        return Tier.PART
    others = _NONE if content.single else content.heads & (members - {head.id})
    if head.id in HEADINGS:
        # "Normal thyroid values" tell of no sodium, whatever a line is called.
        others = content.heads - {head.id}
    # "Electrolytes: normal" speaks of none of them, and so of those that are always measured.
    meant = asked.kind == "panel" or asked.id in catalogue.always(head.id)
    return Tier.DESCRIBED if meant and not others else None


def measures(held: Iterable[Order], values: AbstractSet[str]) -> bool:
    """Whether any of some tests measures any of some values."""
    members = Catalogue.load().members
    return any(o.head is not None and not members(o.head.id).isdisjoint(values) for o in held)


def makes_one(panel: Term | None, entries: Iterable[Entry]) -> bool:
    """Whether entries hold what makes a panel one: D-dimer alone is no coagulation.

    Under a heading such as "blood tests", what the report names counts.
    """
    core = Catalogue.load().core(panel.id) if panel is not None else _NONE
    return not core or any(
        measures((o for o in entry.orders if o.head and o.head.id not in HEADINGS), core)
        or not core.isdisjoint(entry.content.heads)
        for entry in entries
    )
