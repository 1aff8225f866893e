"""Main: the command line's entry, and the commands without a group."""

from __future__ import annotations

from typing import Annotated

import typer

from medaction_gym import __version__
from medaction_gym.cli import (
    bench,
    cases,
    demo,
    distill,
    exploits,
    judge,
    knowledge,
    models,
    play,
    replay,
    results,
    run,
    score,
    serve,
    site,
    train,
)

app = typer.Typer(
    help="Active diagnosis on published case reports. For research on agents, not for patients.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(
    cases.app, name="cases", help="Case files: check, show, compile from articles, synthesise."
)
app.add_typer(knowledge.app, name="knowledge", help="The disease knowledge graph.")
app.add_typer(models.app, name="models", help="Language models that come in a package.")
app.command()(demo.demo)
app.command()(play.play)
app.command()(run.run)
app.command()(distill.distill)
app.command()(replay.replay)
app.command()(score.score)
app.command()(judge.judge)
app.command()(exploits.exploits)
app.add_typer(bench.app, name="bench", help="Benchmarks: play, verify, compare.")
app.command()(results.rejudge)
app.command()(results.compare)
app.command()(results.leaderboard)
app.command()(site.site)
app.add_typer(train.app, name="train", help="Train a language model on distilled data.")
app.command()(serve.serve)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"medaction-gym {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
