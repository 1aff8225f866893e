"""CheatingOracle: knows the case; the upper bound of accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np

from medaction_gym.cases.case import Case


class CheatingOracle:
    """Orders every test of the record by its name, then commits to the gold diagnosis."""

    privileged = True

    def begin(
        self,
        observation: dict[str, Any],
        info: dict[str, Any],
        rng: np.random.Generator,
        case: Case | None,
    ) -> None:
        """Read the answers."""
        if case is None:
            raise ValueError("the cheating oracle needs the case; run it as a privileged agent")
        self.diagnosis = case.diagnosis.name
        self.orders = [test.name for test in reversed(case.tests)]

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Order what is left, then commit."""
        if self.orders:
            return {"action": "order_test", "test": self.orders.pop()}
        return {"action": "commit", "diagnosis": self.diagnosis}
