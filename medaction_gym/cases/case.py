"""Case: one patient, as a doctor meets them.

What is seen first (`Presentation`), what can be asked of the record (`TestResult`, the menu) and
what was the matter (`Diagnosis`). Frozen, because a case travels: into snapshots, worker processes
and result files. Formats of other projects are turned into this model by the loaders beside it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Category = Literal[
    "laboratory",
    "microbiology",
    "pathology",
    "genetics",
    "imaging",
    "endoscopy",
    "physiology",
    "examination",
    "procedure",
    "other",
]
CATEGORIES: tuple[str, ...] = get_args(Category)


def as_category(name: str) -> Category:
    """A category by name; ``"other"`` for a name that is none."""
    return cast(Category, name) if name in CATEGORIES else "other"


# Longest strings a case may hold, in characters. The longest field of the 595 real cases has under
# 5,000; the bounds keep a damaged file (a whole archive in one field) from becoming an observation.
MAX_NAME = 300
MAX_TEXT = 50_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _clean(text: object) -> object:
    """NFC-normalise, replace control characters and line separators, strip the ends."""
    if not isinstance(text, str):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub(" ", text).encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", text).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


Name = Annotated[
    str,
    BeforeValidator(_clean),
    AfterValidator(_one_line),
    StringConstraints(min_length=1, max_length=MAX_NAME),
]
Text = Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=MAX_TEXT)]
RequiredText = Annotated[
    str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=MAX_TEXT)
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Frozen):
    """Where a case comes from and on what terms it may be used.

    Attributes:
        source: The collection, e.g. ``"MedR-Bench"``.
        license: SPDX identifier or the licence's name as the source states it.
        url: Page of the article or collection, or ``""`` where there is none.
        note: Anything a reader must know, e.g. that the patient is fictional.
    """

    source: Name
    license: Name
    url: Text = ""
    note: Text = ""


class Presentation(_Frozen):
    """What the doctor knows before any test, in the four sections of an admission note."""

    patient: Text = ""
    chief_complaint: Text = ""
    history: Text = ""
    examination: Text = ""

    @model_validator(mode="after")
    def _says_something(self) -> Presentation:
        if not (self.chief_complaint or self.history or self.examination):
            raise ValueError("chief_complaint, history and examination are all empty")
        return self


class Analyte(_Frozen):
    """One measured component of a panel, e.g. ``CRP`` with ``"6.02 mg/dL"``."""

    name: Name
    result: RequiredText


class TestResult(_Frozen):
    """One item of the menu: a test that was done, and what it showed.

    Attributes:
        name: What a doctor orders, without any hint of the result. Unique within a case.
        aliases: Other names of the same test.
        category: Broad kind, one of `CATEGORIES`.
        result: The recorded result, verbatim.
        analytes: For a panel, its components, each of which can be ordered alone.
    """

    __test__ = False  # not a pytest class, whatever its name

    name: Name
    aliases: tuple[Name, ...] = ()
    category: Category = "other"
    result: RequiredText
    analytes: tuple[Analyte, ...] = ()


def _by_name(tests: tuple[TestResult, ...]) -> tuple[TestResult, ...]:
    """Sort the menu: an order of the source (pathology last) would be a hint."""
    return tuple(sorted(tests, key=lambda test: (test.name.casefold(), test.name)))


class Diagnosis(_Frozen):
    """The confirmed diagnosis, with names that mean exactly the same."""

    name: Name
    synonyms: tuple[Name, ...] = ()


class Case(_Frozen):
    """A patient case: presentation, hidden menu of test results, confirmed diagnosis.

    Attributes:
        id: Unique within a `CaseSet`, e.g. ``"PMC11298319"``.
        provenance: Source, licence and URL.
        presentation: What is seen first.
        tests: The menu, sorted by name so that its order gives nothing away.
        diagnosis: The gold diagnosis. Never shown before an episode has ended.
        differential: Diseases the source itself considered, likeliest first. May be empty.
        metadata: What else the source states (body system, rarity, specialty ...), JSON values.

    Example:
        >>> case = Case(
        ...     id="demo",
        ...     provenance=Provenance(source="docs", license="Apache-2.0"),
        ...     presentation=Presentation(chief_complaint="Thirst for three weeks"),
        ...     tests=(TestResult(name="HbA1c", category="laboratory", result="11.2 %"),),
        ...     diagnosis=Diagnosis(name="Type 1 diabetes mellitus"),
        ... )
        >>> case.tests[0].result
        '11.2 %'
        >>> len(case.hash)
        64
    """

    id: Name
    provenance: Provenance
    presentation: Presentation
    tests: Annotated[tuple[TestResult, ...], AfterValidator(_by_name)] = Field(
        min_length=1, max_length=500
    )
    diagnosis: Diagnosis
    differential: tuple[Name, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Case:
        seen: dict[str, str] = {}
        for test in self.tests:
            key = test.name.casefold()
            if key in seen:
                raise ValueError(
                    f"tests: two items are called {test.name!r}; merge them or rename one"
                )
            seen[key] = test.name
        return self

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the case's canonical JSON: equal content, equal hash."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json"))).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Serialise JSON data so that equal data give equal bytes (sorted keys, UTF-8, no spaces)."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()
