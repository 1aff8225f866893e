"""Speech: questions and spoken sentences, put as the orders they stand for.

"What did the pathologist say about the polyp?" asks for the histopathology of it, "tap the knee"
for an arthrocentesis. Requests alone are read so, never the names of a record.
"""

from __future__ import annotations

import re

from medaction_gym.catalogue.tokens import fold_word, words

_THE = r"(?:the|his|her|their|this|that|these|those|any|an?|some)"
_ASKED = r"\b(?:what|how|which) "
_DID = r"(?:did|does|do|has|have|had|was|were|is|are|would|will)"
_OF = r"(?:(?: to)? (?:say|said|report|reported|find|found|see|saw|seen|think|make|made|note|noted|"
_OF += r"conclude|concluded|show|read|write|describe|tell(?: us)?))?"
_ON = r"(?: (?:about|of|on|in|from|for|at|during|when|over|upon))?"

# Verbs of taking and looking, persons who read, and what a thing is sent to.
_ALWAYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), put)
    for pattern, put in (
        # Whoever reads it.
        (
            rf"{_ASKED}{_DID} (?:{_THE} )?(?:\w+ )?(?:histo)?pathologists?{_OF}{_ON}\b",
            "histopathology of",
        ),
        (rf"{_ASKED}{_DID} (?:{_THE} )?radiologists?{_OF}{_ON}\b", "imaging of"),
        (
            rf"{_ASKED}{_DID} (?:{_THE} )?(?:\w+ )?surgeons?{_OF}{_ON}"
            r"(?: (?:surgical |open )?(?:exploration|operation|surgery|opening|theatre))?\b",
            "surgical findings",
        ),
        (
            rf"\bwhat (?:{_DID} (?:\w+ )?)?(?:found|seen|discovered|encountered) (?:at|during|in) "
            rf"(?:{_THE} )?(?:surgery|operation|surgical exploration|exploration|theatre)\b",
            "surgical findings",
        ),
        (
            rf"\bpathologists?'?s? (?:opinion|report|view|read(?:ing)?|findings?|verdict|diagnosis)"
            rf"{_ON}\b",
            "histopathology of",
        ),
        # Where it is sent.
        (
            r"\b(?:to|with) (?:the )?(?:pathology|pathologists?|histology|histopathology)"
            r"(?: (?:lab(?:oratory)?|department))?(?= *(?:$|[.,;?!]|for\b|and\b|please\b))",
            "for histopathology",
        ),
        # Where a hollow organ is looked into.
        (r"\b(?:scope|scoped|scoping) (?=(?:the|his|her|their|this|that)\b)", "endoscopy of "),
        (rf"\bwith (?:{_THE} )(?:scope|camera)\b", "endoscopy"),
        (
            r"\blook(?:ing)? (?:inside|into|down) (?=(?:the|his|her|their) (?:\w+ )?(?:bladder|"
            r"stomach|bowel|colon|airways?|bronch\w+|trachea|o?esophagus|duodenum|rectum)\b)",
            "endoscopy of ",
        ),
        (
            rf"\b(?:see|view|inspect) (?:the )?(?:inside|lining) of (?={_THE} )|"
            r"\b(?:put|pass|get) a (?:camera|scope) (?:down |up )?(?:into |in |through )?"
            rf"(?={_THE} )",
            "endoscopy of ",
        ),
        (rf"\b(?:a )?(?:picture|pictures|images?) of (?={_THE} )", "imaging of "),
        (rf"\b(?:take|get|snip|cut) (?:out )?(?:a )?(?:small )?piece of (?={_THE} )", "biopsy "),
        # What grows, and what is seen of it.
        (
            r"\b(?:anything|something|what|bugs?) (?:grew|grows?|growing|grown)"
            r"(?: (?:from|in|on|out of))?\b",
            "culture of",
        ),
        (r"\bgrow (?:anything|something|bugs?)(?: (?:from|in|out of))?\b", "culture of"),
        (r"(?<=can |get |ask |let )the lab\b|(?<=could )the lab\b|(?<=have )the lab\b", ""),
        (rf"\blook at {_THE} blood under (?:the|a) microscope\b", "blood film"),
        (r"\bhow long (?:does|do|did) \w+ (?:bleed|take to stop bleeding)\b", "bleeding time"),
        (rf"\bany growth (?:in|on|from|of) (?={_THE} )", "culture of "),
        (
            r"\b(?:anything|something) (?:abnormal |wrong |unusual |else )?(?:in|on) "
            rf"{_THE} urine\b",
            "urinalysis",
        ),
        (
            r"(?<!\bthe )(?<!\bhis )(?<!\bher )(?<!\blow )\bback"
            r"(?: yet| now| from the lab)*(?=\s*\?)",
            "",
        ),
        # One test for either: "HIV antigen/antibody".
        (r"\b(?:antigen|ag)\s*[/-]\s*(?:antibody|ab)\b(?: combination| combo)?", "antibody"),
        (
            rf"\b(blood pressure|bp|temperature)(?:,| and) (?:{_THE} )?pulse(?: rate)?\b"
            rf"|\bpulse(?: rate)?(?:,| and) (?:{_THE} )?(?:blood pressure|bp|temperature)\b",
            "vital signs",
        ),
        # A fluid by where it comes from.
        *(
            (rf"\bfluid (?:from|in|off|out of|around) {_THE} (?:\w+ )?{place}\b", f"{fluid} fluid")
            for place, fluid in (
                (r"(?:joint|knee|ankle|hip|elbow|wrist|shoulder)", "synovial"),
                (r"(?:belly|abdomen|peritoneum)", "ascitic"),
                (r"(?:chest|lungs?|pleura)", "pleural"),
                (r"(?:spine|back)", "cerebrospinal"),
                (r"heart", "pericardial"),
            )
        ),
        # What is drawn off with a needle.
        (
            rf"\b(?:tap|aspirate) (?={_THE} (?:\w+ )?(?:joint|knee|ankle|hip|elbow|wrist|"
            r"shoulder))",
            "arthrocentesis of ",
        ),
        (
            rf"\b(?:tap|drain) {_THE} (?:\w+ )?(?:belly|abdomen|ascites|peritone\w+)\b",
            "paracentesis",
        ),
        (
            rf"\b(?:tap|drain) {_THE} (?:\w+ )?(?:chest|pleura\w*(?: (?:effusion|fluid|space))?"
            r"|lung)\b",
            "thoracentesis",
        ),
        (rf"\btap {_THE} (?:\w+ )?(?:spine|back|csf|spinal fluid)\b", "lumbar puncture"),
        (rf"\btap {_THE} pericardi\w+(?: (?:effusion|fluid|sac))?\b", "pericardiocentesis"),
        # Where and when it is measured.
        (
            r"\bwhen (?:you|we|they) (?:do|did|perform(?:ed)?) (?=the (?:lp|lumbar puncture|spinal "
            r"tap|echo|scan|bronch\w*|tap)\b)",
            "at ",
        ),
        (
            rf"\b(?:opening )?pressure at {_THE} (?:lp|lumbar puncture|spinal tap)\b",
            "LP opening pressure",
        ),
        (
            r"\bimage (?=(?:the|his|her|their|this|that) )"
            r"(?!.*\b(?:with|by|using|via|on) (?:an? )?(?:\w+ )?(?:ct|mri?|pet|ultraso|echo|x|us"
            r"\b))",
            "imaging of ",
        ),
    )
)
# How something is looked at, where nothing else names the test.
_BY_ADVERB: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(trans\w{4,})al+y\b", re.IGNORECASE), r"\1al ultrasound"),
    (re.compile(r"\b(\w+(?:graph|scop|log))ically\b", re.IGNORECASE), r"\1y"),
)

# Most requests have none of these words, and are left alone.
_CUES = frozenset(
    fold_word(word)
    for word in "pathologist histopathologist radiologist surgeon pathology histology "
    "histopathology found seen discovered encountered scope scoped scoping camera look looking "
    "inside lining picture image piece grow grew growing grown growth lab bleed anything something "
    "back ag antigen pulse fluid tap drain aspirate when pressure stop".split()
)


def plainly(text: str) -> str:
    """A request with what somebody is to do or say put as a test.

    Example:
        >>> plainly("What did the pathologist say about the polyp?")
        'histopathology of the polyp?'
        >>> plainly("Please scope the airways")
        'Please endoscopy of the airways'
    """
    if _CUES.isdisjoint(words(text)):
        return text
    for pattern, put in _ALWAYS:
        text = pattern.sub(put, text)
    return text


def by_adverb(text: str) -> str:
    """A request that names no test, with the test that an adverb or a question implies.

    Example:
        >>> by_adverb("please image transesophageally")
        'please image transesophageal ultrasound'
        >>> by_adverb("have a look endoscopically")
        'have a look endoscopy'
    """
    for pattern, put in _BY_ADVERB:
        text = pattern.sub(put, text)
    return text
