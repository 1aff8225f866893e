"""Site: writes the pages of runs and trees into a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from medaction_gym import __version__
from medaction_gym.benchmarks.groups import BY
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.site.branches import TreeError, branches
from medaction_gym.site.page import page
from medaction_gym.site.run import RESULT, TRAJECTORIES, Run, of_result, of_trajectories
from medaction_gym.site.sheet import Sheet, file_name, run_id
from medaction_gym.whole import whole_file

SCHEMA = "medaction-site/1"
MARK = "site.json"
TREES = "trees"
_ASSETS = ("assets", "vendor")


class Written(NamedTuple):
    """What was written: counts, bytes in all, and those of the largest page."""

    runs: int
    cases: int
    trees: int
    files: int
    size: int
    largest: int


def write_site(
    folders: Iterable[str | Path],
    out: str | Path,
    *,
    on_step: Callable[[str], None] | None = None,
) -> Written:
    """Write the site of all runs and trees beneath some folders.

    Args:
        folders: Folders that ``bench``, ``run`` or ``distill`` wrote, or folders of these.
        out: The site's folder; new, empty, or an earlier site, whose pages are replaced.
        on_step: Called with the name of the agent for each episode read, and with the path of
            each file written.

    Raises:
        BenchError: If a folder holds nothing to show, a file is not what it should be, or `out`
            holds other things.
    """
    out = Path(out)
    found = dict.fromkeys(source for folder in map(Path, folders) for source in _sources(folder))
    _check(out)
    runs = [read(folder) for folder, read in found if read is not None]
    runs.sort(key=_place)
    trees = [file for folder, read in found if read is None for file in _tree_files(folder)]
    tell = on_step or (lambda _: None)
    writer = _Writer(out, tell, has_trees=bool(trees))
    labels = _labels(runs)
    sheets = _sheets(runs, tell)
    groups = _groups(runs, sheets)
    _claim(out)
    writer.assets()
    differences = [text for text in dict.fromkeys(run.differences for run in runs) if text]
    writer.page(
        "index.html",
        "leaderboard.html",
        groups=groups,
        differences=differences,
        judged=_judged(runs),
    )
    tables = [group for group in groups if group["sheets"]]
    writer.page("cases.html", "cases.html", tables=tables, run_id=run_id)
    for before, sheet, after in zip([None, *sheets], sheets, [*sheets[1:], None], strict=False):
        values = {"before": before, "case": sheet.case, "after": after}
        writer.page(f"cases/{sheet.name}", "case.html", data=sheet.data(runs, labels), **values)
    _write_trees(writer, trees)
    return Written(len(runs), len(sheets), len(trees), writer.files, writer.size, writer.largest)


def _sources(folder: Path) -> Iterator[tuple[Path, Callable[[Path], Run] | None]]:
    """Folders with something to show, and how a run is read from them; None for trees."""
    found = 0
    for inside in (folder, *sorted(p for p in folder.rglob("*") if p.is_dir())):
        if (inside / RESULT).exists():
            yield inside, of_result
        elif (inside / TRAJECTORIES).exists():
            yield inside, of_trajectories
        elif (inside / "distill.json").exists():
            yield inside, None
        else:
            continue
        found += 1
    if not found:
        raise BenchError(
            f"{folder}: holds no {RESULT}, {TRAJECTORIES} or distill.json; make one with 'bench', "
            "'run' or 'distill'"
        )


def _check(out: Path) -> None:
    """Refuse a folder with other things in it, before the work is done."""
    if out.exists() and not out.is_dir():
        raise BenchError(f"{out}: is a file; --out takes a folder")
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise BenchError(f"{out}: holds other things than a site; choose another --out")


def _claim(out: Path) -> None:
    """Make the folder a site's, without the pages of an earlier one."""
    with whole_file(out / MARK) as file:
        file.write(json.dumps({"schema_version": SCHEMA, "package_version": __version__}) + "\n")
    for folder in ("cases", TREES):
        for old in sorted((out / folder).glob("*.html")):
            old.unlink()
    (out / "trees.html").unlink(missing_ok=True)


class _Writer:
    """Writes files and counts them."""

    def __init__(self, out: Path, tell: Callable[[str], None], *, has_trees: bool) -> None:
        self._out, self._tell, self._has_trees = out, tell, has_trees
        self.files = self.size = self.largest = 0

    def page(self, name: str, template: str, **values: Any) -> None:
        """Fill a template and write it."""
        root = "../" * name.count("/")
        self._write(name, page(template, root=root, has_trees=self._has_trees, **values))

    def assets(self) -> None:
        """Copy style, scripts and the chart library."""
        for folder in _ASSETS:
            for file in sorted(files("medaction_gym.site").joinpath(folder).iterdir(), key=str):
                self._write(f"assets/{file.name}", file.read_text(encoding="utf-8"))

    def _write(self, name: str, text: str) -> None:
        # A lone surrogate, which no file can hold, becomes a question mark.
        whole = text.encode("utf-8", "replace").decode()
        with whole_file(self._out / name) as file:
            file.write(whole)
        size = len(whole.encode())
        self.files, self.size = self.files + 1, self.size + size
        self.largest = max(self.largest, size)
        self._tell(name)


def _place(run: Run) -> tuple[object, ...]:
    accuracy = run.metrics["accuracy"].mean
    return (*run.group, 1.0 if accuracy is None else -accuracy, run.agent, run.seed, run.folder)


def _sheets(runs: list[Run], tell: Callable[[str], None]) -> list[Sheet]:
    """The cases as they were played, by id."""
    sheets: dict[str, Sheet] = {}
    for number, run in enumerate(runs):
        for case, trajectory, row in run.episodes():
            sheet = sheets.setdefault(case.hash, Sheet(case))
            try:
                sheet.put(number, trajectory, row)
            except (LookupError, ValueError) as error:
                raise BenchError(f"{run.folder / TRAJECTORIES}: {case.id}: {error}") from None
            tell(run.agent)
    return sorted(sheets.values(), key=lambda sheet: (sheet.case.id, sheet.name))


def _groups(runs: list[Run], sheets: list[Sheet]) -> list[dict[str, Any]]:
    """Runs that may be compared, with ranks of contestants and the cases they played."""
    groups: list[dict[str, Any]] = []
    for key, pairs in groupby(enumerate(runs), lambda pair: pair[1].group):
        members = dict(pairs)
        contestants = [n for n, run in members.items() if run.kind == "contestant"]
        played = [sheet for sheet in sheets if members.keys() & sheet.fates.keys()]
        groups.append(
            {
                "benchmark": key[0],
                "protocol": key[1],
                "comparable": key[2],
                "runs": members,
                "ranks": {n: rank for rank, n in enumerate(contestants, 1)},
                "kinds": {
                    by: sorted({kind for run in members.values() for kind in run.breakdowns[by]})
                    for by in BY
                },
                "most": {
                    name: max((run.metrics[name].ci or (0, 0))[1] for run in members.values())
                    for name in ("turns", "tests", "usd")
                },
                "sheets": played,
                "anchor": f"t{len(groups) + 1}" if played else "",
            }
        )
    return groups


def _judged(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """Columns of examinations that a language model judged, where one did."""
    columns = (
        ("examination_recall_judged", "Exam. recall, judged"),
        ("examination_precision_judged", "Exam. precision, judged"),
    )
    return columns if any(name in run.metrics for run in runs for name, _ in columns) else ()


def _labels(runs: Sequence[Run]) -> list[str]:
    """What runs are called on the pages of cases; with their folder, if it takes that to tell."""
    short = [f"{r.agent}, {r.protocol}{f', seed {r.seed}' if r.seed else ''}" for r in runs]
    return [
        f"{label}, {'/'.join(run.folder.parts[-2:])}" if short.count(label) > 1 else label
        for label, run in zip(short, runs, strict=True)
    ]


def _tree_files(folder: Path) -> list[Path]:
    trees = sorted((folder / TREES).glob("*.json"))
    if not trees:
        raise BenchError(f"{folder}: is of a distillation, and holds no tree yet")
    return trees


def _write_trees(writer: _Writer, trees: list[Path]) -> None:
    listed: list[dict[str, Any]] = []
    cases: dict[Path, CaseSet] = {}
    for file in trees:
        beside = file.parent.parent / "cases.jsonl"
        if beside not in cases:
            cases[beside] = CaseSet.load(beside)
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            tree = branches(record)
            case = cases[beside].get(record["case_id"])
        except (TreeError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise BenchError(f"{file}: {error}") from None
        fates = [path["fate"] for path in tree["paths"]]
        tree_page = file_name(case.id, f"{len(listed):04}")
        listed.append(
            {"page": tree_page, "case": case, "nodes": len(tree["parent"]) - 1}
            | {fate: fates.count(fate) for fate in ("retained", "truncated", "pruned")}
        )
        opening = str(record.get("opening", ""))
        writer.page(f"trees/{tree_page}", "tree.html", case=case, opening=opening, data=tree)
    if listed:
        writer.page("trees.html", "trees.html", trees=listed)
