"""ProtocolAgent: a scripted work-up, the way a checklist would do it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from medaction_gym.cases.case import Case
from medaction_gym.catalogue.catalogue import Catalogue

# Everybody's first tests, then what looks deeper; "{site}" is a region the patient complains of.
BASICS = ("complete blood count", "metabolic panel", "C-reactive protein", "urinalysis")
BY_SITE = ("ultrasound {site}", "X-ray {site}", "CT {site}", "MRI {site}", "biopsy {site}")
CLOSING = ("biopsy", "histopathology", "culture", "genetic testing")

# How reports introduce what they conclude.
_CONCLUSION = re.compile(
    r"(?:consistent with|suggest(?:ive of|ing|s|ed)|compatible with|diagnostic of|in keeping with|"
    r"confirm(?:ed|s|ing)|indicative of|revealed|diagnosis of)\s+(?:an?\s+|the\s+)?"
    r"([^.;,()\n]{4,80})",
    re.IGNORECASE,
)


class ProtocolAgent:
    """Orders basics, then images and biopsies of the regions complained of, then reads reports.

    Its diagnosis is the last conclusion stated by the report it trusts most: the later in the
    protocol, the more. It knows no medicine beyond that, and is the baseline to beat.
    """

    privileged = False

    def begin(
        self,
        observation: dict[str, Any],
        info: dict[str, Any],
        rng: np.random.Generator,
        case: Case | None,
    ) -> None:
        """Plan the work-up from the regions named in the presentation."""
        catalogue = Catalogue.load()
        message = observation["message"]
        sites = [m.term for m in catalogue.find(message) if m.term.kind == "site"]
        regions = list(dict.fromkeys(site.name for site in sites))[:2]
        self.orders = [
            *BASICS,
            *(pattern.format(site=region) for region in regions for pattern in BY_SITE),
            *CLOSING,
        ]
        complaint = re.search(r"Chief complaint: (.*)", message)
        self.guess = complaint[1][:200] if complaint else "unknown"
        self.told = False

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Read the last report; order the next test; at the end, commit."""
        if info["released"]:
            conclusions = _CONCLUSION.findall(observation["message"])
            if conclusions:
                self.guess, self.told = conclusions[-1].strip(), False
        if self.orders:
            return {"action": "order_test", "test": self.orders.pop(0)}
        if not self.told:
            self.told = True
            differential = [{"disease": self.guess, "probability": 0.6}]
            return {"action": "update_differential", "differential": differential}
        return {"action": "commit", "diagnosis": self.guess}
