"""Recorded: a test of the article on its way to the menu, and which reports belong to one test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from medaction_gym.articles.article import Span
from medaction_gym.articles.cues import cue
from medaction_gym.cases.case import MAX_NAME, MAX_TEXT, Analyte, Category, TestResult
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.tokens import words


@dataclass
class Recorded:
    """A test of the article: what becomes of it on the menu, and where it stands."""

    name: str
    category: Category
    pieces: list[str] = field(default_factory=list)
    analytes: dict[str, Analyte] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)

    def take(self, piece: str, span: Span, analytes: Iterable[Analyte] = ()) -> None:
        """Add a stretch of the report."""
        if span not in self.spans or piece not in self.pieces:
            self.pieces.append(piece)
        if span not in self.spans:
            self.spans.append(span)
        for analyte in analytes:
            self.analytes.setdefault(analyte.name.casefold(), analyte)

    def result(self, name: str) -> TestResult:
        """The item of the menu, under the name that was found free for it."""
        text = cue("pointer").sub("", " ".join(self.pieces))
        alone = len(self.analytes) == 1 and self.category == "laboratory"
        single = alone and next(iter(self.analytes)) == name.casefold()
        return TestResult(
            name=name[:MAX_NAME],
            category=self.category,
            result=text[:MAX_TEXT],
            analytes=() if single else tuple(self.analytes.values()),
        )


def item_called(found: list[Recorded], name: str, category: Category) -> Recorded:
    """The item of this name, a new one if there is none."""
    same = _kept(found, name, category)
    if same is None:
        same = Recorded(name, category)
        found.append(same)
    return same


def _kept(found: list[Recorded], name: str, category: Category) -> Recorded | None:
    """The item that a further report belongs to: the same test, or the only one of its kind."""
    key = _key(name)
    for item in reversed(found):
        if item.name == name or _key(item.name) == key:
            return item
    for item in reversed(found):
        if category == "imaging" and any(_overlap(a, b) for a in key for b in _key(item.name)):
            return item
    heads = {head for head, *where in key if not any(where)} if key else set()
    if heads and len(heads) == len(key) and category != "laboratory":
        # "The CT scan" where the article has told of one CT.
        kin = [item for item in found if heads & {head for head, *_ in _key(item.name)}]
        if len(kin) == 1:
            return kin[0]
    return None


def _overlap(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether two orders are one look: "CT of the chest" and "CT of chest and abdomen"."""
    if len(one) != 5 or len(other) != 5 or one[0] is None:
        return False
    here, there = one[1], other[1]
    return (
        (one[0], *one[2:]) == (other[0], *other[2:])
        and isinstance(here, frozenset)
        and isinstance(there, frozenset)
        and bool(here & there)
    )


@lru_cache(maxsize=4_096)
def _key(name: str) -> frozenset[tuple[object, ...]]:
    """A name as the tests it stands for; its words where it names none."""
    orders = parse_orders(name)
    if orders and all(order.head is not None for order in orders):
        return frozenset(
            (
                order.head and order.head.id,
                order.sites,
                order.specimens,
                order.organisms,
                order.sides,
            )
            for order in orders
        )
    return frozenset((word,) for word in words(name))
