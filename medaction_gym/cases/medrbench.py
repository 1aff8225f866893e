"""MedR-Bench's published JSON: PMC case reports summarised in markdown sections.

The file is one object, ``{PMCID: {generate_case: {case_summary, differential_diagnosis, ...}}}``.
The summary's last section, "Ancillary Tests", becomes the menu; the sections before it become the
presentation, with the gold diagnosis masked.
"""

from __future__ import annotations

import re
from typing import Any

from medaction_gym.cases.case import (
    MAX_NAME,
    Case,
    Diagnosis,
    Presentation,
    Provenance,
    TestResult,
)
from medaction_gym.cases.leaks import gold_causes, gold_names, mask
from medaction_gym.cases.menu import OTHER, parse_menu
from medaction_gym.cases.problems import RecordError
from medaction_gym.catalogue.catalogue import Catalogue

NAME = "MedR-Bench JSON"

_SECTIONS = (
    "patient information",
    "chief complaint",
    "history of present illness",
    "past medical history",
    "personal history",
    "family history",
    "physical examination",
    "ancillary tests",
)
_HEADING = re.compile(
    r"^[ \t]*(?:[-*•#]+[ \t]*|\d+\.[ \t]*)*\**[ \t]*("
    + "|".join(_SECTIONS)
    + r")\b[^:\n]{0,40}?\**[ \t]*:[ \t]*\**",
    re.MULTILINE | re.IGNORECASE,
)
# A section beside "Ancillary Tests" that the summary added: "- **Treatment:**" at the margin.
_MARGIN = re.compile(r"^-[ \t]*\*\*([^*\n:]{3,60}):?\*\*:?", re.MULTILINE)
_NOTHING = re.compile(
    r"^\W*(?:none|not|no|n/?a|unknown|unremarkable|nil)?\W*(?:reported|detailed|mentioned|"
    r"specified|provided|stated|applicable|available|known)?\W*$",
    re.IGNORECASE,
)


def recognises(record: object) -> bool:
    """Whether a JSON value looks like an entry of the MedR-Bench file."""
    return isinstance(record, dict) and "generate_case" in record


def to_case(key: str, record: dict[str, Any]) -> Case:
    """Turn one entry into a case.

    Args:
        key: The entry's key, a PMC id.
        record: The entry.

    Raises:
        RecordError: If the summary, its tests or the diagnosis are missing.
        pydantic.ValidationError: If the content does not make a case.
    """
    generated = record["generate_case"]
    if not isinstance(generated, dict):
        raise RecordError("generate_case", "is not an object")
    summary = _text(generated, "case_summary")
    gold = _plain(_text(generated, "diagnosis_results"))
    if not gold:
        raise RecordError("generate_case.diagnosis_results", "is empty")
    sections = _split(summary)
    if not sections.get("ancillary tests", "").strip():
        raise RecordError("generate_case.case_summary", "has no section 'Ancillary Tests'")
    menu = parse_menu(sections["ancillary tests"])
    if not menu.tests:
        raise RecordError("generate_case.case_summary", "names no test in 'Ancillary Tests'")

    diagnosis = Diagnosis(name=gold[:MAX_NAME])
    names = gold_names(diagnosis)
    # What was known before this illness stays: a cause named in the gold ("... due to cirrhosis")
    # is fair history there, and a leak anywhere else.
    present = names + gold_causes(diagnosis)
    past = "\n".join(
        f"{section.capitalize()}: {mask(_plain(sections.get(section, '')), names)}"
        for section in ("past medical history", "personal history", "family history")
        if not _NOTHING.match(sections.get(section, ""))
    )
    illness = mask(_plain(sections.get("history of present illness", "")), present)
    return Case(
        id=key,
        provenance=Provenance(
            source="MedR-Bench",
            license="CC BY-SA (benchmark); article: PMC open access",
            url=f"https://pmc.ncbi.nlm.nih.gov/articles/{key}/",
        ),
        presentation=Presentation(
            patient=mask(_plain(sections.get("patient information", "")), present),
            chief_complaint=mask(_plain(sections.get("chief complaint", "")), present),
            history="\n".join(filter(None, [illness, past])),
            examination=mask(_plain(sections.get("physical examination", "")), present),
        ),
        tests=_without_gold_names(menu.tests, names),
        diagnosis=diagnosis,
        differential=_differential(generated.get("differential_diagnosis")),
        metadata={
            "body_system": record.get("body_category") or [],
            "disorder": record.get("disorder_category") or [],
            "received": record.get("receive_time") or "",
            "rare": bool(record.get("checked_rare_disease")),
            "rare_diseases": record.get("checked_rare_disease") or [],
            "not_tests": [f"{p.heading}: {p.text}" for p in menu.pseudo],
        },
    )


def _without_gold_names(
    tests: tuple[TestResult, ...], names: tuple[tuple[str, ...], ...]
) -> tuple[TestResult, ...]:
    """Rename items that are called after the diagnosis and name no test ("SCID: confirmed ...").

    A test *for* the disease keeps its name: a doctor who orders a monkeypox PCR has thought of it.
    """
    renamed: list[TestResult] = []
    for test in tests:
        given_away = mask(test.name, names) != test.name
        if given_away and not any(m.term.category for m in Catalogue.load().find(test.name)):
            taken = {other.name for other in (*tests, *renamed)}
            free = (f"{OTHER} ({n})" if n > 1 else OTHER for n in range(1, len(tests) + 2))
            test = test.model_copy(update={"name": next(n for n in free if n not in taken)})
        renamed.append(test)
    return tuple(renamed)


def _text(generated: dict[str, Any], field: str) -> str:
    value = generated.get(field)
    if not isinstance(value, str):
        raise RecordError(f"generate_case.{field}", "is missing or not a string")
    return value


def _split(summary: str) -> dict[str, str]:
    """The summary's sections by lower-case heading.

    A summary of several patients repeats its headings; their texts are joined in order.
    """
    marks = list(_HEADING.finditer(summary))
    sections: dict[str, str] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        name = mark[1].lower()
        text = summary[mark.end() : following.start() if following else len(summary)]
        if name == "ancillary tests":
            # Sections after the tests become bullets, so that headings such as "Treatment" are
            # seen for what they are.
            text = _MARGIN.sub(r"- \1:", text)
        sections[name] = f"{sections[name]}\n{text}" if name in sections else text
    return sections


def _plain(markdown: str) -> str:
    """Markdown as plain text: no emphasis, no bullets, one line where it was one paragraph."""
    text = re.sub(r"\*\*|__|`|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", "", markdown)
    lines = [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not set(line) <= set("-=_*")]
    return "\n".join(lines).strip(" \n-:")


_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_NOT_A_DISEASE = re.compile(
    r"differential|diagnos|consider|exclu|confirm|evaluation|support|rationale|finding|ruled|"
    r"analysis|step|final|key|test|imaging|patholog|specific|initial|conclusion|reason|feature|"
    r"evidence|history|presentation|clinical|correlation|summary|result",
    re.IGNORECASE,
)


def _differential(value: object) -> tuple[str, ...]:
    """Diseases the source considered: the bold names and list heads of its free text.

    The text is a model's prose, so this is a list of candidates, not of facts. It serves as
    distractors and is never shown to the doctor.
    """
    if not isinstance(value, str):
        return ()
    names: list[str] = []
    for line in value.splitlines():
        bold = _BOLD.findall(line)
        head = re.match(r"^\s*(?:[-*•]|\d+[.)])\s+([^:.*]{3,80}):\s", line)
        for name in bold or ([head[1]] if head else []):
            name = _plain(name).strip(" :.,\n")
            name = " ".join(name.split())
            if 3 <= len(name) <= 80 and len(name.split()) <= 9 and not _NOT_A_DISEASE.search(name):
                names.append(name)
    return tuple(dict.fromkeys(names))
