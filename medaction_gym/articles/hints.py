"""Hints: what gives a diagnosis away in other words than its name.

Three kinds can be told by rules. A denial, a suspicion, an earlier diagnosis or a family history
names a near relation of the diagnosis ("no contact with tuberculosis" before a tuberculous
meningitis), or a class of diseases ("no autoimmune disease"): only who knows the answer asks for
it. What the patient is known to have may be part of the diagnosis, or the same once more ("a
history of lung cancer" before a metastasis). And a drug was given to prevent what the diagnosis
threatens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from medaction_gym.articles.diseases import DISEASE, GENERAL, says_little
from medaction_gym.cases.leaks import MASK, mask
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, fold_word, tokenize, words

_STEM = 7  # letters by which tuberculous and tuberculosis are akin
# What is said in plain words for diseases that end so.
_LAY = {"mycosis": ("fungal", "fungus", "mycotic"), "lithiasis": ("stone", "calculi", "calculus")}
# "Ureterolithotomy" before a stone, "herniorrhaphy" before a hernia.
_OPERATION = re.compile(r"\w{4,24}(?:[oe]ctomy|otomy|ostomy|plasty|rrhaphy|tripsy|pexy)")
_OPERATED = 5  # letters that such a word shares with the disease
_STONE = re.compile(r"lith|stone|calcul")
_SMALL = frozenset("a an the of in on at to and or with by for from due after".split())
_MALIGNANT = frozenset(
    map(fold_word, "cancer carcinoma adenocarcinoma tumor malignancy neoplasm".split())
)
_ASKED_FOR = re.compile(
    r"\b(?:no|nor|not|den(?:y|ies|ied|ying)|negative for|without|never|"
    r"family (?:medical )?history|relatives|contact with|expos(?:ed|ure) to|"
    r"vaccinat\w+ (?:against|for)|screen\w+ for|suspect\w*|suspicion of|"
    r"(?:mis)?diagnosed (?:with|as)|diagnos[ei]s of|criteria (?:for|of)|treated for|known|"
    r"told|anti-?\w+)\b[^.;]*",
    re.IGNORECASE,
)
# A disease that was known before: one of the diagnosis's own is half of it.
_KNOWN = re.compile(
    r"\b(?:(?<!day )(?<!days )(?<!week )(?<!weeks )(?<!month )(?<!months )(?<!year )(?<!years )"
    r"(?<!hour )(?<!hours )history (?:of|with|includ\w+|"
    r"(?:was|is) (?:\w+ )?(?:significant|notable|remarkable|positive|relevant) for|significant for|"
    r"notable for)|cases? of|comorbid\w*|suffer(?:s|ed|ing) from|(?:medication|treatment|therapy|"
    r"medicines?|follow-?up|surgery|surveillance) for|status[- ]post|s/p|recurrence of|recurrent|"
    r"survivor)\b(?:(?!\b(?:present(?:ed|ing|s)|who|came|admitted|referred|brought|complain\w*|"
    r"visited|developed|attended)\b)[^.;])*",
    re.IGNORECASE,
)
# What there was not, or was only thought of, up to where the sentence goes on to what there was.
_DENIED = re.compile(
    r"\b(?:no|nor|not|den(?:y|ies|ied|ying)|negative for|without|never|contact with|suspect\w*|"
    r"suspicion of)\b"
    r"(?:(?!\b(?:but|however|although|except\w*|apart from|other than|present(?:ed|ing|s)|visited|"
    r"came|was|were|had|has)\b)[^.;])*",
    re.IGNORECASE,
)
# A class of diseases: of all classes, who knows the answer asked for this one.
_KIND = (
    r"(?:(?!(?:chronic|medical|clinical|physical|systemic|identical|additional|surgical|critical|"
    r"typical|special|several|specific|similar|general)\b)"
    r"[\w-]{3,24}(?:al|ic|ous|lar|ary|tory|ive|ine|mune|nant|ile|tted|ding)|"
    r"liver|heart|lung|kidney|thyroid|skin|eye|muscle|blood|bone|nerve|brain|bowel|joint|prion)"
)
_CLASS = re.compile(
    rf"\b(?:{_KIND}(?:,? (?:and|or|and/or) |, |/)){{0,5}}(?:(?:chronic|systemic|other) )?{_KIND} "
    r"(?:diseases?|disorders?|conditions?|anomal(?:y|ies)|malformations?|illness(?:es)?|"
    r"syndromes?|problems?|deficienc(?:y|ies)|patholog(?:y|ies)|events?)\b|"
    rf"\b(?:{_KIND} )?(?!\w{{0,24}}adenopath)(?:\w{{4,24}}(?:deficienc(?:y|ies)|opath(?:y|ies))|"
    r"malignanc(?:y|ies)|neoplasms?|cancers?|infections?(?! symptoms))\b|"
    # "liver, gastrointestinal, or [withheld]"
    rf"\b(?:{_KIND}(?:,? (?:and|or) |, |/)){{1,5}}{re.escape(MASK)}",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"\b(?:(?:so as |in order )?to (?:prevent|avoid)|for (?:the )?prevention of)\s+([^,.;()]+)",
    re.IGNORECASE,
)


def without_hints(
    text: str, names: Iterable[tuple[str, ...]], asked: Sequence[tuple[str, ...]] = ()
) -> tuple[str, int]:
    """A text of the first observation without relations and purposes, and how many there were.

    Args:
        text: The text, the names themselves masked already.
        names: Every name of the diagnosis, as folded words.
        asked: What is kept back where it is denied or suspected, as folded words.

    Example:
        >>> without_hints("A man with a history of lung cancer and gout.", [("lung", "carcinoma")])
        ('A man with a history of [withheld] and gout.', 1)
        >>> told = "She denied fever and tuberculosis. Aspirin was given to prevent a stroke."
        >>> without_hints(told, [("tuberculous", "meningitis")])
        ('She denied fever and [withheld]. Aspirin was given to prevent [withheld].', 2)
        >>> without_hints("No family history of neurodegenerative disorders.", [("chorea",)])
        ('No family history of [withheld].', 1)
    """
    near = Near(names)
    masked = _DENIED.sub(lambda match: mask(_CLASS.sub(MASK, match.group()), asked), text)
    for stretch in (_ASKED_FOR, _KNOWN):
        masked = stretch.sub(lambda match: near.masked(match.group()), masked)
    masked = _PURPOSE.sub(
        lambda m: m.group() if MASK in m[1] else m.group().replace(m[1], MASK), masked
    )
    return masked, masked.count(MASK) - text.count(MASK)


class Near:
    """Words that are akin to those of a diagnosis.

    Args:
        names: The names of the diagnosis, as folded words.
    """

    def __init__(self, names: Iterable[tuple[str, ...]]) -> None:
        self._names = [tuple(map(_general, name)) for name in names]
        self._words = {word for name in self._names for word in name} - _SMALL
        telling = {word for word in self._words if not says_little((word,))}
        self._stems = {word[:_STEM] for word in telling if len(word) >= _STEM}
        self._telling = {word for word in telling if len(word) >= 4}
        # "hypoglycemic" beside a hypoglycemia; "fungal" beside a mycosis.
        self._diseases = tuple(
            w[: max(_STEM, len(w) - 4)] for w in telling if len(w) >= _STEM and DISEASE.search(w)
        )
        self._lay = {
            lay for end, names in _LAY.items() for lay in names if any(map(_ends(end), telling))
        }

    def masked(self, text: str) -> str:
        """A clause with such diseases masked."""
        tokens = tokenize(text)
        spans: list[tuple[int, int]] = []
        first = 0
        while first < len(tokens):
            last = first
            while last < len(tokens) and self._akin(tokens[last].text):
                last += 1
            run = [_general(token.text) for token in tokens[first:last]]
            if run and self._says(run):
                spans.append((tokens[first].start, tokens[last - 1].end))
            first = max(last, first + 1)
        for start, end in reversed(spans):
            text = text[:start] + MASK + text[end:]
        return text

    def _akin(self, word: str) -> bool:
        return _general(word) in self._words or self.related(word)

    def related(self, word: str) -> bool:
        """Whether a folded word alone names a relation."""
        word = word.removeprefix("anti")
        if (
            any(part[:_STEM] in self._stems for part in _germ(word))
            or word in self._lay
            or word.startswith(self._diseases)
        ):
            return not says_little((word,))
        if f"pseudo{word}" in self._telling:
            return True
        if _OPERATION.fullmatch(word):
            stony = "lith" in word and any(map(_STONE.search, self._words))
            return stony or any(
                word[:_OPERATED] == told[:_OPERATED]
                for told in self._telling
                if DISEASE.search(told)
            )
        near = word in self._telling or (len(word) >= _STEM and word[:_STEM] in self._stems)
        return near and bool(DISEASE.search(word)) and not says_little((word,))

    def _says(self, run: list[str]) -> bool:
        """Whether some words name a relation: a disease, or the kind and site of a tumour."""
        if any(self.related(word) for word in run):
            return True
        if len(run) > 1 and DISEASE.search(run[-1]) and not says_little(tuple(run)):
            return any(set(run) <= set(name) for name in self._names)
        return "cancer" in run and any(
            set(run) <= set(name) and len(set(run) - GENERAL) > 0 for name in self._names
        )


@lru_cache(maxsize=4_096)
def _germ(word: str) -> tuple[str, ...]:
    """The name of the germ that a word is short for: "TB"."""
    if len(word) > 4:
        return ()
    found = Catalogue.load().find([Token(word, 0, len(word))])
    return tuple(w for m in found if m.term.kind == "organism" for w in words(m.term.name))


def _ends(end: str) -> Callable[[str], bool]:
    return lambda word: word.endswith(end)


def _general(word: str) -> str:
    """A word, one for all malignancies."""
    return "cancer" if word in _MALIGNANT else word
