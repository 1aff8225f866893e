"""Diseases: words that name one, and words that many of them share."""

from __future__ import annotations

from collections.abc import Iterator

from medaction_gym.articles.cues import cue
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, fold_word, tokenize

DISEASE = cue("disease")
# Words of a disease's name that do not say which it is.
GENERAL = frozenset(
    "disease syndrome disorder infection cancer carcinoma tumor lesion mass cyst patient case "
    "diagnosis condition findings malignancy neoplasm injury failure abnormality diagnoses "
    "benign malignant cells tissue process inflammation".split()
)
# Symptoms and processes that many diseases share: alone they give nothing away.
_COMMON = frozenset(
    map(
        fold_word,
        """
    obstruction stenosis hemorrhage bleeding rupture perforation necrosis pain fever cough headache
    dyspnea nausea vomiting swelling edema weakness fatigue seizure seizures syncope jaundice nodule
    nodules loss inflammation ulcer abscess thrombosis fistula stroke shock anemia hypertension
    pregnancy abdomen masses lump symptoms effusion dilatation rash itching paralysis palsy stone
    hypotension diarrhea constipation weight bone skin heart lung liver kidney brain tumor lesion
    mass neoplasm malignancy metastasis metastases cancers tumors surgery trauma cyst palpitations
    pseudoparalysis
    calcification compression hypertrophy atrophy ischemia infarction arthritis star bladder
    dysfunction hemolysis
    """.split(),
    )
)
_MODIFIERS = frozenset(
    map(
        fold_word,
        """
    acute chronic severe mild recurrent left right upper lower bilateral unilateral multiple of the
    in and to with a an diffuse focal sudden onset first atypical rare
    vascular incidental area region department emergency patient setting room clinic unit
    past last day week month year for since ago one two three four five six seven eight nine ten
    """.split(),
    )
)
# What happens in many diseases, and is the diagnosis where the title says so.
EVENTS = frozenset(
    map(
        fold_word,
        "fistula rupture perforation stenosis abscess thrombosis infarction torsion dissection "
        "hypertrophy hernia fracture".split(),
    )
)
_BEFORE = 3  # words of a disease's name before its last
_BOUNDS = frozenset(
    map(
        fold_word,
        "a an the of in on at to and or with without by for from no any her his their had has have "
        "was were known prior previous history other".split(),
    )
)


def says_little(name: tuple[str, ...]) -> bool:
    """Whether a name, as folded words, is a symptom, process or class, with a site at most.

    Example:
        >>> says_little(("acute", "abdominal", "pain")), says_little(("gaucher", "disease"))
        (True, False)
    """
    sites = {
        i
        for mention in Catalogue.load().find([Token(word, 0, 0) for word in name])
        if mention.term.kind in ("site", "specimen")
        for i in range(mention.first, mention.last)
    }
    return all(
        word in _COMMON or word in _MODIFIERS or word in GENERAL or i in sites
        for i, word in enumerate(name)
    )


def diseases(text: str) -> Iterator[str]:
    """The diseases that a text names, with the words before them that may belong to them.

    Events such as a fracture happen in many diseases, and are none of them.

    Example:
        >>> list(diseases("Known Duchenne muscular dystrophy, asthma and chronic chest pain."))
        ['Duchenne muscular dystrophy', 'asthma']
    """
    tokens = tokenize(text)
    for last, token in enumerate(tokens):
        if token.text in EVENTS or not DISEASE.fullmatch(token.text):
            continue
        first = last
        while (
            last - first < _BEFORE
            and first
            and tokens[first - 1].text not in _BOUNDS
            and text[tokens[first - 1].end : tokens[first].start] in (" ", "-")
        ):
            first -= 1
        if not says_little(tuple(t.text for t in tokens[first : last + 1])):
            yield text[tokens[first].start : token.end]
