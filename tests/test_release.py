"""Wheel and sdist, built and installed where nothing of the checkout is in reach."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from medaction_gym import __version__

ROOT = Path(__file__).resolve().parent.parent

PLAYED = """
import gymnasium as gym, medaction_gym
env = gym.make("MedAction-v0", reward="outcome")
env.reset(seed=1)
print(env.step({"action": "order_test", "test": "complete blood count"})[4]["outcome"])
print(medaction_gym.__file__)
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_sdist_holds_what_is_needed_to_build_and_test(dist: Path) -> None:
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    names = {member.name.partition("/")[2] for member in members}
    assert {"pyproject.toml", "LICENSE", "NOTICE", "README.md", "tests/test_release.py"} <= names
    assert not [m.name for m in members if m.issym() or m.islnk()]


def test_the_wheel_is_the_package_and_nothing_else(dist: Path) -> None:
    [path] = dist.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    info = f"medaction_gym-{__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"medaction_gym", "medaction_vf.py", info}
    shipped = subprocess.run(
        ["git", "ls-files", "medaction_gym"], cwd=ROOT, capture_output=True, text=True
    )
    if shipped.returncode:
        pytest.skip("not a git checkout: what should ship cannot be listed")
    assert set(shipped.stdout.splitlines()) <= set(names)
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE"} <= set(names)


def test_the_wheel_plays_in_a_clean_environment(dist: Path, tmp_path: Path) -> None:
    [wheel] = dist.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    bin = tmp_path / "venv" / "bin"
    run(bin / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    said = run(bin / "medaction-gym", "--version", cwd=tmp_path)
    assert said == f"medaction-gym {__version__}\n"
    outcome, where = run(bin / "python", "-c", PLAYED, cwd=tmp_path).split()
    assert outcome in ("RESULT", "UNAVAILABLE")
    assert Path(where).is_relative_to(tmp_path)
    installed = run(bin / "pip", "list", "--format=freeze", cwd=tmp_path).lower()
    assert not re.search(r"^(torch|openai|ray|trl)==", installed, re.MULTILINE)


def test_the_version_is_said_once_and_cited() -> None:
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_ci_tests_every_extra_that_has_tests() -> None:
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    [listed] = re.findall(r"extra: \[(.*)\]", workflow)
    there = sorted(path.stem.removeprefix("test_") for path in ROOT.glob("tests/extras/test_*.py"))
    assert listed.split(", ") == there
