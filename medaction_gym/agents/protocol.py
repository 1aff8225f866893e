"""ProtocolAgent: a scripted work-up, the way a checklist would do it."""

from __future__ import annotations

import re
from typing import Any

from medaction_gym.agents.base import Start
from medaction_gym.catalogue.catalogue import Catalogue

# Everybody's first tests, then what looks deeper; "{site}" is a region the patient complains of.
BASICS = ("complete blood count", "metabolic panel", "C-reactive protein", "urinalysis")
BY_SITE = ("ultrasound {site}", "X-ray {site}", "CT {site}", "MRI {site}", "biopsy {site}")
CLOSING = ("biopsy", "histopathology", "culture", "genetic testing")

# Where a checklist looks: each site of the catalogue belongs to some of these.
_REGIONS = ("head", "neck", "chest", "abdomen", "pelvis", "spine", "upper_limb", "lower_limb")

# How reports introduce what they conclude.
CONCLUSION = re.compile(
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

    def begin(self, start: Start) -> None:
        """Plan the work-up from the regions named in the presentation."""
        message = start.observation["message"]
        complaint = re.search(r"Chief complaint: (.*)", message)
        # What is complained of first, then what the rest of the presentation mentions.
        regions = _regions(f"{complaint[1] if complaint else ''}. {message}")[:2]
        self.orders = [
            *BASICS,
            *(pattern.format(site=region) for region in regions for pattern in BY_SITE),
            *CLOSING,
        ]
        self.guess = complaint[1][:200] if complaint else "unknown"
        self.concluded = self.told = False

    def act(self, observation: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
        """Read the last report; order the next test; at the end, commit."""
        if info["released"]:
            conclusions = CONCLUSION.findall(observation["message"])
            if conclusions:
                self.guess, self.concluded, self.told = conclusions[-1].strip(), True, False
            elif not self.concluded:
                # No report has concluded anything: what the last one saw must do.
                seen = observation["message"].partition(": ")[2]
                self.guess = re.split(r"[.;,]\s|\n", seen, maxsplit=1)[0][:100] or self.guess
        if self.orders:
            return {"action": "order_test", "test": self.orders.pop(0)}
        if not self.told:
            self.told = True
            differential = [{"disease": self.guess, "probability": 0.6}]
            return {"action": "update_differential", "differential": differential}
        return {"action": "commit", "diagnosis": self.guess}


def _regions(text: str) -> list[str]:
    """The regions of the body a text speaks of, in order."""
    catalogue = Catalogue.load()
    found = [
        catalogue.terms[region].name
        for mention in catalogue.find(text)
        if mention.term.kind == "site"
        for region in _REGIONS
        if region in catalogue.ancestors(mention.term.id)
    ]
    return list(dict.fromkeys(found))
