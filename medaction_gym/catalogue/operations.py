"""Operations: what is taken out at one, put as the organ it is of."""

from __future__ import annotations

import re
from functools import lru_cache

from medaction_gym.catalogue.term import cell_list, read_table

# What is done with a specimen: most requests name no operation, and of those that do most not this.
_EXAMINED = re.compile(
    r"patho|histo|microscop|immuno|stain|slides|\bsections?\b|\bpath\b|\bHP[ER]\b|\bIHC\b|specimen",
    re.IGNORECASE,
)
_NOUN = r"(?:(?:histo)?path(?:olog\w+)?|histolog\w+|microscopy|HP[ER]|IHC|slides|specimens?)\b"
_PIECE = r"(?: (?:specimen|sample|piece|material|tissue)s?)?"
# "Total abdominal", "laparoscopic left".
_KIND = (
    r"(?:(?:radical|total|subtotal|near-total|partial|complete|completion|simple|left|right|open|"
    r"bilateral|unilateral|laparoscopic|robotic|abdominal|vaginal|extended|modified) ){0,3}"
)
_BEHIND = r"\b(?:of|on|from|in) (?:(?:the|his|her|an?|their) )?|[,;:] "


def of_operation(text: str) -> str:
    """A request for the pathology of what an operation took out, by the organ.

    Example:
        >>> of_operation("histology of the lumpectomy specimen")
        'histology of the breast'
        >>> of_operation("total hysterectomy path"), of_operation("final path, vulvectomy")
        ('uterus path', 'final path, vulva')
        >>> of_operation("What did the colectomy specimen show?")
        'What did the histopathology of colon show?'
        >>> of_operation("ultrasound after the lumpectomy")
        'ultrasound after the lumpectomy'
    """
    if not (_EXAMINED.search(text) and _any_operation().search(text)):
        return text
    examined = set(map(str.casefold, _EXAMINED.findall(text)))
    # "What did the nephrectomy specimen show?" is its histology.
    before = "histopathology of " if examined == {"specimen"} else ""
    for pattern, organ in _operations():
        text = pattern.sub(rf"\g<1>{before}{organ}", text)
    return text


@lru_cache(maxsize=1)
def _any_operation() -> re.Pattern[str]:
    """Any operation: most requests name none."""
    names = [name for row in read_table("operations") for name in cell_list(row["operation"])]
    return re.compile("|".join(map(re.escape, names)), re.IGNORECASE)


@lru_cache(maxsize=1)
def _operations() -> list[tuple[re.Pattern[str], str]]:
    """What names an operation's specimen, and the organ it is of (``data/operations.tsv``)."""
    return [
        (
            re.compile(
                # "Path of the nephrectomy", "path, nephrectomy", "nephrectomy path".
                rf"({_BEHIND}){_KIND}(?:{names}){_PIECE}\b"
                rf"|(?<![-\w]){_KIND}(?:{names})(?={_PIECE} {_NOUN}){_PIECE}",
                re.IGNORECASE,
            ),
            row["organ"],
        )
        for row in read_table("operations")
        for names in ["|".join(map(re.escape, cell_list(row["operation"])))]
    ]
