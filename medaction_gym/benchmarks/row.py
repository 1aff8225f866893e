"""Row: what became of one case, from its trajectory alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from medaction_gym.actions import Malformed, OrderTest
from medaction_gym.benchmarks.groups import groups
from medaction_gym.benchmarks.interval import DIGITS
from medaction_gym.cases.case import Case, Diagnosis
from medaction_gym.catalogue.orders import parse_orders
from medaction_gym.catalogue.tokens import words
from medaction_gym.chat import ChatError
from medaction_gym.episode import Episode
from medaction_gym.metrics.judge import DiagnosisJudge, Judgement, Verdict
from medaction_gym.metrics.llm_examinations import Asked
from medaction_gym.metrics.process import Process
from medaction_gym.metrics.share import Share
from medaction_gym.trajectory import Trajectory

# What can become of a case. "undecided" and "unjudged" have committed; the judge has no verdict, or
# could not be asked.
# "refused": it would not give a diagnosis.
Fate = Literal["right", "wrong", "undecided", "unjudged", "refused", "truncated", "errored"]
# How the error of a row begins whose judge could not be asked.
UNJUDGED, EXAMINATIONS_UNJUDGED = "judge: ", "judge of examinations: "
_OF_VERDICT: dict[Verdict, Fate] = {"same": "right", "different": "wrong", "undecided": "undecided"}


_DECLINES = re.compile(
    r"\W*(?:(?:I(?: a|[’']?)m )?(?:very )?sorry\b[,.;]?\s*(?:but )?)?"
    r"(?:as an? (?:AI|language model)\b[^.]{0,60}?)?"
    r"I(?: am|[’']m)?\s*"
    r"(?:can ?not|can[’']t|won[’']t|will not|must decline|unable|not able)\b[^.]{0,30}?"
    r"\b(?:provide|give|offer|make|help|assist|diagnose|continue|comply)\b",
    re.IGNORECASE,
)


class Row(BaseModel):
    """One case.

    Attributes:
        case_id: The case.
        case_hash: SHA-256 of the case as played.
        seed: The trial's seed.
        groups: The kinds of cases it belongs to, see `benchmarks.groups`.
        fate: What became of it.
        error: Of the agent or the judge.
        prediction: The diagnosis committed to, or the head of the differential on truncation.
        verdict: The judge's on the prediction, also on truncation; None where there is none.
        p: The judge's probability that it is right.
        recall: Items of the record seen, and of how many.
        precision: Tests with a result, and how many were asked for.
        recall_judged: Examinations of the record that were asked for, as a language model sees it,
            and of how many; None if none was asked, or it gave no answer.
        precision_judged: Examinations asked for that are in the record, as it sees it, and of how
            many.
        dtc: `metrics.dtc`, in [0, 1].
        rac: `metrics.rac`, in [0, 1].
        reward: Sum of the rewards.
        usd: Dollars spent.
        hours: Hours waited.
        tests: Tests with a result.
        turns: Turns taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    case_id: str
    case_hash: str
    seed: int
    groups: dict[str, str]
    fate: Fate
    error: str = ""
    prediction: str = ""
    verdict: Verdict | None = None
    p: float | None = None
    recall: tuple[float, float]
    precision: tuple[float, float]
    recall_judged: tuple[float, float] | None = None
    precision_judged: tuple[float, float] | None = None
    dtc: float
    rac: float
    reward: float
    usd: float
    hours: float
    tests: int
    turns: int


def row(
    trajectory: Trajectory,
    case: Case,
    judge: DiagnosisJudge,
    examinations: Callable[[Episode], Asked] | None = None,
) -> Row:
    """Score one trajectory."""
    episode = trajectory.episode(case)
    process = Process.of(episode)
    error, judged, asked = trajectory.error, None, None
    if trajectory.status != "errored":
        if examinations:
            try:
                asked = examinations(episode)
            except ChatError as failure:
                error = f"{EXAMINATIONS_UNJUDGED}{failure}"[:1_000]
        try:
            judged = judgement(case.diagnosis, trajectory.prediction, judge)
        except ChatError as failure:
            error = f"{UNJUDGED}{failure}"[:1_000]
    fate: Fate = "unjudged"
    if refused(trajectory):
        fate = "refused"
    elif trajectory.status != "committed":
        fate = trajectory.status
    elif judged is not None:
        fate = _OF_VERDICT[judged.verdict]
    return Row(
        case_id=case.id,
        case_hash=trajectory.case_hash,
        seed=trajectory.seed,
        groups=groups(case),
        fate=fate,
        error=error,
        prediction=trajectory.prediction,
        verdict=judged.verdict if judged else None,
        p=judged.p if judged else None,
        recall=recall(episode),
        precision=precision(episode),
        recall_judged=asked.recall if asked else None,
        precision_judged=asked.precision if asked else None,
        dtc=round(process.dtc, DIGITS),
        rac=round(process.rac, DIGITS),
        reward=trajectory.reward,
        usd=trajectory.usd,
        hours=trajectory.hours,
        tests=trajectory.tests,
        turns=len(trajectory.steps),
    )


def refused(trajectory: Trajectory) -> bool:
    """Whether it would not give a diagnosis: its commitment, or its last words, decline to.

    Only plain first-person refusals count, at the start of the text, so that no diagnosis and no
    uncertainty about one is taken for it.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> start = Episode.start(CaseSet.teaching()[0])
        >>> said = "I'm sorry, but I can't provide a medical diagnosis."
        >>> refused(Trajectory.of(start.act({"action": "commit", "diagnosis": said})))
        True
        >>> unsure = {"action": "commit", "diagnosis": "I cannot exclude gout"}
        >>> refused(Trajectory.of(start.act(unsure)))
        False
    """
    last = trajectory.steps[-1].action if trajectory.steps else None
    if trajectory.status == "committed":
        return bool(_DECLINES.match(trajectory.prediction))
    if trajectory.status != "truncated" or not isinstance(last, Malformed):
        return False
    return bool(_DECLINES.match(last.received))


def judgement(gold: Diagnosis, prediction: str, judge: DiagnosisJudge) -> Judgement:
    """The judge's best verdict over all names of the gold diagnosis.

    Example:
        >>> from medaction_gym.metrics.judge import judge
        >>> gold = Diagnosis(name="Pyogenic granuloma", synonyms=("Gout",))
        >>> judgement(gold, "gout", judge()).verdict, judgement(gold, "", judge()).verdict
        ('same', 'different')
    """
    if not prediction:
        return Judgement(0.0, "different", "no diagnosis")
    rank = {"same": 2, "undecided": 1, "different": 0}
    judged: list[Judgement] = []
    for name in (gold.name, *gold.synonyms):
        judged.append(judge(name, prediction))
        if judged[-1].p == 1 and judged[-1].verdict == "same":
            break  # nothing is better, and some judges are paid
    return max(judged, key=lambda one: (rank[one.verdict], one.p))


def recall(episode: Episode) -> Share:
    """Items of the record that were seen, a part of a panel as its part; of all items.

    The same as in `metrics.behaviour`, which measures much more and takes longer.
    """
    whole = {release.item for release in episode.seen if release.analyte < 0}
    parts = sorted(release.item for release in episode.seen if release.item not in whole)
    tests = episode.case.tests
    return Share(
        math.fsum([len(whole), *(1 / len(tests[item].analytes) for item in parts)]), len(tests)
    )


def precision(episode: Episode) -> Share:
    """Tests asked for that gave a result, of all asked for. The same as in `metrics.behaviour`.

    A request that brings more results than it names tests counts for those it names.
    """
    asked = results = 0
    for turn in episode.turns:
        if isinstance(turn.action, OrderTest):
            # A name of the record is one test, whatever it lists.
            named = {words(episode.case.tests[release.item].name) for release in turn.released}
            one = words(turn.action.test) in named
            tests = 1 if one else max(1, len(parse_orders(turn.action.test)))
            asked += tests
            results += min(turn.tests, tests)
    return Share(results, asked)
