"""Report: what a distillation amounts to, counted from its records."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from medaction_gym.cases.case import Case

METRICS = ("dtc", "rac", "combined", "examination_recall", "tests", "turns", "usd", "grade")


class Tally:
    """Sums over paths of one fate."""

    def __init__(self) -> None:
        self.paths = 0
        self._sums: dict[str, float] = dict.fromkeys(METRICS, 0.0)
        self._orders: set[tuple[str, ...]] = set()
        self._moves: set[int] = set()
        self._moves_all = 0

    def add(self, path: dict[str, Any], case_id: str, rationales: Iterable[str]) -> None:
        """Count one path."""
        self.paths += 1
        for name in METRICS:
            self._sums[name] += path["metrics"][name]
        self._orders.add((case_id, *path["order"]))
        for said in rationales:
            self._moves.add(_short(said))
            self._moves_all += 1

    def summary(self) -> dict[str, float]:
        """Means, and how many different orders of tests and rationales."""
        many = max(1, self.paths)
        result: dict[str, float] = {"paths": self.paths}
        result |= {name: round(total / many, 4) for name, total in self._sums.items()}
        result["distinct_orders"] = len(self._orders)
        result["distinct_rationales"] = round(len(self._moves) / max(1, self._moves_all), 4)
        return result


class Balance:
    """How the retained paths are spread."""

    def __init__(self) -> None:
        self.by: dict[str, Counter[str]] = {
            name: Counter() for name in ("body system", "specialty", "rare", "tests", "teacher")
        }
        self.by_grounds: Counter[str] = Counter()
        self.per_case: Counter[str] = Counter()

    def add(self, case: Case, path: dict[str, Any], teachers: Iterable[str]) -> None:
        """Count one retained path."""
        for system in _listed(case.metadata.get("body_system")):
            self.by["body system"][system] += 1
        for specialty in _listed(case.metadata.get("specialty") or case.metadata.get("disorder")):
            self.by["specialty"][specialty] += 1
        rare = case.metadata.get("rare")
        self.by["rare"]["unknown" if rare is None else "yes" if rare else "no"] += 1
        self.by["tests"][f"{int(path['metrics']['tests']):02d}"] += 1
        self.by["teacher"]["+".join(sorted(set(teachers)))] += 1
        self.by_grounds[path["grounds"]] += 1
        self.per_case[case.id] += 1

    def summary(self, cases: int) -> dict[str, Any]:
        """All counts, sorted, and the evenness of paths over cases (1: all give alike)."""
        counts = list(self.per_case.values())
        total = sum(counts)
        evenness = 0.0
        if total and cases > 1:
            bits = -math.fsum(c / total * math.log(c / total) for c in counts)
            evenness = round(bits / math.log(cases), 4)
        return {
            "cases_with_paths": len(counts),
            "evenness": evenness,
            **{name: dict(sorted(count.items())) for name, count in self.by.items()},
            "grounds": dict(sorted(self.by_grounds.items())),
        }


def _short(text: str) -> int:
    """A fingerprint, the same in every process; millions of rationales must fit in memory."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _listed(value: object) -> list[str]:
    if isinstance(value, str) and value:
        return [value]
    if isinstance(value, (list, tuple)) and value:
        return [str(v) for v in value]
    return ["not stated"]
