"""Who asks, answers and judges, in the tests of a language model as the patient and as a judge."""

from __future__ import annotations

import json
from typing import Any

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.oracle.patient import PROMPT
from tests.chat_server import ChatServer, Step, says

CASES = CaseSet.teaching()[:3]
PANEL = next(test for case in CASES for test in case.tests if len(test.analytes) > 1)
WITH_PANEL = next(case for case in CASES if PANEL in case.tests)
HERE = "tests.benchmarks.asking"


def number_of(case: Case, name: str) -> str:
    return str([test.name for test in case.tests].index(name) + 1)


def told(*requested: tuple[str, list[str], bool]) -> Step:
    fields = ("words", "results", "examination")
    return says(json.dumps({"requested": [dict(zip(fields, r, strict=True)) for r in requested]}))


def patient(request: dict[str, Any]) -> Step:
    """Hands over what bears the name that was asked for, and nothing else."""
    system, user = (message["content"] for message in request["messages"])
    assert system == PROMPT
    shown = json.loads(user)
    assert set(shown) == {"case", "results", "request"}
    asked = shown["request"].casefold()
    found = [r["number"] for r in shown["results"] if r["name"].casefold() == asked]
    return told((shown["request"], found, True))


def by_name(request: dict[str, Any]) -> Step:
    """Judges examinations as `patient` answers, and diagnoses as different."""
    shown = json.loads(request["messages"][1]["content"])
    if "gold" in shown:
        return says(json.dumps({"why": "", "verdict": "different"}))
    names = {test["name"].casefold(): test["number"] for test in shown["recorded"]}
    matches = [
        {"number": one["number"], "recorded": [n for name, n in names.items() if name == asked]}
        for one in shown["requested"]
        if (asked := one["request"].casefold())
    ]
    return says(json.dumps({"requested": matches}))


class Asks:
    """Asks for every second test by its name, for one that nobody did, and commits."""

    privileged = True

    def begin(self, start: Any) -> None:
        names = [test.name for test in start.case.tests[::2]]
        self.left = [*names, "flurbometry", names[0]]

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> Any:
        return (0, self.left.pop(0)) if self.left else (2, "Gout")


class AsksTwo(Asks):
    def begin(self, start: Any) -> None:
        self.left = [test.name for test in start.case.tests[:2]]


def endpoint(server: ChatServer, **more: Any) -> Endpoint:
    return Endpoint(model="p", base_url=server.url, options={"temperature": 0}, retries=1, **more)
