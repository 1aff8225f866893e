"""Causes: what an article's title blames, and products that a patient calls by their brand.

"Haematoma after spinal anaesthesia", "events secondary to an implant": a first observation that
tells of the anaesthesia or the implant tells the answer, though it names no disease. A brand is in
no vocabulary, but is a proper name, and somebody took it, injected it or was treated with it.
"""

from __future__ import annotations

import re
from collections import Counter

from medaction_gym.articles.abbreviations import abbreviations
from medaction_gym.articles.article import Article
from medaction_gym.articles.diseases import DISEASE, GENERAL, says_little
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, tokenize, words

# Where a title goes on to a cause, and where that ends.
_BLAMED = re.compile(
    r"\b(?:after|following|post|due to|owing to|secondary to|caused by|(?:[\w-]+[\s-])?induced by|"
    r"triggered by|related to|attributed to|attributable to|resulting from|complicating|"
    r"from (?:the )?(?:use|ingestion|inhalation|injection)|exposure to)\b[\s-]+"
    r"((?:(?!\b(?:in|among|mimicking|presenting|leading|with|successfully|treated)\b)"
    r"[^:;,.?!()—–])+)",
    re.IGNORECASE,
)
_INDUCED = re.compile(
    r"\b([\w,-]{3,})[\s-](?:induced|associated|related|triggered)\b", re.IGNORECASE
)
# Words of a title that name no cause by themselves.
_NO_CAUSE = frozenset(
    "use abuse long term low high dose chronic acute severe exposure ingestion inhalation "
    "injection therapy treatment surgery procedure operation administration history "
    "infection first second third early late delayed novel rare unusual multiple single "
    "patient disease syndrome mutation variant gene delivery accident injury trauma travel "
    "birth".split()
)
_GIVEN = re.compile(
    r"\b(?:inject\w*|took|tak(?:es|ing|en)|us(?:ed|ing)|receiv\w+|administ\w+|appl(?:ied|ying)|"
    r"ingest\w+|swallow\w+|inhal\w+|vaccin\w+|tablets?|capsules?|brand\w*|called|supplement\w*|"
    r"prescri\w+|treat\w+|fillers?|creams?|products?|units?|doses?|smok\w+|drank|drink\w*)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:hospital|clinic|university|cent(?:er|re)|department|institute|city|county|province|"
    r"state|district|republic|(?:in|at|from|near|to|of|Dr\.?|Prof\.?))\s*$",
    re.IGNORECASE,
)
# A capital inside a sentence; several in a row are a person, a place or a society.
_PROPER = re.compile(
    r"(?:(?<=[a-z,\d(] )|(?<=[“‘\"]))[A-Z][a-z]{3,}[\w-]*(?!\w|\s[A-Z][a-z])|[A-Z]\w{3,}(?=\s?[®™])"
)
OFTEN = 5  # times that an article says what it turns on
_WORD = re.compile(r"[\w-]+")
_TITLE = 500  # characters of a title that are read
_NEAR = 40  # characters between a product and what was done with it
_FROM_OUTSIDE = re.compile(
    r"\b(?:iatrogenic|(?:\w+-)?induced|\w*toxic\w*|intoxicat\w+|poison\w*|overdose|adverse|allerg\w+|"
    r"anaphyla\w+|hypersensitiv\w+|withdrawal|misuse|abuse)\b",
    re.IGNORECASE,
)


def blamed(article: Article, seen: str, diagnosis: str) -> tuple[str, ...]:
    r"""Words of the first observation for what the title or the diagnosis blames.

    Args:
        article: The article.
        seen: The first observation.
        diagnosis: What the patient had.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "Dyspnoea secondary to breast implant rupture\n\nCase\n\nShe had implants."
        >>> blamed(article_of(text, "demo"), "She had implants of the breast.", "")
        ('implants',)
    """
    stretches = [
        match[1]
        for pattern in (_BLAMED, _INDUCED)
        for text in (article.title[:_TITLE], diagnosis)
        for match in pattern.finditer(text)
    ]
    stems = tuple({w for stretch in stretches for w in words(stretch) if _is_cause(w)})
    if not stems:
        return ()
    long = (seen[t.start : t.end] for t in tokenize(seen) if t.text.startswith(stems))
    short = (
        short
        for short, spelt in abbreviations(article.text).items()
        if any(word.startswith(stems) for word in words(spelt))
        and re.search(rf"(?<!\w){re.escape(short)}(?!\w)", seen)
    )
    return tuple(dict.fromkeys((*long, *short)))


def _is_cause(word: str) -> bool:
    if len(word) < 5 or word in _NO_CAUSE or word in GENERAL or says_little((word,)):
        return False
    kinds = {m.term.kind for m in Catalogue.load().find([Token(word, 0, 0)])}
    return not kinds & {"site", "specimen"}


def shortened_in_title(article: Article) -> tuple[str, ...]:
    r"""Diseases that the title names, where the article has an abbreviation for them.

    "SAPHO syndrome in ulcerative colitis" names the colitis as what was known before.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "Congestive heart failure in a cat\n\nCase\n\nCongestive heart failure (CHF)."
        >>> shortened_in_title(article_of(text, "demo"))
        ('CHF', 'Congestive heart failure')
    """
    title = f" {' '.join(words(article.title))} "
    return tuple(
        form
        for short, long in abbreviations(article.text).items()
        if len(words(long)) > 1
        and f" {' '.join(words(long))} " in title.replace(f" in {' '.join(words(long))} ", " ")
        and (DISEASE.search(long) or GENERAL & set(words(long)))
        for form in (short, long)
    )


def brands(article: Article, seen: str, diagnosis: str) -> tuple[str, ...]:
    r"""Proper names of what was taken, injected or applied, if the article turns on it.

    It does if the diagnosis came from outside, or if the article keeps coming back to the name.

    Args:
        article: The article; a word that it writes small anywhere is no proper name.
        seen: The first observation.
        diagnosis: What the patient had.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> said = "She had injected Zyntorix into her forehead at home in Lisbon."
        >>> article = article_of(f"Weakness\n\nCase\n\n{said}", "demo")
        >>> brands(article, said, "iatrogenic botulism"), brands(article, said, "migraine")
        (('Zyntorix',), ())
    """
    outside = _FROM_OUTSIDE.search(f"{article.title} {diagnosis}")
    found: dict[str, None] = {}
    told: Counter[str] = Counter()
    for match in _PROPER.finditer(seen):
        if (word := match.group()) in found:
            continue
        before = re.split(r"[.;]\s", seen[max(0, match.start() - _NEAR) : match.start()])[-1]
        behind = re.split(r"[.;](?:\s|$)", seen[match.end() : match.end() + _NEAR])[0]
        given = _GIVEN.search(before) or _GIVEN.search(behind)
        if not given or _PLACE.search(before) or re.search(r"[A-Z][\w-]*\s$", before):
            continue
        told = told or Counter(_WORD.findall(article.text))
        often = word in article.title or told[word] > OFTEN
        if (outside or often) and not told[word.lower()] and not _known(word):
            found[word] = None
    return tuple(found)


def _known(word: str) -> bool:
    """Whether a proper name is of a test, germ, site, sign or disease, or of many people."""
    return bool(Catalogue.load().find(word)) or bool(DISEASE.search(word))
