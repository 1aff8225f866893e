"""FirstLine: orders three tests, then commits to the first disease its rule finds."""

from typing import Any

from medaction_gym.agents.base import Start

RULES = {"blasts": "Acute leukaemia", "stone": "Urolithiasis", "consolidation": "Pneumonia"}


class FirstLine:
    """A complete agent: it needs no base class."""

    privileged = False  # start.case is None

    def begin(self, start: Start) -> None:
        """Plan; start.observation["message"] is the presentation."""
        self.orders = ["complete blood count", "chest X-ray", "abdominal ultrasound"]
        self.seen = ""

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Read the answer to the last action, choose the next."""
        if info["outcome"] == "RESULT":
            self.seen += observation["message"].lower()
        if self.orders:
            return {"action": "order_test", "test": self.orders.pop(0)}
        guess = next((name for word, name in RULES.items() if word in self.seen), "Viral illness")
        return {"action": "commit", "diagnosis": guess}
