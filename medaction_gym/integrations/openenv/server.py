"""Server: OpenEnv's application over a set of cases, with limits.

A session is a WebSocket: it plays its own episodes, and ends with the connection. Plain HTTP has
no session, so ``POST /step`` is refused; ``/health``, ``/metadata`` and ``/schema`` answer.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from openenv.core.env_server.http_server import create_fastapi_app
from openenv.core.env_server.types import ConcurrencyConfig

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.integrations.openenv.environment import MedActionEnvironment
from medaction_gym.integrations.openenv.limits import MAX_BYTES, Limits
from medaction_gym.integrations.openenv.records import (
    MedActionAction,
    MedActionObservation,
    MedActionState,
)
from medaction_gym.integrations.session import Session

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

MAX_SESSIONS = 64
IDLE_S = 900.0  # a client that vanished without a word is forgotten after a quarter of an hour


def app(
    cases: CaseSet | str | os.PathLike[str] | None = None,
    *,
    max_sessions: int = MAX_SESSIONS,
    idle_s: float = IDLE_S,
    **settings: Any,
) -> FastAPI:
    """The application, for uvicorn or any ASGI server.

    Args:
        cases: As for `DiagnosisEnv`; the teaching cases if None.
        max_sessions: Sessions at a time; one more is told that the server is full.
        idle_s: Seconds after which a silent session ends.
        **settings: Other arguments of `DiagnosisEnv`.
    """
    from fastapi.responses import JSONResponse

    env = DiagnosisEnv(cases, **settings)  # checks the arguments once, and loads the cases
    _warm(env)

    made = create_fastapi_app(
        lambda: MedActionEnvironment(DiagnosisEnv(env.cases, **settings)),
        MedActionAction,
        MedActionObservation,
        concurrency_config=ConcurrencyConfig(
            max_concurrent_envs=max_sessions, session_timeout=idle_s
        ),
        env_name="medaction",
        state_cls=MedActionState,
    )
    # These cases are no MCP server, and its routes would hand out sessions by id.
    made.router.routes[:] = [
        route for route in made.router.routes if getattr(route, "path", "") != "/mcp"
    ]
    made.add_middleware(Limits)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=400)

    made.add_exception_handler(ValueError, refused)
    made.add_exception_handler(RuntimeError, refused)
    return made


def _warm(env: DiagnosisEnv) -> None:
    """Play an episode, so that all that is loaded on first use is loaded once.

    Sessions run in threads; 64 of them would each load the graph at the same time.
    """
    session = Session(env)
    session.start()
    case = env.episode.case
    session.act({"action": "order_test", "test": case.tests[0].name})
    session.act((1, [{"disease": case.diagnosis.name, "probability": 0.5}]))
    session.act({"action": "order_test", "test": case.tests[-1].name})
    session.act((1, [{"disease": case.diagnosis.name, "probability": 0.9}]))
    session.act({"action": "commit", "diagnosis": case.diagnosis.name})


def serve(application: FastAPI, host: str, port: int) -> None:
    """Serve until stopped."""
    import uvicorn

    uvicorn.run(application, host=host, port=port, ws_max_size=MAX_BYTES, log_level="warning")
