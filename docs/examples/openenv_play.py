"""Plays the first shipped case on a server: ``python openenv_play.py http://127.0.0.1:8000``."""

import sys

from medaction_gym.integrations.openenv.client import MedActionEnv

with MedActionEnv(sys.argv[1]).sync() as env:
    told = env.reset(case_id="teaching-cardiology-01-breathlessness")
    for action in (
        {"action": "order_test", "test": "ECG and troponin"},
        {
            "action": "update_differential",
            "differential": [{"disease": "Heart failure", "probability": 0.5}],
        },
        {"action": "commit", "diagnosis": "Heart failure"},
    ):
        told = env.step(action)
        print(f"{told.observation.outcome:12} {told.reward:+.2f} done={told.done}")
    print("It was:", told.observation.diagnosis)
