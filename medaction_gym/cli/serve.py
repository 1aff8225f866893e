"""Serve: ``medaction-gym serve``, cases over HTTP and WebSocket for OpenEnv's clients."""

from __future__ import annotations

from typing import Annotated

import typer

from medaction_gym.cli.common import CasesOption, console, kind_errors, load_cases


def serve(
    cases: CasesOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    max_sessions: Annotated[int, typer.Option(min=1, help="Sessions at a time.")] = 64,
    max_turns: Annotated[int, typer.Option(min=1, help="Actions in an episode.")] = 30,
    reward: Annotated[str, typer.Option(help="shaped, process or outcome.")] = "shaped",
) -> None:
    """Serve cases to OpenEnv clients; each connection plays episodes of its own."""
    with kind_errors():
        try:
            from medaction_gym.integrations.openenv import server
        except ImportError as error:
            raise RuntimeError(
                f"serve needs OpenEnv ({error}): pip install 'medaction-gym[openenv]'"
            ) from None
        application = server.app(
            load_cases(cases), max_sessions=max_sessions, max_turns=max_turns, reward=reward
        )
        console.print(f"serving on http://{host}:{port} (Ctrl-C stops)")
        server.serve(application, host, port)
