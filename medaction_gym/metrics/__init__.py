"""Metrics over episodes."""
