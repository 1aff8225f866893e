"""The name under which verifiers finds `medaction_gym.integrations.verifiers`: ``medaction_vf``."""

from medaction_gym.integrations.verifiers import MedActionTaskset, MedActionVerifiersEnv

__all__ = ["MedActionTaskset", "MedActionVerifiersEnv"]
