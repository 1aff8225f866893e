"""MedRBenchEnv: `DiagnosisEnv` on MedR-Bench's cases, under one of the benchmark's protocols."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from medaction_gym.actions import Malformed, OrderTest, parse
from medaction_gym.benchmarks.data import Choice, read
from medaction_gym.benchmarks.one_round import REFUSED
from medaction_gym.benchmarks.protocol import PROTOCOLS, Protocol, settings
from medaction_gym.envs.diagnosis import DiagnosisEnv


class MedRBenchEnv(DiagnosisEnv):
    """`DiagnosisEnv` under MedR-Bench's protocols; registered as ``MedAction-MedRBench-v0``.

    ## Arguments

    - ``data``: the published file, unchanged, or any other file of cases.
    - ``protocol``: ``"oracle"`` (the whole record stands in the first observation; orders give
      nothing), ``"1-turn"`` (one request of up to 12 tests; further orders are malformed) or
      ``"free-turn"`` (default).
    - ``limit``: only the first so many cases.
    - ``reward``, ``render_mode``, ``show_menu``: as in `DiagnosisEnv`. The limits on turns and
      tests are the protocol's, so that an episode here is one of ``medaction-gym bench``.

    ## Version History

    - v0: first version.

    Example:
        >>> from importlib.resources import files
        >>> case = files("medaction_gym.cases") / "teaching" / "cardiology-01-breathlessness.json"
        >>> env = MedRBenchEnv(str(case), protocol="1-turn")
        >>> _ = env.reset(seed=1)
        >>> for test in ("ECG", "troponin"):
        ...     observation, *_, info = env.step({"action": "order_test", "test": test})
        >>> info["outcome"]
        'MALFORMED'
    """

    def __init__(
        self,
        data: str | os.PathLike[str],
        *,
        protocol: Protocol = "free-turn",
        limit: int | None = None,
        **arguments: Any,
    ) -> None:
        if protocol not in PROTOCOLS:
            raise ValueError(f"unknown protocol {protocol!r}; known: {', '.join(PROTOCOLS)}")
        self.protocol = protocol
        rules = settings(protocol).rules
        super().__init__(
            read(Choice((Path(data),), limit=limit), protocol).cases,
            max_turns=rules.max_turns,
            max_tests=rules.max_tests,
            **arguments,
        )
        self._ordered = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode; see `DiagnosisEnv.reset`."""
        self._ordered = False
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Take one action; see `DiagnosisEnv.step`."""
        if self.protocol == "1-turn":
            read = parse(action)
            if isinstance(read, OrderTest):
                if self._ordered:
                    action = Malformed(reason=REFUSED, received=read.test)
                self._ordered = True
        return super().step(action)
