"""Split real cases for training, development and test; near-duplicates of the last two are barred.

python docs/examples/split_real.py OUT CASES...
"""

from __future__ import annotations

import sys
from pathlib import Path

from medaction_gym.cases.caseset import CaseSet, stable_fraction
from medaction_gym.distill.contamination import Contamination

out, *files = map(Path, sys.argv[1:])
real = CaseSet(case for file in files for case in CaseSet.load(file, on_error="skip"))
train, dev, test = real.split(salt="sft", train=0.7, dev=0.08, test=0.22)
held = Contamination([*dev, *test])
(out / "train").mkdir(parents=True, exist_ok=True)
train.filter(lambda case: held.find(case) is None).save(out / "train" / "real.jsonl")
CaseSet.teaching().save(out / "train" / "teaching.jsonl")
dev.save(out / "dev.jsonl")
test.save(out / "test.jsonl")
drawn = sorted(test, key=lambda case: stable_fraction(case.id, "sft-eval"))[:64]
CaseSet(drawn).save(out / "test64.jsonl")
