"""SyntheticDiagnosisEnv: `DiagnosisEnv` on fictional patients that no text has told of."""

from __future__ import annotations

from typing import Any

from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.synthetic import SyntheticCases


class SyntheticDiagnosisEnv(DiagnosisEnv):
    """`DiagnosisEnv` on `SyntheticCases`; registered as ``MedAction-Synthetic-v0``.

    ## Arguments

    - ``seed_cases``: the seed of the set (default 0). The ``seed`` of `reset` chooses among its
      cases, as in `DiagnosisEnv`.
    - ``size``: the number of cases (default 10,000). A case is made when it is played.
    - all others: as in `DiagnosisEnv`, but for ``cases``.

    ## Version History

    - v0: first version. The cases are those of the generator and of the installed releases of HPO
      and MONDO; `Case.provenance` names these.

    Example:
        >>> env = SyntheticDiagnosisEnv(seed_cases=1, size=50)
        >>> observation, info = env.reset(seed=3)
        >>> info["case_id"].startswith("synthetic-1-")
        True
    """

    def __init__(self, seed_cases: int = 0, size: int = 10_000, **arguments: Any) -> None:
        super().__init__(SyntheticCases(seed_cases, size), **arguments)
