"""Embedded: a GGUF model in this process, asked in the way a client's endpoint is.

llama.cpp, by xllamacpp, reads the file and answers; nothing leaves the process, and no key is
needed. There is no cache: what is asked again is answered again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from medaction_gym.chat.errors import EndpointError
from medaction_gym.chat.reply import Reply, Usage

CONTEXT = 4096  # tokens of prompt and reply together


class EmbeddedModel:
    """See the module. Processes load their own; instances for one file share what is loaded.

    Args:
        path: The GGUF file.
        threads: Processor threads. One is the fastest where others want the processor too.

    Attributes:
        usage: What has been used so far.

    Raises:
        RuntimeError: If xllamacpp is not installed, or cannot load the file.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self.usage = Usage()
        self._path = Path(path)
        self._server = server(self._path, threads)

    def ask(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> Reply:
        """Ask for one candidate.

        Args:
            messages: As the chat completions API has them.
            options: Others of the API: temperature, seed, max_tokens, response_format ... None
                leaves one out.

        Raises:
            EndpointError: The model gave no completion.
        """
        wanted = {name: value for name, value in options.items() if value is not None}
        try:
            answer = self._server.handle_chat_completions({"messages": list(messages), **wanted})
            if failure := answer.get("error"):
                raise RuntimeError(failure.get("message", "no reason given"))
            reply = Reply.read([json.dumps(answer)])
        except (ValueError, RuntimeError) as error:
            raise EndpointError(str(error)[:300], "in process", self._path.name) from None
        self.usage += reply.usage
        return reply


def need_engine() -> None:
    """Raise RuntimeError, naming the command, if what runs a model in this process is missing."""
    if find_spec("xllamacpp") is None:
        raise RuntimeError(
            "a model in this process needs xllamacpp: pip install 'medaction-gym[local]'"
        )


@lru_cache(maxsize=2)
def server(path: Path, threads: int = 1, port: int = 0) -> Any:
    """llama.cpp with a file, loaded once in a process; it listens on loopback.

    Args:
        path: The GGUF file.
        threads: Processor threads.
        port: Where it listens; any free port if 0. Its ``listening_address`` says which.

    Raises:
        RuntimeError: If xllamacpp is not installed, or cannot load the file.
    """
    need_engine()
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel = CONTEXT, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity, params.port = 0, port
    return xllamacpp.Server(params)
