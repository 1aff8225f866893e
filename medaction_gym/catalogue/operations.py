"""Operations: what is taken out at one, put as the organ it is of."""

from __future__ import annotations

import re
from functools import lru_cache

from medaction_gym.catalogue.term import cell_list, read_table

# Most requests name no operation, and of those that do most no specimen of it.
_OPERATION = re.compile(r"ectomy|onisation|onization|dissection|enucleation")
_EXAMINED = re.compile(r"patho|histo|microscop|immuno|stain|slides|section", re.IGNORECASE)
_BEFORE = ("of", "on", "from")
_THE = ("", "the ", "his ", "her ", "a ", "an ")


def of_operation(text: str) -> str:
    """A request for the pathology of what an operation took out, by the organ.

    Example:
        >>> of_operation("histology of the lumpectomy specimen")
        'histology of the breast'
        >>> of_operation("ultrasound after the lumpectomy")
        'ultrasound after the lumpectomy'
    """
    if not (_OPERATION.search(text) and _EXAMINED.search(text)):
        return text
    for pattern, organ in _operations():
        text = pattern.sub(organ, text)
    return text


@lru_cache(maxsize=1)
def _operations() -> list[tuple[re.Pattern[str], str]]:
    """What names an operation's specimen, and the organ it is of (``data/operations.tsv``)."""
    behind = "|".join(rf"(?<=\b{of} {the})" for of in _BEFORE for the in _THE)
    return [
        (
            re.compile(
                rf"(?:{behind})(?:{names})(?: (?:specimen|sample|piece|material|tissue)s?)?\b",
                re.IGNORECASE,
            ),
            row["organ"],
        )
        for row in read_table("operations")
        for names in ["|".join(map(re.escape, cell_list(row["operation"])))]
    ]
