"""Tables: laboratory values that an article gives in rows and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from medaction_gym.articles.article import Span, Table
from medaction_gym.articles.recorded import Recorded, item_called
from medaction_gym.cases.case import MAX_NAME, MAX_TEXT, Analyte
from medaction_gym.cases.menu import LABORATORY
from medaction_gym.catalogue.catalogue import Catalogue

_MEASURED = re.compile(r"\d|normal|negative|positive", re.IGNORECASE)


def tabulated(found: list[Recorded], text: str, tables: Iterable[Table]) -> None:
    """Add the laboratory tables of an article to what was found.

    A table is one of measurements if most of its rows begin with an analyte of the catalogue and
    hold a value.

    Args:
        found: The tests so far.
        text: The article's text.
        tables: Its tables.
    """
    catalogue = Catalogue.load()
    for table in tables:
        values: list[Analyte] = []
        body = [row for row in table.rows if len(row) >= 2 and row[0].strip()]
        for row in body:
            named = any(m.term.kind in ("analyte", "panel") for m in catalogue.find(row[0]))
            cells = [cell for cell in row[1:] if cell]
            if named and any(_MEASURED.search(cell) for cell in cells):
                result = "; ".join(cells)[:MAX_TEXT]
                values.append(Analyte(name=row[0][:MAX_NAME], result=result))
        if len(values) >= 3 and len(values) * 2 >= len(body):
            item = item_called(found, LABORATORY, "laboratory")
            span = Span(table.start, table.end)
            item.take(text[table.start : table.end], span, values)
