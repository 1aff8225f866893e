"""Several: where one order of a request ends and the next begins.

"CT of the head and of the knee" are two scans, "examine the belly and send a blood count" an
examination and a count.
"""

from __future__ import annotations

from dataclasses import replace

from medaction_gym.catalogue.ellipsis import unsaid
from medaction_gym.catalogue.order import Order
from medaction_gym.catalogue.segments import Segment

# Tests that look for a pathogen which has to be named.
SEEKING = frozenset(
    "microbiology pcr multiplex_pcr serology antigen_test culture elisa western_blot ihc "
    "viral_ihc igg igm".split()
)
# Done by hand and eye alone, whatever is ordered beside it.
_EXAMINE = frozenset("examine inspect palpate auscultate percuss".split())
_MEANS = frozenset({"by", "with", "using", "via", "on", "under"})
# Done at one site at a time.
_SITED = frozenset({"imaging", "endoscopy", "pathology"})


def stands_alone(segment: Segment, following: Segment | None) -> bool:
    """Whether what is looked for or sampled is none of the test's that follows."""
    if following is None or not following.heads or segment.ids("site"):
        return False
    sought = [h for h in following.heads if h.id in SEEKING or h.category != "laboratory"]
    if segment.ids("organism"):
        return not sought and not segment.ids("specimen")
    others = following.ids("specimen") or not segment.says("sample")
    return not others and not sought and unsaid(segment) is not None


def says_of_again(segment: Segment, before: Order) -> bool:
    """Whether a stretch names one more site for the test before: "CT of the head and of the hip".

    What is examined are two examinations, each of which may have its own report.
    """
    if not (before.head and before.sites and segment.ids("site")) or segment.ids("organism"):
        return False
    if before.head.id == "physical_examination":
        return True
    here = [token.text for token in segment.tokens[segment.first : segment.stop]]
    return "of" in here[:2] and before.head.kind == "procedure" and before.head.category in _SITED


def again(before: Order, segment: Segment) -> Order:
    """The test before, at another site."""
    here = segment.tokens[segment.first : segment.stop]
    name = " ".join(token.text for token in here)
    return replace(before, text=name, sites=segment.ids("site"))


def is_looked_at(segment: Segment, following: Segment | None) -> bool:
    """Whether a stretch says that a site is to be examined, and no more of how."""
    said = [token.text for token in segment.tokens[segment.first : segment.stop]]
    named = segment.ids("site") and not segment.ids("specimen") | segment.ids("organism")
    if not named or following is None or _EXAMINE.isdisjoint(said):
        return False
    # "Examine the liver and spleen by ultrasound".
    means = {t.text for t in following.tokens[following.first : following.stop]} & _MEANS
    return not (means and following.heads)
