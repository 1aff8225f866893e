"""Data: the cases of a benchmark, read from its files as they are published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from medaction_gym.benchmarks.ids import ids_sha256, read_ids
from medaction_gym.benchmarks.protocol import Protocol, played_cases
from medaction_gym.benchmarks.provenance import BenchError, sha256
from medaction_gym.benchmarks.result import Data, Source
from medaction_gym.cases.caseset import CaseSet


class Choice(NamedTuple):
    """Which cases are wanted.

    Attributes:
        files: Files of cases, in any format that `CaseSet.load` knows.
        ids: A list of ids, see `benchmarks.ids`; None for all cases.
        limit: Only the first so many.
    """

    files: tuple[Path, ...]
    ids: Path | None = None
    limit: int | None = None


class Read(NamedTuple):
    """The cases as a protocol plays them, and the records that make no case."""

    cases: CaseSet
    unreadable: tuple[str, ...]


def read(choice: Choice, protocol: Protocol) -> Read:
    """Read the cases.

    Raises:
        BenchError: If a file is missing, or an id on the list is in none of them.
        CaseFormatError: If a file holds no cases.
    """
    unreadable: list[str] = []
    found = []
    for file in choice.files:
        if not file.is_file():
            wrong = "is a folder" if file.is_dir() else "no such file"
            raise BenchError(f"{file}: {wrong}; --data takes one file of cases")
        cases = CaseSet.load(file, on_error="skip")
        # Without the file's path, which is of one machine.
        unreadable += [str(problem).replace(str(file), file.name) for problem in cases.problems]
        found += list(cases)
    chosen = CaseSet(found)
    if choice.ids is not None:
        wanted = read_ids(choice.ids)
        held = {case.id for case in chosen}
        missing = [id for id in wanted if id not in held]
        if missing:
            raise BenchError(
                f"{choice.ids}: {len(missing)} of {len(wanted)} ids are in no data file, the first "
                f"{missing[0]!r}; a benchmark played in part is another benchmark. "
                "Give the other files, too, or a list of your own (--ids)"
            )
        chosen = CaseSet(chosen.get(id) for id in wanted)
    return Read(played_cases(protocol, chosen[: choice.limit]), tuple(unreadable))


def described(choice: Choice, read: Read, out: Path) -> Data:
    """What is said of the data in a result that stands in the folder `out`."""
    return Data(
        files=tuple(_source(file, out) for file in choice.files),
        ids=None if choice.ids is None else _source(choice.ids, out),
        ids_sha256=None if choice.ids is None else ids_sha256(read_ids(choice.ids)),
        limit=choice.limit,
        cases=len(read.cases),
        cases_hash=read.cases.hash,
        unreadable=read.unreadable,
    )


def located(data: Data, folder: Path, given: Sequence[str | Path] = ()) -> tuple[Choice, list[str]]:
    """Find a result's files again.

    They are looked for where the result says, in the working directory, and beneath
    ``$MEDACTION_DATA``; what is elsewhere must be given.

    Args:
        data: What the result says.
        folder: The result's folder.
        given: Files to be used, whatever the result says, in the order of its own; a list of ids
            last.

    Returns:
        The choice, and the names of files that were not found.
    """
    said = [*data.files, *([data.ids] if data.ids else [])]
    if given and len(given) != len(data.files) and len(given) != len(said):
        raise BenchError(f"the result has {len(data.files)} data files, {len(given)} were given")
    found: list[Path] = []
    missing = []
    for number, source in enumerate(said):
        path = Path(given[number]) if number < len(given) else _find(source, folder)
        if path is None:
            missing.append(source.file)
        else:
            found.append(path)
    if missing:
        return Choice(()), missing
    ids = found.pop() if data.ids else None
    return Choice(tuple(found), ids, data.limit), []


def _find(source: Source, folder: Path) -> Path | None:
    name = Path(source.file).name
    places = [folder / source.file, Path(source.file), Path(name)]
    if root := os.environ.get("MEDACTION_DATA"):
        places += [*sorted(Path(root).glob(f"*/{name}")), Path(root) / name]
    return next((place for place in places if place.is_file()), None)


def _source(file: Path, out: Path) -> Source:
    return Source(
        file=Path(os.path.relpath(file, out)).as_posix(), sha256=sha256(file.read_bytes())
    )
