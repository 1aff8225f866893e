from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medaction_gym.knowledge import cache
from medaction_gym.knowledge.tables import Tables


@pytest.fixture
def small(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_tables: Callable[[], Tables]
) -> Path:
    monkeypatch.setenv("MEDACTION_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "read_sources", lambda progress: small_tables())
    return cache.cache_file()


def test_arrays_survive_the_disk(tmp_path: Path) -> None:
    arrays = {"a": np.arange(5, dtype=np.int32), "b": np.zeros((0,), np.float32), "c": np.eye(3)}
    cache.write(tmp_path / "x.bin", arrays)
    again = cache.read(tmp_path / "x.bin")
    assert list(again) == list(arrays)
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_arrays_from_the_cache_are_read_only(small: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        cache.load_or_build()["kind"][0] = 1


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "foreign", "header"])
def test_a_damaged_cache_is_rebuilt(
    small: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache.load_or_build()
    sound = small.read_bytes()
    middle = len(sound) // 2
    small.write_bytes(
        {
            "flip": sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
            "truncate": sound[:middle],
            "empty": b"",
            "foreign": b"PK\x03\x04" + sound[4:],
            "header": sound[:60] + b"\0" + sound[61:],
        }[damage]
    )
    with caplog.at_level(logging.WARNING):
        cache.load_or_build()
    assert "rebuilt" in caplog.text
    assert small.read_bytes() == sound


def test_other_code_or_sources_mean_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.cache_key()
    monkeypatch.setattr(cache.sources, "fingerprint", lambda: {"MONDO": "renewed"})
    cache.cache_key.cache_clear()
    try:
        assert cache.cache_key() != before
    finally:
        cache.cache_key.cache_clear()


def test_without_a_place_to_write_it_compiles_in_memory(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    small_tables: Callable[[], Tables],
) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    monkeypatch.setenv("MEDACTION_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "read_sources", lambda progress: small_tables())
    with caplog.at_level(logging.WARNING):
        assert len(cache.load_or_build()["kind"]) == 9
    assert "compiling in memory" in caplog.text


_STARTER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from conftest import small_tables
from medaction_gym.knowledge import cache

def read_sources(progress):
    with open({log!r}, "a") as log:
        log.write("compiled\\n")
    return small_tables()

cache.read_sources = read_sources
print(len(cache.load_or_build()["kind"]))
"""


def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = _STARTER.format(tests=str(Path(__file__).parent), log=str(log))
    environment = {"MEDACTION_CACHE": str(tmp_path / "cache"), "PATH": ""}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert {process.communicate()[0].strip() for process in started} == {"9"}
    assert log.read_text(encoding="utf-8") == "compiled\n"
