"""Protocol: how much a doctor may see and ask for, after MedR-Bench (Qiu et al. 2025).

A protocol is made of what the package has already: the cases that are played, the rules of the
environment, and for one turn a wrapper around the agent. So its trajectories replay as any others.

    oracle      the whole record stands in the first observation; orders give nothing
    1-turn      one request of up to 12 tests, then the diagnosis
    free-turn   orders until the agent commits
"""

from __future__ import annotations

from typing import Literal, get_args

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Rules
from medaction_gym.oracle.patient import PatientModel
from medaction_gym.trajectory import Settings

Benchmark = Literal["medr-bench", "agentclinic", "medaction-hard"]
Protocol = Literal["oracle", "1-turn", "free-turn"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

RECORD = "Results of all tests in the record:"


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


def settings(protocol: Protocol, patient: PatientModel | None = None) -> Settings:
    """The environment's settings of a protocol.

    Args:
        protocol: Which protocol.
        patient: The language model that plays the patient; None for the offline oracle.

    Example:
        >>> settings("oracle").rules.max_tests, settings("free-turn") == Settings()
        (0, True)
    """
    rules = Rules(max_tests=0) if protocol == "oracle" else Rules()
    return Settings(rules=rules, patient=patient)


def player(protocol: Protocol, agent: str) -> str:
    """The name under which an agent plays a protocol.

    Example:
        >>> player("1-turn", "random"), player("oracle", "random")
        ('medaction_gym.benchmarks.one_round:random', 'random')
    """
    return f"medaction_gym.benchmarks.one_round:{agent}" if protocol == "1-turn" else agent
