"""Sites: where a report's words and tests' names point without naming it.

"Hydronephrosis" is of the kidney, a lesion "at C3" of the neck, and a colonoscopy of the colon.
"""

from __future__ import annotations

import re
from functools import lru_cache

from medaction_gym.catalogue.catalogue import Mention, Term
from medaction_gym.catalogue.signs import sites_of_phrases, sites_of_sign
from medaction_gym.catalogue.tokens import Token

_LEVELS = (
    (r"C[1-7]", "cervical_spine"),
    (r"T(?:[3-9]|1[0-2])", "thoracic_spine"),
    (r"L[1-5]", "lumbar_spine"),
    (r"S[1-5]", "sacrum"),
)
# "Perihepatic", "retroorbital": beside an organ is where the organ is.
_NEAR = re.compile(r"^(?:peri|para|retro|intra|sub|extra|supra|infra|juxta)(?=\w{5})")
TISSUES = frozenset("vessel artery vein bone joint nerve muscle soft_tissue skin".split())


def sites_of_findings(tokens: list[Token], mentions: list[Mention]) -> frozenset[str]:
    """Sites that the findings of a text belong to; a word of a longer name is no finding."""
    longer = [m for m in mentions if m.last - m.first > 1 and m.term.kind != "measure"]
    named = {i for m in longer for i in range(m.first, m.last)}
    free = ["" if i in named else token.text for i, token in enumerate(tokens)]
    return frozenset(sites_of_phrases(free)).union(*map(sites_of_word, free))


@lru_cache(maxsize=50_000)
def sites_of_word(word: str) -> frozenset[str]:
    """Sites that a word of a report points at by itself."""
    return frozenset(site for part in (word, _NEAR.sub("", word)) for site in sites_of_sign(part))


def sites_of_levels(text: str) -> frozenset[str]:
    """Spine segments from vertebral levels. T1 and T2 are left out: they are MRI sequences too."""
    return frozenset(
        site for pattern, site in _LEVELS if re.search(rf"\b{pattern}(?:\s*[-–/]\s*\w\d+)?\b", text)
    )


def implied_sites(head: Term | None) -> frozenset[str]:
    """The sites a test's name implies; a vessel or bone as such is no site."""
    return frozenset(head.sites) - TISSUES if head else frozenset()
