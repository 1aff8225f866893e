"""CaseSet: an ordered collection of cases, and the way in from files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from medaction_gym.cases import agentclinic, medaction, medrbench
from medaction_gym.cases.case import Case
from medaction_gym.cases.problems import CaseFormatError, Problem, RecordError, field_and_message
from medaction_gym.whole import whole_file

if TYPE_CHECKING:
    import numpy as np

# The formats that can be read, in the order in which they are tried. A format is a module with
# NAME, recognises(record) and to_case(key, record).
FORMATS = (medaction, medrbench, agentclinic)

OnError = Literal["raise", "skip"]
_ALIKE = 60  # rapidfuzz's score, of 100, from which an id may be a slip of another


class _Record(NamedTuple):
    place: str  # "line 3", "key 'PMC1'" or "" for a file that is one record
    key: str  # the key in a keyed document, else ""
    value: Any


class CaseSet(Sequence[Case]):
    """Cases in a fixed order, with unique ids.

    Args:
        cases: The cases.
        problems: What was wrong with records that were left out while loading.

    Raises:
        ValueError: If two cases have the same id.

    Example:
        >>> cases = CaseSet.teaching()
        >>> len(cases) >= 40
        True
        >>> train, test = cases.split(train=0.8, test=0.2)
        >>> len(train) + len(test) == len(cases)
        True
        >>> cases.filter(lambda case: case.metadata["rare"])[0].metadata["rare"]
        True
    """

    def __init__(self, cases: Iterable[Case], problems: Iterable[Problem] = ()):
        self._cases = tuple(cases)
        self._by_id = {case.id: case for case in self._cases}
        self.problems = tuple(problems)
        if len(self._by_id) < len(self._cases):
            ids = [case.id for case in self._cases]
            twice = next(id for id in ids if ids.count(id) > 1)
            raise ValueError(f"two cases have the id {twice!r}; ids must be unique in a CaseSet")

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, on_error: OnError = "raise") -> CaseSet:
        """Load cases from a file, or from every .json, .jsonl and .jsonl.gz file in a folder.

        The format (this project's JSONL, MedR-Bench's JSON, AgentClinic's JSONL) is detected.

        Args:
            path: File or folder.
            on_error: ``"raise"`` refuses a file with any bad case; ``"skip"`` leaves bad cases
                out and lists them in `problems`.

        Raises:
            FileNotFoundError: If there is nothing at ``path``.
            CaseFormatError: If the file cannot be read, is in no known format, or (with
                ``"raise"``) holds a bad case. Names file, case and field.
        """
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error must be 'raise' or 'skip', not {on_error!r}")
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such case file or folder")
        problems: list[Problem] = []
        cases: dict[str, Case] = {}
        for file in _files(path):
            for place, case in _read(file, problems):
                if case.id in cases:
                    problems.append(
                        Problem(str(file), "a case with this id came before", place, case.id, "id")
                    )
                else:
                    cases[case.id] = case
        if problems and (on_error == "raise" or not cases):
            raise CaseFormatError(problems)
        if not cases:
            raise CaseFormatError([Problem(str(path), "holds no cases")])
        return cls(cases.values(), problems)

    @classmethod
    def teaching(cls) -> CaseSet:
        """The fictional teaching cases that ship with the package."""
        return cls.load(Path(__file__).parent / "teaching")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the cases as this project's JSONL, one case a line, replacing the file at once."""
        with whole_file(path) as file:
            for case in self._cases:
                file.write(json.dumps(medaction.to_record(case), ensure_ascii=False) + "\n")

    def get(self, case_id: str) -> Case:
        """The case with this id.

        Raises:
            KeyError: If there is none; the message names ids that are like it.
        """
        try:
            return self._by_id[case_id]
        except KeyError:
            from rapidfuzz.process import extract

            near = extract(str(case_id)[:100], list(self._by_id), limit=3, score_cutoff=_ALIKE)
            hint = f"; closest: {', '.join(str(match[0]) for match in near)}" if near else ""
            raise KeyError(f"no case {str(case_id)[:100]!r} among {len(self)}{hint}") from None

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The position of a case."""
        return self._cases.index(value, start, len(self) if stop is None else stop)

    def filter(self, keep: Callable[[Case], bool]) -> CaseSet:
        """The cases for which ``keep`` is true, in order."""
        return CaseSet(case for case in self._cases if keep(case))

    def split(self, *, salt: str = "medaction", **fractions: float) -> tuple[CaseSet, ...]:
        """Split by a stable hash of the id: a case stays in its part when others come or go.

        Args:
            salt: Another salt gives another split.
            **fractions: Named parts in [0, 1] that sum to 1, e.g. ``train=0.8, test=0.2``.

        Returns:
            One `CaseSet` for each fraction, in the order given.

        Raises:
            ValueError: If the fractions do not sum to 1.
        """
        if not fractions or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-9:
            raise ValueError(f"fractions must be in [0, 1] and sum to 1, got {fractions}")
        parts: list[list[Case]] = [[] for _ in fractions]
        for case in self._cases:
            place, bound = stable_fraction(case.id, salt), 0.0
            for part, fraction in zip(parts, fractions.values(), strict=True):
                bound += fraction
                if place < bound or part is parts[-1]:
                    part.append(case)
                    break
        return tuple(CaseSet(part) for part in parts)

    def sample(self, n: int, rng: np.random.Generator) -> CaseSet:
        """Draw ``n`` different cases.

        Raises:
            ValueError: If ``n`` is larger than the set.
        """
        if not 0 <= n <= len(self):
            raise ValueError(f"cannot draw {n} different cases from {len(self)}")
        return CaseSet(self._cases[int(i)] for i in rng.choice(len(self), size=n, replace=False))

    @property
    def hash(self) -> str:
        """SHA-256 (hex) over the cases' hashes, in order."""
        return hashlib.sha256("\n".join(case.hash for case in self._cases).encode()).hexdigest()

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> CaseSet: ...
    def __getitem__(self, index: int | slice) -> Case | CaseSet:
        return CaseSet(self._cases[index]) if isinstance(index, slice) else self._cases[index]

    def __len__(self) -> int:
        return len(self._cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    def __repr__(self) -> str:
        return f"CaseSet({len(self)} cases)"


def stable_fraction(id: str, salt: str) -> float:
    """A number in [0, 1) that depends on the id and the salt alone."""
    digest = hashlib.sha256(f"{salt}:{id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(f for f in path.iterdir() if f.name.endswith((".json", ".jsonl", ".jsonl.gz")))


def _read(file: Path, problems: list[Problem]) -> Iterator[tuple[str, Case]]:
    """Yield (place, case) for every good record of a file; describe the others in ``problems``."""
    records = list(_records(file, problems))
    formats = {f for f in FORMATS for r in records if f.recognises(r.value)}
    if records and not formats:
        known = ", ".join(f.NAME for f in FORMATS)
        problems.append(Problem(str(file), f"not in a known case format ({known})"))
        return
    for place, key, value in records:
        case_id = key
        try:
            reader = next((f for f in FORMATS if f.recognises(value)), None)
            if reader is None:
                raise RecordError("", "not a case in the format of the rest of this file")
            case_id = case_id or str(value.get("id", ""))[:100]
            yield place, reader.to_case(key, value)
        except ValueError as error:
            field, message = field_and_message(error)
            problems.append(Problem(str(file), message, place or "the file", case_id, field))


def _records(file: Path, problems: list[Problem]) -> Iterator[_Record]:
    """Split a file into records: JSON lines, one keyed JSON document, or a single JSON object."""
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        problems.append(Problem(str(file), f"cannot be read as UTF-8 text: {error}"))
        return
    if not text.strip():
        problems.append(Problem(str(file), "is empty"))
        return
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _lines(file, text, problems)
        return
    twice: list[str] = []
    try:
        document = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, twice))
    except (ValueError, RecursionError) as error:
        problems.append(Problem(str(file), f"is not valid JSON (truncated?): {error}"))
        return
    for key in twice:
        problems.append(Problem(str(file), "this key stands twice", f"key {key!r}", key))
    if isinstance(document, list):
        for number, value in enumerate(document):
            yield _Record(f"entry {number}", "", value)
    elif isinstance(document, dict) and document and not medaction.recognises(document):
        for key, value in document.items():
            yield _Record(f"key {key!r}", key, value)
    else:
        yield _Record("", "", document)


def _lines(file: Path, text: str, problems: list[Problem]) -> Iterator[_Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield _Record(f"line {number}", "", json.loads(line))
            except (ValueError, RecursionError) as error:
                message = f"is not valid JSON (truncated?): {error}"
                problems.append(Problem(str(file), message, f"line {number}"))


def _unique(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    """Build an object, keeping the first of two equal keys and noting the repetition."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            twice.append(key)
        result.setdefault(key, value)
    return result
