"""Protocol: how much a doctor may see and ask for, after MedR-Bench (Qiu et al. 2025).

A protocol is made of what the package has already: the cases that are played, the rules of the
environment, and for one turn a wrapper around the agent. So its trajectories replay as any others.

    oracle      the whole record stands in the first observation; orders give nothing
    1-turn      one request of up to 12 tests, then the diagnosis
    free-turn   orders until the agent commits
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Rules
from medaction_gym.trajectory import Settings

Benchmark = Literal["medr-bench", "agentclinic", "medaction-hard"]
Protocol = Literal["oracle", "1-turn", "free-turn"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

RECORD = "Results of all tests in the record:"

# What a reader must know before setting a figure of ours beside one of the paper's.
DIFFERENCES: Mapping[Benchmark, str] = {
    "medr-bench": (
        "Not comparable with the figures of the paper (arXiv:2503.04691). There, GPT-4o plays the "
        "patient and words the answers; here, the offline oracle answers from the record's own "
        "words. There, GPT-4o judges the diagnosis and which examinations the record asks for; "
        "here, 'judge' in this file judges the diagnosis, and recall and precision of examinations "
        "count items of the record. There, an agent asks in a conversation; here, one request is "
        "up to 12 tests. The gold diagnosis is masked in presentations here."
    ),
    "agentclinic": (
        "Not comparable with the figures of the paper (arXiv:2405.07960). There, language models "
        "play the patient, the measurements and the moderator; here, the history and the "
        "examination stand in the first observation, the offline oracle answers from the record, "
        "and 'judge' in this file judges the diagnosis."
    ),
    "medaction-hard": (
        "Not comparable with the figures of the paper (arXiv:2605.07305). Its 300 cases are not "
        "public; these were chosen by the rules of this project, which are in the list's "
        "datasheet, because agents of this project fail on them: an agent that had a part in the "
        "choice looks worse here than it is. There, language models play the patient and judge; "
        "here, the offline oracle answers from the record and 'judge' in this file judges."
    ),
}


def played_cases(protocol: Protocol, cases: CaseSet) -> CaseSet:
    """The cases as a protocol plays them.

    Example:
        >>> cases = CaseSet.teaching()
        >>> RECORD in played_cases("oracle", cases)[0].presentation.examination
        True
        >>> played_cases("1-turn", cases) is cases
        True
    """
    return CaseSet(map(with_record, cases)) if protocol == "oracle" else cases


def with_record(case: Case) -> Case:
    """The case with all its results in the presentation."""
    results = "\n".join(f"{test.name}: {test.result}" for test in case.tests)
    text = f"{case.presentation.examination}\n{RECORD}\n{results}".strip()
    shown = case.presentation.model_copy(update={"examination": text})
    # Read anew, so that a record too long for an observation is an error and not a cut.
    return Case.model_validate({**case.model_dump(), "presentation": shown.model_dump()})


def settings(protocol: Protocol) -> Settings:
    """The environment's settings of a protocol.

    Example:
        >>> settings("oracle").rules.max_tests, settings("free-turn") == Settings()
        (0, True)
    """
    return Settings(rules=Rules(max_tests=0)) if protocol == "oracle" else Settings()


def player(protocol: Protocol, agent: str) -> str:
    """The name under which an agent plays a protocol.

    Example:
        >>> player("1-turn", "random"), player("oracle", "random")
        ('medaction_gym.benchmarks.one_round:random', 'random')
    """
    return f"medaction_gym.benchmarks.one_round:{agent}" if protocol == "1-turn" else agent
