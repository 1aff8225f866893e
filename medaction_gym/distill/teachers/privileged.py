"""PrivilegedTeacher: knows the answer, and writes the play of a doctor who does not.

It knows the gold diagnosis, the record and the published differential. Beliefs follow the evidence
(`beliefs`); tests are asked for in the order of a ward: what is at hand first, what cuts last. The
gold diagnosis is not named before it is grounded.

Moves, by name: at the start ``first`` and ``anchored`` (on a wrong disease); an order is ``staged``
(what a clinician would ask for now), ``early`` (a costly test too soon), ``late`` (before the last
result is thought over) or ``missing`` (sensible, but not in the record); an update is
``warranted``, ``cautious`` or ``misled``; an end is ``settled``, ``premature`` or ``exhausted``.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from medaction_gym.actions import Commit, Hypothesis, OrderTest, Outcome, UpdateDifferential
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.chart import OPENING, Cite, denies
from medaction_gym.distill.grounding import cited
from medaction_gym.distill.node import Candidate, Node
from medaction_gym.distill.teachers import beliefs, words
from medaction_gym.distill.teachers.study import Study, considered
from medaction_gym.oracle import Release

LEAST = 2  # tests before one may stop while there are more
SETTLED = 0.65  # the belief at which one then may commit
SURE = 0.8  # and at which one does
FORCE = {"warranted": 1.0, "cautious": 0.55, "misled": 1.0}
LURE = 0.3  # logits that a result must give a wrong disease to lead astray
DECISIVE = 3.0  # logits that the deciding result is worth when an end is argued
SMALL = 0.12  # a move that may wait for the next result
WORN = 1.0  # what a citation loses each time it has been used


class PrivilegedTeacher:
    """See the module.

    Args:
        cases: The run's cases; their short diagnoses serve others as wrong ones.
    """

    name = "privileged"
    privileged = True

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
            self._study = Study(case, self._others)
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
            cites = self._cites(study, [OPENING], list(belief)[:2], rng, 2)
            left = 1 - math.fsum(belief.values())
            said = words.first_impression(rng, list(belief), [c.words for c in cites], left)
            found.append(Candidate(_stated(belief), said, "anchored" if lure else "first"))
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
            said = self._why(study, node, held, belief, rng)
            found.append(Candidate(_stated(belief), said, plan))
        if _moved(held, found[0]) < SMALL and len(fresh) < 3 and k > 1:
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
        if not orders or last or (enough and p >= SURE):
            name = top or gold or (study.wrong[0] if study.wrong else study.full)
            return [self._end(study, node, name, belief, rng, "settled" if own else "exhausted")]
        if enough and p >= SETTLED:
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
        names = sorted(
            (h.disease for h in episode.differential),
            key=lambda d: next(-h.probability for h in episode.differential if h.disease == d),
        )
        refused = _refused(node)
        worn = Counter(w for n in node.path if n.candidate for w in cited(n.candidate.rationale))
        found = []
        for i, plan in chosen:
            request = rng.choice(study.requests(i, oracle)[:3])
            pages = [OPENING, *sorted(episode.seen)]
            (cite,) = self._cites(study, pages, names[:1], rng, 1, worn)
            said = words.ordering(
                rng, request, study.case.tests[i].category, names[:2], cite.words, refused
            )
            found.append(Candidate(OrderTest(test=request), said, plan))
        early = k > 1 and not refused and episode.number < 4 and rng.random() < 0.3
        if early and (missing := study.missing(oracle)):
            request = rng.choice(missing)
            (cite,) = self._cites(study, [OPENING], names[:2], rng, 1)
            said = words.ordering(rng, request, "laboratory", names[:2], cite.words, False)
            found[-1] = Candidate(OrderTest(test=request), said, "missing")
        return found

    # --- words

    def _cites(
        self,
        study: Study,
        pages: Sequence[Release],
        names: Sequence[str],
        rng: random.Random,
        count: int,
        worn: Mapping[str, int] | None = None,
    ) -> list[Cite]:
        """What to cite of some pages: what bears on the names, with some variety."""
        found = [c for page in pages for c in study.chart.cites(page)]
        if not found:
            page = study.chart.page(pages[-1])
            found = [Cite(page.text.split()[0], page.source, page.category, False)]
        weight = {
            c: _bears(study, c, names) + rng.uniform(0, 0.3) - WORN * (worn or {}).get(c.words, 0)
            for c in found
        }
        return sorted(found, key=lambda c: -weight[c])[:count]

    def _why(
        self,
        study: Study,
        node: Node,
        before: Mapping[str, float],
        belief: Mapping[str, float],
        rng: random.Random,
    ) -> str:
        fresh = node.score.fresh
        moves = {
            n: round(belief.get(n, 0.0) - before.get(n, 0.0), 2)
            for n in dict.fromkeys([*belief, *before])
        }
        gain = max(moves, key=lambda n: moves[n], default="")
        loss = min(moves, key=lambda n: moves[n], default="")

        def told(name: str) -> tuple[str, float, float, float]:
            says = study.hears(name, *fresh)
            return name, before.get(name, 0.0), belief.get(name, 0.0), says

        up = told(gain) if gain and moves[gain] > 0 else None
        down = told(loss) if loss and moves[loss] < 0 else None
        names = [t[0] for t in (up, down) if t]
        cites = self._cites(study, fresh, names, rng, 2 if len(fresh) > 1 else 1)
        lead_before = max(before, key=lambda n: before[n], default="")
        lead = max(belief, key=lambda n: belief[n], default="")
        pairs = [(c.words, c.source) for c in cites]
        return words.updating(rng, pairs, up, down, lead_before, lead)

    def _end(
        self,
        study: Study,
        node: Node,
        name: str,
        belief: dict[str, float],
        rng: random.Random,
        plan: str,
    ) -> Candidate:
        rivals = [n for n in sorted(belief, key=lambda n: -belief[n]) if n != name]
        # The two results that speak most for it, against the strongest rival.
        seen = sorted(
            node.episode.seen,
            key=lambda r: (
                (study.hears(rivals[0], r) if rivals else 0.0)
                - study.hears(name, r)
                - (DECISIVE * study.weight(r.item) if study.grounds.is_gold(name) else 0.0)
            ),
        )
        cites = [self._cites(study, [r], [name, *rivals], rng, 1)[0] for r in seen[:2]]
        cites = cites or self._cites(study, [OPENING], [name], rng, 2)
        rival = rivals[0] if rivals else ""
        pairs = [(c.words, c.source) for c in cites]
        have = {r.item for r in node.episode.seen}
        out = len(have) == len(study.case.tests)
        p = belief.get(name, 0.0)
        said = words.committing(rng, name, pairs, rival, p, out_of_tests=out)
        return Candidate(Commit(diagnosis=name[:300]), said, plan)


def _bears(study: Study, cite: Cite, names: Sequence[str]) -> float:
    """How well a citation suits: it speaks for the first name, and less for the others."""
    if not names:
        return float(cite.telling)
    own, *others = (study.chart.like(n, cite) for n in names)
    # What is there tells more than what is not.
    return own - 0.5 * max(others, default=0.0) + 0.3 * cite.telling - 0.4 * denies(cite.words)


def _moved(held: Mapping[str, float], candidate: Candidate) -> float:
    """The largest change that a stated belief makes."""
    assert isinstance(candidate.action, UpdateDifferential)
    now = {h.disease: h.probability for h in candidate.action.differential}
    return max((abs(now.get(n, 0.0) - held.get(n, 0.0)) for n in {*now, *held}), default=0.0)


def _stated(belief: dict[str, float]) -> UpdateDifferential:
    return UpdateDifferential(
        differential=tuple(Hypothesis(disease=n[:300], probability=p) for n, p in belief.items())
    )


def _refused(node: Node) -> bool:
    """Whether the test just asked for was not to be had."""
    turn = node.episode.turn
    return turn is not None and turn.outcome is Outcome.UNAVAILABLE
