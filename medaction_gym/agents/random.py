"""RandomAgent: orders, guesses and commits by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from medaction_gym.agents.base import Start
from medaction_gym.envs.vocabulary import disease_vocabulary, test_vocabulary


class RandomAgent:
    """Orders a random test (70 %), states a random differential (20 %) or commits (10 %)."""

    privileged = False

    def begin(self, start: Start) -> None:
        """Keep the random generator."""
        self.rng = start.rng

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Draw an action."""
        draw = self.rng.random()
        if draw < 0.7:
            return {"action": "order_test", "test": str(self.rng.choice(test_vocabulary()))}
        diseases = [str(d) for d in self.rng.choice(disease_vocabulary(), 3, replace=False)]
        if draw < 0.9:
            shares = self.rng.dirichlet(np.ones(len(diseases)))
            differential = [
                {"disease": disease, "probability": float(share)}
                for disease, share in zip(diseases, shares, strict=True)
            ]
            return {"action": "update_differential", "differential": differential}
        return {"action": "commit", "diagnosis": diseases[0]}
