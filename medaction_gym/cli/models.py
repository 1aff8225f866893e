"""Models: ``medaction-gym models``, the language models that come in a package."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from medaction_gym.cli.common import console, errors, kind_errors

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a model; `models list` shows them.")]
Dense = Annotated[
    bool, typer.Option("--dense", help="The folder for transformers, not the GGUF file.")
]


@app.command("list")
def list_models() -> None:
    """List the models and where they are."""
    from medaction_gym import models

    table = Table()
    for column in ("name", "what", "licence", "file", "for transformers"):
        table.add_column(column, overflow="fold")
    for model in models.MODELS.values():
        gguf, dense = models.find_gguf(model.name), models.find_dense(model.name)
        table.add_row(model.name, model.about, model.licence, str(gguf or "-"), str(dense or "-"))
    console.print(table)


@app.command()
def fetch(name: Name) -> None:
    """Fetch a model, convert it for transformers where that is installed, and say where it is."""
    from importlib.util import find_spec

    from medaction_gym import models

    with kind_errors():
        console.print(f"{models.fetch_gguf(name, _tell)}", markup=False, soft_wrap=True)
        if all(find_spec(module) for module in ("torch", "transformers", "gguf")):
            console.print(f"{models.fetch_dense(name, _tell)}", markup=False, soft_wrap=True)
        else:
            _tell("to train it: pip install 'medaction-gym[sft]', and fetch it again")


@app.command()
def path(name: Name, dense: Dense = False) -> None:
    """Print where a model is, for scripts; fetches nothing."""
    from medaction_gym import models

    with kind_errors():
        found = models.find_dense(name) if dense else models.find_gguf(name)
        if found is None:
            raise ValueError(f"{name} is not here: medaction-gym models fetch {name}")
    typer.echo(found)


@app.command()
def serve(
    name: Name,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 1,
) -> None:
    """Serve a model on this machine as an OpenAI-compatible endpoint, without a key."""
    from contextlib import suppress
    from threading import Event

    from medaction_gym import models
    from medaction_gym.chat import embedded

    with kind_errors():
        embedded.need_engine()  # before a model is downloaded for nothing
        gguf = models.fetch_gguf(name, _tell)
        try:
            running = embedded.server(gguf, threads, port)
        except RuntimeError as error:  # llama.cpp does not say which of them it was
            raise RuntimeError(f"port {port} is taken, or {gguf} is unreadable: {error}") from None
        console.print(f"serving on {running.listening_address}/v1 (Ctrl-C stops)", markup=False)
        with suppress(KeyboardInterrupt):
            Event().wait()


def _tell(what: str) -> None:
    errors.print(what, markup=False)
