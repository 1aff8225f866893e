"""Order: one test that a text asks for, in terms of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medaction_gym.catalogue.catalogue import Catalogue, Term


@dataclass(frozen=True, slots=True)
class Order:
    """One test that a text asks for.

    Attributes:
        text: The words it was read from.
        head: What is done or measured; None where no catalogue term was found.
        sites: Body sites named (not those that the head implies).
        specimens: Specimens named.
        organisms: Pathogens named.
        sides: ``"left"`` and ``"right"`` as named.
        words: Content words that no term explains.
        measure: What of the test's report is asked for ("LVEF"); a report without it is no answer.
        way: The technique that was named, where the head is the test it is a way of doing.
        source: The test that a value is to be read in: the film of "schistocytes on the film".
        title: The order in plain words, e.g. ``"computed tomography of abdomen"``.
    """

    text: str
    head: Term | None
    sites: frozenset[str] = frozenset()
    specimens: frozenset[str] = frozenset()
    organisms: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    measure: str = ""
    way: str = ""
    source: Term | None = None
    title: str = ""

    def titled(self) -> Order:
        """The same order with its title."""
        names = Catalogue.load().terms
        text = self.head.name if self.head else self.text
        if self.measure:
            text = f"{names[self.measure].name} by {text}"
        if self.organisms:
            text += " for " + ", ".join(sorted(names[o].name for o in self.organisms))
        where = sorted(names[s].name for s in self.specimens | self.sites)
        return replace(self, title=f"{text} of {' and '.join(where)}" if where else text)
