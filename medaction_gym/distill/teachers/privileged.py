"""PrivilegedTeacher: knows the answer, and writes the play of a doctor who does not.

It knows the gold diagnosis, the record and the published differential. Beliefs follow the evidence
(`beliefs`); tests are asked for in the order of a ward: what is at hand first, what cuts last. The
gold diagnosis is not named before it is grounded.

Moves, by name: at the start ``first`` and ``anchored`` (on a wrong disease); an order is ``staged``
(what a clinician would ask for now), ``early`` (a costly test too soon), ``late`` (before the last
result is thought over) or ``missing`` (sensible, but not in the record); an update is
``warranted``, ``cautious`` or ``misled``; an end is ``settled``, ``premature`` or ``exhausted``, or
``unproven`` where nothing that was read can be cited for it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from medaction_gym.actions import MAX_DISEASE, Commit, OrderTest, UpdateDifferential
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.node import UNPROVEN, Candidate, Node
from medaction_gym.distill.teachers import beliefs, reasons
from medaction_gym.distill.teachers.rivals import considered
from medaction_gym.distill.teachers.study import Study

LEAST = 3  # tests before one may stop while there are more
SETTLED = 0.65  # the belief at which one then may commit
STALLED = 0.5  # the same where what is left to ask for has little bearing
DULL = 0.2  # which is less than this
SURE = 0.8  # and at which one does
FORCE = {"warranted": 1.0, "cautious": 0.55, "misled": 1.0}
LURE = 0.3  # logits that a result must give a wrong disease to lead astray
STILL = 0.04  # a move that is none
SMALL = 0.12  # a move that may wait for the next result
UNSAID = 3  # results that are too many to be left without a word


class PrivilegedTeacher:
    """See the module.

    Args:
        cases: The run's cases; their short diagnoses serve others as wrong ones.
    """

    name = "privileged"
    privileged = True
    view = Study

    def __init__(self, cases: Iterable[Case] = ()) -> None:
        self._others = considered([*cases, *CaseSet.teaching()])
        self._study: Study | None = None

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """Propose at most k moves, the most fitting first."""
        study = self.study(node.episode.case)
        fresh = node.score.fresh
        if not node.score.beliefs:
            return self._first(study, rng, k)
        if fresh:
            return self._after_result(study, node, rng, k)
        return self._next(study, node, rng, k)

    def study(self, case: Case) -> Study:
        """What is known of a case; that of the latest is kept."""
        if self._study is None or self._study.case is not case:
            self._study = self.view(case, self._others)
        return self._study

    def _first(self, study: Study, rng: random.Random, k: int) -> list[Candidate]:
        found = []
        for i in range(k):
            wrong = list(study.wrong)
            lure = ""
            if i and wrong:
                rng.shuffle(wrong)
                wrong = wrong[: max(2, len(wrong) - rng.randrange(2))]
                lure = wrong[0] if i % 2 == 0 else ""
            belief = beliefs.first(study, wrong, lure)
            said = reasons.first(study.chart, belief, rng)
            found.append(
                Candidate(beliefs.differential(belief), said, "anchored" if lure else "first")
            )
        return found

    def _after_result(
        self, study: Study, node: Node, rng: random.Random, k: int
    ) -> list[Candidate]:
        seen, fresh = node.episode.seen, node.score.fresh
        before = {h.disease: h.probability for h in node.episode.differential}
        held = beliefs.carried(study, before, seen)
        heard = {n: study.hears(n, *fresh) for n in study.wrong}
        lure = max(heard, key=lambda n: (heard[n], held.get(n, 0.0), n), default="")
        plans = ["warranted", "cautious", "misled"]
        # One wrong turn a path is enough, and none for who is nearly sure.
        strayed = any(n.candidate and n.candidate.plan == "misled" for n in node.path)
        if (
            strayed
            or not lure
            or heard[lure] < LURE
            or held.get(beliefs.named(study, held, seen), 0.0) > 0.5
        ):
            plans = plans[:2]
        elif k == 2 and rng.random() < 0.3:
            plans = ["warranted", "misled"]
        found = []
        for plan in plans[:k]:
            tempted = lure if plan == "misled" else ""
            belief = beliefs.after(study, before, seen, fresh, FORCE[plan], tempted)
            gold = beliefs.named(study, held, seen)
            said = reasons.update(study.chart, node, held, belief, rng, gold, study.weight)
            found.append(Candidate(beliefs.differential(belief), said, plan))
        moved = _moved(held, found[0])
        if moved < STILL:
            # Nothing to say again: the next test, or the end.
            return self._next(study, node, rng, k)
        found = [c for c in found if _moved(held, c) >= STILL]
        if moved < SMALL and len(fresh) < UNSAID and k > 1:
            # An uninformative result: the next test may come before the next thought.
            found[1:1] = [c._replace(plan="late") for c in self._orders(study, node, rng, 1)]
        return found[:k]

    def _next(self, study: Study, node: Node, rng: random.Random, k: int) -> list[Candidate]:
        episode = node.episode
        belief = {h.disease: h.probability for h in episode.differential}
        gold = beliefs.named(study, belief, episode.seen)
        top = max(belief, key=lambda n: belief[n], default="")
        p, own = belief.get(top, 0.0), bool(gold) and top == gold
        orders = self._orders(study, node, rng, k)
        last = episode.number + 2 >= episode.rules.max_turns
        enough = own and episode.tests >= LEAST
        settled = SETTLED if study.left(episode.seen) >= DULL else STALLED
        if not orders or last or (enough and p >= SURE):
            name = top or gold or (study.wrong[0] if study.wrong else study.full)
            return [self._end(study, node, name, belief, rng, "settled" if own else "exhausted")]
        if enough and p >= settled:
            return [self._end(study, node, top, belief, rng, "settled"), *orders][:k]
        if top and not own and p >= 0.35 and episode.tests >= 2 and rng.random() < 0.25:
            orders.insert(1, self._end(study, node, top, belief, rng, "premature"))
        return orders[:k]

    def _orders(self, study: Study, node: Node, rng: random.Random, k: int) -> list[Candidate]:
        episode = node.episode
        oracle = episode.oracle
        have = {r.item for r in episode.seen}
        left = [i for i in range(len(study.case.tests)) if i not in have]
        if not left:
            return []
        stages = {i: study.stage(i, oracle, episode.tests) for i in left}
        ranked = sorted(left, key=lambda i: (stages[i] + rng.uniform(0, 1.2), i))
        chosen = [(i, "staged") for i in ranked[:k]]
        first = stages[min(left, key=lambda i: stages[i])]
        chosen = [(i, "early" if stages[i] > first + 3.0 else plan) for i, plan in chosen]
        found = []
        for i, plan in chosen:
            request = rng.choice(study.requests(i, oracle))
            said = reasons.order(study.chart, node, request, study.case.tests[i].category, rng)
            found.append(Candidate(OrderTest(test=request), said, plan))
        early = k > 1 and not reasons.refused(node) and episode.number < 4 and rng.random() < 0.3
        if early and (missing := study.missing(oracle)):
            request = rng.choice(missing)
            said = reasons.order(study.chart, node, request, "laboratory", rng)
            found[-1] = Candidate(OrderTest(test=request), said, "missing")
        return found

    def _end(
        self,
        study: Study,
        node: Node,
        name: str,
        belief: dict[str, float],
        rng: random.Random,
        plan: str,
    ) -> Candidate:
        out = len({r.item for r in node.episode.seen}) == len(study.case.tests)
        said, proven = reasons.commit(
            study.chart, node, name, belief, rng, decides=study.weight, out_of_tests=out
        )
        plan = plan if proven else UNPROVEN
        return Candidate(Commit(diagnosis=name[:MAX_DISEASE]), said, plan)


def _moved(held: Mapping[str, float], candidate: Candidate) -> float:
    """The largest change that a stated belief makes."""
    assert isinstance(candidate.action, UpdateDifferential)
    now = {h.disease: h.probability for h in candidate.action.differential}
    return max((abs(now.get(n, 0.0) - held.get(n, 0.0)) for n in {*now, *held}), default=0.0)
