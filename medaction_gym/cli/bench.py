"""Bench: ``medaction-gym bench``, play a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from medaction_gym.cli import hard, results
from medaction_gym.cli.common import (
    AGAIN,
    console,
    errors,
    kind_errors,
    name_own_modules,
    progress_bar,
)
from medaction_gym.cli.endpoint import (
    BaseUrl,
    Context,
    Form,
    Model,
    Options,
    PerMinute,
    Price,
    Retry,
    Seats,
    Timeout,
)
from medaction_gym.cli.results import (
    JudgeEndpoint,
    JudgeExaminations,
    JudgeModel,
    JudgeName,
    JudgeOptions,
    JudgePerMinute,
    choice_of,
    print_results,
)

if TYPE_CHECKING:
    from medaction_gym.benchmarks.bench import Entrant
    from medaction_gym.benchmarks.data import Choice
    from medaction_gym.benchmarks.judges import JudgeChoice
    from medaction_gym.benchmarks.protocol import Benchmark
    from medaction_gym.benchmarks.result import Result
    from medaction_gym.chat.endpoint import Endpoint

app = typer.Typer(no_args_is_help=True)

ProtocolName = Literal["oracle", "1-turn", "free-turn"]
Data = Annotated[
    list[Path] | None,
    typer.Option("--data", help="The benchmark's file, as published; again for a further one."),
]
Ids = Annotated[
    Path | None, typer.Option(help="Only the cases on this list (JSON, JSONL, CSV, or lines).")
]
Protocol = Annotated[
    ProtocolName,
    typer.Option(help="oracle: the whole record is shown; 1-turn: one request; free-turn."),
]
Agents = Annotated[
    list[str] | None,
    typer.Option(
        "--agent",
        help="Name of an agent (chat:MODEL, sft:FOLDER), or module:Class. Given several times, "
        "each agent plays into a folder of its name under --out.",
    ),
]
PATIENT = "Patient"
PatientName = Annotated[
    Literal["offline", "llm"],
    typer.Option(
        "--patient",
        rich_help_panel=PATIENT,
        help="Who answers: the offline oracle, or a language model shown the record.",
    ),
]
PatientModelName = Annotated[
    str | None,
    typer.Option("--patient-model", rich_help_panel=PATIENT, help="Its name; else OPENAI_MODEL."),
]
PatientEndpoint = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=PATIENT, help="Where it is asked, up to /v1; else OPENAI_BASE_URL."
    ),
]
PatientPerMinute = Annotated[
    float | None,
    typer.Option(min=0.1, rich_help_panel=PATIENT, help="Requests a minute, of all workers."),
]
PatientOptions = Annotated[
    str | None,
    typer.Option(rich_help_panel=PATIENT, help="Of the requests, as JSON. Default: temperature 0."),
]
Out = Annotated[Path | None, typer.Option(help="Folder for trajectories.jsonl and result.json.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes.")]
Seed = Annotated[int, typer.Option(help="Seed of the agent's first trial.")]
Trials = Annotated[int, typer.Option(min=1, help="How often each case is played; see pass^k.")]


def _player(benchmark: Benchmark) -> Callable[..., None]:
    """The command that plays a benchmark."""

    def play(
        called: typer.Context,
        data: Data = None,
        agent: Agents = None,
        out: Out = None,
        ids: Ids = None,
        protocol: Protocol = "free-turn",
        model: Model = None,
        endpoint: BaseUrl = None,
        form: Form = "tools",
        options: Options = None,
        context: Context = 0,
        per_minute: PerMinute = None,
        timeout: Timeout = 120,
        seats: Seats = 1,
        retry_errored: Retry = False,
        price: Price = None,
        limit: Limit = None,
        jobs: Jobs = 1,
        seed: Seed = 0,
        trials: Trials = 1,
        judge: JudgeName = "offline",
        judge_model: JudgeModel = None,
        judge_endpoint: JudgeEndpoint = None,
        judge_per_minute: JudgePerMinute = None,
        judge_options: JudgeOptions = None,
        judge_examinations: JudgeExaminations = True,
        patient: PatientName = "offline",
        patient_model: PatientModelName = None,
        patient_endpoint: PatientEndpoint = None,
        patient_per_minute: PatientPerMinute = None,
        patient_options: PatientOptions = None,
    ) -> None:
        if called.invoked_subcommand:
            return
        for value, option in ((data, "--data"), (agent, "--agent"), (out, "--out")):
            if not value:
                raise typer.BadParameter("is missing", param_hint=option)
        assert data
        assert agent
        assert out
        from medaction_gym.benchmarks.bench import Entrant
        from medaction_gym.benchmarks.data import Choice
        from medaction_gym.benchmarks.hard import SHIPPED

        if benchmark == "medaction-hard" and ids is None:
            ids = SHIPPED
        name_own_modules()
        with kind_errors(AGAIN):
            asked: dict[str, Any] = {
                "base_url": endpoint,
                "options": options,
                "per_minute": per_minute,
            }
            if not any(name.partition(":")[0] == "chat" for name in agent) and any(
                (model, context, *asked.values())
            ):
                raise ValueError("an option for language models needs --agent chat")
            played_by = _patient(
                patient,
                model=patient_model,
                base_url=patient_endpoint,
                per_minute=patient_per_minute,
                options=patient_options,
                timeout=timeout,
            )
            entrants = [
                Entrant(
                    *_named(name, model, out, form=form, context=context, timeout=timeout, **asked),
                    seed,
                    trials,
                    price,
                    seats,
                    retry_errored,
                    played_by,
                )
                for name in agent
            ]
            chosen = Choice(tuple(data), ids, limit)
            asked_by = judge_model, judge_endpoint, judge_per_minute, judge_options
            by = choice_of(judge, *asked_by, judge_examinations)
            played = _played(benchmark, chosen, protocol, entrants, out, jobs, by)
        print_results(played)
        if all(result.counts["errored"] == len(result.rows) for result in played):
            errors.print(
                "[bold red]error:[/] every episode errored. The same command with --retry-errored "
                "plays them again"
            )
            raise typer.Exit(1)
        console.print(f"Result: {out / 'result.json' if len(agent) == 1 else out}", soft_wrap=True)

    return play


app.command("medr-bench", help="Play MedR-Bench's diagnosis cases.")(_player("medr-bench"))
app.command("agentclinic", help="Play AgentClinic's cases, under the same protocols.")(
    _player("agentclinic")
)
_hard = typer.Typer(
    invoke_without_command=True,
    help="Play MedAction-300-Hard: the cases on the shipped list, or on --ids; or build a list.",
)
_hard.callback()(_player("medaction-hard"))
_hard.command()(hard.build)
_hard.command()(hard.contrast)
app.add_typer(_hard, name="medaction-hard")
app.command()(results.verify)
app.command()(results.compare)
app.command()(results.rejudge)


def _named(
    agent: str, model: str | None, out: Path, *, options: str | None, **given: Any
) -> tuple[str, Endpoint | None]:
    """The agent as the record names it, and the model that it asks."""
    from medaction_gym.cli.endpoint import endpoint

    head, _, rest = agent.partition(":")
    if head != "chat":
        return agent, None
    options = options or '{"temperature": 0}'
    cache = out.resolve() / "replies.sqlite"  # what was paid for once is not paid for again
    chat = endpoint(model or rest, options=options, cache=cache, **given)
    return f"chat:{chat.model}", chat


def _patient(
    patient: str,
    *,
    model: str | None,
    base_url: str | None,
    options: str | None,
    per_minute: float | None,
    timeout: float,
) -> Endpoint | None:
    """The model that plays the patient; None for the offline oracle."""
    from medaction_gym.chat.client import model_named
    from medaction_gym.chat.endpoint import Endpoint
    from medaction_gym.chat.record import DEFAULT
    from medaction_gym.cli.endpoint import json_object

    if patient == "offline":
        if any((model, base_url, options, per_minute)):
            raise ValueError("an option for an LLM patient needs --patient llm")
        return None
    given = json_object(options, "--patient-options")
    return Endpoint(
        model=model_named(model, "--patient-model"),
        base_url=base_url or "",
        options=dict(DEFAULT) if given is None else given,
        per_minute=per_minute,
        timeout=timeout,
    )


def _played(
    benchmark: Benchmark,
    chosen: Choice,
    protocol: ProtocolName,
    entrants: list[Entrant],
    out: Path,
    jobs: int,
    by: JudgeChoice,
) -> list[Result]:
    from medaction_gym.benchmarks.bench import bench, bench_all

    with progress_bar() as bar:
        task = bar.add_task("agents", total=len(entrants) if len(entrants) > 1 else None)

        def advance(_: object) -> None:
            bar.advance(task)

        if len(entrants) > 1:
            plan = (benchmark, chosen, protocol, entrants, out)
            done = bench_all(*plan, jobs=jobs, judge=by, on_agent=advance)
        else:
            alone = (benchmark, chosen, protocol, entrants[0], out)
            done = [bench(*alone, jobs=jobs, judge=by, on_case=advance)]
    for line in done[0].data.unreadable:
        errors.print(f"[yellow]not played:[/] {escape(line)}")
    for result in done:
        for row in result.rows:
            if row.error:
                errors.print(f"[red]{row.fate}[/] {escape(row.case_id)}: {escape(row.error)}")
    return done
