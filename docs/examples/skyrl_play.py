"""Plays the first shipped case as SkyRL-gym would, with a policy that commits at the third turn."""

import json

import skyrl_gym

from medaction_gym.integrations.skyrl import register, rows

register()
row = next(rows())
env = skyrl_gym.make(row["env_class"], env_config={"max_turns": 10}, extras=row["extra_info"])
conversation, _ = env.init(row["prompt"])
for action in (
    {"rationale": "Breathless: the heart first.", "action": "order_test", "test": "ECG"},
    {
        "action": "update_differential",
        "differential": [{"disease": "Heart failure", "probability": 0.5}],
    },
    {"action": "commit", "diagnosis": "Heart failure"},
):
    told = env.step(json.dumps(action))
    print(f"{told['metadata']['outcome']:12} {told['reward']:+.2f} done={told['done']}")
print(env.get_metrics())
