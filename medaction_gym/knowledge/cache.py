"""The compiled knowledge on disk: written once, atomically, and mapped into memory from then on.

A cache file is a header, a JSON directory of arrays and the arrays' bytes, with a SHA-256 over all
of it. It is named after its key, a hash of the sources and of the code that compiles them, so an
outdated file is never opened; a damaged one fails its checksum and is rebuilt. Nothing is ever
unpickled.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import struct
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from filelock import FileLock

from medaction_gym.knowledge import compiler, index, lexicon, normalise, sources, strings, tables
from medaction_gym.knowledge.compiler import Progress, compile_tables, uncollected
from medaction_gym.knowledge.strings import Arrays
from medaction_gym.knowledge.tables import Tables
from medaction_gym.place import cache_directory

log = logging.getLogger(__name__)

_MAGIC = b"MEDKG001"
_PREFIX = struct.Struct(
    "<8s32sQ"
)  # magic, SHA-256 of what follows this prefix, length of the directory
_ALIGN = 64


class CorruptCacheError(RuntimeError):
    """A cache file is not what was written."""


@cache
def cache_key() -> str:
    """A hash of everything the compiled arrays depend on."""
    digest = hashlib.sha256(json.dumps(sources.fingerprint(), sort_keys=True).encode())
    for module in (compiler, index, lexicon, normalise, sources, strings, tables):
        digest.update(Path(module.__file__ or "").read_bytes())
    return digest.hexdigest()[:20]


def cache_file() -> Path:
    """The file that holds the compilation of the present sources by the present code."""
    return cache_directory() / f"knowledge-{cache_key()}.bin"


def load_or_build(progress: Progress = lambda step: None, *, rebuild: bool = False) -> Arrays:
    """The compiled arrays, from the cache where it is sound, else compiled now.

    Several processes may call this at once: one compiles while the others wait for its file. Where
    the cache cannot be written, the arrays are compiled in memory and a warning says so.
    """
    path = cache_file()
    if not rebuild and (arrays := _load_sound(path)) is not None:
        return arrays
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(path) + ".lock"):
            if not rebuild and (arrays := _load_sound(path)) is not None:
                return arrays
            write(path, compile_tables(read_sources(progress), progress))
        return read(path)
    except OSError as error:
        log.warning("the knowledge cache cannot be written (%s): compiling in memory", error)
        return compile_tables(read_sources(progress), progress)


@uncollected()
def read_sources(progress: Progress = lambda step: None) -> Tables:
    """All sources, merged."""
    merged = Tables()
    for label, reader in (
        ("reading MONDO", sources.read_mondo),
        ("reading HPO", sources.read_hpo),
        ("reading HPO annotations", sources.read_annotations),
        ("reading genes", sources.read_genes),
        ("reading ICD-10-CM", sources.read_icd10cm),
        ("reading further names", sources.read_broader_names),
    ):
        progress(label)
        merged.merge(reader())
    return merged


BUILD_STEPS = 12  # the number of times `progress` is called by a build


def write(path: Path, arrays: Arrays) -> None:
    """Write arrays to a file that appears whole or not at all."""
    directory, offset, parts = {}, 0, []
    for name, array in arrays.items():
        contiguous = np.ascontiguousarray(array)
        directory[name] = {"dtype": contiguous.dtype.str, "shape": contiguous.shape, "at": offset}
        padding = -contiguous.nbytes % _ALIGN
        parts += [contiguous.tobytes(), b"\0" * padding]
        offset += contiguous.nbytes + padding
    head = json.dumps(directory).encode()
    head += b" " * (-(len(head) + _PREFIX.size) % _ALIGN)
    digest = hashlib.sha256(head)
    for part in parts:
        digest.update(part)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_PREFIX.pack(_MAGIC, digest.digest(), len(head)) + head)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path) -> Arrays:
    """Map a cache file and check it from the first byte to the last.

    Raises:
        CorruptCacheError: if any byte is not as it was written.
    """
    with path.open("rb") as file:
        if path.stat().st_size < _PREFIX.size:
            raise CorruptCacheError(f"{path.name} is too short")
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    magic, expected, length = _PREFIX.unpack_from(mapped)
    if magic != _MAGIC or hashlib.sha256(mapped[_PREFIX.size :]).digest() != expected:
        raise CorruptCacheError(f"{path.name} fails its checksum")
    body = _PREFIX.size + length
    arrays: Arrays = {}
    for name, entry in json.loads(bytes(mapped[_PREFIX.size : body])).items():
        dtype = np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        arrays[name] = np.frombuffer(mapped, dtype, count, body + entry["at"]).reshape(
            entry["shape"]
        )
    return arrays


def _load_sound(path: Path) -> Arrays | None:
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except (CorruptCacheError, OSError, ValueError, KeyError) as error:
        log.warning("the knowledge cache is rebuilt: %s", error)
        return None
