"""Check every row of a distilled data set from its messages alone.

    python scripts/check_distilled.py FOLDER

Ends with status 1 if any move cites or names what was not revealed, names the diagnosis before
evidence supports it, or has an answer that the record does not give.
"""

from __future__ import annotations

import sys
from pathlib import Path

from medaction_gym.distill.audit import audit


def main() -> int:
    found = audit(Path(sys.argv[1]))
    print(f"{found.rows:,} rows, {found.moves:,} moves, {len(found.faults):,} faults")
    for fault in found.faults[:20]:
        print(fault)
    return bool(found.faults)


if __name__ == "__main__":
    sys.exit(main())
