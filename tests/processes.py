"""Programs run in processes of their own, to see that nothing depends on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence


def said_under_hash_seeds(program: str, seeds: Sequence[str] = ("0", "1")) -> set[str]:
    """What a program prints under different hash seeds, side by side; one text if it is sound."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in seeds
    ]
    said = set()
    for process in running:
        out, err = process.communicate()
        assert process.returncode == 0, err
        said.add(out)
    return said
