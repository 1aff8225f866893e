"""What a sentence does with a finding: states, denies, tells of a relative, or only considers it.

Triggers reach over their clause and no further: "no fever, chills or cough, but a rash" denies
three of four. What looks like a denial and is none ("not only", "no increase", "gram-negative") is
taken out first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PSEUDO = re.compile(
    r"\b(?:not only|not necessarily|no (?:significant |further |appreciable |interval )*"
    r"(?:increase|change|improvement|relief|response|resolution|decrease|benefit|effect)"
    r"|without (?:improvement|relief|resolution|response|effect|success|treatment|difficulty|any "
    r"improvement)|not (?:improv|resol|respon|relie|certain|sure|clear|known|tolerat|control|"
    r"perform|done|explain|subsid|alleviat|reliev)\w*"
    r"|no (?:known )?cause|no (?:prior|previous|further|additional|specific|definitive) (?:imaging|"
    r"surgery|treatment|therapy|work-?up|investigations?|diagnosis|tests?"
    r"|biops\w+)\b|gram[- ]negative"
    r"|double[- ]negative|triple[- ]negative|no doubt"
    r"|negative pressure|no longer able|not able|could not|cannot|did not (?:improve|respond|"
    r"resolve|help|relieve|change|subside)|nothing but|no other than|not yet|not fully"
    r"|not completely|not always|not always)\b",
    re.I,
)
_BEFORE = re.compile(
    r"\b(?:not (?:show|reveal|demonstrate|detect|identify|disclose|find)\w*"
    r"|no|not|none|nor|neither|never|without|w/o|denie[sd]|denying|deny|den[iy]al of"
    r"|negative(?: (?:results?|findings?|test(?:ing|s)?|screen(?:ing)?|history|pcr|serolog(?:y|ies)"
    r"|cultures?))?(?: for| of)?|absen(?:ce|t)(?: of)?|lack(?:s|ed|ing)?(?: of)?|free of"
    r"|rul(?:ed|es|ing) out|exclud(?:ed|es|ing|e)|exclusion of|fail(?:ed|s)? to (?:show|reveal|"
    r"demonstrate|detect|identify)|unremarkable for|non[- ]?contributory for|rather than"
    r"|no (?:evidence|signs?|history|symptoms?|complaints?) of|afebrile"
    r"|(?:did|does|do|could|was|were|is|has|have|had)n['’]t)\b",
    re.I,
)
_AFTER = re.compile(
    r"\b(?:(?:was|were|is|are|been|being) (?:also |both |all |therefore |thus |subsequently )?"
    r"(?:ruled out|excluded|absent|negative|denied|unlikely|not (?:\w+ ){0,2}?(?:seen|found|"
    r"detected|observed|present|identified|noted|demonstrated|evident|visuali[sz]ed|reported|"
    r"palpable|appreciated|elicited|suspected))|ruled out|(?<!to )be excluded|(?:not"
    r"|could not be) induc\w+|not (?:seen|found|"
    r"detected|observed|present|identified|noted|evident|visuali[sz]ed|elicited|palpable)"
    r"|(?<![\w-])absent|excluded|undetectable|negative|[:=] ?(?:no|none|nil|negative|absent)\b)",
    re.I,
)
# "Negative" and its like deny what follows: "negative for", "after negative cultures".
_DENIES_AFTER = re.compile(
    r" (?:for|of|results?|findings?|tests?|testing|screen(?:ing)?|history|pcr|serolog\w+|cultures?"
    r"|biops\w+|margins?|imaging|work-?up|panels?|smears?)\b",
    re.I,
)
_PREFIX = re.compile(r"\bnon[- ]", re.I)  # denies the one word that follows
# A clause ends here: what follows is said anew.
_STOP = re.compile(
    r"\b(?:but|however|although|though|while|whereas|yet|except|beyond|apart from|other than"
    r"|aside from|besides|which|who|because|since|until|despite|then|later|now|instead"
    r"|reveal(?:s|ed|ing)?|show(?:s|ed|ing)?|demonstrat(?:es|ed|ing)|presented|presents|developed"
    r"|reported|complained|suggest(?:s|ed|ing|ive)?|confirm(?:s|ed|ing)?|indicat(?:es|ed|ing)"
    r"|consistent with|compatible with|due to|secondary to|caused by|positive|had|has|he|she"
    r"|(?:and|with) (?:elevated|increased|raised|low|decreased|reduced|normal|mild|severe|a|an|the)"
    r"|diagnos(?:ed|is)|underwent|admitted|found to|noted to)\b"
    r"|,? and (?:\w+ ){0,2}(?:days?|weeks?|months?|years?)\b"
    r"|,\s*(?:with|and (?:the|a|an|had|was|showed)|elevated|increased|raised|decreased|reduced|low"
    r"|high|mild(?:ly)?|moderate(?:ly)?|severe(?:ly)?|large|positive|normal|the|a|an|his|her)\b",
    re.I,
)
_KIN = re.compile(
    r"\b(?:family history|familial history|family members?|mother|father|brothers?|sisters?"
    r"|siblings?|uncles?|aunts?|grand(?:mother|father|parents?)|cousins?|relatives?|maternal"
    r"|paternal)\b(?! (?:reported|noticed|noted|said|stated|brought|observed|denied|complained"
    r"|described|found|gave|age))",
    re.I,
)
_SUPPOSED = re.compile(
    r"\b(?:if|should (?:she|he|the)|risk (?:of|for|factors? for)|at risk|to (?:rule out|exclude|"
    r"evaluate for|assess for|prevent|avoid|look for|check for)|evaluat(?:e|ion) (?:of|for)|r/o"
    r"|screen(?:ing|ed)? for|return (?:if|for)|monitor(?:ing|ed)? for|prophyla\w+|prevention of"
    r"|vaccin\w+|differential diagnos[ie]s|(?:test(?:s|ed|ing)?|pcr|antibod(?:y|ies)|serolog\w+|"
    r"assays?|work-?up|investigations?) (?:for|against))\b",
    re.I,
)
_UNSURE = re.compile(
    r"\b(?:possib(?:le|ly|ility)|suspect(?:ed|ing)?|suspicio(?:n|us)|probabl[ey]|likely|presum\w+"
    r"|concern(?:ing)? for|may|might|questionable|versus|vs)\b",
    re.I,
)


class Assertion(NamedTuple):
    """How a finding is meant."""

    negated: bool = False
    family: bool = False
    hypothetical: bool = False
    unsure: bool = False


class Assertions:
    """The scopes of one sentence, by character places in it.

    >>> text = "No fever, chills or cough, but a rash; mother had asthma"
    >>> scopes = Assertions(text)
    >>> [scopes.at(text.index(w)).negated for w in ("fever", "cough", "rash")]
    [True, True, False]
    >>> scopes.at(text.index("asthma")).family
    True
    """

    def __init__(self, text: str, *, family: bool = False) -> None:
        plain = _PSEUDO.sub(lambda match: "~" * len(match[0]), text) if "n" in text else text
        self._prefixed = {match.end() for match in _PREFIX.finditer(plain)}
        self._denied: list[tuple[int, int]] = []
        triggers, denials = list(_BEFORE.finditer(plain)), list(_AFTER.finditer(plain))
        self._supposed = [match.end() for match in _SUPPOSED.finditer(plain)]
        self._unsure = [match.end() for match in _UNSURE.finditer(plain)]
        stops: list[tuple[int, int]] = []
        if triggers or denials or self._supposed or self._unsure:
            stops = [match.span() for match in _STOP.finditer(plain)]
        for match in triggers:
            end = min((start for start, _ in stops if start >= match.end()), default=len(plain))
            if match[0].lower().startswith("negative") and plain[match.start() - 1 :][:1] == "-":
                continue
            self._denied.append((match.end(), end))
        for match in denials:
            start = max((stop for _, stop in stops if stop <= match.start()), default=0)
            start = max([start, *(t.end() for t in triggers if t.end() <= match.start())])
            semicolon = max(plain.rfind(mark, start, match.start()) for mark in ";.")
            if match[0].lower() in ("negative", "absent", "excluded"):
                # alone, the word denies only what stands right before it
                start = max(start, plain.rfind(",", start, match.start()))
                if _DENIES_AFTER.match(plain, match.end()):
                    continue
            self._denied.append((max(start, semicolon), match.start()))
        self._kin = [0] if family else [match.start() for match in _KIN.finditer(plain)]
        self._stops = [start for start, _ in stops]

    def at(self, place: int) -> Assertion:
        """How what begins at a place is meant."""
        return Assertion(
            place in self._prefixed or any(start <= place < end for start, end in self._denied),
            any(start <= place for start in self._kin),
            self._governed(place, self._supposed),
            self._governed(place, self._unsure),
        )

    def _governed(self, place: int, triggers: list[int]) -> bool:
        """Whether a trigger stands before a place with no new clause between them."""
        before = [end for end in triggers if end <= place and place - end < 80]
        return bool(before) and not any(before[-1] <= stop < place for stop in self._stops)
