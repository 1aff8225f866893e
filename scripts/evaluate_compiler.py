"""Measure the article compiler against MedR-Bench's summaries of the same articles.

    python scripts/evaluate_compiler.py DIAGNOSIS_CASES.json [--half dev|held|all]
        [--part tune|check|all] [--limit N] [--errors] [--sample N --seed S]

The file holds both the articles (`raw_case`) and what a large model made of them (`generate_case`).
Halves are by a hash of the id (salt "medaction"), the development half is split once more (salt
"articles", 60 % to tune on). A refused article counts as a diagnosis not found, and its summary's
tests as not recovered.

Two tests are one if they tell the same and are called alike:

- of the content words and figures of the shorter one, at least `SHARED` (and two) stand in the
  other (the overlap coefficient of Szymkiewicz and Simpson), and the names have a catalogue term
  in common or kin (CT and "CT abdomen", a panel and its analyte), or both are laboratory; or
- at least `MOSTLY` of them do, whatever they are called.

`--strict` takes the share of the summary's words alone, which asks a compiled item to hold the
whole of the summary's, however many tests that strings together.

Recall is the share of the summary's tests with such a partner. Precision is the share of compiled
tests that have one; beside it stands the share that the entry's own texts speak of at all (its
other sections and its reasoning), since a summary leaves out tests that an article reports; and of
those without a partner, how many say "normal", "negative" or the like.

`--sample` prints first observations with the published diagnosis, to be read by hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from medaction_gym.articles.article import Article
from medaction_gym.articles.reader import read
from medaction_gym.articles.rules import RulesCompiler
from medaction_gym.cases.case import Case, TestResult
from medaction_gym.cases.caseset import stable_fraction
from medaction_gym.cases.leaks import MASK, find_leaks, gold_names, mask
from medaction_gym.cases.medrbench import to_case
from medaction_gym.catalogue.catalogue import Catalogue
from medaction_gym.catalogue.tokens import words
from medaction_gym.metrics.judge import judge

SHARED = 0.3
MOSTLY = 0.6
TUNE = 0.6
STRICT = False

_NOTHING = re.compile(
    r"\b(?:normal|unremarkable|negative|no|not|without|ruled out|excluded)\b", re.IGNORECASE
)
_SMALL = frozenset(
    """
    the a an of in on at to and or with by for from was were is are be been no not which that this
    it as showed show revealed reveal demonstrated confirmed found noted test result finding patient
    there had has normal elevated s
    """.split()
)


def content(text: str) -> frozenset[str]:
    return frozenset(w for w in words(text) if w not in _SMALL)


def heads(test: TestResult) -> frozenset[str]:
    catalogue = Catalogue.load()
    found = set()
    for mention in catalogue.find(test.name):
        if mention.term.kind in ("analyte", "panel", "procedure"):
            found |= catalogue.ancestors(mention.term.id) | catalogue.members(mention.term.id)
            found |= catalogue.same(mention.term.id)
    return frozenset(found)


def same_test(gold: TestResult, made: TestResult) -> bool:
    """Whether a compiled test is the one of the summary."""
    said, told = content(f"{gold.name} {gold.result}"), content(f"{made.name} {made.result}")
    both = len(said & told)
    if both < 2:
        return False
    shared = both / (len(said) if STRICT else min(len(said), len(told)))
    if shared >= MOSTLY:
        return True
    alike = bool(heads(gold) & heads(made)) or gold.category == made.category == "laboratory"
    return alike and shared >= SHARED


def spoken_of(made: TestResult, entry: dict[str, Any]) -> bool:
    """Whether the entry's own texts speak of a compiled test at all."""
    generated = " ".join(v for v in entry["generate_case"].values() if isinstance(v, str))
    said = content(made.result)
    shared = len(said & content(generated)) / max(len(said), 1)
    catalogue = Catalogue.load()
    named = {
        m.term.id
        for m in catalogue.find(made.name)
        if m.term.kind in ("analyte", "panel", "procedure")
    }
    there = {a for m in catalogue.find(generated) for a in catalogue.ancestors(m.term.id)}
    return bool(named & there) or shared >= 0.5


def in_part(id: str, half: str, part: str) -> bool:
    held = stable_fraction(id, "medaction") >= 0.5
    if half != "all" and held != (half == "held"):
        return False
    tuned = stable_fraction(id, "articles") < TUNE
    return part == "all" or tuned == (part == "tune")


def row_of(article: Article, entry: dict[str, Any], compiler: RulesCompiler) -> dict[str, Any]:
    started = time.process_time()
    compiled = compiler.compile(article)
    spent = 1000 * (time.process_time() - started)
    gold = to_case(article.id, entry)
    row: dict[str, Any] = {
        "id": article.id,
        "ms": spent,
        "refused": [str(r) for r in compiled.refusals],
        "cases": len(compiled.cases),
        "mended": compiled.mended,
        "gold_tests": len(gold.tests),
    }
    if not compiled.cases:
        return row | {"verdict": "refused", "recovered": 0, "tests": 0, "right": 0, "spoken": 0}
    case = compiled.cases[0]
    made = [test for c in compiled.cases for test in c.tests]
    verdict = judge()(gold.diagnosis.name, case.diagnosis.name)
    missed = [t for t in gold.tests if not any(same_test(t, m) for m in made)]
    wrong = [m for m in made if not any(same_test(t, m) for t in gold.tests)]
    spoken = [m for m in made if m not in wrong or spoken_of(m, entry)]
    return row | {
        "verdict": verdict.verdict,
        "diagnosis": [gold.diagnosis.name, case.diagnosis.name],
        "recovered": len(gold.tests) - len(missed),
        "tests": len(made),
        "right": len(made) - len(wrong),
        "spoken": len(spoken),
        "missed": [[t.name, t.result] for t in missed],
        "wrong": [[m.name, m.result, m in spoken] for m in wrong],
        "leaks": leaks(case, gold),
        "words": words_kept(case, article),
    }


def words_kept(case: Case, article: Article) -> tuple[int, int]:
    """Words of the sentences behind history and examination, and how many of them are left."""
    spans = case.metadata["evidence"]["presentation"].values()
    told = sum(len(article.text[a:b].split()) for pairs in spans for a, b in pairs)
    left = f"{case.presentation.history} {case.presentation.examination}".replace("…", " ")
    return told, len(left.replace(MASK, " ").split())


def leaks(case: Case, gold: Case) -> dict[str, list[str]]:
    """Where the first observation or a test's name says the diagnosis, found or published."""
    own = [
        f"{k.place}: {k.text}" for k in find_leaks(case) if k.kind in ("presentation", "test name")
    ]
    causes = [f"{k.place}: {k.text}" for k in find_leaks(case) if k.kind == "cause"]
    names = gold_names(gold.diagnosis)
    published = [
        f"{section}: {text[:80]}"
        for section, text in case.presentation
        if mask(text, names) != text
    ]
    published += [f"test {t.name}" for t in case.tests if mask(t.name, names) != t.name]
    return {"own": own, "cause": causes, "published": published}


def report(rows: list[dict[str, Any]]) -> str:
    total = len(rows)
    verdicts = Counter(row["verdict"] for row in rows)
    recovered, gold = sum(r["recovered"] for r in rows), sum(r["gold_tests"] for r in rows)
    right, tests = sum(r["right"] for r in rows), sum(r["tests"] for r in rows)
    spoken = sum(r["spoken"] for r in rows)
    made = [row for row in rows if row["cases"]]
    wrong = [bool(_NOTHING.search(result)) for r in made for _, result, _ in r["wrong"]]
    lines = [
        f"articles {total}, compiled {len(made)}, refused {total - len(made)}",
        f"gold found: {verdicts['same']}/{total} ({verdicts['same'] / total:.1%}), "
        + ", ".join(f"{name} {n}" for name, n in sorted(verdicts.items())),
        f"tests of the summary recovered: {recovered}/{gold} ({recovered / gold:.1%})",
        f"compiled tests that the summary has: {right}/{tests} ({right / tests:.1%}); "
        f"that the entry speaks of: {spoken}/{tests} ({spoken / tests:.1%}); "
        f"of the {len(wrong)} it has not, {sum(wrong)} state something normal or absent",
        f"tests a case: {statistics.mean(r['tests'] for r in made):.1f} "
        f"(summary {gold / total:.1f})",
    ]
    for kind in ("own", "cause", "published"):
        leaking = [row["id"] for row in made if row["leaks"][kind]]
        lines.append(f"first observation leaks ({kind}): {len(leaking)}/{len(made)} {leaking[:8]}")
    told, left = (sum(row["words"][i] for row in made) for i in (0, 1))
    heavy = sum(row["words"][1] < 0.75 * row["words"][0] for row in made)
    lines.append(f"words of the first observation withheld: {told - left}/{told} "
                 f"({1 - left / told:.1%}); more than a quarter in {heavy} cases")  # fmt: skip
    times = sorted(row["ms"] for row in rows)
    middle, mean = statistics.median(times), statistics.mean(times)
    lines.append(f"ms of processor time an article: median {middle:.1f}, mean {mean:.1f}, "
                 f"95 % {times[int(0.95 * (len(times) - 1))]:.1f}")  # fmt: skip
    return "\n".join(lines)


def show(
    number: int, articles: list[Article], entries: dict[str, Any], compiler: RulesCompiler
) -> None:
    """Print the first observations of some articles, and their published diagnoses."""
    cases = (
        (to_case(a.id, entries[a.id]), case) for a in articles for case in compiler.compile(a).cases
    )
    for gold, case in itertools.islice(cases, number):
        print(f"\n=== {case.id}: {gold.diagnosis.name} (compiled: {case.diagnosis.name})")
        for section, text in case.presentation:
            print(f"{section}: {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--half", choices=("dev", "held", "all"), default="dev")
    parser.add_argument("--part", choices=("tune", "check", "all"), default="tune")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--errors", action="store_true", help="print one JSON object an article")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--sample", type=int, default=0, help="print first observations to read")
    parser.add_argument("--seed", default="0")
    arguments = parser.parse_args()
    global STRICT
    STRICT = arguments.strict
    entries = json.loads(arguments.file.read_text(encoding="utf-8"))
    articles = [
        a
        for a in read(arguments.file)
        if isinstance(a, Article) and in_part(a.id, arguments.half, arguments.part)
    ]
    if arguments.limit:
        articles = articles[: arguments.limit]
    compiler = RulesCompiler()
    if arguments.sample:
        articles.sort(key=lambda article: article.id)
        random.Random(arguments.seed).shuffle(articles)
        show(arguments.sample, articles, entries, compiler)
        return
    compiler.compile(articles[0])  # the tables and the graph are read once
    rows = [row_of(article, entries[article.id], compiler) for article in articles]
    if arguments.errors:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    print(report(rows))


if __name__ == "__main__":
    main()
