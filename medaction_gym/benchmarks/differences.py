"""Differences: what a reader must know before a figure of ours stands beside one of a paper's."""

from __future__ import annotations

from medaction_gym.benchmarks.judges import LLM, OFFLINE, JudgeUsed
from medaction_gym.benchmarks.protocol import Benchmark, Protocol
from medaction_gym.oracle.patient import PatientModel


def differences(
    benchmark: Benchmark, protocol: Protocol, patient: PatientModel | None, judge: JudgeUsed
) -> str:
    """Where a result's scoring differs from the paper's, in words.

    Args:
        benchmark: Which benchmark.
        protocol: Which protocol.
        patient: The language model that played the patient, if one did.
        judge: Who judged.

    Example:
        >>> said = differences("medr-bench", "1-turn", None, JudgeUsed(name="offline"))
        >>> said.startswith("Not comparable"), "GPT-4o" in said
        (True, True)
    """
    if benchmark == "medr-bench":
        return " ".join(_medr_bench(protocol, patient, judge))
    return f"{_OTHERS[benchmark]} {_ours(patient, judge)}"


_OTHERS = {
    "agentclinic": (
        "Not comparable with the figures of the paper (arXiv:2405.07960). There, language models "
        "play the patient, the measurements and the moderator. Here, the history and the "
        "examination stand in the first observation."
    ),
    "medaction-hard": (
        "Not comparable with the figures of the paper (arXiv:2605.07305). Its 300 cases are not "
        "public; these were chosen by the rules of this project, which are in the list's "
        "datasheet, because agents of this project fail on them: an agent that had a part in the "
        "choice looks worse here than it is. There, language models play the patient and judge."
    ),
}


def _medr_bench(
    protocol: Protocol, patient: PatientModel | None, judge: JudgeUsed
) -> tuple[str, ...]:
    said = ["Not comparable with the figures of the paper (arXiv:2503.04691)."]
    if protocol != "oracle":
        said.append(
            "There, GPT-4o plays the patient: it sees the case, its results and the request, and "
            "words the answer."
        )
        if patient:
            said.append(
                f"Here, {patient.model} is asked the same in words of our own, but names results, "
                "and the doctor reads the record's text of these."
            )
        else:
            said.append("Here, the offline oracle answers from the record's own words.")
        said.append(
            "There, an agent asks in sentences, in free turns four times at most; here, one "
            "request is up to 12 tests, and an episode up to 30 actions."
        )
    said.append("There, GPT-4o judges the diagnosis;")
    if judge.name == LLM:
        said.append(
            f"here, {judge.model} is asked the same in words of our own and more strictly: a "
            "broader name, a choice of alternatives, and another type, organ or side are wrong, "
            "and what affirms nothing is settled by rule."
        )
    else:
        said.append(f"here, {_judge(judge)} does.")
    if protocol != "oracle":
        said.append(
            "There, GPT-4o splits the requests and the record into examinations, and says of each "
            "whether it is among the others. Here, recall and precision count what was handed "
            "out."
        )
        if judge.examinations:
            said.append(
                f"Beside them, those called 'judged' are theirs with {judge.model} as the judge, "
                "asked in words of our own, with one answer for both, and with requests split by "
                "rule and the record as its file is read."
            )
    said.append("The gold diagnosis is masked in presentations here.")
    return tuple(said)


def _ours(patient: PatientModel | None, judge: JudgeUsed) -> str:
    answers = f"{patient.model}, as the patient," if patient else "the offline oracle"
    return f"Here, {answers} answers from the record, and {_judge(judge)} judges the diagnosis."


def _judge(judge: JudgeUsed) -> str:
    if judge.name == OFFLINE:
        return "the offline judge"
    return judge.model if judge.name == LLM else f"the judge {judge.name}"
