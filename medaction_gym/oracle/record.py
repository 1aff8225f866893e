"""RecordOracle: matches a free-text request to a case's menu and answers from the record.

The safe side is not to release: modality, body site, side, specimen and pathogen must agree, a
request for an analyte gets that analyte and not its panel, and what is not in the record is
UNAVAILABLE, never "normal". Deterministic, without a language model, and every answer says why.

Of all that may answer a request, the best tier decides (`matching`). Where several whole items fit
equally well, the request is AMBIGUOUS; all recorded values of an analyte are released together.
"""

from __future__ import annotations

from collections.abc import Iterator

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Term
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.prices import Price
from medaction_gym.oracle.anatomy import nested
from medaction_gym.oracle.answer import Part, Release, without_parts
from medaction_gym.oracle.choice import (
    at_different_sites,
    at_further_site,
    best,
    lines_about,
    missing,
    of_a_gene,
)
from medaction_gym.oracle.departments import DEPARTMENTS, TOLD_BY_LINES, items_of, lines_of
from medaction_gym.oracle.entry import Entry, default_specimens
from medaction_gym.oracle.finding import told_in_words
from medaction_gym.oracle.index import Index
from medaction_gym.oracle.manner import told_apart
from medaction_gym.oracle.matching import match
from medaction_gym.oracle.panels import makes_one, measures
from medaction_gym.oracle.parts import examinations
from medaction_gym.oracle.plain import plain, the_very
from medaction_gym.oracle.symbols import is_marker
from medaction_gym.oracle.telling import Tellings
from medaction_gym.oracle.tier import Tier
from medaction_gym.oracle.verbatim import by_name, by_symbol, examined, unknown_places
from medaction_gym.oracle.wish import Request, Wish, part_for, price_of, read_request

_TELLS = "told in an examination's report"
_SYMBOL = "the only report with this symbol"
_WHY = {
    Tier.NAME: "named as in the record",
    Tier.SAME: "the same test",
    Tier.KIN: "a test ordered as one with it",
    Tier.PART: "the part of the record that covers it",
    Tier.UNSITED: "the only such test in the record",
    Tier.GENERAL: "the only test in the record that fits",
    Tier.DESCRIBED: "described in another test's report",
    Tier.UNSTATED: "the only such test in the record",
}


class RecordOracle:
    """The offline oracle of one case.

    Args:
        case: The case whose record answers.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> case = CaseSet.teaching()[0]
        >>> oracle = RecordOracle(case)
        >>> part, = oracle.answer(case.tests[0].name)
        >>> part.outcome.value, case.tests[part.releases[0].item].name == case.tests[0].name
        ('RESULT', True)
        >>> oracle.answer("flurbometry")[0].outcome.value
        'NOT_UNDERSTOOD'
    """

    def __init__(self, case: Case):
        self.case = case
        self._index = Index(case)
        self._tellings = Tellings(self._index)
        self._cache: dict[str, tuple[Part, ...]] = {}

    def answer(self, request: str) -> tuple[Part, ...]:
        """Answer a request, test by test. Same request, same answer.

        Args:
            request: Free text, one test or several.

        Returns:
            One `Part` for each test understood; a single NOT_UNDERSTOOD part for none.
        """
        known = self._cache.get(request)
        if known is None:
            known = tuple(self._answer(request))
            if len(self._cache) < 10_000:
                self._cache[request] = known
        return known

    def _answer(self, request: str) -> Iterator[Part]:
        asked = read_request(request)
        whole, why = self._index.named(asked.names), _WHY[Tier.NAME]
        if not whole or whole[0].analyte >= 0:
            whole = () if asked.known else self._index.misspelt(asked.phrase)
            why = "a name of the record, misspelt"
        if whole:
            yield Part(request, Outcome.RESULT, whole, why, self.price(whole))
            return
        if not asked.wishes:
            yield Part(request, Outcome.NOT_UNDERSTOOD, (), "names no test", price_of(None))
        for wish in asked.wishes:
            yield self._one(wish, asked)

    def _one(self, wish: Wish, request: Request) -> Part:
        """Answer one test: by its name, as a part of an examination, or by what fits it best."""
        order, index = wish.order, self._index
        if named := self._named(wish):
            if all(r.analyte >= 0 for r in named) and not index.tell(named):
                return wish.unavailable._replace(why="the record says that it was not done")
            return part_for(order, Outcome.RESULT, _WHY[Tier.NAME], named)
        if seen := self._examined(wish):
            return seen
        if order.head is None and not wish.senses:
            return self._unknown(wish, request)
        if order.head is not None and order.head.id in DEPARTMENTS:
            # "Bloods" says no more of the specimen than "blood tests".
            specimens = order.specimens - frozenset(order.head.specimens)
            more = (order.sites, specimens, order.organisms, order.words, order.measure, order.way)
            if not any(more):
                return self._department(wish, order.head)
        for sense in (wish, *wish.senses):
            if found := self._index.found(sense):
                return self._best(wish, sense.order, found)
        if order.head is None and (known := self._unknown(wish, request)).releases:
            return known
        if order.head is not None and is_marker(order.head.id):
            lines = by_symbol(order, self.case, self._index.entries)
            if lines:
                return part_for(order, Outcome.RESULT, _SYMBOL, lines)
        return self._told(wish, order) or wish.unavailable

    def _named(self, wish: Wish) -> tuple[Release, ...]:
        """What is called by a test's name, if that is what is meant."""
        order = wish.order
        named = self._index.named(wish.names)
        if not named or order.head is None:
            return named
        if order.specimens:
            # "Serum sodium and glucose" asks for none of the CSF.
            named = self._of_specimens(order.specimens, named)
        elif len(named) > 1:
            # "WBC" is the blood's, where the CSF's is called so too.
            named = self._of_specimens(default_specimens(order.head), named) or named
        lines = all(release.analyte >= 0 for release in named)
        # A panel that is itself a component of an item is more than that.
        if not named or (lines and order.head.kind == "panel"):
            return ()
        if self._measured_elsewhere(wish, named):
            return ()
        if lines and order.head.kind == "analyte":
            # "Insulin" is also what another line calls plasma insulin.
            same = self._index.found(wish).get(Tier.SAME, [])
            if set(named) <= set(same):
                return tuple(r for r in same if r.analyte >= 0)
        return named

    def _of_specimens(
        self, wanted: frozenset[str], releases: tuple[Release, ...]
    ) -> tuple[Release, ...]:
        """Releases without the values that are recorded of other specimens than those wanted."""
        held = [
            (entry.release, frozenset().union(*(order.specimens for order in entry.orders)))
            for entry in self._index.of(releases)
        ]
        return tuple(r for r, of in held if r.analyte < 0 or not of or nested(wanted, of))

    def _measured_elsewhere(self, wish: Wish, named: tuple[Release, ...]) -> bool:
        """Whether a bare "WBC" means the blood's, though the line of another fluid is called so."""
        order = wish.order
        if named[0].analyte < 0 or order.specimens:
            return False
        entries = self._index.of(named)
        other = all(o.specimens and o.head == order.head for e in entries for o in e.orders)
        fits = any(match(order, entry, self._index.context) is not None for entry in entries)
        return other and not fits and Tier.SAME in self._index.found(wish)

    def _examined(self, wish: Wish) -> Part | None:
        """Answer a part of an examination; None where the examinations' names decide."""
        if wish.examined is None:
            return None
        index = self._index
        found = index.found(wish)
        fit = set(found[min(found)]) if found else set()
        tell = examinations(wish.examined, self.case, index.entries, fit, index.context)
        if tell is None:
            return None
        if len(tell) > 2:
            why = f"{len(tell)} examinations in the record tell of it; say which body site"
            return part_for(wish.order, Outcome.AMBIGUOUS, why)
        return part_for(wish.order, Outcome.RESULT, _TELLS, tell) if tell else wish.unavailable

    def _best(self, wish: Wish, order: Order, found: dict[Tier, list[Release]]) -> Part:
        """Answer with what fits best.

        Args:
            wish: What is asked for.
            order: The sense of it that something fits.
            found: What fits it, by tier.
        """
        index, tier = self._index, min(found)
        if tier is Tier.UNSTATED:
            if told := self._told(wish, order):
                return told
            if order.sites or unknown_places(order, index.words):
                why = (
                    "the record has such a test, but not all of these words "
                    "are understood; order it without them"
                )
                return part_for(order, Outcome.AMBIGUOUS, why)
        if tier is Tier.PART:
            parts = index.of(found[tier])
            if wish.only:
                parts = [entry for entry in parts if measures(entry.orders, wish.only)]
            found[tier] = [entry.release for entry in parts]
            if not parts or not makes_one(order.head, parts):
                return self._told(wish, order) or wish.unavailable
        releases = best(order, found, index)
        entries = index.of(releases)
        whole = [entry for entry in entries if entry.release.analyte < 0]
        one = tier is not Tier.PART and not of_a_gene(order)
        if len(whole) > 1 and one and not at_different_sites(order, whole):
            return self._meant(wish, order, entries)
        if tier is Tier.DESCRIBED and len(releases) == 1:
            releases = lines_about(wish.order, releases[0].item, index) or releases
        more = at_further_site(order, releases, index)
        if order.head and order.head.kind == "analyte" and all(r.analyte >= 0 for r in releases):
            # All recorded values of an analyte, wherever they are told.
            items = {release.item for release in releases}
            more += tuple(r for r in self._tellings.of(wish) if r.item not in items)
        return part_for(order, Outcome.RESULT, _WHY[tier], releases + more)

    def _meant(self, wish: Wish, order: Order, entries: list[Entry]) -> Part:
        """Answer with the one of several that its manner or its plain name means, if any does."""
        meant = told_apart(wish.manner, entries) or the_very(order, entries)
        why = "the one that fits how and when it is done"
        if len(meant) != 1:
            meant, why = plain(order.head, entries), "the one that is called so for short"
        if len(meant) == 1:
            return part_for(order, Outcome.RESULT, why, (meant[0].release,))
        items = sum(entry.release.analyte < 0 for entry in entries)
        why = f"{items} tests in the record fit; say which {missing(order, entries)}"
        return part_for(order, Outcome.AMBIGUOUS, why)

    def _told(self, wish: Wish, order: Order) -> Part | None:
        """The one report that tells of a test; a value may be told in several."""
        told = self._tellings.of(wish)
        value = wish.order.head is not None and wish.order.head.kind == "analyte"
        if not told or (len(told) > 1 and not value):
            return None
        return part_for(order, Outcome.RESULT, _WHY[Tier.DESCRIBED], told)

    def _department(self, wish: Wish, head: Term) -> Part:
        """Answer a request for a whole department ("imaging")."""
        order, entries = wish.order, self._index.done
        items = items_of(head, self.case, entries)
        if len(items) > 1:
            why = f"{len(items)} tests in the record fit {head.name}; name the test"
            return part_for(order, Outcome.AMBIGUOUS, why)
        if items:
            only = (items[0].release,)
            why = "the only such test in the record"
            return part_for(order, Outcome.RESULT, why, only)._replace(price=self.price(only))
        lines = lines_of(entries, DEPARTMENTS[head.id])
        if lines and head.id in TOLD_BY_LINES:
            return part_for(order, Outcome.RESULT, "the only such tests in the record", lines)
        told = self._told(wish, order)
        return told or part_for(order, Outcome.UNAVAILABLE, f"the record holds no {head.name}")

    def _unknown(self, wish: Wish, request: Request) -> Part:
        """Match a request outside the catalogue by its words alone."""
        order, entries = wish.order, self._index.done
        releases = without_parts(by_name(order, entries))
        if len({r.item for r in releases}) == 1:
            why = "the only name in the record with these words"
            return part_for(order, Outcome.RESULT, why, releases)
        if lines := by_symbol(order, self.case, entries):
            return part_for(order, Outcome.RESULT, _SYMBOL, lines)
        if request.examining:
            signs = examined(order, request.phrase, self.case, entries, self._index.context)
            if signs:
                return part_for(order, Outcome.RESULT, _TELLS, signs)
        if wish.examined and not wish.examined.beside:
            return wish.unavailable
        alone = len(request.wishes) == 1
        if told := told_in_words(order, request.phrase, self.case, entries, alone):
            return part_for(order, Outcome.RESULT, "the only report with these words", told)
        if order.sites or order.specimens or order.organisms:
            why = "names a site, specimen or organism but no test"
        else:
            why = "names no test that is known; use a standard name"
        return part_for(order, Outcome.NOT_UNDERSTOOD, why)

    def price(self, releases: tuple[Release, ...]) -> Price:
        """What a doctor pays who asked for these by name: the dearest test among them."""
        heads = [
            order.head
            for entry in self._index.of(releases)
            for order in entry.orders
            if order.head is not None
        ]
        return max(map(price_of, heads), key=lambda price: price.usd) if heads else price_of(None)


# By the case's identity: an oracle holds its case, so the key cannot be given to another.
_ORACLES: dict[int, RecordOracle] = {}


def oracle_for(case: Case) -> RecordOracle:
    """The case's oracle, built once a process for as long as 4,096 others are not."""
    oracle = _ORACLES.get(id(case))
    if oracle is None:
        if len(_ORACLES) >= 4_096:
            _ORACLES.pop(next(iter(_ORACLES)))
        oracle = _ORACLES[id(case)] = RecordOracle(case)
    return oracle
