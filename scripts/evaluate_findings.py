"""How well texts are turned into findings, on the development half of the real cases.

    python scripts/evaluate_findings.py CASES [--marks MARKS.tsv] [--grades GRADES.tsv] [--errors]

Definitions:

- speaks: a test result has at least one concept in its evidence, for or against; "for" counts only
  results with a positive weight;
- recall: the share of marks (spans that a reader marked before seeing any output, by offsets in the
  presentation of a case or, as case#place, in a test result) that a finding overlaps; precision:
  the share of findings that overlap a mark (those on a normal examination or value are left out,
  since readers marked none);
- negation: of the marks that a finding overlaps, the share whose negation it states rightly;
- grades: for a sample of results, how many statements (findings that count as evidence) were read
  in each, and how many of them a reader judged wrong; a true broader class is right. The grades are
  of the version that was read, and are not recomputed.

A plain dictionary trie (every name and synonym of HPO, longest match, no other rule) is the
baseline.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections import Counter
from itertools import groupby
from pathlib import Path

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.knowledge.findings import Finding, Findings
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge

Marked = tuple[int, int]


def presentation(case: Case) -> str:
    return f"{case.presentation.history}\n{case.presentation.examination}"


def trie(graph: KnowledgeGraph) -> tuple[frozenset[str], int]:
    names = {
        " ".join(re.findall(r"[a-z0-9]+", name.lower()))
        for concept in graph
        if concept.startswith("HP:")
        for name in (graph.name(concept), *graph.synonyms(concept))
    }
    return frozenset(names - {""}), 12


def trie_spans(text: str, names: frozenset[str], longest: int) -> list[Marked]:
    words = [(m[0].lower(), m.start(), m.end()) for m in re.finditer(r"[A-Za-z0-9]+", text)]
    found, place = [], 0
    while place < len(words):
        for size in range(min(longest, len(words) - place), 0, -1):
            if " ".join(word for word, *_ in words[place : place + size]) in names:
                found.append((words[place][1], words[place + size - 1][2]))
                place += size - 1
                break
        place += 1
    return found


def overlaps(one: Marked, other: Marked) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def coverage(cases: list[Case], findings: Findings) -> None:
    speaks, for_, bare, total = Counter[str](), Counter[str](), 0, Counter[str]()
    for case in cases:
        for test in case.tests:
            said = findings.evidence(test.result, test.name, test.category)
            total[test.category] += 1
            speaks[test.category] += bool(said)
            for_[test.category] += any(weight > 0 for weight in said.values())
            bare += bool(findings.evidence(test.result))
    everything = total.total()
    print(f"test results that speak: {speaks.total() / everything:.3f} of {everything}")
    print(f"  for something: {for_.total() / everything:.3f}")
    print(f"  without the test's name and category: {bare / everything:.3f}")
    for category, count in sorted(total.items()):
        print(f"  {category:13} {count:4}  {speaks[category] / count:.2f}")


def read_marks(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(
            csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
        )


def marked(path: Path, cases: list[Case], findings: Findings, *, errors: bool) -> None:
    by_id = {case.id: case for case in cases}
    read = read_marks(path)
    for what, rows in (
        ("presentations", [row for row in read if "#" not in row["case"]]),
        ("test results", [row for row in read if "#" in row["case"]]),
    ):
        if rows:
            print(f"marks in {len({row['case'] for row in rows})} {what}")
            compared(rows, by_id, findings, errors=errors)


def text_of(key: str, by_id: dict[str, Case]) -> tuple[str, str, str]:
    """The text of a presentation, or of a test result with the test's name and category."""
    case, _, place = key.partition("#")
    if not place:
        return presentation(by_id[case]), "", ""
    test = by_id[case].tests[int(place)]
    return test.result, test.name, test.category


def compared(
    rows: list[dict[str, str]], by_id: dict[str, Case], findings: Findings, *, errors: bool
) -> None:
    names, longest = trie(knowledge())
    hit, marks, right = Counter[str](), Counter[str](), Counter[bool]()
    precise, shown, plain_hit, plain_precise, plain_shown = 0, 0, Counter[str](), 0, 0
    for case, marks_here in groupby(rows, key=lambda mark: mark["case"]):
        text, test, category = text_of(case, by_id)
        found: list[Finding] = [
            f for f in findings.find(text, test, category) if f.kind != "normal"
        ]
        plain = trie_spans(text, names, longest)
        here = list(marks_here)
        spans = [(int(mark["start"]), int(mark["end"])) for mark in here]
        for mark, span in zip(here, spans, strict=True):
            marks[mark["kind"]] += 1
            over = [f for f in found if overlaps((f.start, f.end), span)]
            hit[mark["kind"]] += bool(over)
            plain_hit[mark["kind"]] += any(overlaps(p, span) for p in plain)
            if over:
                right[any(f.negated == (mark["negated"] == "1") for f in over)] += 1
            if errors and not over:
                print("missed", case, repr(text[slice(*span)]))
            elif errors and not any(f.negated == (mark["negated"] == "1") for f in over):
                print("negation", case, repr(text[slice(*span)]), mark["negated"])
        for finding in found:
            good = any(overlaps((finding.start, finding.end), span) for span in spans)
            precise, shown = precise + good, shown + 1
            if errors and not good:
                print("extra ", case, repr(text[finding.start : finding.end]), finding.name)
        plain_precise += sum(any(overlaps(p, span) for span in spans) for p in plain)
        plain_shown += len(plain)
    for kind in sorted(marks):
        print(
            f"  {kind}: recall {hit[kind] / marks[kind]:.3f} of {marks[kind]}"
            f" (trie {plain_hit[kind] / marks[kind]:.3f})"
        )
    print(f"  precision {precise / shown:.3f} of {shown} (trie {plain_precise / plain_shown:.3f})")
    print(f"  negation {right[True] / right.total():.3f} of {right.total()}")


def graded(path: Path) -> None:
    rows = [
        (int(cells[1]), int(cells[2]))
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#") and (cells := line.split("\t"))
    ]
    statements, wrong = sum(n for n, _ in rows), sum(w for _, w in rows)
    spoke, flawless = sum(n > 0 for n, _ in rows), sum(n > 0 and not w for n, w in rows)
    print(f"hand-checked results: {len(rows)}, of which {spoke} spoke")
    print(f"  statements right: {1 - wrong / statements:.3f} of {statements}")
    print(f"  results without any error: {flawless / spoke:.3f}")


def speed(cases: list[Case], findings: Findings) -> None:
    texts = [presentation(case) for case in cases]
    for text in texts:
        findings._find(text)
    times = []
    for text in texts:
        started = time.process_time()  # of this process: the machine may be shared
        findings._find(text)
        times.append((time.process_time() - started) / max(1, len(text)) * 500_000)
    times.sort()
    print(f"speed: median {times[len(times) // 2]:.2f} ms for 500 characters, uncached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases")
    parser.add_argument("--marks", type=Path)
    parser.add_argument("--grades", type=Path)
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    halves = CaseSet.load(arguments.cases, on_error="skip").split(development=0.5, held_out=0.5)
    cases = list(halves[0])
    findings = Findings(knowledge())
    coverage(cases, findings)
    if arguments.marks:
        marked(arguments.marks, cases, findings, errors=arguments.errors)
    if arguments.grades:
        graded(arguments.grades)
    speed(cases, findings)


if __name__ == "__main__":
    main()
