"""Judges: who decides whether a diagnosis is the gold one, by name, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medaction_gym import __version__
from medaction_gym.benchmarks.provenance import BenchError, files_sha256, sha256
from medaction_gym.metrics.judge import DiagnosisJudge
from medaction_gym.metrics.judge import judge as offline_judge

OFFLINE, LLM = "offline", "llm"
RECORD = "judge.jsonl"  # what a language model answered, beside the result

# All that the offline judge's verdicts depend on, but for the graph of the installed packages.
OFFLINE_FILES = (
    *("metrics/judge.py", "metrics/judge_features.py", "metrics/profile.py"),
    *("metrics/conflicts.py", "metrics/short_forms.py", "metrics/data", "knowledge"),
)


class JudgeUsed(BaseModel):
    """Who judged.

    Attributes:
        name: ``"offline"``, ``"llm"`` or ``module:function``.
        version: The package's version; of an LLM the version of the prompt; of one's own judge
            its attribute ``version``, if it has one.
        sha256: Of the offline judge's code and weights; of an LLM's prompt; None of one's own.
        model: The LLM's name.
        endpoint: Where it was asked.
        record_sha256: Of ``judge.jsonl``, the LLM's answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str = ""
    sha256: str | None = None
    model: str = ""
    endpoint: str = ""
    record_sha256: str | None = None


class JudgeChoice(NamedTuple):
    """Which judge is wanted.

    Attributes:
        name: ``"offline"``, ``"llm"``, or ``module:function``; the function, without arguments,
            makes a judge.
        model: LLM: its name; else ``OPENAI_MODEL``.
        base_url: LLM: OpenAI-compatible endpoint; else ``OPENAI_BASE_URL``.
        per_minute: LLM: requests a minute.
        replay: LLM: only read `RECORD`, never ask.
    """

    name: str = OFFLINE
    model: str | None = None
    base_url: str | None = None
    per_minute: float | None = None
    replay: bool = False


class Judging(NamedTuple):
    """A judge, how to describe it when all is judged, and how to end its connections."""

    judge: DiagnosisJudge
    used: Callable[[], JudgeUsed]
    close: Callable[[], None] = lambda: None


def judging(choice: JudgeChoice, folder: Path) -> Judging:
    """Make a judge for the results in a folder.

    Raises:
        BenchError: If it cannot be made.
    """
    if choice.name == OFFLINE:
        used = JudgeUsed(name=OFFLINE, version=__version__, sha256=files_sha256(OFFLINE_FILES))
        return Judging(offline_judge(), lambda: used)
    if choice.name == LLM:
        return _llm(choice, folder / RECORD)
    module, _, attribute = choice.name.partition(":")
    try:
        made: DiagnosisJudge = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, ValueError) as error:
        raise BenchError(f"judge {choice.name!r} cannot be made: {error}") from error
    version = str(getattr(made, "version", ""))
    return Judging(made, lambda: JudgeUsed(name=choice.name, version=version))


def _llm(choice: JudgeChoice, record: Path) -> Judging:
    from medaction_gym.chat import ChatClient
    from medaction_gym.metrics.llm_judge import PROMPT, PROMPT_VERSION, LLMJudge

    client = ChatClient(
        choice.model,
        base_url=choice.base_url,
        per_minute=choice.per_minute,
        replay=choice.replay,
    )
    made = LLMJudge(client, record)

    def used() -> JudgeUsed:
        return JudgeUsed(
            name=LLM,
            version=PROMPT_VERSION,
            sha256=sha256(PROMPT.encode()),
            model=client.model,
            endpoint=client.endpoint,
            record_sha256=sha256(record.read_bytes()) if record.exists() else None,
        )

    return Judging(made, used, client.close)
