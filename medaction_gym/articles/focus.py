"""Focus: what an article turns on, beside the diagnosis that was found in it.

Where the diagnosis was found wrongly, or goes by another name in the history, its own names do not
help. But an article writes its discussion about what the patient had: a disease or germ that the
first observation names, and that the title names too or the discussion keeps coming back to, is
kept back as well. So are the article's own abbreviations for a near relation ("SBNET").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from medaction_gym.articles.abbreviations import abbreviations
from medaction_gym.articles.article import Article
from medaction_gym.articles.diseases import DISEASE, EVENTS, diseases, says_little
from medaction_gym.articles.headings import topic_under
from medaction_gym.articles.hints import Near
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import Token, fold_word, tokenize, words
from medaction_gym.knowledge.findings import findings

# Times that abstract, introduction and discussion say it: a disease or germ anywhere, one that is
# denied or suspected, and a disease by its name in the knowledge graph that the patient has or not.
OFTEN, SOMETIMES, DISCUSSED, DENIED = 8, 3, 3, 2
# What so many have that it is no part of an answer.
COMORBID = frozenset(
    map(
        fold_word,
        "hypertension hypertensive diabetes diabetic dyslipidemia hyperlipidemia "
        "hypercholesterolemia overweight smoking alcohol asthma anxiety depression "
        "depressive epilepsy migraine hypothyroidism anemia".split(),
    )
)
# Words for diseases that name a sign as often.
_SIGNS = frozenset(map(fold_word, "defect cleft injury lesion reaction block pregnancy".split()))
_ABOUT = ("introduction", "discussion")


def turns_on(article: Article, seen: str) -> tuple[str, ...]:
    r"""Words of the first observation for what the article is about.

    Args:
        article: The article.
        seen: The first observation.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "A strangulated hernia\n\nCase report\n\nHe wore a truss for his hernia."
        >>> turns_on(article_of(text, "demo"), "He wore a truss for his hernia.")
        ('hernia',)
    """
    about = _about(article)
    title = frozenset(words(article.title))
    tokens = tokenize(seen)
    found: dict[str, None] = {}
    for token in tokens:
        word, said = token.text, seen[token.start : token.end]
        event = word in EVENTS
        if event or (
            len(word) > 4
            and word not in _SIGNS
            and DISEASE.fullmatch(word)
            and not says_little((word,))
        ):
            often = OFTEN * (1 + event)
            if word in title or about.count(said.casefold()) >= often:
                found[said] = None
    for germ, said, behind in _germs(seen, tokens):
        names = {germ.casefold(), said.casefold()}
        if sum(map(about.count, names)) >= OFTEN and not behind[1:].startswith("like"):
            found[said] = None
    return tuple(found)


def known_before(article: Article, history: str, complaint: str) -> tuple[str, ...]:
    r"""Diseases that the patient is said to have, and the title or the discussion speaks of.

    An article that discusses a disease known before does so because it is a part of the answer.
    What many patients have besides (diabetes) is discussed for its own sake.

    Args:
        article: The article.
        history: The history as it is shown.
        complaint: What the patient came with, which stays.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "A drug crisis in myasthenia gravis\n\nCase\n\nShe had gout."
        >>> known_before(article_of(text, "demo"), "Known myasthenia gravis, gout.", "Weakness")
        ('myasthenia gravis',)
    """
    about, title = _about(article), f" {' '.join(words(article.title))} "
    found: dict[str, None] = {}
    for finding in findings(history):
        said = history[finding.start : finding.end]
        if (
            finding.kind == "condition"
            and "," not in said
            and not COMORBID & set(words(said))
            and said.casefold() not in complaint.casefold()
            and (
                f" {' '.join(words(said))} " in title
                or about.count(said.casefold()) >= (DENIED if finding.negated else DISCUSSED)
            )
        ):
            found[said] = None
    return tuple(found)


def _germs(seen: str, tokens: list[Token]) -> Iterator[tuple[str, str, str]]:
    """The germs that a text names: the name, how it is said, and what stands behind."""
    for mention in Catalogue.load().find(tokens):
        if mention.term.kind == "organism":
            start, end = tokens[mention.first].start, tokens[mention.last - 1].end
            yield mention.term.name, seen[start:end], seen[end:]


def _about(article: Article) -> str:
    """Abstract, introduction and discussion, folded."""
    return " ".join(
        article.text[section.start : section.end]
        for section in article.sections
        if section.part == "abstract" or topic_under(section.titles) in _ABOUT
    ).casefold()


def dwelt_on(article: Article, seen: str) -> tuple[str, ...]:
    r"""Diseases and germs of the first observation that the article says again.

    That many speak of what the patient had; a few, of what it was asked for because of that.

    Args:
        article: The article.
        seen: The first observation.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "A cough\n\nCase\n\nNo asthma.\n\nDiscussion\n\nAsthma is X. Asthma. Asthma."
        >>> dwelt_on(article_of(text, "demo"), "He had no asthma and no gout.")
        ('asthma',)
    """
    about = _about(article)
    found = dict.fromkeys(
        name
        for name in diseases(seen)
        if not says_little(words(name)[-1:]) and about.count(name.casefold()) >= SOMETIMES
    )
    for _, said, _ in _germs(seen, tokenize(seen)):
        if about.count(said.casefold()) >= SOMETIMES:
            found[said] = None
    return tuple(found)


def akin(article: Article, names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    r"""The article's abbreviations for near relations of a diagnosis.

    Args:
        article: The article.
        names: The names of the diagnosis, as folded words.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "T\n\nCase\n\nA small bowel neuroendocrine tumor (SBNET) was known."
        >>> akin(article_of(text, "demo"), [words("neuroendocrine carcinoma")])
        ('SBNET',)
    """
    near = Near(names)
    return tuple(
        short
        for short, long in abbreviations(article.text).items()
        if len(short) > 1 and near.masked(long) != long
    )


def either_form(article: Article, names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    r"""What the article spells out or abbreviates of the names to keep back.

    Args:
        article: The article.
        names: The names, as folded words.

    Example:
        >>> from medaction_gym.articles.plain import article_of
        >>> text = "T\n\nCase\n\nHe had had Bacillus Calmette-Guerin (BCG) long ago."
        >>> either_form(article_of(text, "demo"), [("bcg",)])
        ('BCG', 'Bacillus Calmette-Guerin')
    """
    kept = frozenset(names)
    pairs = abbreviations(article.text).items()
    return tuple(form for pair in pairs if kept & set(map(words, pair)) for form in pair)
