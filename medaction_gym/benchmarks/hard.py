"""Hard: MedAction-300-Hard, a list of hard cases chosen by rule, with its datasheet.

The authors' list of 300 hard cases (arXiv:2605.07305) is not public. This one is made by rules that
anybody can follow: every reference policy fails, and no single test names the answer. Of the cases
that are left, those rank first on which the references come least near, which mislead at first
sight, are rare, and have long menus; body systems take turns. The same pool, package and judge give
the same list. Where the authors' list appears, `benchmarks.ids` reads it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from medaction_gym import __version__
from medaction_gym.benchmarks.bench import Entrant, bench_all, folder_name
from medaction_gym.benchmarks.data import Choice, read
from medaction_gym.benchmarks.hardness import Hardness, hardness
from medaction_gym.benchmarks.ids import ids_sha256
from medaction_gym.benchmarks.interval import Estimate, contrast, estimate
from medaction_gym.benchmarks.judges import JudgeUsed
from medaction_gym.benchmarks.provenance import BenchError, sha256
from medaction_gym.benchmarks.result import Result
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.trajectory import read_trajectories
from medaction_gym.whole import whole_file

SCHEMA: Literal["medaction-hard/1"] = "medaction-hard/1"
NAME = "MedAction-300-Hard"
SIZE = 300
KEPT = 2 / 3  # of the eligible, where they are fewer than SIZE: so that there is a choice at all
REFERENCES = ("knowledge", "protocol", "echo-vignette", "random")

LIST, CASES, SHEET = "ids.json", "cases.jsonl", "datasheet.md"
SHIPPED = Path(__file__).parent / "lists" / "medaction-hard-1.json"


class HardList(BaseModel):
    """A list of hard cases, frozen: a change of the ids is a change of version and hash.

    Attributes:
        schema_version: Version of this format.
        name: What the benchmark is called.
        version: Of the list.
        package_version: The medaction-gym that made it.
        ids_sha256: Of the ids, a line each.
        wanted: How many cases were wanted.
        pool: Names of the pool's files and SHA-256 of their bytes.
        references: The policies that had to fail.
        judge: Who said that they failed.
        counts: Of the pool: cases, those that no reference solved, those of these that no test
            tells, and those that were taken.
        systems: How many cases of each body system were taken, and were eligible.
        ids: The cases, by id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["medaction-hard/1"] = SCHEMA
    name: str = NAME
    version: str
    package_version: str = __version__
    ids_sha256: str
    wanted: int
    pool: dict[str, str]
    references: tuple[str, ...]
    judge: JudgeUsed
    counts: dict[str, int]
    systems: dict[str, tuple[int, int]]
    ids: tuple[str, ...]


def build(
    pool: Sequence[str | Path],
    out: str | Path,
    *,
    references: Sequence[str] = REFERENCES,
    size: int = SIZE,
    version: str = "1",
    jobs: int = 1,
) -> HardList:
    """Choose the hard cases of a pool; a call that was stopped goes on where it was.

    Args:
        pool: Files of cases.
        out: Folder for the list, its cases, its datasheet, and the references' runs.
        references: The policies that must fail.
        size: How many cases are wanted.
        version: Of the list.
        jobs: Worker processes.

    Raises:
        BenchError: If no case is eligible, or a reference failed to play.
    """
    choice, out = Choice(tuple(map(Path, pool))), Path(out)
    cases = read(choice, "free-turn").cases
    entrants = [Entrant(agent) for agent in references]
    runs = out / "references"
    results = bench_all("medaction-hard", choice, "free-turn", entrants, runs, jobs=jobs)
    played: list[dict[str, tuple]] = [{} for _ in cases]  # type: ignore[type-arg]
    for result in results:
        if result.counts["errored"]:
            raise BenchError(
                f"{result.agent}: {result.counts['errored']} cases errored; see {runs}"
            )
        records = read_trajectories(runs / folder_name(result.agent) / "trajectories.jsonl")
        for place, record, row in zip(played, records, result.rows, strict=True):
            place[result.agent] = (record, row)
    measured = hardness(list(cases), played)
    eligible = [one for one in measured if one.eligible]
    if not eligible:
        raise BenchError("no case of the pool is hard: each is solved, or told by a single test")
    taken = set(choose(eligible, size))
    ids = tuple(sorted(taken))
    made = HardList(
        version=version,
        ids_sha256=ids_sha256(ids),
        wanted=size,
        pool={file.name: sha256(file.read_bytes()) for file in choice.files},
        references=tuple(references),
        judge=results[0].judge,
        counts={
            "pool": len(cases),
            "unsolved": sum(not one.solved_by for one in measured),
            "eligible": len(eligible),
            "taken": len(ids),
        },
        systems=_systems(eligible, taken),
        ids=ids,
    )
    CaseSet(cases.get(id) for id in ids).save(out / CASES)
    for name, text in (
        (LIST, made.model_dump_json(indent=1) + "\n"),
        ("hardness.json", json.dumps([_line(one) for one in measured], indent=1) + "\n"),
        (SHEET, datasheet(made, cases)),
    ):
        with whole_file(out / name) as file:
            file.write(text)
    return made


def choose(eligible: Sequence[Hardness], size: int) -> list[str]:
    """The hardest cases, the body systems taking turns.

    Args:
        eligible: The cases to choose from.
        size: How many are wanted; of fewer, `KEPT` are taken.

    Example:
        >>> ids = ("a1", "a2", "b1", "b2")
        >>> cases = [Hardness(id, id[0], (), "", int(id[1]) / 9, 0, False, 0) for id in ids]
        >>> choose(cases, 2), len(choose(cases, 300))
        (['a2', 'b2'], 2)
    """
    wanted = size if len(eligible) >= size else int(KEPT * len(eligible)) or 1
    by_system: dict[str, list[Hardness]] = {}
    for one in sorted(eligible, key=lambda one: (-one.score, one.case_id)):
        by_system.setdefault(one.system, []).append(one)
    turns = [
        (turn, -one.score, one.case_id)
        for ranked in by_system.values()
        for turn, one in enumerate(ranked)
    ]
    return [case_id for _, _, case_id in sorted(turns)[:wanted]]


class Contrast(NamedTuple):
    """One run on the hard cases against the rest of the pool.

    Attributes:
        hard: Accuracy of all on the listed cases.
        rest: Of the others.
        difference: Hard minus rest, with the interval of an unpaired bootstrap.
        chose: Whether the agent had a part in the choice.
    """

    hard: Estimate
    rest: Estimate
    difference: Estimate
    chose: bool


def contrasted(result: Result, made: HardList) -> Contrast:
    """Set a run on the pool, or on one of its files, apart by the list.

    Raises:
        BenchError: If the run holds no listed case, or nothing else.
    """
    listed = set(made.ids)
    right = [(row.case_id in listed, float(row.fate == "right")) for row in result.rows]
    hard, rest = (
        [value for inside, value in right if inside is wanted] for wanted in (True, False)
    )
    if not hard or not rest:
        raise BenchError(f"{result.agent}: was not played on listed and other cases both")
    return Contrast(
        estimate(hard), estimate(rest), contrast(hard, rest), result.agent in made.references
    )


def datasheet(made: HardList, cases: CaseSet) -> str:
    """What a user of the list must know, as Markdown."""
    taken = [cases.get(id) for id in made.ids]
    sources = Counter(f"{c.provenance.source} ({c.provenance.license})" for c in taken)
    eligible, judge = made.counts["eligible"], made.judge
    short = (
        f"\n**Fewer than {made.wanted}.** The pool has {eligible} eligible cases, so the list "
        f"holds two thirds of these, {len(taken)}.\n"
    )
    template = files(__package__).joinpath("lists", "datasheet.md").read_text(encoding="utf-8")
    return template.format(
        name=made.name,
        version=made.version,
        taken=len(taken),
        ids_sha256=made.ids_sha256,
        short="" if eligible >= made.wanted else short,
        pool_size=made.counts["pool"],
        pool="\n".join(f"- `{name}`, SHA-256 `{sha}`" for name, sha in made.pool.items()),
        references=", ".join(made.references),
        judge=f"{judge.name} {judge.version} `{(judge.sha256 or '')[:12]}`",
        unsolved=made.counts["unsolved"],
        eligible=eligible,
        sources="\n".join(f"- {n} from {source}" for source, n in sorted(sources.items())),
        rare=sum(bool(case.metadata.get("rare")) for case in taken),
        menu=f"{sum(len(case.tests) for case in taken) / len(taken):.1f}",
        systems="\n".join(f"| {s} | {n} | {of} |" for s, (n, of) in made.systems.items()),
    )


def _systems(eligible: Sequence[Hardness], taken: set[str]) -> dict[str, tuple[int, int]]:
    whole = Counter(one.system for one in eligible)
    chosen = Counter(one.system for one in eligible if one.case_id in taken)
    return {system: (chosen[system], whole[system]) for system in sorted(whole)}


def _line(one: Hardness) -> Mapping[str, object]:
    return {**one._asdict(), "eligible": one.eligible, "score": one.score}
