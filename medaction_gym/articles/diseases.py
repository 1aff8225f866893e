"""Diseases: words that name one, and words that many of them share."""

from __future__ import annotations

from medaction_gym.articles.cues import cue
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, fold_word

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
