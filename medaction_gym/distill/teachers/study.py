"""Study: what the privileged teacher works out about a case before it plays it.

What each page of the record says for each diagnosis considered, in which order a clinician would
ask for the tests, and how a request may be worded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cached_property

from medaction_gym.actions import Outcome
from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import mask
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import words
from medaction_gym.distill.chart import OPENING
from medaction_gym.distill.grounding import Grounds, grounds_of
from medaction_gym.distill.teachers.evidence import AGAINST, SPEAKS, idle, points, telling
from medaction_gym.distill.teachers.rivals import rivals
from medaction_gym.metrics.belief import similarity
from medaction_gym.metrics.outcome import RIGHT, grade
from medaction_gym.oracle import Oracle, Release

BELIEVED, DOUBTED = 2.5, 0.8  # the most logits that one page gives the truth, a wrong disease
GRAPH = 0.8  # of the graph's logits; the results of one patient repeat each other
FINAL = 8.0  # log-odds of the truth over its rivals once the whole record is read
# What a result decides beside one that speaks for the truth: where the graph has no word for what a
# deciding test states, where it hears nothing, and where nothing is out of the ordinary.
TELLING, SILENT, NORMAL = 0.5, 0.02, 0.02
UNCLEAR = 0.2  # by its kind's weight, the most that one decides in which the graph hears no truth
FAINT = 0.25  # of TELLING, where not even a word is about the truth
AMBIGUOUS = 0.5  # of that where the graph hears a rival in it
TELLING_WORD = 6  # letters of a word that a test and a disease do not share by chance
DECIDES = 2.0  # above 1, a few results decide and the others hardly count
HURRY = 0.5  # how fast kind and price lose their say as results come in
BEARING = 4.0  # stages that a result which sets the diagnoses apart is asked for earlier
WORDINGS = 6  # of a request, at most
LATE = 5.0  # stages by which what was only seen at an operation is asked for later
SEASONED = 3.0  # results after which that holds in full; the first tests are everybody's

# When a clinician asks for a kind of test: what is at hand first, what cuts last.
STAGE = {
    "examination": 0.0,
    "laboratory": 1.0,
    "physiology": 1.5,
    "imaging": 2.0,
    "microbiology": 2.5,
    "other": 2.5,
    "endoscopy": 3.5,
    "procedure": 4.0,
    "genetics": 4.5,
    "pathology": 5.0,
}
# How much a kind of test decides, where the graph cannot read its result.
WEIGHT = {
    "pathology": 3.0,
    "genetics": 3.0,
    "microbiology": 2.5,
    "endoscopy": 2.0,
    "imaging": 2.0,
    "physiology": 1.5,
    "procedure": 1.5,
    "laboratory": 1.0,
    "other": 0.8,
    "examination": 0.7,
}
# First-line requests that are sensible anywhere; the record may lack them.
FIRST_LINE = (
    "complete blood count",
    "basic metabolic panel",
    "C-reactive protein",
    "urinalysis",
)
_LATE = re.compile(
    r"\b(?:post\W?(?:op|treat|surg)\w*|follow\W?up|surg\w*|operat\w*|resect\w*|autops\w*|treat\w*"
    r"|intraoperative|outcome|discharge|response)\b",
    re.IGNORECASE,
)
_CONNECTIVE = re.compile(
    r"\s+\b(?:secondary to|due to|caused by|associated with|resulting from|presenting (?:as|with)|"
    r"in the setting of|complicated by|complicating|following|with)\b|[;,:(]",
    re.IGNORECASE,
)


class Study:
    """A case as its teacher knows it.

    Args:
        case: The case.
        others: Diagnoses of other cases, from which wrong ones are taken where the case names few.
    """

    def __init__(self, case: Case, others: Sequence[str]) -> None:
        self.case = case
        self.grounds: Grounds = grounds_of(case)
        self.chart = self.grounds.chart
        self._others = others
        self._requests: dict[int, tuple[str, ...]] = {}
        self._weights: dict[int, float] = {}
        self._bearing: dict[int, float] = {}
        self._bounded: dict[tuple[str, Release], float] = {}
        self._stages: dict[int, tuple[float, float]] = {}

    @cached_property
    def full(self) -> str:
        """The gold diagnosis, whole."""
        return self.case.diagnosis.name.strip().rstrip(".")

    @cached_property
    def core(self) -> str:
        """Its main part: what can be said before its cause is known. Often the whole."""
        core = _CONNECTIVE.split(self.full, maxsplit=1)[0].strip()
        gold = self.case.diagnosis
        if core and core != self.full and grade(gold, core) >= RIGHT:
            return core if similarity(gold, core).value >= 0.5 else self.full
        return self.full

    def gold(self, seen: frozenset[Release]) -> str:
        """How the gold diagnosis may be called once these releases are read; "" not yet."""
        if not self.grounds.level(seen):
            return ""
        if all(self.grounds.knows(cause, seen) for cause in self.grounds.causes):
            return self.full
        said = mask(self.core, self.grounds.causes) != self.core
        return "" if said else self.core

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        """Wrong diagnoses worth considering, the best supported by the presentation first."""
        return rivals(self.grounds, self.full, self._others)

    def weight(self, item: int) -> float:
        """What an item decides for the gold diagnosis, as a share of the whole record.

        By its kind and by what the graph hears in it: a result that says no more for the diagnosis
        than for its rivals decides next to nothing, whatever its kind.
        """
        if not self._weights:
            raw, clear = dict[int, float](), set[int]()
            for i, test in enumerate(self.case.tests):
                named = mask(test.result, self.grounds.names) != test.result
                rival = max((self.chart.weigh(n, Release(i)) for n in self.wrong), default=0.0)
                lead = self.chart.weigh(self.full, Release(i)) - max(0.0, rival)
                heard = lead > 0.1 and self.cited(self.full, Release(i))
                factor = min(3.0, 0.5 + lead) if heard else SILENT
                if not heard and telling(self.chart, Release(i)) and not self._aimed(test.name):
                    near = max(FAINT, min(1.0, lead / SPEAKS))
                    factor = TELLING * near * (AMBIGUOUS if rival >= SPEAKS else 1.0)
                factor *= NORMAL if idle(self.chart, Release(i)) else 1.0
                raw[i] = (WEIGHT[test.category] * factor * (1.6 if named else 1.0)) ** DECIDES
                if heard or named:
                    clear.add(i)
            total = math.fsum(raw.values())
            shares = {i: w / total for i, w in raw.items()}
            most = {i: UNCLEAR * WEIGHT[t.category] for i, t in enumerate(self.case.tests)}
            self._weights = {i: w if i in clear else min(most[i], w) for i, w in shares.items()}
        return self._weights[item]

    def _aimed(self, test: str) -> bool:
        """Whether a test is, by its name, for a rival: what it finds is no sign of the truth."""
        asked = {w for w in words(test) if len(w) >= TELLING_WORD}
        return any(asked.intersection(words(n)) for n in self.wrong) and not asked.intersection(
            words(self.full)
        )

    def hears(self, name: str, *releases: Release) -> float:
        """What the graph says for a diagnosis, each page bounded.

        A page that shares a word with the name of a wrong disease is no proof of it.
        """
        return math.fsum(self._heard(name, r) for r in sorted(releases))

    def _heard(self, name: str, release: Release) -> float:
        key = name, release
        if key not in self._bounded:
            gold = self.grounds.is_gold(name)
            known, most = (self.full, BELIEVED) if gold else (name, DOUBTED)
            said = max(-1.0, min(most, self.chart.weigh(known, release)))
            # A page speaks for a disease, or against it, by what can be cited of it: the name of a
            # test is no support, nor is a value within its range, nor what speaks as well for the
            # rivals.
            if said > 0 and release != OPENING and not self.cited(known, release):
                said = 0.0
            if said < 0 and all(p.speaks > -AGAINST for p in points(self.chart, [release], known)):
                said = 0.0
            self._bounded[key] = said
        return self._bounded[key]

    def cited(self, name: str, release: Release) -> bool:
        """Whether something of a page can be cited for a diagnosis against its rivals."""
        rivals = (*self.wrong, self.full)
        return any(p.supports for p in points(self.chart, [release], name, rivals))

    @cached_property
    def lacking(self) -> float:
        """The log-odds that the whole record must add for the truth to end ahead."""
        pages = [OPENING, *(Release(i) for i in range(len(self.case.tests)))]
        best = max((GRAPH * self.hears(n, *pages) for n in self.wrong), default=0.0)
        return max(0.5, FINAL + max(0.0, best) - GRAPH * self.hears(self.full, *pages))

    def bearing(self, item: int) -> float:
        """How far an item's result sets the diagnoses considered apart, in [0, 1]."""
        if item not in self._bearing:
            heard = [self.hears(n, Release(item)) for n in (self.full, *self.wrong)]
            apart = math.tanh((max(heard) - min(heard)) / 2)
            self._bearing[item] = max(apart, min(1.0, 2 * self.weight(item)))
        return self._bearing[item]

    def left(self, seen: frozenset[Release]) -> float:
        """The most bearing among the items not asked for yet, what comes late apart."""
        have = {r.item for r in seen}
        soon = [i for i, t in enumerate(self.case.tests) if not _LATE.search(t.name)]
        return max((self.bearing(i) for i in soon if i not in have), default=0.0)

    def stage(self, item: int, oracle: Oracle, read: int) -> float:
        """When a clinician would ask for an item: smaller is earlier.

        By kind and price, which count less the more has been read, and by its bearing on the
        question: what an experienced eye would expect to matter.
        """
        if item not in self._stages:
            test = self.case.tests[item]
            parts = oracle.answer(self.requests(item, oracle)[0])
            usd = max((p.price.usd for p in parts), default=0.0)
            cost = 0.4 * math.log10(max(10.0, usd))
            late = LATE if _LATE.search(test.name) else 0.0
            self._stages[item] = STAGE[test.category] + cost, late
        when, late = self._stages[item]
        eye = min(1.0, (1 + read) / SEASONED)
        return when / (1 + HURRY * read) + late - BEARING * eye * self.bearing(item)

    def requests(self, item: int, oracle: Oracle) -> tuple[str, ...]:
        """Wordings that release an item and nothing else, as a doctor would write them first."""
        if item not in self._requests:
            test = self.case.tests[item]
            bare = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", test.name).strip()
            known = Catalogue.load().named(words(bare))
            synonyms = known.synonyms if known else ()
            plain = map(_lower, (bare, *test.aliases))
            wordings = dict.fromkeys([*plain, *synonyms, *test.aliases, bare, test.name])
            good = [
                w
                for w in wordings
                if w
                and [(p.outcome, p.releases) for p in oracle.answer(w)]
                == [(Outcome.RESULT, (Release(item),))]
            ]
            self._requests[item] = tuple(good)[:WORDINGS] or (test.name,)
        return self._requests[item]

    def missing(self, oracle: Oracle) -> list[str]:
        """First-line requests that this record has no answer to."""
        return [
            request
            for request in FIRST_LINE
            if all(p.outcome is Outcome.UNAVAILABLE for p in oracle.answer(request))
        ]


def _lower(name: str) -> str:
    """A name as it stands inside a sentence: abbreviations keep their capitals.

    Example:
        >>> _lower("Chest X-ray"), _lower("MRI of the Brain"), _lower("Skin Examination")
        ('chest X-ray', 'MRI of the Brain', 'skin examination')
    """
    said = name.split(" ")
    if len(said) > 1 and all(w.istitle() for w in said if w.isalpha()):
        return " ".join(w.lower() if w.isalpha() else w for w in said)
    return name if sum(map(str.isupper, said[0])) > 1 else name[:1].lower() + name[1:]
