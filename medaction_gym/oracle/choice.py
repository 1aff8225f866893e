"""Choice: what the best tiers amount to, and which of several items is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.order import Order
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.answer import Release, without_parts
from medaction_gym.oracle.entry import Entry
from medaction_gym.oracle.germs import by_method
from medaction_gym.oracle.index import Index
from medaction_gym.oracle.panels import measures
from medaction_gym.oracle.plain import narrowest
from medaction_gym.oracle.sites import implied_sites
from medaction_gym.oracle.symbols import codes
from medaction_gym.oracle.tier import Tier
from medaction_gym.oracle.wish import wish_for


def best(order: Order, found: dict[Tier, list[Release]], index: Index) -> tuple[Release, ...]:
    """What the best tiers amount to.

    Args:
        order: What is asked for.
        found: What may answer it, by tier.
        index: The record.
    """
    tier, head = min(found), order.head
    assert head is not None
    releases = list(found[tier])
    if tier is Tier.SAME and head.kind == "panel" and all(r.analyte >= 0 for r in releases):
        # A panel named as a component: its own components belong to it.
        # A lupus anticoagulant beside "autoimmune serology" is no more than a part of a part.
        more = [e for e in index.of(found.get(Tier.PART, ())) if e.release.analyte >= 0]
        core = Catalogue.load().core(head.id)
        within = core.union(head.members)
        releases += [e.release for e in more if not core or measures(e.orders, within)]
    if tier in (Tier.SAME, Tier.KIN) and not order.sites:
        # "CT" fits an unspecified "CT scan" no better than it fits a "chest CT".
        whole = any(release.analyte < 0 for release in releases)
        if whole and head.category in ("imaging", "pathology", "microbiology"):
            releases += found.get(Tier.UNSITED, ())
    if of_a_gene(order):
        # Whatever reports that gene.
        releases += found.get(Tier.KIN, ())
    if head.kind == "analyte":
        # A single value rather than the item it stands in.
        single = {release.item for release in releases if release.analyte >= 0}
        releases = [r for r in releases if r.analyte >= 0 or r.item not in single]
        if tier is Tier.DESCRIBED:
            releases = [entry.release for entry in narrowest(index.of(releases))]
    return without_parts(releases)


def of_a_gene(order: Order) -> bool:
    """Whether a gene is asked for by its symbol."""
    genetics = order.head is not None and order.head.category == "genetics"
    return genetics and bool(codes(order.text))


def at_different_sites(order: Order, entries: Sequence[Entry]) -> bool:
    """Whether each of some items answers for another of the sites or specimens asked for."""
    by_specimen = len(order.specimens) > 1
    asked = order.specimens if by_specimen else order.sites
    answered = []
    for entry in entries:
        held = [o.specimens if by_specimen else o.sites for o in entry.orders]
        named = frozenset().union(*held)
        answered.append(frozenset(s for s in asked if nested({s}, named)))
    return all(answered) and sum(map(len, answered)) == len(frozenset().union(*answered))


def missing(order: Order, entries: Sequence[Entry]) -> str:
    """Which detail would tell some candidates apart."""
    kinds = {"sites": "body site", "specimens": "specimen", "organisms": "organism"}
    left = [
        name
        for kind, name in kinds.items()
        if not getattr(order, kind) and any(getattr(o, kind) for e in entries for o in e.orders)
    ]
    return " or ".join(left) or "kind of test"


def at_further_site(
    order: Order, releases: tuple[Release, ...], index: Index
) -> tuple[Release, ...]:
    """The item for a further site: "MRI brain and spine", the one named and the other told."""
    if len(order.sites) < 2:
        return ()
    covered = [
        held.sites or implied_sites(held.head) or entry.content.sites
        for entry in index.of(releases)
        for held in entry.orders
    ]
    left = frozenset(s for s in order.sites if not any(nested({s}, c) for c in covered))
    if not left or left == order.sites:
        return ()
    found = index.found(wish_for(replace(order, sites=left)))
    more = [r for tier in (Tier.SAME, Tier.KIN) for r in found.get(tier, ())]
    return tuple(r for r in more if r not in releases) if len(more) == 1 else ()


def lines_about(order: Order, item: int, index: Index) -> tuple[Release, ...]:
    """Of an item whose values can be ordered one by one, the lines that tell of a pathogen."""
    return tuple(
        entry.release
        for entry in index.entries
        if entry.release.item == item
        and entry.release.analyte >= 0
        and not order.organisms.isdisjoint(entry.content.organisms)
        and not any(held.head and by_method(held.head.id) for held in entry.orders)
    )
