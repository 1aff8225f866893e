"""KnowledgeAgent: a doctor without a language model, who believes what the knowledge graph says."""

from __future__ import annotations

from typing import Any

from medaction_gym.agents.base import Start
from medaction_gym.agents.hypotheses import Hypotheses, Hypothesis
from medaction_gym.agents.workup import NO_RESULT, STEPS, ambiguous, called, requests, sites
from medaction_gym.agents.workup import table as tests

SURE = 0.9  # a diagnosis this likely needs no further step
MOVED = 0.05  # a belief that moved less is not stated again
MENU = "\nTests in the record:\n- "


class KnowledgeAgent:
    """States what it believes, orders what its hypotheses call for, and commits to the likeliest.

    The belief is `Hypotheses`, the tests are those of `workup`, a step at a time: laboratory,
    imaging, function, tissue, surgery. A test that the record holds several of is ordered again
    at the sites that the texts name. It stops when it is sure, or when no step is left.
    """

    privileged = False

    def begin(self, start: Start) -> None:
        """Read the presentation."""
        message, _, menu = start.observation["message"].partition(MENU)
        self.case = Hypotheses()
        self.case.read_presentation(message)
        self.texts = [message]
        self.steps = [] if menu else list(STEPS)
        # With the menu in sight there is nothing to guess; each name is a request of its own.
        self.waiting = menu.split("\n- ") if menu else []
        self.ordered: list[str] = []
        self.tried: set[str] = set()
        self.belief: list[Hypothesis] = self.case.posterior()
        self.stated: dict[str, float] | None = None

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Read the results, state a belief that moved, order the next tests, or commit."""
        if info["released"]:
            for test, text in results(observation["message"], info["released"]):
                self.case.read_result(text, test)
                self.texts.append(text)
            self.belief = self.case.posterior()
        if self.ordered:
            self._look_closer(ambiguous(self.ordered, observation["message"]))
            self.ordered = []
        if self._moved() >= MOVED:
            self.stated = {h.name: h.p for h in self.belief}
            differential = [{"disease": h.name, "probability": h.p} for h in self.belief]
            return {"action": "update_differential", "differential": differential}
        sure = bool(self.belief) and self.belief[0].p >= SURE
        while self.steps and not self.waiting and not sure:
            step = self.steps.pop(0)
            names = [test.order for test, _ in called(step, self.belief, self.case.found)]
            self.waiting = list(requests(names))
        if self.waiting and not sure:
            request = self.waiting.pop(0)
            self.ordered = request.split("; ")
            return {"action": "order_test", "test": request}
        return {"action": "commit", "diagnosis": self.belief[0].name if self.belief else "unknown"}

    def _look_closer(self, unclear: list[str]) -> None:
        """Plan to order at sites what was not specific enough."""
        sited = {test.order for test in tests() if test.sited}
        closer = [
            f"{order} {site}"
            for order in unclear
            if order in sited
            for site in sites(self.texts)
            if f"{order} {site}" not in self.tried
        ]
        self.tried.update(closer)
        self.waiting = [*requests(closer), *self.waiting]

    def _moved(self) -> float:
        """How far the belief lies from the one last stated: total variation, 1 for a new leader.

        So what is committed in the end is the first of what was stated last.
        """
        if self.stated is None or list(self.stated)[:1] != [h.name for h in self.belief[:1]]:
            return 1.0
        now = {h.name: h.p for h in self.belief}
        names = {*now, *self.stated}
        return sum(abs(now.get(n, 0.0) - self.stated.get(n, 0.0)) for n in sorted(names)) / 2


def results(message: str, released: tuple[str, ...]) -> list[tuple[str, str]]:
    r"""The results in a message, each with the test's name.

    Args:
        message: What the environment answered: "NAME: RESULT" for each result, a result perhaps
            over several lines, and a line for each order that gave none.
        released: The names of the results, in order; "TEST: ANALYTE" for a single value.

    Example:
        >>> results("CT: A mass.\nNo nodes.\nESR: 80", ("CT", "Blood: ESR"))
        [('CT', 'A mass.\nNo nodes.'), ('Blood: ESR', 'ESR: 80')]
    """
    message = NO_RESULT.sub("", message)
    starts: list[tuple[int, int, str]] = []
    at = 0
    for name in released:
        for label in (name, name.rpartition(": ")[2]):
            place = f"\n{message}".find(f"\n{label}: ", at)
            if place >= 0:
                # A single value is told by its analyte's name, which belongs to the finding.
                text = place + len(label) + 2 if label == name else place
                starts.append((place, text, name))
                at = place + 1
                break
    if not starts:  # an answer in a form that is not known is one result
        return [(released[0], message)] if released else []
    ends = [place - 1 for place, _, _ in starts[1:]] + [len(message)]
    return [(name, message[text:end]) for (_, text, name), end in zip(starts, ends, strict=True)]
