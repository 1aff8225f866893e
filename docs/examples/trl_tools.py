"""What TRL does with the tools in one rollout, without a model."""

from medaction_gym.integrations.trl import MedActionTools, prompts

row = prompts()[0]
tools = MedActionTools(max_turns=12)
print(tools.reset(**row).splitlines()[0])
print(tools.order_test("ECG and troponin").splitlines()[0])
print(tools.update_differential([{"disease": "Heart failure", "probability": 0.5}]))
print(tools.commit("Heart failure"))
print(f"reward {tools.get_reward():.2f}")
