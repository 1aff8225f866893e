"""Every test has a cost class with a sourced price, and the tables hold together."""

from __future__ import annotations

from medaction_gym.catalogue.catalogue import Catalogue, read_table
from medaction_gym.catalogue.prices import UNKNOWN, prices
from medaction_gym.catalogue.tokens import words


def test_every_test_has_a_priced_class() -> None:
    known = prices()
    for term in Catalogue.load().terms.values():
        if term.kind in ("analyte", "panel", "procedure"):
            assert term.price in known, term.id
    assert UNKNOWN in known


def test_every_price_is_positive_and_sourced() -> None:
    for price in prices().values():
        assert price.usd >= 0
        assert price.hours >= 0
        assert len(price.source) > 10, price


def test_links_between_tables_resolve() -> None:
    catalogue = Catalogue.load()
    for term in catalogue.terms.values():
        for other in (*term.members, *term.parents, *term.sites, *term.specimens):
            assert other in catalogue.terms, (term.id, other)
    for row in read_table("findings"):
        assert row["analyte"] in catalogue.terms
    for row in read_table("kin"):
        for id in row["terms"].split("|"):
            assert id.strip() in catalogue.terms, row


def test_ids_and_names_are_unique() -> None:
    tables = ("procedures", "panels", "analytes", "organisms", "sites", "specimens")
    ids = [row["id"] for table in tables for row in read_table(table)]
    assert len(ids) == len(set(ids))
    for kinds in (("analyte", "panel", "procedure"),):
        seen: dict[tuple[str, ...], str] = {}
        for term in Catalogue.load().terms.values():
            if term.kind in kinds:
                name = words(term.name)
                assert seen.setdefault(name, term.id) == term.id, (name, seen[name], term.id)


def test_more_complex_tests_cost_more() -> None:
    p = {name: price.usd for name, price in prices().items()}
    assert p["lab-single"] < p["xray"] < p["ct"] < p["mri"] < p["pet-ct"]
    assert p["cbc"] < p["gene-single"] < p["exome"]
