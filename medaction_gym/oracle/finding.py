"""Finding: a question that names no test, answered by the only report that speaks of the matter.

"How thick is the bladder wall?", "does the lesion enhance after gadolinium?". Whoever only names a
disease asks for nothing and gets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.tokens import words
from medaction_gym.catalogue.wording import EXAMINING, filler
from medaction_gym.oracle.answer import Release
from medaction_gym.oracle.entry import Entry

ENOUGH = 2  # words that a report must have of a question
BEGINNING = 5  # letters by which two of its words are one

# What is asked of a thing that a report names: no word of it need stand there.
_ASKED_OF = frozenset(
    words(
        "size diameter dimension length width height wide long big large small thick thickness "
        "deep depth many much number volume measure measurement level value degree extent "
        "severity status appearance look like character feature result finding detail kind type"
    )
)
# What is asked of it, and stands there more often than not.
_ASPECTS = frozenset(
    words(
        "morphology inclination displacement continuity dilatation dilation flow grade expression "
        "atypia density signal enhancement texture shape color margin mobility score ratio angle "
        "position alignment patency extension invasion necrosis fibrosis strength tone"
    )
)
# How a question or the order to look for something begins.
_ASKING = frozenset(
    words(
        "is are was were does do did has have what which how where whether any describe tell find"
    )
)
# Words of tests, which say nothing of what is tested.
_OF_TESTS = frozenset(words("antibody titer assay stain culture serum blood urine plasma"))
# Departments whose reports tell what was seen, in words of their own.
_TELLING = frozenset("imaging examination endoscopy pathology physiology procedure other".split())


def told_in_words(
    order: Order, phrase: Sequence[str], case: Case, entries: Iterable[Entry], alone: bool
) -> tuple[Release, ...]:
    """The one report that speaks of what a question without a test is about.

    Args:
        order: The question.
        phrase: All words of the request.
        case: The case.
        entries: Everything on its menu.
        alone: The request asks for nothing else.

    Returns:
        The only item with every word of it. Where it is `alone` and asks how something looks or
        what of it there is, the item with most of its words, at least two, will do.
    """
    whole = [e for e in entries if e.release.analyte < 0]
    if (sign := named_sign(order)) is not None:
        told = tuple(e.release for e in whole if _says(sign, case, e))
        return told if len(told) == 1 else ()
    asked = [w for w in dict.fromkeys(phrase if alone else words(order.text)) if len(w) > 2]
    sought = [w for w in asked if w not in filler() and w not in _ASKED_OF]
    if len(sought) < ENOUGH:
        return ()
    plain = not _ASKED_OF.isdisjoint(asked) and all(map(str.isalpha, sought))
    opens = bool(phrase) and phrase[0] in _ASKING
    asks = opens or not (_ASKED_OF | _ASPECTS | EXAMINING).isdisjoint(asked)
    hits = [sum(_has(entry, word) for word in sought) for entry in whole]
    best = max(hits, default=0)
    if hits.count(best) != 1:
        return ()
    entry = whole[hits.index(best)]
    if best == len(sought) and plain:
        return (entry.release,)
    if not (alone and asks) or not _agree_on_side(order, entry):
        return ()
    telling = case.tests[entry.release.item].category in _TELLING
    known = sum(_has(entry, word) for word in sought if word not in _OF_TESTS)
    enough = telling and known >= ENOUGH and 2 * best >= len(sought)
    return (entry.release,) if enough else ()


def _has(entry: Entry, word: str) -> bool:
    """Whether a word, or one that begins alike, stands in an item's name or report."""
    spoken = entry.words | entry.content.words
    return word in spoken or any(_begins(word, other) for other in spoken)


def _agree_on_side(order: Order, entry: Entry) -> bool:
    return not (order.sides and entry.content.sides and order.sides.isdisjoint(entry.content.sides))


def named_sign(order: Order) -> tuple[str, str] | None:
    """A sign that is called by a name, as the end of it: of the "double duct sign" the last two.

    Whoever asks for "any sign of" a disease names none.
    """
    asked = words(order.text)
    if "sign" not in asked[1:]:
        return None
    before = asked[asked.index("sign", 1) - 1]
    alone = asked[-1] == "sign" and before not in filler() and len(before) > 2
    return (before, "sign") if alone else None


def _says(phrase: tuple[str, ...], case: Case, entry: Entry) -> bool:
    """Whether an item's report has some words beside one another."""
    spoken = words(case.tests[entry.release.item].result)
    return any(spoken[i : i + len(phrase)] == phrase for i in range(len(spoken)))


def _begins(word: str, other: str) -> bool:
    """Whether two words begin alike: thick and thickened, axilla and axillary."""
    least = min(len(word), len(other))
    return least >= BEGINNING and word[: least - 1] == other[: least - 1]
