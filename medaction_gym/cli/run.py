"""Run: ``medaction-gym run``, an agent over many cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import (
    AGAIN,
    CasesOption,
    SkipBad,
    console,
    kind_errors,
    load_cases,
    name_own_modules,
    progress_bar,
)
from medaction_gym.cli.endpoint import (
    BaseUrl,
    Cache,
    Context,
    Form,
    Model,
    Options,
    PerMinute,
    Price,
    Retry,
    Seats,
    Timeout,
    endpoint,
    used,
)

if TYPE_CHECKING:
    from medaction_gym.summary import Summary


def run(
    agent: Annotated[
        str, typer.Option(help="Name of an agent (chat:MODEL, sft:FOLDER), or module:Class.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the run's files.")],
    cases: CasesOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the agent.")] = 0,
    max_turns: Annotated[int, typer.Option(min=1, help="Turns until truncation.")] = 30,
    max_tests: Annotated[int | None, typer.Option(min=0, help="Limit on tests.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Limit on dollars.")] = None,
    show_menu: Annotated[
        bool, typer.Option("--show-menu", help="Show the names of the recorded tests.")
    ] = False,
    skip_bad: SkipBad = False,
    retry_errored: Retry = False,
    seats: Seats = 1,
    model: Model = None,
    base_url: BaseUrl = None,
    form: Form = "tools",
    options: Options = None,
    context: Context = 0,
    cache: Cache = None,
    per_minute: PerMinute = None,
    timeout: Timeout = 120,
    price: Price = None,
) -> None:
    """Let an agent play cases; write trajectories as it goes; print what became of every case.

    A run that was killed goes on where it stopped when the same command is given again.
    """
    from medaction_gym.episode import Rules
    from medaction_gym.rollout import run as run_cases
    from medaction_gym.summary import summarise
    from medaction_gym.trajectory import Settings

    name_own_modules()
    with kind_errors(AGAIN):
        selected = load_cases(cases, skip_bad=skip_bad)[:limit]
        settings = Settings(
            rules=Rules(max_turns=max_turns, max_tests=max_tests, budget=budget),
            show_menu=show_menu,
        )
        chat = None
        if agent.partition(":")[0] == "chat":
            chat = endpoint(
                model or agent.partition(":")[2],
                form=form,
                options=options or '{"temperature": 0}',
                context=context,
                base_url=base_url,
                cache=cache or out.resolve() / "replies.sqlite",
                per_minute=per_minute,
                timeout=timeout,
            )
            agent = f"chat:{chat.model}"  # the record says which
        elif any((model, base_url, options, cache, per_minute, price)):
            raise ValueError("an option for language models needs --agent chat")
        with progress_bar() as bar:
            task = bar.add_task(agent, total=len(selected))
            trajectories = run_cases(
                selected,
                agent,
                out,
                chat=chat,
                seed=seed,
                settings=settings,
                jobs=jobs,
                seats=seats,
                retry_errored=retry_errored,
                on_case=lambda _: bar.advance(task),
            )
    console.print(summary_table({agent: summarise(trajectories)}))
    for trajectory in trajectories:
        if trajectory.status == "errored":
            console.print(f"[red]errored[/] {trajectory.case_id}: {escape(trajectory.error)}")
    if any(t.status == "errored" for t in trajectories):
        console.print("The same command with --retry-errored plays these again.")
    if chat:
        console.print(_paid(chat.cache, price), markup=False, soft_wrap=True)
    if trajectories and all(t.status == "errored" for t in trajectories):
        raise typer.Exit(1)
    console.print(f"Trajectories: {out / 'trajectories.jsonl'}", markup=False, soft_wrap=True)


def _paid(cache: str, price: tuple[float, float] | None) -> str:
    """What all replies in a cache cost when they were paid for."""
    from medaction_gym.chat import Reply, ReplyCache, Usage

    replies = (Reply.read(bodies) for bodies in ReplyCache(cache).all())
    return f"{used(sum((r.usage for r in replies), Usage()), price)}; replies: {cache}"


def summary_table(summaries: dict[str, Summary]) -> Table:
    """A table with a row an agent, every count with its denominator."""
    columns = "right wrong truncated errored grade reward tests turns USD".split()
    table = Table(
        caption="right, wrong, truncated and errored add up to all cases; grade by the string "
        "judge (strict with paraphrases); means over the cases that did not error"
    )
    table.add_column("agent", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for agent, s in summaries.items():
        out_of = f"/{s.cases}"
        truncated = f"{s.truncated}{out_of}"
        if s.truncated_right:
            truncated += f" ({s.truncated_right} right)"
        table.add_row(
            escape(agent),
            f"{s.right}{out_of}",
            f"{s.wrong}{out_of}",
            truncated,
            f"{s.errored}{out_of}",
            f"{s.grade:.3f}",
            f"{s.reward:+.3f}",
            f"{s.tests:.1f}",
            f"{s.turns:.1f}",
            f"{s.usd:,.0f}",
        )
    return table
