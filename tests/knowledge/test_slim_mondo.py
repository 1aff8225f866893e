from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from medaction_gym.knowledge import sources
from medaction_gym.knowledge.tables import Quality

FLAT = [
    {"id": "0000001", "name": "disease"},
    {
        "id": "0000009",
        "name": "bleeding | disorder",
        "synonyms": ["bleeder's disease"],
        "relations": {"is_a": ["0000001"]},
        "xrefs": [{"namespace": "Orphanet", "id": "9"}, {"namespace": "NCIT", "id": "C1"}],
    },
]
OBO = "http://purl.obolibrary.org/obo/"
GRAPHS = {
    "graphs": [
        {
            "meta": {"version": f"{OBO}mondo/releases/2025-01-07/mondo.owl"},
            "nodes": [
                {"id": f"{OBO}MONDO_0000001", "lbl": "disease"},
                {
                    "id": f"{OBO}MONDO_0000009",
                    "lbl": "bleeding | disorder",
                    "meta": {
                        "synonyms": [
                            {"pred": "hasExactSynonym", "val": "bleeder's disease"},
                            {"pred": "hasBroadSynonym", "val": "bleeding"},
                        ],
                        "xrefs": [{"val": "Orphanet:9"}, {"val": "NCIT:C1"}],
                    },
                },
                {"id": f"{OBO}MONDO_0000008", "lbl": "gone", "meta": {"deprecated": True}},
                {"id": f"{OBO}HP_0000001", "lbl": "All"},
            ],
            "edges": [{"sub": f"{OBO}MONDO_0000009", "pred": "is_a", "obj": f"{OBO}MONDO_0000001"}],
        }
    ]
}


@pytest.fixture(scope="module")
def slim() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "slim_mondo.py"
    spec = importlib.util.spec_from_file_location("slim_mondo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("content", "version"), [(FLAT, None), (GRAPHS, "2025-01-07")])
def test_both_formats_give_the_same_table(
    slim: ModuleType, tmp_path: Path, content: object, version: str | None
) -> None:
    source, out = tmp_path / "mondo.json", tmp_path / "slim.tsv.gz"
    source.write_text(json.dumps(content), encoding="utf-8")
    stated, rows = slim.read(source)
    assert stated == version
    slim.write(rows, version or "given", "0" * 64, out)
    tables = sources.read_mondo(out)
    assert tables.concepts["MONDO:0000009"].name == "bleeding disorder"
    assert ("MONDO:0000009", "bleeder's disease", Quality.SYNONYM) in tables.names
    assert tables.xrefs == [("MONDO:0000009", "ORPHA:9")]
    assert [(edge.source, edge.target) for edge in tables.edges] == [
        ("MONDO:0000009", "MONDO:0000001")
    ]
    assert list(tables.concepts) == ["MONDO:0000001", "MONDO:0000009"]


def test_scopes_are_kept_where_the_release_states_them(slim: ModuleType, tmp_path: Path) -> None:
    slim.write(list(slim.rows_from_obographs(GRAPHS["graphs"][0])), "v", "0", tmp_path / "slim.gz")
    names = sources.read_mondo(tmp_path / "slim.gz").names
    assert ("MONDO:0000009", "bleeding", Quality.LOOSE) in names


def test_the_same_input_gives_the_same_bytes(slim: ModuleType, tmp_path: Path) -> None:
    rows = list(slim.rows_from_flat(FLAT))
    slim.write(rows, "v", "0", tmp_path / "a.gz")
    slim.write(rows[::-1], "v", "0", tmp_path / "b.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
