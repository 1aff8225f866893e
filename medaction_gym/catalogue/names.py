"""Names: which terms bear a name, and where names stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from medaction_gym.catalogue.term import HEADS, Mention, Term, adjectives, by_noun, variants
from medaction_gym.catalogue.tokens import Token, tokenize, words

# Abbreviations that are ordinary words: they count only in capitals (a TOE is no toe).
_ORDINARY = frozenset(
    (word,)
    for word in """
    arm band be blast cast em fast fee fish fix flip got had hint if la lat nag nil nip pad pas rug
    sat seg sep sis slum snip spin tag tat tee toe torch tut ver vital wise
    """.split()
) | {("a", "scan")}

# Of these, the words that mean a test in the plural: bands are cells, and a band is anything.
_PLURAL_TESTS = frozenset((word,) for word in "band blast sat sep vital".split())

# What stands between the parts of a list, as text and as words.
_LISTS = re.compile(r"/|,| (?:and|or|with) |[&+]")
_LISTING = frozenset({"and", "or", "with"})


@dataclass(frozen=True)
class Names:
    """The names of all terms.

    Example:
        >>> names = Names.of([Term("x", "site", "thyroid"), Term("y", "analyte", "CRP")])
        >>> [mention.term.id for mention in names.find("CRP and a look at the thyroid")]
        ['y', 'x']
    """

    # Terms by folded name, and, by a name's last word, the lengths that such names have.
    named: dict[tuple[str, ...], list[Term]] = field(default_factory=dict)
    lengths: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Names:
        """Gather the names of terms; of two tests that share a name the first keeps it.

        A panel's name that only lists its members ("urea and electrolytes", "LH, FSH") is left
        out, so that asking for two things is not asking for a panel.
        """
        terms = tuple(terms)
        names = cls()
        later: list[tuple[Term, str]] = []
        for term in terms:
            for name in dict.fromkeys((term.name, *term.synonyms, *variants(term))):
                listing = term.kind in HEADS and (" and " in name or "/" in name or "," in name)
                # "PET/MRI" is one scanner.
                listing &= term.kind != "procedure" or name != term.name
                if term.kind == "panel" or listing:
                    later.append((term, name))
                else:
                    names._add(term, name)
        lists = {name for _, name in later if names._is_list(name)}
        for term, name in later:
            if name not in lists:
                names._add(term, name)
        for term in terms:
            for name in (*by_noun(term), *adjectives(term)):
                names._add(term, name)
        return names

    def _add(self, term: Term, name: str) -> None:
        phrase = words(name)
        if not phrase:
            return
        namesakes = self.named.setdefault(phrase, [])
        # A test and a site may share a name (TOE, toe); two tests, or two sites, may not.
        if all((other.kind in HEADS) != (term.kind in HEADS) for other in namesakes):
            namesakes.append(term)
            lengths = self.lengths.setdefault(phrase[-1], [])
            if len(phrase) not in lengths:
                lengths.append(len(phrase))
                lengths.sort(reverse=True)

    def _is_list(self, name: str) -> bool:
        tokens = [Token(word, 0, 0) for word in words(name) if word not in _LISTING]
        found = self.find(tokens)
        covered = sum(mention.last - mention.first for mention in found)
        # "ANCA serology" is one test.
        kinds = ("analyte", "procedure") if _LISTS.search(name) else ("analyte",)
        return (
            # "Anti-Ro/SSA" is one by two names.
            len({mention.term.id for mention in found}) > 1
            and covered == len(tokens)
            and all(mention.term.kind in kinds for mention in found)
        )

    def find(self, text: str | list[Token]) -> list[Mention]:
        """Find terms in a text, without overlaps, so that long names cover as much as they can.

        Of two ways to cover a text the one with the longer names wins (sum of squared lengths), and
        of equal ones the one with the longer name at the end, where the head of an English name
        stands: "cerebral CT angiography" is an angiography, not a "cerebral CT". A name never
        spans a comma, colon or semicolon.
        """
        tokens = tokenize(text) if isinstance(text, str) else text
        texts = tuple(token.text for token in tokens)
        # best[i]: the score of the first i tokens, and the mention that ends there, if any.
        best: list[tuple[int, Mention | None]] = [(0, None)]
        for i in range(1, len(texts) + 1):
            score, chosen = best[i - 1][0], None
            for length in self.lengths.get(texts[i - 1], ()):
                first = i - length
                gained = best[first][0] + length**2 if first >= 0 else 0
                if gained <= score:
                    continue
                phrase = texts[first:i]
                terms = self.named.get(phrase, ())
                if _is_ordinary(phrase, tokens[first]):
                    terms = [term for term in terms if term.kind not in HEADS]
                if terms and not any(token.after_break for token in tokens[first + 1 : i]):
                    score, chosen = gained, Mention(terms[0], first, i)
            best.append((score, chosen))
        mentions, i = [], len(texts)
        while i > 0:
            mention = best[i][1]
            if mention is not None:
                mentions.append(mention)
            i = mention.first if mention is not None else i - 1
        return mentions[::-1]


def _is_ordinary(phrase: tuple[str, ...], first: Token) -> bool:
    """Whether a name is written as the ordinary word that it also is."""
    plural = phrase in _PLURAL_TESTS and first.end - first.start > len(first.text)
    return phrase in _ORDINARY and not first.capital and not plural
