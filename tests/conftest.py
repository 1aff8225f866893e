"""Fixtures that many tests share, the real cases among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat import ChatClient
from tests.chat_server import ChatServer

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real cases, which is never committed."""
    folder = Path(os.environ.get("MEDACTION_DATA", _ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real cases at {folder}; set MEDACTION_DATA to have them tested")
    return folder


@pytest.fixture(scope="session")
def medrbench(real_data: Path) -> CaseSet:
    return CaseSet.load(real_data / "medrbench" / "diagnosis_488_cases.json")


@pytest.fixture(scope="session")
def agentclinic(real_data: Path) -> CaseSet:
    return CaseSet.load(real_data / "agentclinic" / "agentclinic_medqa_107.jsonl")


@pytest.fixture(scope="session")
def real_cases(medrbench: CaseSet, agentclinic: CaseSet) -> CaseSet:
    return CaseSet([*medrbench, *agentclinic])


@pytest.fixture(scope="session")
def teaching() -> CaseSet:
    return CaseSet.teaching()


@pytest.fixture
def chat_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A scripted endpoint; fill its `script` or set its `default`."""
    pytest.importorskip("openai", reason="openai is not installed: pip install .[llm]")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with ChatServer() as server:
        yield server


@pytest.fixture
def chat_client(chat_server: ChatServer) -> Iterator[Callable[..., ChatClient]]:
    """Makes clients of the scripted endpoint, and closes them."""
    with ExitStack() as stack:

        def make(**options: Any) -> ChatClient:
            given = {"model": "scripted", "base_url": chat_server.url} | options
            return stack.enter_context(ChatClient(**given))

        yield make
