"""Spelling: mends the slips of a request towards the words of the catalogue."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, fold_word
from medaction_gym.catalogue.wording import filler

# So many capitals are an abbreviation.
_SHORT = 5


def mend(tokens: list[Token]) -> list[Token]:
    """Mend words that are misspelt, written apart or run together.

    Example:
        >>> from medaction_gym.catalogue.tokens import tokenize
        >>> [t.text for t in mend(tokenize("colonscopy, bone scna, broncho-scopy, bloodculture"))]
        ['colonoscopy', 'bone', 'scan', 'bronchoscopy', 'blood', 'culture']
    """
    known = known_words()
    joined = _joined(tokens)
    if all(token.text in known for token in joined):
        return joined
    mended: list[Token] = []
    codes = _codes(joined)
    for token in joined:
        # Three capitals stand for a disease as often as for a test: CMT is no CTM.
        keep = token.start in codes or (token.capital and len(token.text) == 3)
        mended += [token] if keep else _parted(token._replace(text=mend_word(token.text)))
    for i, token in enumerate(mended):
        word = token.text
        keep = word in known or word in own_words() or word.isdigit() or len(word) < 3
        if not keep and token.start not in codes:
            before = mended[i - 1].text if i else ""
            after = mended[i + 1].text if i + 1 < len(mended) else ""
            near = _beside(word, before, after)
            # A gene of few letters is one letter from another: NBAS is no GBA, but MIR is MRI.
            short = token.capital and token.end - token.start <= _SHORT
            if not short or sorted(near) == sorted(word):
                mended[i] = token._replace(text=near)
    return mended


def _codes(tokens: list[Token]) -> frozenset[int]:
    """Where capitals begin that a number is part of: the SLC of "SLC2A1" is no word misspelt."""
    return frozenset(
        letters.start
        for first, second in pairwise(tokens)
        for letters, number in ((first, second), (second, first))
        if first.end == second.start and letters.capital and number.text.isdigit()
    )


@lru_cache(maxsize=50_000)
def mend_word(word: str) -> str:
    """Mend a word that is one or two slips from a word of the catalogue.

    Example:
        >>> [mend_word(word) for word in ("haemogolbin", "ptoassium", "mr", "mir")]
        ['hemoglobin', 'potassium', 'mr', 'mri']
        >>> [mend_word(word) for word in ("port", "steatosis")]
        ['port', 'steatosis']
    """
    if word in known_words() or word in own_words() or word.isdigit():
        return word
    if len(word) < 5:
        return _swapped(word)
    # Few people slip on a word's first letter, and it narrows the search to a twentieth.
    near = extractOne(
        word,
        _by_letter().get(word[0], ()),
        scorer=OSA.distance,
        score_cutoff=1 if len(word) < 9 else 2,
    )
    return str(near[0]) if near else _swapped(word, first_only=True)


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of the catalogue's names, and the filler words of requests."""
    catalogue = Catalogue.load()
    named = {word for name in catalogue.phrases() for word in name}
    # "Hypernatremia" is no slip of hyponatremia.
    return filler().union(named, *(finding.split() for finding in catalogue.findings))


@lru_cache(maxsize=1)
def own_words() -> frozenset[str]:
    """Words that no table has and that are no slips either (``data/own_words.txt``)."""
    text = (files(__package__) / "data" / "own_words.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(fold_word(word) for line in lines for word in line.split())


def _joined(tokens: list[Token]) -> list[Token]:
    """Words written apart made one ("broncho-scopy"), where that makes a known one."""
    known, names = known_words(), _one_word_names()
    if all(token.text in names for token in tokens):
        return tokens
    joined: list[Token] = []
    spans = [(m.first, m.last) for m in Catalogue.load().find(tokens)]
    i = 0
    while i < len(tokens):
        for end in range(min(i + 4, len(tokens)), i + 1, -1):
            run = tokens[i:end]
            whole = "".join(token.text for token in run)
            if (
                len(whole) >= 6
                and whole in known
                and tuple(token.text for token in run) not in Catalogue.load().phrases()
                and (run[0].text not in names or any(token.text not in known for token in run))
                and not any(token.after_break for token in run[1:])
                # The "anti thyroid" of "anti-thyroid peroxidase antibodies" is part of a name.
                and not any(first <= i and end <= last for first, last in spans)
            ):
                joined.append(run[0]._replace(text=whole, end=run[-1].end))
                break
        else:
            end = i + 1
            joined.append(tokens[i])
        i = end
    return joined


def _parted(token: Token) -> list[Token]:
    """Two words run together, where they can be parted into known ones in one way."""
    word, known = token.text, known_words()
    if word[:1] == "x" and word not in known and OSA.distance(word, "xray") == 1:
        return [token._replace(text="x"), token._replace(text="ray", start=token.end)]
    if word in known or len(word) < 7:
        return [token]
    cuts = [i for i in range(3, len(word) - 2) if word[:i] in known and word[i:] in known]
    if len(cuts) != 1:
        return [token]
    at = token.start + min(cuts[0], token.end - token.start)
    return [
        token._replace(text=word[: cuts[0]], end=at),
        Token(word[cuts[0] :], at, token.end, capital=token.capital),
    ]


def _swapped(word: str, *, first_only: bool = False) -> str:
    """The one known word that two neighbouring letters changed places in."""
    known = known_words()
    places = range(1 if first_only else len(word) - 1)
    swaps = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in places}
    found = {swap for swap in swaps if swap in known and swap not in filler()}
    return found.pop() if len(found) == 1 and len(word) > 2 else word


def _beside(word: str, before: str, after: str) -> str:
    """The one word a slip away that some name has beside the same neighbour."""
    follow, precede = _neighbours()
    near = {
        other
        for other in follow.get(before, set()) | precede.get(after, set())
        if abs(len(other) - len(word)) <= 1 and len(other) > 2 and OSA.distance(word, other) == 1
    }
    return near.pop() if len(near) == 1 else word


@lru_cache(maxsize=1)
def _neighbours() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Which words follow, and which precede, a word in the catalogue's names."""
    follow: dict[str, set[str]] = {}
    precede: dict[str, set[str]] = {}
    for name in Catalogue.load().phrases():
        for first, second in pairwise(name):
            follow.setdefault(first, set()).add(second)
            precede.setdefault(second, set()).add(first)
    return follow, precede


@lru_cache(maxsize=1)
def _one_word_names() -> frozenset[str]:
    """Words that can stand alone."""
    single = (name[0] for name in Catalogue.load().phrases() if len(name) == 1)
    return filler().union(single)


@lru_cache(maxsize=1)
def _by_letter() -> dict[str, list[str]]:
    """The words long enough to be mended to, by first letter."""
    by_letter: dict[str, list[str]] = {}
    for word in sorted(known_words()):
        if len(word) >= 5:
            by_letter.setdefault(word[0], []).append(word)
    return by_letter
