"""The oracle: answers a doctor's free-text requests from one case's record."""

from medaction_gym.oracle.answer import MAX_TESTS_PER_REQUEST, Oracle, Part, Release
from medaction_gym.oracle.record import RecordOracle, oracle_for

__all__ = ["MAX_TESTS_PER_REQUEST", "Oracle", "Part", "RecordOracle", "Release", "oracle_for"]
