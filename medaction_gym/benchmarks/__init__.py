"""Benchmarks: protocols, results that can be verified, comparisons and the leaderboard."""
