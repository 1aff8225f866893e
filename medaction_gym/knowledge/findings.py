"""Text to findings over the shared graph, and the file that the command line writes.

>>> from medaction_gym.knowledge.findings import evidence, findings
>>> [(f.name, f.negated) for f in findings("Fever without rash")]
[('Fever', False), ('Skin rash', True)]
>>> evidence("Fever without rash")["HP:0001945"] > 0
True
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from medaction_gym.knowledge.extractor import Finding, Findings
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.whole import whole_file

__all__ = ["Finding", "Findings", "evidence", "findings", "findings_file"]


@cache
def _shared() -> Findings:
    return Findings(knowledge())


def findings(text: str, test: str = "", category: str = "") -> tuple[Finding, ...]:
    """The findings of a text over the shared graph; see `Findings.find`."""
    return _shared().find(text, test, category)


def evidence(text: str, test: str = "", category: str = "") -> dict[str, float]:
    """Concepts that a text speaks for and against over the shared graph."""
    return dict(_shared().evidence(text, test, category))


def findings_file(source: str | Path, target: str | Path) -> dict[str, int]:
    """Add ``findings`` to every row of a JSONL file, in order; written whole or not at all.

    Each finding has ``id``, ``name``, ``start``, ``end``, ``negated``, ``kind``, ``confidence``,
    ``family`` and ``hypothetical``. A line that is no JSON object becomes ``{"error": ...}`` with
    no findings, so that the rows stay aligned.
    """
    count = total = 0
    with (
        Path(source).open(encoding="utf-8", errors="replace", newline="\n") as lines,
        whole_file(target) as out,
    ):
        for line in lines:
            if not line.strip():
                continue
            row = _row(line)
            text = row.get("text")
            found = findings(text) if isinstance(text, str) else ()
            row["findings"] = [
                {key: value for key, value in f._asdict().items() if key != "also"} for f in found
            ]
            out.write(json.dumps(row, ensure_ascii=True) + "\n")
            count, total = count + 1, total + len(found)
    return {"rows": count, "findings": total}


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"error": f"not JSON: {error}"}
    return row if isinstance(row, dict) else {"error": "not a JSON object"}
