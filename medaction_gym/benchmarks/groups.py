"""Groups: the kinds of cases that a breakdown tells apart, read from the case alone."""

from __future__ import annotations

from functools import lru_cache

from medaction_gym.cases.case import Case
from medaction_gym.cases.leaks import find_leaks

# What a result is broken down by.
BY = ("body_system", "rare", "menu", "leak")

_MENU = ((3, "1 to 3 tests"), (5, "4 or 5 tests"))


def groups(case: Case) -> dict[str, str]:
    """The group of a case in each breakdown.

    - ``body_system``: as the source states it; "unstated" where it does not.
    - ``rare``: "rare", "not rare" or "unstated".
    - ``menu``: how many items the record holds.
    - ``leak``: where the gold's own words stand: "test name", else "result", else "none". A reader
      can take the diagnosis from there without reasoning.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> groups(CaseSet.teaching()[0])["menu"]
        '6 tests or more'
    """
    systems = case.metadata.get("body_system") or ["unstated"]
    rare = case.metadata.get("rare")
    return {
        "body_system": systems if isinstance(systems, str) else str(systems[0]),
        "rare": "unstated" if rare is None else "rare" if rare else "not rare",
        "menu": next((name for most, name in _MENU if len(case.tests) <= most), "6 tests or more"),
        "leak": _Leak(case).place,
    }


class _Leak:
    """A case that can be looked up by its content."""

    def __init__(self, case: Case) -> None:
        self.case, self.hash = case, case.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Leak) and self.hash == other.hash

    @property
    def place(self) -> str:
        return _place(self)


@lru_cache(4_096)
def _place(of: _Leak) -> str:
    kinds = {leak.kind for leak in find_leaks(of.case)}
    return "test name" if "test name" in kinds else "result" if "result" in kinds else "none"
