"""How far DTC and RAC tell honest doctors from exploits, and what the results themselves add.

    python scripts/evaluate_process_metrics.py CASES... [--skip N] [--limit N]

On the development half of real cases, as Markdown: the lowest AUROC of an honest family against an
exploit (`medaction-gym exploits` prints the whole table), as it is and with all results silenced;
then RAC of honest beliefs beside their own results against the same beliefs beside those of the
next case: whether RAC hears what the results say, not only that they came.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.exploits import auroc, scores, separation
from medaction_gym.metrics.belief import Moment, moments
from medaction_gym.metrics.families import EXPLOITS, HONEST, play, situation
from medaction_gym.metrics.rac import rac_of
from medaction_gym.metrics.support import Result, support


def exchanged(found: Sequence[Moment], other: Case) -> list[Moment]:
    """The same beliefs, with the results of another case in place of each that came in."""
    results = cycle([Result(test.name, test.result, test.category) for test in other.tests])
    return [moment._replace(learnt=tuple(next(results) for _ in moment.learnt)) for moment in found]


def lowest(cases: Sequence[Case], diseases: Sequence[str], by: str) -> str:
    table = separation([scores(case, diseases) for case in cases], by)
    value, honest, exploit = min(
        (value, honest, name) for name in EXPLOITS for honest, value in table[name].items()
    )
    return f"{value:.3f} ({honest} against {exploit})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    read = (case for path in arguments.cases for case in CaseSet.load(path))
    cases = list(CaseSet(read).split(development=0.5, held_out=0.5)[0])
    diseases = [case.diagnosis.name for case in cases]
    cases = cases[arguments.skip :][: arguments.limit]
    start = time.perf_counter()
    print(f"{len(cases)} cases\n")
    for by in ("combined", "shaped_reward"):
        print(f"- lowest AUROC of an honest family against an exploit, {by}: ", end="")
        print(lowest(cases, diseases, by))
    for name in HONEST:
        own, other = list[float](), list[float]()
        for i, case in enumerate(cases):
            found = moments(play(case, HONEST[name](situation(case, name, diseases))))
            own.append(rac_of(found).value)
            other.append(rac_of(exchanged(found, cases[(i + 1) % len(cases)])).value)
        print(
            f"- {name}: RAC with its own results {sum(own) / len(own):.3f}, with another case's "
            f"{sum(other) / len(other):.3f}, AUROC {auroc(own, other):.3f}"
        )
    support().weigh = lambda diagnosis, result: 0.0  # type: ignore[assignment]
    print(f"- all results silenced, combined: {lowest(cases, diseases, 'combined')}")
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
