"""Judges: who decides whether a diagnosis is the gold one, by name, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from medaction_gym import __version__
from medaction_gym.benchmarks.provenance import BenchError, files_sha256, sha256
from medaction_gym.chat import Usage
from medaction_gym.episode import Episode
from medaction_gym.metrics.judge import DiagnosisJudge
from medaction_gym.metrics.judge import judge as offline_judge
from medaction_gym.metrics.llm_examinations import Asked

OFFLINE, LLM = "offline", "llm"
# What a language model answered about diagnoses and about examinations, beside the result.
RECORD, EXAMINATIONS = "judge.jsonl", "examinations.jsonl"

# All that the offline judge's verdicts depend on, but for the graph of the installed packages.
OFFLINE_FILES = (
    *("metrics/judge.py", "metrics/judge_features.py", "metrics/profile.py"),
    *("metrics/conflicts.py", "metrics/short_forms.py", "metrics/data", "knowledge"),
)


class ExaminationsUsed(BaseModel):
    """How a language model was asked which examinations were asked for.

    Attributes:
        version: Of the prompt.
        sha256: Of the prompt.
        record_sha256: Of ``examinations.jsonl``, its answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    sha256: str
    record_sha256: str | None = None


class JudgeUsed(BaseModel):
    """Who judged.

    Attributes:
        name: ``"offline"``, ``"llm"`` or ``module:function``.
        version: The package's version; of an LLM the version of the prompt; of one's own judge
            its attribute ``version``, if it has one.
        sha256: Of the offline judge's code and weights; of an LLM's prompt; None of one's own.
        model: The LLM's name.
        endpoint: Where it was asked.
        options: Of its requests; None for temperature 0.
        record_sha256: Of ``judge.jsonl``, the LLM's answers.
        examinations: How the LLM judged examinations; None if it did not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str = ""
    sha256: str | None = None
    model: str = ""
    endpoint: str = ""
    options: dict[str, Any] | None = None
    record_sha256: str | None = None
    examinations: ExaminationsUsed | None = None

    @property
    def asked(self) -> JudgeUsed:
        """Who was asked what, without what was answered: the same for two results judged alike."""
        examinations = self.examinations
        if examinations:
            examinations = examinations.model_copy(update={"record_sha256": None})
        return self.model_copy(update={"record_sha256": None, "examinations": examinations})


class JudgeChoice(NamedTuple):
    """Which judge is wanted.

    Attributes:
        name: ``"offline"``, ``"llm"``, or ``module:function``; the function, without arguments,
            makes a judge.
        model: LLM: its name; else ``OPENAI_MODEL``.
        base_url: LLM: OpenAI-compatible endpoint; else ``OPENAI_BASE_URL``.
        per_minute: LLM: requests a minute.
        options: LLM: of the requests; temperature 0 if None.
        examinations: LLM: whether it judges examinations, too.
        replay: LLM: only read the records, never ask.
    """

    name: str = OFFLINE
    model: str | None = None
    base_url: str | None = None
    per_minute: float | None = None
    options: dict[str, Any] | None = None
    examinations: bool = True
    replay: bool = False


class Judging(NamedTuple):
    """A judge.

    Attributes:
        judge: Of diagnoses.
        used: How to describe it when all is judged.
        examinations: Of examinations; None if only what was handed out counts.
        usage: What it has used; None if it counts nothing.
        close: Ends its connections.
    """

    judge: DiagnosisJudge
    used: Callable[[], JudgeUsed]
    examinations: Callable[[Episode], Asked] | None = None
    usage: Callable[[], Usage | None] = lambda: None
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
        return _llm(choice, folder)
    module, _, attribute = choice.name.partition(":")
    try:
        made: DiagnosisJudge = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, ValueError) as error:
        raise BenchError(f"judge {choice.name!r} cannot be made: {error}") from error
    version = str(getattr(made, "version", ""))
    return Judging(made, lambda: JudgeUsed(name=choice.name, version=version))


def _llm(choice: JudgeChoice, folder: Path) -> Judging:
    from medaction_gym.chat import ChatClient
    from medaction_gym.metrics import llm_examinations, llm_judge

    client = ChatClient(
        choice.model,
        base_url=choice.base_url,
        per_minute=choice.per_minute,
        replay=choice.replay,
    )
    made = llm_judge.LLMJudge(client, folder / RECORD, choice.options)
    examinations = None
    if choice.examinations:
        record = folder / EXAMINATIONS
        examinations = llm_examinations.LLMExaminations(client, record, choice.options)

    def used() -> JudgeUsed:
        return JudgeUsed(
            name=LLM,
            version=llm_judge.PROMPT_VERSION,
            sha256=sha256(llm_judge.PROMPT.encode()),
            model=client.model,
            endpoint=client.endpoint,
            options=choice.options,
            record_sha256=_sha256_of(folder / RECORD),
            examinations=ExaminationsUsed(
                version=llm_examinations.PROMPT_VERSION,
                sha256=sha256(llm_examinations.PROMPT.encode()),
                record_sha256=_sha256_of(folder / EXAMINATIONS),
            )
            if examinations
            else None,
        )

    return Judging(made, used, examinations, lambda: client.usage, client.close)


def _sha256_of(file: Path) -> str | None:
    return sha256(file.read_bytes()) if file.exists() else None
