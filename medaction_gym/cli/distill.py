"""Distill: ``medaction-gym distill``, from cases to training data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from medaction_gym.cli.common import (
    CasesOption,
    SkipBad,
    console,
    errors,
    kind_errors,
    load_cases,
    name_own_modules,
    progress_bar,
)
from medaction_gym.cli.endpoint import (
    PANEL,
    BaseUrl,
    Cache,
    Form,
    Model,
    Options,
    PerMinute,
    Price,
    Timeout,
    endpoint,
    used,
)

if TYPE_CHECKING:
    from medaction_gym.distill.engine import Done


def distill(
    out: Annotated[Path, typer.Option(help="Folder for the data set.")],
    cases: CasesOption = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(help="Teacher, or module:Class; give several to mix them in one tree."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all choices.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")] = False,
    executor: Annotated[
        Literal["serial", "process", "ray"],
        typer.Option(help="What runs the cases; ray needs the extra of its name."),
    ] = "serial",
    jobs: Annotated[int, typer.Option(min=1, help="Workers.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")] = None,
    benchmark: Annotated[
        list[Path] | None, typer.Option(help="Case file that must not be trained on.")
    ] = None,
    width: Annotated[int, typer.Option(min=1, help="Candidates a node.")] = 3,
    depth: Annotated[int, typer.Option(min=1, help="Turns of a path.")] = 30,
    nodes: Annotated[int, typer.Option(min=2, help="Nodes of a tree.")] = 600,
    calls: Annotated[
        int | None, typer.Option(min=1, help="Times the teachers are asked a tree, at most.")
    ] = None,
    order: Annotated[
        Literal["best-first", "breadth-first"], typer.Option(help="Which node is next.")
    ] = "best-first",
    branching: Annotated[
        Literal["informed", "everywhere", "never"], typer.Option(help="Where to fork.")
    ] = "informed",
    per_case: Annotated[int, typer.Option(min=1, help="Paths a case may give.")] = 100,
    dtc: Annotated[float, typer.Option(min=0, max=1, help="Least DTC of a kept path.")] = 0.6,
    rac: Annotated[float, typer.Option(min=0, max=1, help="Least RAC of a kept path.")] = 0.5,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write parquet too; needs the extra 'distill'.")
    ] = False,
    skip_bad: SkipBad = False,
    model: Model = None,
    base_url: BaseUrl = None,
    form: Form = "tools",
    options: Options = None,
    one_by_one: Annotated[
        bool,
        typer.Option("--one-by-one", rich_help_panel=PANEL, help="A request for each candidate."),
    ] = False,
    cache: Cache = None,
    per_minute: PerMinute = None,
    timeout: Timeout = 120,
    price: Price = None,
) -> None:
    """Grow trees of trajectories, keep what is good, and write training data.

    A run that was killed goes on where it stopped with --resume. So do cases whose language model
    could not be reached; they are listed, and the exit status is 1.
    """
    from medaction_gym.chat import Usage
    from medaction_gym.distill.engine import distill as distill_cases
    from medaction_gym.distill.parquet import need_datasets, to_parquet
    from medaction_gym.distill.selection import Thresholds
    from medaction_gym.distill.settings import Settings
    from medaction_gym.distill.tree import Growth

    name_own_modules()
    with kind_errors("stopped; the same command with --resume goes on where it was"):
        if parquet:
            need_datasets()  # before the trees are grown, not after
        selected = load_cases(cases, skip_bad=skip_bad)[:limit]
        settings = Settings(
            teachers=tuple(teacher or ["privileged"]),
            growth=Growth(
                seed=seed,
                width=width,
                depth=depth,
                nodes=nodes,
                calls=calls,
                order=order,
                branching=branching,
            ),
            limits=Thresholds(dtc=dtc, rac=rac, per_case=per_case),
            chat=endpoint(
                model,
                form=form,
                options=options,
                several=not one_by_one,
                base_url=base_url,
                cache=cache,
                per_minute=per_minute,
                timeout=timeout,
            )
            if "chat" in (teacher or [])
            else None,
        )
        barred = [case for path in benchmark or [] for case in load_cases(path)]
        begun = time.monotonic()
        with progress_bar() as bar:
            task = bar.add_task("distill", total=len(selected))
            counts = [0, 0, 0]

            def tell(done: Done) -> None:
                for i, more in enumerate((done.retained, done.truncated, done.pruned)):
                    counts[i] += more
                kept, cut, refused = counts
                said = f"kept {kept:,}  cut {cut:,}  refused {refused:,}"
                bar.update(task, advance=1, description=said)

            report = distill_cases(
                selected,
                out,
                settings=settings,
                benchmark=barred,
                resume=resume,
                executor=executor,
                jobs=jobs,
                on_case=tell,
            )
        if parquet:
            to_parquet(out)
    console.print(_summary(report))
    seconds = time.monotonic() - begun
    console.print(
        f"{report['cases']:,} cases in {seconds:,.0f} s. Rows: {out / 'sft.jsonl'}",
        markup=False,
        soft_wrap=True,
    )
    if report["usage"]["requests"]:
        # When they were paid for, those of earlier calls included.
        told = used(Usage.model_construct(**report["usage"]), price)
        console.print(told, markup=False, soft_wrap=True)
    for case in report["errored"]:
        errors.print(f"[red]errored[/] {escape(case['case_id'])}: {escape(case['error'])}")
    if report["errored"]:
        errors.print("The same command with --resume tries these again.")
        raise typer.Exit(1)


def _summary(report: dict[str, object]) -> Table:
    table = Table(caption="means over the paths of each fate")
    table.add_column("")
    columns = ("paths", "dtc", "rac", "examination_recall", "tests", "turns", "distinct_orders")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    fates = report["fates"]
    assert isinstance(fates, dict)
    for fate, numbers in fates.items():
        cells = [
            f"{numbers[n]:,}" if isinstance(numbers[n], int) else f"{numbers[n]:.3f}"
            for n in columns
        ]
        table.add_row(fate, *cells)
    return table
