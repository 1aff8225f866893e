"""Sheet: the page of a case, with the accounts of all who played it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from medaction_gym.benchmarks.row import Row
from medaction_gym.cases.case import Case
from medaction_gym.site.account import account, truths
from medaction_gym.site.run import Run
from medaction_gym.site.texts import Texts
from medaction_gym.trajectory import Trajectory


class Sheet:
    """A case as it was played.

    Args:
        case: The case.

    Attributes:
        name: The file of its page.
        fates: What became of it in each trial, by the number of the run.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.name = file_name(case.id, case.hash)
        self.texts = Texts()
        self.fates: dict[int, list[str]] = {}
        self._accounts: dict[int, list[str]] = {}

    def put(self, number: int, trajectory: Trajectory, row: Row) -> None:
        """Add the account of a trial of a run, by the run's number."""
        made = account(trajectory, self.case, row, self.texts)
        self.fates.setdefault(number, []).append(row.fate)
        # As text: thousands of accounts must lie in memory until the last run is read.
        text = json.dumps(made, separators=(",", ":"))
        self._accounts.setdefault(number, []).append(text)

    def data(self, runs: Sequence[Run], labels: Sequence[str]) -> dict[str, Any]:
        """The JSON of the page."""
        accounts = [
            (number, trial, json.loads(text))
            for number, texts in self._accounts.items()
            for trial, text in enumerate(texts)
        ]
        return {
            "texts": self.texts.table,
            "tests": [test.name for test in self.case.tests],
            "truths": truths(self.case, self.texts.table, [one for *_, one in accounts]),
            "runs": [
                {
                    "id": run_id(n, trial),
                    "label": labels[n] + (f", trial {trial + 1}" if trial else ""),
                    "kind": runs[n].kind,
                }
                | one
                for n, trial, one in accounts
            ],
        }


def run_id(number: int, trial: int) -> str:
    """How a page calls a trial of a run.

    Example:
        >>> run_id(3, 0), run_id(3, 1)
        ('3', '3-2')
    """
    return f"{number}-{trial + 1}" if trial else str(number)


def file_name(id: str, unique: str) -> str:
    """A name that any file system holds: the id's letters and digits, and what is its own.

    Example:
        >>> file_name("../Case: 7/2", "0123456789abcdef")
        'case-7-2-0123456789.html'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-")[:60]
    return f"{plain}-{unique[:10]}.html".lstrip("-")
