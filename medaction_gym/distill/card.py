"""Card: the data set's README, written from its report. No number in it is typed by hand."""

from __future__ import annotations

import json
from typing import Any

_HEAD = """---
pretty_name: MedAction-Gym distilled trajectories
task_categories: [text-generation]
tags: [medical, reasoning, tool-use, agents, synthetic]
configs:
- config_name: default
  data_files: sft.jsonl
- config_name: truncated
  data_files: truncated.jsonl
- config_name: preferences
  data_files: preferences.jsonl
---
"""


def card(report: dict[str, Any]) -> str:
    """The card of a data set.

    Args:
        report: The report of `export`.
    """
    fates = report["fates"]
    kept = fates["retained"]
    parts = [
        _HEAD,
        "# Distilled diagnosis trajectories\n",
        "Multi-turn diagnoses of case reports, with tool calls: tests are ordered, the "
        "differential is kept up to date, and a diagnosis is committed to. Written by programs, "
        "selected by process metrics. For research on agents; not medical advice, and no account "
        "of how any doctor thought.\n",
        f"{kept['paths']:,} retained paths, {fates['truncated']['paths']:,} cut ones and "
        f"{report['pairs']:,} preference pairs from {report['cases']:,} cases.\n",
        "## How it was made\n",
        f"`{report.get('command', 'medaction-gym distill')}`, version {report['version']}.\n",
        "```json\n" + json.dumps(report["settings"], indent=2) + "\n```\n",
        "Teachers: " + ", ".join(report["teachers"]) + ". The privileged teacher knows the answer "
        "and writes the play of somebody who does not; the offline teachers' sentences come from "
        "templates that cite the record word for word. A checker refuses what cites or names "
        "something not yet revealed, or the diagnosis before evidence supports it.\n",
        "## Selection\n",
        _table(
            ("", "paths", "DTC", "RAC", "examination recall", "tests", "turns", "orders of tests"),
            [
                (
                    fate,
                    f"{s['paths']:,}",
                    f"{s['dtc']:.3f}",
                    f"{s['rac']:.3f}",
                    f"{s['examination_recall']:.3f}",
                    f"{s['tests']:.1f}",
                    f"{s['turns']:.1f}",
                    f"{s['distinct_orders']:,}",
                )
                for fate, s in fates.items()
            ],
        ),
        "Why paths were refused: "
        + (", ".join(f"{k} {v:,}" for k, v in report["reasons"].items()) or "none was")
        + ".\n",
        "## Balance of the retained paths\n",
    ]
    for name in ("specialty", "body system", "rare", "tests", "teacher", "grounds"):
        count = report["balance"][name]
        most = sorted(count.items(), key=lambda kv: (-kv[1], kv[0]))[:25]
        parts += [f"### By {name}\n", _table((name, "paths"), [(k, f"{v:,}") for k, v in most])]
    excluded = report["excluded"]
    parts += [
        "## Contamination\n",
        f"{len(excluded)} cases were left out because a benchmark holds them"
        + (
            ": " + ", ".join(f"{m['case_id']} ({m['by']})" for m in excluded[:20]) + "."
            if excluded
            else "."
        )
        + (
            ""
            if report["benchmarks"]
            else " No benchmark was named (`--benchmark FILE`), so nothing was checked."
        )
        + "\n",
        "## Licences of the cases\n",
        _table(
            ("source", "licence", "cases"),
            [(m["source"], m["license"], f"{m['cases']:,}") for m in report["sources"]],
        ),
        "The text of a row repeats its case: share the rows on the terms of the cases.\n",
    ]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
