"""RoundsTeacher: the privileged teacher's beliefs, with the work-up of one who knows no record.

`PrivilegedTeacher` asks for what the record holds, so its paths hardly show a refusal; a student
meets one at most of its orders. This teacher orders in three rounds (bedside and laboratory,
imaging, tissue and germs), several tests in a request: some that are usual in that round, whether
or not the record has them, then what the record has beyond that. Between rounds it updates as the
other does, or, where nothing came of one, goes on. Only after the third may it end.

Where a result of the record says the diagnosis, it does not think of it before it has read that
one: there a student can learn to read, and from a first guess that knew better it cannot.
"""

from __future__ import annotations

import random
from functools import cached_property
from typing import NamedTuple

from medaction_gym.actions import OrderTest, Outcome
from medaction_gym.cases.leaks import mask
from medaction_gym.distill.node import Candidate, Node
from medaction_gym.distill.teachers import reasons
from medaction_gym.distill.teachers.privileged import PrivilegedTeacher
from medaction_gym.distill.teachers.study import Study
from medaction_gym.oracle import Oracle, Release


class Round(NamedTuple):
    """A round of orders: the kinds of test that it asks for, and what is usual of them."""

    kinds: frozenset[str]
    usual: tuple[str, ...]


ROUNDS = (
    Round(
        frozenset({"examination", "laboratory", "physiology"}),
        ("physical examination", "laboratory tests", "complete blood count", "metabolic panel",
         "C-reactive protein", "urinalysis", "ECG"),
    ),
    Round(
        frozenset({"imaging"}),
        ("X-ray", "ultrasound", "CT", "MRI", "echocardiography"),
    ),
    Round(
        frozenset({"microbiology", "endoscopy", "procedure", "genetics", "pathology", "other"}),
        ("endoscopy", "culture", "biopsy", "histopathology", "immunohistochemistry",
         "genetic testing"),
    ),
)  # fmt: skip
USUAL = (3, 4)  # of the usual tests a round asks for, at least and at most
MOST = 7  # tests of a round


class Unread(Study):
    """A case whose diagnosis nobody names before a result that says it, where one does."""

    def gold(self, seen: frozenset[Release]) -> str:
        """As `Study.gold`; "" also while no result that says it is among those read."""
        unread = self._says and self._says.isdisjoint(release.item for release in seen)
        return "" if unread else super().gold(seen)

    @cached_property
    def _says(self) -> frozenset[int]:
        names = self.grounds.names
        said = (mask(test.result, names) != test.result for test in self.case.tests)
        return frozenset(i for i, says in enumerate(said) if says)


class RoundsTeacher(PrivilegedTeacher):
    """See the module."""

    name = "rounds"
    view = Unread

    def _next(self, study: Study, node: Node, rng: random.Random, k: int) -> list[Candidate]:
        return self._rounds(study, node, rng, k) or super()._next(study, node, rng, k)

    def _orders(self, study: Study, node: Node, rng: random.Random, k: int) -> list[Candidate]:
        return self._rounds(study, node, rng, k) or super()._orders(study, node, rng, k)

    def _rounds(self, study: Study, node: Node, rng: random.Random, k: int) -> list[Candidate]:
        """The next round, in k variants; nothing after the last, or where turns run out."""
        episode = node.episode
        done = sum(n.candidate is not None and n.candidate.plan == "round" for n in node.path)
        if done >= len(ROUNDS) or episode.number + 3 >= episode.rules.max_turns:
            return []
        now = ROUNDS[done]
        left = {i for i, test in enumerate(study.case.tests) if test.category in now.kinds}
        left -= {release.item for release in episode.seen}
        found = []
        for _ in range(k):
            request = ", ".join(_asked(study, now, left, episode.oracle, rng))
            kind = "imaging" if now is ROUNDS[1] else "laboratory"
            said = reasons.order(study.chart, node, request, kind, rng)
            found.append(Candidate(OrderTest(test=request), said, "round"))
        return found


def _asked(
    study: Study, now: Round, left: set[int], oracle: Oracle, rng: random.Random
) -> list[str]:
    """The tests of a round: usual ones, then those of the record that these do not bring."""
    number = rng.randint(USUAL[0], min(USUAL[1], len(now.usual)))
    chosen = sorted(rng.sample(range(len(now.usual)), number))
    asked = [now.usual[n] for n in chosen]
    brought = {
        release.item
        for part in oracle.answer(", ".join(asked))
        if part.outcome is Outcome.RESULT
        for release in part.releases
    }
    for item in sorted(left - brought, key=lambda i: (study.stage(i, oracle, 0), i)):
        request = rng.choice(study.requests(item, oracle))
        if request not in asked and len(asked) < MOST:
            asked.append(request)
    return asked
