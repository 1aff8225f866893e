"""Imports go one way: a module may use what stands above it in this list, never below."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import medaction_gym

PACKAGE = Path(medaction_gym.__file__).parent

LAYERS = (
    "whole",
    "place",
    "models",
    "chat",
    "catalogue",
    "cases",
    "knowledge",
    "synthetic",
    "actions",
    "oracle",
    "episode",
    "view",
    "prompt",
    "metrics",
    "articles",
    "reward",
    "exploits",
    "trajectory",
    "transcript",
    "summary",
    "envs",
    "agents",
    "lockstep",
    "measured",
    "rollout",
    "distill",
    "probe",
    "benchmarks",
    "training",
    "site",
    "integrations",
    "cli",
    "__main__",
)


def layer_of(module: str) -> int:
    """The layer a module belongs to: the longest name in the list that it starts with."""
    names = [n for n in LAYERS if module == n or module.startswith(n + ".")]
    return LAYERS.index(max(names, key=len))


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    inside = {m.removeprefix("medaction_gym.") for m in found if m.startswith("medaction_gym.")}
    return {m for m in inside if m != "__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    own = layer_of(module)
    for other in imports(path):
        target = (PACKAGE / Path(*other.split("."))).with_suffix(".py")
        known = target.exists() or (PACKAGE / Path(*other.split("."))).is_dir()
        if known:
            assert layer_of(other) <= own, f"{module} imports {other}, which stands below it"
