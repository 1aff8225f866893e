"""Place: where what is downloaded or compiled once is kept."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir


def cache_directory() -> Path:
    """Where caches live: ``MEDACTION_CACHE``, or the platform's place for caches."""
    chosen = os.environ.get("MEDACTION_CACHE")
    return Path(chosen) if chosen else Path(user_cache_dir("medaction-gym"))
